"""JSON as bytes: a serializer, a strict parser for requests, and a tolerant one for stored or imported text."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, NoReturn

import orjson

# Python's parser takes 400 bytes per character of a literal: 1 MB of text would take 400 MB.
LONGEST_LITERAL = 100_000


class MalformedJSON(ValueError):
    """The text is not JSON; the message says where."""


class _Place(NamedTuple):
    """The position of a value: its key or index, and the position of the object or array around it."""

    outer: _Place | None
    key: str | int


class DuplicateKeys(ValueError):
    """Objects of the text have duplicate keys."""

    def __init__(self, places: list[_Place]) -> None:
        super().__init__(f"{len(places)} duplicate keys")
        self._places = places

    @property
    def total(self) -> int:
        """The number of duplicate keys."""
        return len(self._places)

    def paths(self, most: int) -> list[str]:
        """The first `most` duplicate keys in the order of the text, as dotted paths."""
        return [_dotted(place) for place in self._places[:most]]


def dump(value: Any) -> bytes:
    """Serialize dicts, lists, dataclasses, enums, dates and aware datetimes (ISO 8601 with `Z`); NaN and infinities become null."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)


def object_pieces(members: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A JSON object in pieces, from names and values; each value is JSON in pieces."""
    opening = b"{"
    for name, value in members:
        yield opening + dump(name) + b":"
        yield from value
        opening = b","
    yield b"}" if opening == b"," else b"{}"


def array_pieces(parts: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A JSON array in pieces, one per part of a list."""
    opening = b"["
    for part in parts:
        if len(part) > 0:
            yield opening + dump(part)[1:-1]
            opening = b","
    yield b"]" if opening == b"," else b"[]"


def parse_strict(raw: bytes | str) -> Any:
    """Parse JSON by RFC 8259: UTF-8, no NaN or Infinity, no byte order mark. Raises MalformedJSON or DuplicateKeys.

    A number beyond a double becomes infinity, so that validation can name its field; orjson would refuse the whole text.
    """
    repeating: dict[int, tuple[dict[str, Any], list[str]]] = {}  # by id(object); the object is referenced so that its id stays unique

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            repeating[id(members)] = members, [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        return members

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
    """Parse stored or imported text: JSON, else a Python literal of up to 100,000 characters, else return the default.

    Not for request bodies, whose meaning must not be guessed.
    """
    if text is None:
        return default
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass  # perhaps it is a Python literal
    if len(text) > LONGEST_LITERAL:
        return default
    try:
        return ast.literal_eval(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return default


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not a JSON number")


def _places(value: Any, repeating: dict[int, list[str]]) -> list[_Place]:
    """The position of each duplicate key, by the id of its object, in the order of the text, without the values that were replaced."""
    places: list[_Place] = []
    waiting: list[tuple[Any, _Place | None]] = [(value, None)]
    while waiting:
        current, at = waiting.pop()
        places += [_Place(at, key) for key in repeating.get(id(current), ())]
        inner = current.items() if isinstance(current, dict) else enumerate(current)
        waiting += reversed([(child, _Place(at, key)) for key, child in inner if isinstance(child, dict | list)])
    return places


def _dotted(place: _Place | None) -> str:
    keys: list[str] = []
    while place is not None:
        keys.append(str(place.key))
        place = place.outer
    return ".".join(reversed(keys))
