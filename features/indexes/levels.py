"""The levels of an index by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from models.index import IndexVariant

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Levels:
    """The levels of an index by day, ascending: without distributions and with them."""

    days: Days
    price: FloatArray
    total: FloatArray

    def __len__(self) -> int:
        return len(self.days)

    def of(self, variant: IndexVariant) -> FloatArray:
        """The levels of a variant."""
        return self.total if variant is IndexVariant.TOTAL else self.price

    def between(self, start: date | None, end: date | None) -> Levels:
        """The levels from one day to another, both included."""
        first = 0 if start is None else int(np.searchsorted(self.days, np.datetime64(start, "D")))
        after = len(self) if end is None else int(np.searchsorted(self.days, np.datetime64(end, "D"), side="right"))
        rows = slice(first, max(first, after))
        return Levels(self.days[rows], self.price[rows], self.total[rows])
