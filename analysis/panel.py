"""Closes of many tickers on one calendar: the trading days of any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray

CARRIED = 5  # trading days for which a close stands where none came after it
NEVER = 1_000_000  # the age of a close that there is not


@dataclass(frozen=True)
class Closes:
    """The closes of one ticker: `days` datetime64[D] ascending, closes without and with distributions, and scores by strategy."""

    days: NDArray[np.datetime64]
    price: FloatArray
    total: FloatArray
    scores: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """Lines of shape (tickers, days). A close stands until the next one; before the first it is NaN.

    `age` is how many days old a close is: 0 on a day with one, NEVER before the first. `growth` is what 1 became with distributions since
    the day before, 1 where that is not known. `scores` are by strategy, and stand as closes do.
    """

    days: NDArray[np.datetime64]
    price: FloatArray
    total: FloatArray
    growth: FloatArray
    age: NDArray[np.int32]
    scores: Mapping[str, FloatArray]

    def until(self, row: int) -> Panel:
        """What is known at the close of a day: all lines up to and with its row, as views."""
        rows = slice(0, row + 1)
        lines = (self.price[:, rows], self.total[:, rows], self.growth[:, rows], self.age[:, rows])
        return Panel(self.days[rows], *lines, {name: scores[:, rows] for name, scores in self.scores.items()})


def union_of(lines: Sequence[NDArray[np.datetime64]]) -> NDArray[np.datetime64]:
    """The days of any of some lines of ascending days, ascending; none where no line has one."""
    numbers = [line.view(np.int64) for line in lines if len(line)]
    if not numbers:
        return np.array([], dtype="datetime64[D]")
    first, last = min(int(each[0]) for each in numbers), max(int(each[-1]) for each in numbers)
    is_open = np.zeros(last - first + 1, dtype=bool)
    for each in numbers:
        is_open[each - first] = True
    return (np.flatnonzero(is_open) + first).astype("datetime64[D]")


def panel_of(closes: Sequence[Closes], days: NDArray[np.datetime64] | None = None) -> Panel:
    """The closes of at least one ticker, with at least one close each, on the given days; by default on all of theirs."""
    days = union_of([each.days for each in closes]) if days is None else days
    shape = (len(closes), len(days))
    price, total, growth = np.full(shape, np.nan), np.full(shape, np.nan), np.ones(shape)
    age = np.full(shape, NEVER, dtype=np.int32)
    scores = {name: np.full(shape, np.nan) for name in closes[0].scores}
    for number, each in enumerate(closes):
        begin = int(np.searchsorted(days, each.days[0]))
        lines = ((price, each.price), (total, each.total), *((scores[name], values) for name, values in each.scores.items()))
        if np.array_equal(each.days, days[begin:]):  # as most have: a close on each day since the first
            for line, values in lines:
                line[number, begin:] = values
            age[number, begin:] = 0
        else:
            taken = np.searchsorted(each.days, days[begin:], side="right") - 1
            for line, values in lines:
                line[number, begin:] = values[taken]
            age[number, begin:] = np.arange(begin, len(days)) - np.searchsorted(days, each.days)[taken]
        np.divide(total[number, begin + 1 :], total[number, begin:-1], out=growth[number, begin + 1 :])
    return Panel(days, price, total, growth, age, scores)
