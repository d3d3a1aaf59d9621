"""A ticker's daily history as one packed row.

The packed layout is seven columns one after the other, each of `bars` little-endian 8-byte values: the day as days since 1970-01-01
(int64), then open, high, low, close as traded, adj_close (NaN throughout when the source delivers none) and volume (float64). Loading 13
years is one read, and a column is a view, not a copy.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.analysis import PriceWarning

if sys.byteorder != "little":
    raise ImportError("packed prices are little-endian, and so must be the machine")

ITEM_BYTES = 8
COLUMNS = ("open", "high", "low", "close", "adj_close", "volume")
BYTES_PER_BAR = ITEM_BYTES * (1 + len(COLUMNS))
MOST_BARS = 20_000  # of a series: 80 years of days. What is made of one (charts, reports) costs as much as it is long
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Bar:
    """One trading day, prices as traded; `adj_close` is NaN when the source delivers none."""

    day: date
    open: float
    high: float
    low: float
    close: float
    adj_close: float
    volume: float


@dataclass(frozen=True)
class SeriesHead:
    """What is known of a stored series without loading its bars."""

    org_id: int
    ticker: str
    name: str | None
    provider: str
    adjusted: bool
    bars: int
    first_day: date
    last_day: date
    sha256: str


@dataclass(frozen=True)
class ImportReport:
    """What became of an uploaded file."""

    ticker: str
    bars: int
    first: date
    last: date
    dropped: int
    warnings: tuple[PriceWarning, ...]


@dataclass(frozen=True)
class PriceGap:
    """Days on end without a bar: the bars on either side, and how many days lie from one to the other."""

    after: date
    before: date
    days: int


@dataclass(frozen=True)
class QualityReport:
    """What is stored of a ticker, and what a reader should know about it."""

    ticker: str
    name: str | None
    provider: str
    bars: int
    first: date
    last: date
    updated_at: datetime
    gaps: tuple[PriceGap, ...]
    warnings: tuple[PriceWarning, ...]


@dataclass(frozen=True)
class PackedBars:
    """Packed columns of bars, ascending by day, each day once."""

    data: bytes

    @classmethod
    def pack(cls, bars: Sequence[Bar]) -> PackedBars:
        """Pack bars that ascend by day."""
        days = array("q", [(bar.day - _EPOCH).days for bar in bars])
        columns = [array("d", [getattr(bar, name) for bar in bars]) for name in COLUMNS]
        return cls(b"".join([days.tobytes(), *(column.tobytes() for column in columns)]))

    def __len__(self) -> int:
        return len(self.data) // (ITEM_BYTES * (len(COLUMNS) + 1))

    @property
    def sha256(self) -> str:
        """Hex digest of the packed bytes: the same bars give the same digest."""
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
        return _EPOCH + timedelta(days=self.day_numbers()[0])

    def last_day(self) -> date:
        """The newest day."""
        return _EPOCH + timedelta(days=self.day_numbers()[-1])

    def days(self) -> list[date]:
        """The days as dates."""
        return [_EPOCH + timedelta(days=number) for number in self.day_numbers()]

    def bars(self) -> list[Bar]:
        """The bars, all at once: some 400 bytes of memory each."""
        return list(self)

    def __iter__(self) -> Iterator[Bar]:
        """The bars one by one."""
        days = (_EPOCH + timedelta(days=number) for number in self.day_numbers())
        return (Bar(*values) for values in zip(days, *(self.column(name) for name in COLUMNS), strict=True))

    def rows(self, start: int, stop: int) -> PackedBars:
        """The bars from position `start` up to but not including `stop`, from 0; itself when that is all of them."""
        if start == 0 and stop == len(self):
            return self
        width = len(self) * ITEM_BYTES
        low, high = start * ITEM_BYTES, max(start, stop) * ITEM_BYTES
        return PackedBars(b"".join(self.data[column * width + low : column * width + high] for column in range(len(COLUMNS) + 1)))

    def between(self, start: date | None = None, end: date | None = None) -> PackedBars:
        """The bars from `start` to `end`, both included; itself when that is all of them."""
        numbers = self.day_numbers()
        low, high = 0, len(numbers)
        if start is not None:
            low = _first_at_or_after(numbers, (start - _EPOCH).days)
        if end is not None:
            high = _first_at_or_after(numbers, (end - _EPOCH).days + 1)
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


def head_of(org_id: int, ticker: str, name: str | None, provider: str, adjusted: bool, packed: PackedBars) -> SeriesHead:
    """The head of a series that is about to be stored. Raises ValueError for one of more than MOST_BARS."""
    if len(packed) > MOST_BARS:
        raise ValueError(f"{ticker} has {len(packed)} bars; a series has at most {MOST_BARS}")
    first, last = packed.first_day(), packed.last_day()
    return SeriesHead(org_id, ticker, name, provider, adjusted, len(packed), first, last, packed.sha256)
