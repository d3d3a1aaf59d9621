"""A row of the earlier tool's database, whose columns may hold values of any type, and what became of it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

from features.legacy.literals import HowRead, Reading, read_json
from models.ticker import normalize_ticker
from utils.json_text import dump

Item = TypeVar("Item")
Cell = int | float | str | None
LONGEST_QUOTE = 60  # characters of a value that a reason repeats
LONGEST_JSON = 64_000  # bytes of what is stored of the columns with JSON
FIRST_YEAR = 1990


class Refused(Exception):
    """The row cannot be taken; the message says why."""


@dataclass(frozen=True)
class Import:
    """Into which organization, how times without a zone are read, the time of the import, and from when on finished jobs are kept."""

    org_id: int
    zone: tzinfo
    moment: datetime
    jobs_since: datetime


@dataclass
class Notes:
    """What could not be taken of a row, and whether anything in it had to be repaired."""

    lost: list[str] = field(default_factory=list)
    is_repaired: bool = False


@dataclass(frozen=True)
class Taken(Generic[Item]):
    """What a row was read as, and what was noted meanwhile."""

    item: Item
    notes: Notes


@dataclass(frozen=True)
class Row:
    """The cells of a row by the name of their column in lower case; `number` is its rowid."""

    number: int
    cells: Mapping[str, Cell]

    def first(self, *names: str) -> Cell:
        """The first of some cells that is neither missing, null nor blank."""
        for name in names:
            value = self.cells.get(name)
            if value is not None and not (isinstance(value, str) and not value.strip()):
                return value
        return None


def quoted(value: Cell) -> str:
    """A value for a message, with nothing in it that a terminal would obey."""
    text = text_of(value)
    return repr(text[:LONGEST_QUOTE] + "…" if len(text) > LONGEST_QUOTE else text)


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LINE_ENDS = re.compile(r"[\t\n]+")


def read_text(row: Row, names: tuple[str, ...], longest: int, notes: Notes, *, lines: bool = False) -> str | None:
    """A text without control characters, up to a length; what is cut is noted."""
    value = row.first(*names)
    if value is None:
        return None
    whole = text_of(value)
    text = _CONTROLS.sub("", whole.replace("\r\n", "\n"))
    text = (text if lines else _LINE_ENDS.sub(" ", text)).strip()
    if "\ufffd" in text:
        notes.lost.append(f"{names[0]} has bytes that are not UTF-8")
    if len(text) > longest:
        notes.lost.append(f"{names[0]} has {len(text):,} characters: the first {longest:,} are taken")
    return text[:longest].strip() or None


def read_ticker(row: Row, *names: str) -> str:
    """The ticker in upper case. Raises Refused."""
    value = row.first(*names)
    if value is None:
        raise Refused("it names no ticker")
    try:
        return normalize_ticker(text_of(value)[:1000])
    except ValueError:
        raise Refused(f"{quoted(value)} is no ticker") from None


_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


def read_number(row: Row, names: tuple[str, ...], notes: Notes) -> float | None:
    """A finite number; None, noted, for anything else."""
    value = row.first(*names)
    if value is None:
        return None
    text = text_of(value).strip()[:400]
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        notes.lost.append(f"{names[0]} {quoted(value)} is no finite number")
        return None
    return number


def read_count(row: Row, *names: str) -> int | None:
    """A whole number from 0 to a million; None for anything else."""
    value = read_number(row, names, Notes())
    return None if value is None or not 0 <= value <= 1_000_000 else int(value)


def read_word(row: Row, *names: str) -> str:
    """A word in lower case with single blanks: "STRONG_BUY" is "strong buy"; "" where there is none."""
    value = row.first(*names)
    return "" if value is None else " ".join(re.sub(r"[_\-]", " ", text_of(value)[:200]).lower().split())


def read_moment(row: Row, names: tuple[str, ...], context: Import) -> datetime | None:
    """The first of some cells as a time, in UTC; None where all are blank. Raises Refused for what is no time, or in the future."""
    value = row.first(*names)
    if value is None:
        return None
    moment = _moment(value, context.zone)
    if moment is None:
        raise Refused(f"{quoted(value)} is no time that could be read")
    if moment > context.moment:
        raise Refused(f"{quoted(value)} is in the future; times without a zone are read as {context.zone}: see --time-zone")
    if moment.year < FIRST_YEAR:
        raise Refused(f"{quoted(value)} is before {FIRST_YEAR}")
    return moment


_DIGITS = re.compile(r"\d{9,13}(?:\.\d{1,9})?", re.ASCII)
_SECONDS, _MILLISECONDS = (1e8, 1e10), (1e11, 1e13)


def _moment(value: Cell, zone: tzinfo) -> datetime | None:
    text = text_of(value).strip()[:100]
    try:
        if isinstance(value, int | float) or _DIGITS.fullmatch(text):
            seconds = float(text)
            if _MILLISECONDS[0] <= seconds < _MILLISECONDS[1]:
                seconds /= 1000
            elif not _SECONDS[0] <= seconds < _SECONDS[1]:
                return None
            return datetime.fromtimestamp(seconds, UTC)
        read = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def read_json_cell(row: Row, name: str, notes: Notes) -> Any:
    """What a column with JSON holds; None where that cannot be read."""
    value = row.first(name)
    if value is None:
        return None
    reading: Reading = read_json(text_of(value))
    notes.is_repaired |= reading.how in (HowRead.REPAIRED, HowRead.IN_PART)
    if reading.problem is not None:
        notes.lost.append(f"{name} {reading.problem}" + (", what is whole is taken" if reading.how is HowRead.IN_PART else ""))
    return reading.value


def details_of(values: Mapping[str, Any], notes: Notes) -> str:
    """What columns with JSON hold, as one JSON text; a column is left out, and noted, that makes it too long."""
    kept: dict[str, Any] = {}
    length = 0
    for name, value in values.items():
        if value is None:
            continue
        size = len(dump(value))
        if length + size > LONGEST_JSON:
            notes.lost.append(f"{name} is longer than {LONGEST_JSON:,} bytes and is left out")
        else:
            kept[name] = value
            length += size
    return dump(kept).decode()


def id_of(context: Import, moment: datetime, table: str, *content: Cell) -> str:
    """The id of what a row becomes: always the same for the same content in the same organization; ids sort by time as others do."""
    told = json.dumps([context.org_id, table, *(None if value is None else text_of(value) for value in content)])
    digest = hashlib.sha256(told.encode()).hexdigest()
    time = f"{int(moment.timestamp() * 1000):012x}"
    return f"{time[:8]}-{time[8:]}-7{digest[:3]}-{8 + int(digest[3], 16) % 4:x}{digest[4:7]}-{digest[7:19]}"


def moment_for_id(row: Row, names: tuple[str, ...], context: Import) -> datetime:
    """The time that an id is made with: it must not depend on --time-zone."""
    return _moment(row.first(*names), UTC) or context.moment


def text_of(value: Cell) -> str:
    """A cell as text."""
    return "" if value is None else str(value)
