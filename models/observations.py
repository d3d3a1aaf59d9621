"""Values by day, packed: macroeconomic series and exchange rates are stored so."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

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
