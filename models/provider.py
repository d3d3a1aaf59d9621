"""Sources of prices that are asked for one ticker at a time, what they answer and how they fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from models.corporate_action import CorporateAction
from models.footing import UNKNOWN, Bases
from models.price_series import PackedBars

PROVIDERS = ("tiingo", "twelvedata", "yahoo", "csv_url")  # those that can be configured


class Window(StrEnum):
    """A span over which a source counts calls."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class ProviderFault(StrEnum):
    """Why a source did not answer with prices."""

    UNKNOWN_TICKER = "unknown_ticker"  # it has no such ticker, or not for this key
    EXHAUSTED = "exhausted"  # the calls that it allows are used up
    KEY_REFUSED = "key_refused"
    UNREACHABLE = "unreachable"  # no connection, no answer in time, an error of its own
    BAD_ANSWER = "bad_answer"  # what came is no data, or of another ticker


class ProviderError(Exception):
    """A source did not answer with prices. The message is a sentence that names the source, and holds no key.

    `window` is the span whose calls are used up, and `retry_after` the seconds that the source asks to wait, where it does.
    """

    def __init__(self, fault: ProviderFault, message: str, window: Window | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.fault, self.window, self.retry_after = fault, window, retry_after


# The longest texts that are kept of what sources tell of a ticker.
LONGEST = {"name": 200, "exchange": 40, "currency": 10, "kind": 40, "sector": 80}
LONGEST_ZONE = 40


def text_of(value: object, longest: int) -> str | None:
    """A text as one line without control characters and of bounded length; None for what is none."""
    if not isinstance(value, str):
        return None
    line = "".join(letter if letter.isprintable() else " " for letter in value[: 4 * longest])
    return " ".join(line.split())[:longest].rstrip() or None


@dataclass(frozen=True)
class Listing:
    """A ticker as a source lists it. `exchange` is a market identifier code where it is known, else the source's own name."""

    ticker: str
    name: str | None = None
    exchange: str | None = None
    currency: str | None = None
    kind: str | None = None  # stock, etf, …: the source's own word, in lower case
    sector: str | None = None

    @classmethod
    def told(cls, ticker: str, **facts: object) -> Self:
        """What a source tells in whatever form: what is no text counts as not told."""
        return cls(ticker, **{fact: text_of(value, LONGEST[fact]) for fact, value in facts.items()})


@dataclass(frozen=True)
class Fetched:
    """What a source answers for a ticker: its bars since a day, ascending, none where there is nothing newer.

    `is_final` tells whether the newest bar is that of a day that is over; it is None where the hours of its exchange tell. `dropped` counts
    rows that were left out for their faults.
    """

    packed: PackedBars
    adjusted: bool
    bases: Bases = UNKNOWN
    actions: tuple[CorporateAction, ...] = ()
    listing: Listing | None = None
    currency: str | None = None
    time_zone: str | None = None
    is_final: bool | None = None
    dropped: int = 0


@dataclass(frozen=True)
class OwnOrder:
    """The providers that a single ticker is asked of, at least one, in this order."""

    providers: tuple[str, ...]
    updated_at: datetime


@dataclass(frozen=True)
class Allowance:
    """How many calls a source allows in each window; one that is not named has no limit. Days and months begin at midnight in `zone`."""

    calls: Mapping[Window, int]
    zone: str = "UTC"


_CALLS = re.compile(r"(\d{1,9})/(minute|hour|day|month)", re.ASCII)


def calls_of_text(text: str) -> dict[Window, int]:
    """The calls in each window, from a text like "8/minute 800/day". Raises ValueError for any other."""
    parts = text.replace(",", " ").split()
    found = [_CALLS.fullmatch(part) for part in parts]
    calls = {Window(match[2]): int(match[1]) for match in found if match is not None and int(match[1])}
    if not parts or len(calls) < len(parts):
        raise ValueError(f"{text[:40]!r} names no calls.")
    return calls


@dataclass(frozen=True)
class WindowUse:
    """How much of a window is used: `calls` of `limit`, and when the next call can be made, if not now."""

    window: Window
    limit: int | None  # None where the source has closed a window for which no limit is known
    calls: int
    free_at: datetime | None
