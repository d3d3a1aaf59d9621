"""Reads what the earlier tool kept as JSON: strict JSON, JSON with NaN, a literal of Python, or what is whole of a damaged text."""

from __future__ import annotations

import ast
import json
import math
import re
import warnings
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from utils.json_text import LONGEST_LITERAL

LONGEST = 256_000  # characters that are read of a text; what is longer is read as if it were cut off there
DEEPEST = 64
LARGEST_INTEGER, LARGEST_FLOAT = 2**63 - 1, 10**300
_NOTHING = object()


class HowRead(Enum):
    """How a text was read."""

    AS_JSON = "as JSON"
    REPAIRED = "repaired"  # all of it, though it is no JSON
    IN_PART = "in part"
    NOT = "not"


@dataclass(frozen=True)
class Reading:
    """What a text holds, as JSON can hold it; `problem` says what could not be read."""

    value: Any
    how: HowRead
    problem: str | None = None


def read_json(text: str) -> Reading:
    """Read a text by the first way that takes it. Takes time and memory in proportion to at most LONGEST characters."""
    is_cut, text = len(text) > LONGEST, text[:LONGEST]
    if _depth(text) > DEEPEST:
        return Reading(None, HowRead.NOT, f"is nested deeper than {DEEPEST} levels")
    if not is_cut:
        try:
            return Reading(orjson.loads(text), HowRead.AS_JSON)
        except ValueError:
            pass  # it is read in other ways
        for read in (_loose_json, _literal):
            try:
                return Reading(plain(read(text)), HowRead.REPAIRED)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                pass  # as above
    value, is_whole, end = _Scanner(text).read()
    if is_whole and not is_cut:
        return Reading(plain(value), HowRead.REPAIRED)
    if value is _NOTHING:
        return Reading(None, HowRead.NOT, "is neither JSON nor a literal of Python")
    return Reading(plain(value), HowRead.IN_PART, f"is cut off or damaged at character {end + 1:,}")


def plain(value: Any) -> Any:
    """A value as JSON can hold it: tuples and sets as lists, keys as text, NaN and infinities as None."""
    if isinstance(value, dict):
        return {_text(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, str | bytes):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return float(value) if abs(value) < LARGEST_FLOAT else None
    return str(value) if isinstance(value, complex) else value


def _text(value: Any) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # halves of a surrogate pair have no form in UTF-8


_BRACKETS = re.compile(r"[\[\](){}]")


def _depth(text: str) -> int:
    """The deepest nesting of brackets; those within strings are counted, too."""
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        depth += 1 if match[0] in "[({" else -1
        deepest = max(deepest, depth)
    return deepest


def _loose_json(text: str) -> Any:
    return json.loads(text)  # takes NaN and infinities


def _literal(text: str) -> Any:
    if len(text) > LONGEST_LITERAL:
        raise ValueError("too long")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes that Python does not know
        return ast.literal_eval(text.strip())


# A piece of a text, after blanks.
_PIECE = re.compile(
    r"""[ \t\r\n]*(?:
        (?P<open>[\[({]) | (?P<close>[\])}]) | (?P<comma>,) | (?P<colon>:)
        | (?P<double>"[^"\\]*(?:\\.[^"\\]*)*") | (?P<single>'[^'\\]*(?:\\.[^'\\]*)*')
        | (?:(?P<word>[+-]?[A-Za-z_]+) | (?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))
            (?=[ \t\r\n,:\])}])  # or more of it may have been cut off
    )""",
    re.VERBOSE | re.DOTALL,
)
_PAIRS = {"[": "]", "(": ")", "{": "}"}
_WORDS = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None,
    "nan": None, "NaN": None, "inf": None, "Infinity": None, "-inf": None, "-Infinity": None,
}  # fmt: skip
_LONGEST_NUMBER = 400  # characters; a longer one takes time that grows with the square of its length


class _Frame:
    """An object or an array that is being read."""

    def __init__(self, opening: str) -> None:
        self.closing = _PAIRS[opening]
        self.inner: dict[str, Any] | list[Any] = {} if opening == "{" else []
        self.key: Any = _NOTHING
        self.has_colon = False

    def take(self, value: Any) -> bool:
        """Add a value, or keep it as the key of the next; return whether it may stand here."""
        if isinstance(self.inner, list):
            self.inner.append(value)
            return True
        if self.key is _NOTHING:
            self.key = value
            return not isinstance(value, dict | list)
        if not self.has_colon:
            return False
        self.inner[_text(self.key)] = value
        self.key, self.has_colon = _NOTHING, False
        return True


class _Scanner:
    """Reads pieces up to the end or the first that has no place, and keeps what is whole: a value that the end cuts is left out."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._frames: list[_Frame] = []
        self._root: Any = _NOTHING

    def read(self) -> tuple[Any, bool, int]:
        """What is whole, whether that is everything, and the index behind the last piece."""
        at = 0
        while match := _PIECE.match(self._text, at):
            if not self._take(match):
                break
            at = match.end()
            if self._root is not _NOTHING and not self._frames:
                return self._root, not self._text[at:].strip(), at
        return self._root, False, at

    def _take(self, match: re.Match[str]) -> bool:
        kind, piece = match.lastgroup, match[match.lastgroup or 0]
        frame = self._frames[-1] if self._frames else None
        if kind == "open":
            new = _Frame(piece)
            self._frames.append(new)
            if frame is not None:
                return frame.take(new.inner)
            self._root = new.inner
            return True
        if frame is None:
            return False  # a text without brackets holds nothing that could be repaired
        if kind == "close":
            self._frames.pop()
            return piece == frame.closing
        if kind == "comma":
            return frame.key is _NOTHING
        if kind == "colon":
            frame.has_colon = frame.key is not _NOTHING
            return frame.has_colon
        return self._take_scalar(frame, kind or "", piece)

    def _take_scalar(self, frame: _Frame, kind: str, piece: str) -> bool:
        if kind in ("double", "single"):
            return frame.take(_unquoted(piece))
        if kind == "word":
            return piece in _WORDS and frame.take(_WORDS[piece])
        return len(piece) <= _LONGEST_NUMBER and frame.take(_number(piece))


def _number(piece: str) -> Any:
    return float(piece) if any(mark in piece for mark in ".eE") else int(piece)


def _unquoted(piece: str) -> str:
    inner = piece[1:-1]
    if "\\" not in inner or len(inner) > LONGEST_LITERAL:
        return inner
    for read in (json.loads, _literal):
        try:
            return _text(read(piece))
        except (ValueError, SyntaxError, MemoryError):
            pass  # a text of the other language
    return inner
