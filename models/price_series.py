"""A ticker's daily history as one packed row.

The packed layout has seven columns, one after the other, each of `bars` little-endian 8-byte values: the days since 1970-01-01 as int64,
then open, high, low, close as delivered, adj_close (all NaN when the source delivers none) and volume as float64. Loading 13 years is one
read, and a column is a view, not a copy.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from models.analysis import PriceWarning
from models.footing import UNKNOWN, Bases, Steps, steps_until, text_of_steps
from models.freshness import Freshness
from models.series_fetch import FetchFailure, FetchReport

if sys.byteorder != "little":
    raise ImportError("packed prices need a little-endian machine")

ITEM_BYTES = 8
COLUMNS = ("open", "high", "low", "close", "adj_close", "volume")
BYTES_PER_BAR = ITEM_BYTES * (1 + len(COLUMNS))
MOST_BARS = 20_000  # per series: 80 years of days. The cost of charts and reports grows with the length of a series
FORMER_KEPT_FOR = timedelta(days=7)  # a series that was replaced or deleted
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Bar:
    """One trading day, as delivered; `adj_close` is NaN when the source delivers none."""

    day: date
    open: float
    high: float
    low: float
    close: float
    adj_close: float
    volume: float


@dataclass(frozen=True)
class SeriesDescription:
    """A series apart from its bars; `name` is the company's, and `adjusted` tells whether the source delivers adjusted closes."""

    org_id: int
    ticker: str
    name: str | None
    provider: str
    adjusted: bool
    bases: Bases = UNKNOWN
    steps: Steps = ()


class SeriesHead(NamedTuple):  # not a dataclass, which takes several times as long to make: a bulk analysis makes two for each ticker
    """A stored series without its bars; `sha256` is the digest of the packed bars and the steps that an analysis applies to them."""

    org_id: int
    ticker: str
    name: str | None
    provider: str
    adjusted: bool
    bars: int
    first_day: date
    last_day: date
    sha256: str
    bases: Bases = UNKNOWN
    steps: Steps = ()
    exchange: str | None = None  # what it is told to be, by infrastructure.exchanges; a property of the ticker


@dataclass(frozen=True)
class PriceGap:
    """A period without bars: the days of the bars on either side, and the calendar days between them."""

    after: date
    before: date
    days: int


@dataclass(frozen=True)
class FormerPrices:
    """A series that was replaced or `deleted`, and until when it can be restored."""

    ticker: str
    name: str | None
    provider: str
    bars: int
    first: date
    last: date
    deleted: bool
    replaced_at: datetime
    kept_until: datetime


@dataclass(frozen=True)
class QualityReport:
    """The stored series of a ticker, with its gaps and warnings; `own` unless shared, and the `former` one while it can be restored.

    `fetch` and `fetch_failure` are of a shared series; its own upload is fetched by nobody.
    """

    ticker: str
    name: str | None
    provider: str
    bars: int
    first: date
    last: date
    freshness: Freshness
    own: bool
    updated_at: datetime
    gaps: tuple[PriceGap, ...]
    warnings: tuple[PriceWarning, ...]
    former: FormerPrices | None
    fetch: FetchReport | None = None
    fetch_failure: FetchFailure | None = None


@dataclass(frozen=True)
class PackedBars:
    """Bars in the packed layout, ascending by day, one per day."""

    data: bytes

    @classmethod
    def pack(cls, bars: Sequence[Bar]) -> PackedBars:
        """Pack bars that ascend by day."""
        days = array("q", [number_of(bar.day) for bar in bars])
        columns = [array("d", [getattr(bar, name) for bar in bars]) for name in COLUMNS]
        return cls(b"".join([days.tobytes(), *(column.tobytes() for column in columns)]))

    def __len__(self) -> int:
        return len(self.data) // (ITEM_BYTES * (len(COLUMNS) + 1))

    @property
    def sha256(self) -> str:
        """Hex digest of the packed bytes: the same bars give the same digest. An analysis may apply more: see `digest_of`."""
        return hashlib.sha256(self.data).hexdigest()

    def day_numbers(self) -> memoryview[int]:
        """The days as int64 since 1970-01-01, a view."""
        numbers: memoryview[int] = memoryview(self.data)[: len(self) * ITEM_BYTES].cast("q")
        return numbers

    def column(self, name: str) -> memoryview[float]:
        """One of COLUMNS as float64, a view."""
        start = (COLUMNS.index(name) + 1) * len(self) * ITEM_BYTES
        return memoryview(self.data)[start : start + len(self) * ITEM_BYTES].cast("d")

    def first_day(self) -> date:
        """The oldest day."""
        return day_of(self.day_numbers()[0])

    def last_day(self) -> date:
        """The newest day."""
        return day_of(self.day_numbers()[-1])

    def days(self) -> list[date]:
        """The days as dates."""
        return list(map(day_of, self.day_numbers()))

    def bars(self) -> list[Bar]:
        """All bars as objects, at about 400 bytes each."""
        return list(self)

    def __iter__(self) -> Iterator[Bar]:
        """Yield the bars one by one."""
        days = map(day_of, self.day_numbers())
        return (Bar(*values) for values in zip(days, *(self.column(name) for name in COLUMNS), strict=True))

    def rows(self, start: int, stop: int) -> PackedBars:
        """The bars at the indexes from `start` up to but not including `stop`; `self` when these are all."""
        if start == 0 and stop == len(self):
            return self
        width = len(self) * ITEM_BYTES
        low, high = start * ITEM_BYTES, max(start, stop) * ITEM_BYTES
        return PackedBars(b"".join(self.data[column * width + low : column * width + high] for column in range(len(COLUMNS) + 1)))

    def followed_by(self, newer: PackedBars) -> PackedBars:
        """These bars and then others, which are newer."""
        width, newer_width = len(self) * ITEM_BYTES, len(newer) * ITEM_BYTES
        pieces = (
            piece
            for at in range(len(COLUMNS) + 1)
            for piece in (self.data[at * width : (at + 1) * width], newer.data[at * newer_width : (at + 1) * newer_width])
        )
        return PackedBars(b"".join(pieces))

    def in_common_with(self, other: PackedBars) -> int:
        """How many bars from the first on are the same in both, to the bit."""
        same = min(len(self), len(other))
        for column in range(len(COLUMNS) + 1):
            ours, theirs = (
                packed.data[column * len(packed) * ITEM_BYTES : (column * len(packed) + same) * ITEM_BYTES] for packed in (self, other)
            )
            low, high = (same, same) if ours == theirs else (0, same)
            while low < high:
                middle = (low + high + 1) // 2
                if ours[: middle * ITEM_BYTES] == theirs[: middle * ITEM_BYTES]:
                    low = middle
                else:
                    high = middle - 1
            same = low
        return same

    def between(self, start: date | None = None, end: date | None = None) -> PackedBars:
        """The bars from `start` to `end`, both included; `self` when these are all."""
        if start is None and end is None:
            return self
        numbers = self.day_numbers()
        low, high = 0, len(numbers)
        if start is not None:
            low = _first_at_or_after(numbers, number_of(start))
        if end is not None:
            high = _first_at_or_after(numbers, number_of(end) + 1)
        return self.rows(low, high)


def _first_at_or_after(numbers: memoryview[int], number: int) -> int:
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low


def number_of(day: date) -> int:
    """The number of a day, from 1970-01-01 on."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day of a number."""
    return _EPOCH + timedelta(days=number)


def head_of(description: SeriesDescription, packed: PackedBars) -> SeriesHead:
    """The head of a series that is about to be stored. Raises ValueError for more than MOST_BARS bars."""
    if len(packed) > MOST_BARS:
        raise ValueError(f"{description.ticker} has {len(packed)} bars; a series has at most {MOST_BARS}")
    steps = steps_until(description.steps, packed.day_numbers()[-1])
    return SeriesHead(
        org_id=description.org_id,
        ticker=description.ticker,
        name=description.name,
        provider=description.provider,
        adjusted=description.adjusted,
        bars=len(packed),
        first_day=packed.first_day(),
        last_day=packed.last_day(),
        sha256=digest_of(packed, steps),
        bases=description.bases,
        steps=steps,
    )


def digest_of(packed: PackedBars, steps: Steps) -> str:
    """Hex digest of all that an analysis takes from a series: its bars, and the steps up to its end."""
    steps = steps_until(steps, packed.day_numbers()[-1]) if steps and len(packed) else ()
    return hashlib.sha256(packed.data + text_of_steps(steps).encode()).hexdigest() if steps else packed.sha256
