"""JSON in and out as bytes: fast and strict both ways, and one tolerant reader for text that others wrote."""

import ast
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

import orjson


class MalformedJSON(ValueError):
    """The text is no JSON; the message says where it stops being so."""


def dump(value: Any) -> bytes:
    """Serialize dicts, lists, dataclasses, enums, dates and aware datetimes (ISO 8601 with `Z`); NaN and infinities become null."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def object_pieces(members: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A JSON object in pieces, of names and values that are JSON in pieces."""
    opening = b"{"
    for name, value in members:
        yield opening + dump(name) + b":"
        yield from value
        opening = b","
    yield b"}" if opening == b"," else b"{}"


def array_pieces(parts: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A JSON array in pieces, of the parts of a list."""
    opening = b"["
    for part in parts:
        if len(part) > 0:
            yield opening + dump(part)[1:-1]
            opening = b","
    yield b"]" if opening == b"," else b"[]"


def parse_strict(raw: bytes | str) -> Any:
    """Parse JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, no byte order mark. Raises MalformedJSON.

    A number beyond a double becomes an infinity, for validation to refuse by its field; that is why this is not orjson, which refuses the
    whole text.
    """
    try:
        return json.loads(raw.decode("utf-8") if isinstance(raw, bytes) else raw, parse_constant=_refuse_constant)
    except MalformedJSON:
        raise
    except json.JSONDecodeError as error:
        raise MalformedJSON(f"{error.msg} (line {error.lineno}, column {error.colno})") from error
    except UnicodeDecodeError as error:
        raise MalformedJSON(f"not UTF-8 (byte {error.start + 1})") from error
    except RecursionError as error:
        raise MalformedJSON("nested too deeply") from error
    except ValueError as error:  # an integer of thousands of digits
        raise MalformedJSON(str(error).split(";")[0]) from error


def parse_tolerant(text: str | bytes | None, default: Any = None) -> Any:
    """Parse stored or imported text: strict JSON, else a Python literal (single quotes, True, None), else the default.

    Never for request bodies: what a caller means must not be guessed.
    """
    if text is None:
        return default
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass  # the next reading may fit
    try:
        return ast.literal_eval(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return default


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is no JSON number")
