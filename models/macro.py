"""Macroeconomic series, and the regime that three votes make."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

MACRO_FETCH = "macro_fetch"  # the kind of job
FETCHED = ("T10Y3M", "UNRATE", "SP500")  # unless FRED_SERIES names others
MOST_OBSERVATIONS = 50_000  # of a series: a hundred years of days
ITEM_BYTES = 8
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Observations:
    """Values by day, ascending: the days since 1970-01-01 as int64, then the values as float64, little-endian."""

    data: bytes

    @classmethod
    def pack(cls, days: Sequence[date], values: Sequence[float]) -> Observations:
        """Pack days that ascend, and their values."""
        numbers = array("q", [(day - _EPOCH).days for day in days])
        return cls(numbers.tobytes() + array("d", values).tobytes())

    def __len__(self) -> int:
        return len(self.data) // (2 * ITEM_BYTES)

    @property
    def sha256(self) -> str:
        """Hex digest of the packed bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def days(self) -> list[date]:
        """The days."""
        return [_EPOCH + timedelta(days=number) for number in memoryview(self.data)[: len(self) * ITEM_BYTES].cast("q")]

    def values(self) -> list[float]:
        """The values."""
        return [float(value) for value in memoryview(self.data)[len(self) * ITEM_BYTES :].cast("d")]

    def between(self, start: date | None, end: date | None) -> Observations:
        """Those from `start` to `end`, both included."""
        kept = [
            (day, value)
            for day, value in zip(self.days(), self.values(), strict=True)
            if (start is None or day >= start) and (end is None or day <= end)
        ]
        return Observations.pack([day for day, _ in kept], [value for _, value in kept])


@dataclass(frozen=True)
class MacroSeries:
    """A stored series without its values. `own` unless it is the shared one of a provider; `missing` counts days without a value."""

    series: str
    title: str | None
    source: str
    own: bool
    observations: int
    missing: int
    first_day: date
    last_day: date
    last_value: float
    updated_at: datetime
    changed_by: str | None


@dataclass(frozen=True)
class MacroFetch:
    """The last attempts to fetch a shared series."""

    series: str
    fetched_at: datetime | None
    error: str | None
    failures: int
    next_at: datetime


class Vote(StrEnum):
    """What an input says: `warning` or `clear`; `missing` where it cannot say."""

    WARNING = "warning"
    CLEAR = "clear"
    MISSING = "missing"


class RegimeName(StrEnum):
    """How the votes stand together."""

    CLEAR = "clear"  # no warning
    MIXED = "mixed"  # one warning
    ADVERSE = "adverse"  # two or three
    UNKNOWN = "unknown"  # fewer than two votes


@dataclass(frozen=True)
class MacroInput:
    """A number that a vote was made of, and where it is from."""

    name: str
    series: str
    source: str
    day: date
    value: float


@dataclass(frozen=True)
class RegimeVote:
    """One vote: by which rule, from which publication, and what it was made of. `missing` says what it lacks."""

    key: str
    name: str
    vote: Vote
    value: float | None
    threshold: float
    as_of: date | None
    reason: str
    rule: str
    published: str
    inputs: tuple[MacroInput, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Regime:
    """The regime: how many votes there are, and how many warn."""

    regime: RegimeName
    as_of: date
    votes_known: int
    warnings: int
    rule: str
    votes: tuple[RegimeVote, ...]
