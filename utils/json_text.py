"""JSON in and out as bytes: fast and strict both ways, and one tolerant reader for text that others wrote."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import orjson

# Python's parser makes 400 bytes of each of a literal's characters: a text of 1 MB would take all the memory there is.
LONGEST_LITERAL = 100_000


class MalformedJSON(ValueError):
    """The text is no JSON; the message says where it stops being so."""


class _Place(NamedTuple):
    """Where a value is: its key or index, and the place of the object or array that it is in."""

    outer: _Place | None
    key: str | int


class DuplicateKeys(ValueError):
    """Objects of the text have a key more than once."""

    def __init__(self, places: list[_Place]) -> None:
        super().__init__(f"{len(places)} keys more than once")
        self._places = places

    @property
    def total(self) -> int:
        """How many keys that is, each counted once."""
        return len(self._places)

    def paths(self, most: int) -> list[str]:
        """The first of them in the order of the text, dotted from the outermost object."""
        return [_dotted(place) for place in self._places[:most]]


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
    """Parse JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, no byte order mark. Raises MalformedJSON or DuplicateKeys.

    A number beyond a double becomes an infinity, for validation to refuse by its field; that is why this is not orjson, which refuses the
    whole text.
    """
    repeating: dict[int, tuple[dict[str, Any], list[str]]] = {}  # by its id each object, held so that no other gets the id

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            repeating[id(made)] = made, [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
        return made

    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=build)
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
    if repeating:
        raise DuplicateKeys(_places(value, {number: keys for number, (_, keys) in repeating.items()}))
    return value


def parse_tolerant(text: str | bytes | None, default: Any = None) -> Any:
    """Parse stored or imported text: JSON, else a Python literal (single quotes, True, None) of up to 100,000 characters, else the default.

    Never for request bodies: what a caller means must not be guessed.
    """
    if text is None:
        return default
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass  # the next reading may fit
    if len(text) > LONGEST_LITERAL:
        return default
    try:
        return ast.literal_eval(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return default


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is no JSON number")


def _places(value: Any, repeating: dict[int, list[str]]) -> list[_Place]:
    """The place of each repeated key, by the id of its object, in the order of the text. What a repeated key replaced is gone."""
    places: list[_Place] = []
    waiting: list[tuple[Any, _Place | None]] = [(value, None)]
    while waiting:
        current, at = waiting.pop()
        places += [_Place(at, key) for key in repeating.get(id(current), ())]
        inner = current.items() if isinstance(current, dict) else enumerate(current)
        waiting += reversed([(one, _Place(at, key)) for key, one in inner if isinstance(one, dict | list)])
    return places


def _dotted(place: _Place | None) -> str:
    keys: list[str] = []
    while place is not None:
        keys.append(str(place.key))
        place = place.outer
    return ".".join(reversed(keys))
