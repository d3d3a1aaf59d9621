"""JSON in and out as bytes: fast and strict both ways, and one tolerant reader for text that others wrote."""

import ast
from typing import Any

import orjson

JSONDecodeError = orjson.JSONDecodeError


def dump(value: Any) -> bytes:
    """Serialize dicts, lists, dataclasses, enums, dates and aware datetimes (ISO 8601 with `Z`); NaN and infinities become null."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def parse_strict(raw: bytes | str) -> Any:
    """Parse JSON as RFC 8259 has it. Raises JSONDecodeError on anything else, NaN, Infinity and broken UTF-8 included."""
    return orjson.loads(raw)


def parse_tolerant(text: str | bytes | None, default: Any = None) -> Any:
    """Parse stored or imported text: strict JSON, else a Python literal (single quotes, True, None), else the default.

    Never for request bodies: what a caller means must not be guessed.
    """
    if text is None:
        return default
    try:
        return orjson.loads(text)
    except JSONDecodeError:
        pass  # the next reading may fit
    try:
        return ast.literal_eval(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return default
