"""Macroeconomic series, and the regime that three votes make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

MACRO_FETCH = "macro_fetch"  # the kind of job
FETCHED = ("T10Y3M", "UNRATE", "SP500", "INDPRO", "CPIAUCSL")  # unless FRED_SERIES names others


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


class Direction(StrEnum):
    """Where a measure has gone in half a year: `flat` within its threshold, `missing` where it cannot say."""

    RISING = "rising"
    FALLING = "falling"
    FLAT = "flat"
    MISSING = "missing"


class PhaseName(StrEnum):
    """The phase that the directions of growth and of inflation make."""

    RECOVERY = "recovery"  # growth rises, inflation falls
    OVERHEAT = "overheat"  # both rise
    STAGFLATION = "stagflation"  # growth falls, inflation rises
    REFLATION = "reflation"  # both fall
    UNCLEAR = "unclear"  # one of them is flat
    UNKNOWN = "unknown"  # one of them is missing


@dataclass(frozen=True)
class CycleMeasure:
    """Growth or inflation: now and half a year before, and what that was made of. `missing` says what it lacks."""

    key: str
    name: str
    direction: Direction
    value: float | None
    before: float | None
    threshold: float
    as_of: date | None
    reason: str
    rule: str
    inputs: tuple[MacroInput, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Cycle:
    """The phase of the cycle by a rule: what its two measures make, and nothing that is to come."""

    phase: PhaseName
    reason: str
    rule: str
    published: str
    measures: tuple[CycleMeasure, ...]


@dataclass(frozen=True)
class Regime:
    """The regime: how many votes there are, and how many warn. Beside it the phase of the cycle, which is no vote."""

    regime: RegimeName
    as_of: date
    votes_known: int
    warnings: int
    rule: str
    votes: tuple[RegimeVote, ...]
    cycle: Cycle
