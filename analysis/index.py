"""A rule-based index: quantities that stand between rebalancings, and a divisor that keeps the level continuous.

Level = Σ close·quantity / divisor; at each change of the quantities the divisor is multiplied by the value after over the value before (S&P
Dow Jones Indices, "Index Mathematics"). Target weights are of what is known at the close of a reference day, and are bought at the close of
the next trading day. In the total return, what is distributed on a day is reinvested in the whole index at its close.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.bars import FloatArray
from analysis.index_targets import Target
from analysis.panel import CARRIED, Panel
from models.index import Rebalance, RebalancingKind

NOTIONAL = 1_000_000.0  # the value of the quantities after each rebalancing
_DAYS_BEFORE_MONDAY = 3  # 1970-01-01 was a Thursday

_PERIODS = {Rebalance.DAILY: "day", Rebalance.WEEKLY: "week", Rebalance.MONTHLY: "month", Rebalance.QUARTERLY: "quarter"}

# The target at the close of a reference day, by its row, given what is known then.
TargetRule = Callable[[int, Panel], Target]


@dataclass(frozen=True)
class Change:
    """A change of the quantities at the close of a row. Weights before and after, and quantities, are of shape (tickers,)."""

    row: int
    reference: int | None
    kind: RebalancingKind
    why: str
    before: FloatArray
    after: FloatArray
    quantities: FloatArray
    divisors: tuple[float, float]
    level: float
    left_out: Mapping[int, str] = field(default_factory=dict)

    @property
    def traded(self) -> float:
        """What is bought and sold, a fraction of the value: the sum of all changes of weights."""
        return float(np.abs(self.after - self.before).sum())


@dataclass(frozen=True)
class Track:
    """The levels of an index from the row `first` on, without and with distributions, and its changes."""

    first: int
    price: FloatArray
    total: FloatArray
    changes: tuple[Change, ...]

    @property
    def last(self) -> int:
        """The last row with a level."""
        return self.first + len(self.price) - 1


@dataclass(frozen=True)
class Course:
    """What an index is computed over: the rows from `first` to `last`, its reference days by row with the reason, and its first level."""

    first: int
    last: int
    references: Mapping[int, str]
    base: float = 100.0


def reference_rows(days: NDArray[np.datetime64], rebalance: Rebalance) -> dict[int, str]:
    """The rows of the last trading day of each period that has ended, which a later day shows, with the reason in words."""
    period = period_of(days, rebalance)
    return dict.fromkeys(np.flatnonzero(period[1:] != period[:-1]).tolist(), f"The {_PERIODS[rebalance]} has ended.")


def period_of(days: NDArray[np.datetime64], rebalance: Rebalance) -> NDArray[np.int64]:
    """A number for the period of each day; weeks begin on Mondays."""
    numbers = days.astype("datetime64[D]").astype(np.int64)
    if rebalance is Rebalance.DAILY:
        return numbers
    if rebalance is Rebalance.WEEKLY:
        return (numbers + _DAYS_BEFORE_MONDAY) // 7
    months = days.astype("datetime64[M]").astype(np.int64)
    return months if rebalance is Rebalance.MONTHLY else months // 3


def track_of(panel: Panel, course: Course, rule: TargetRule) -> Track | None:
    """The index over a panel; None where no member can ever be held.

    It begins at the first close of the course that follows a day with a member.
    """
    for row in range(max(course.first, 1), course.last + 1):
        target = rule(row - 1, panel.until(row - 1))
        if _held_at(panel, target, row) is not None:
            return _Builder(panel, course, row, target).run(rule)
    return None


def _held_at(panel: Panel, target: Target, row: int) -> FloatArray | None:
    """The weights of a target among those that have a close at a row; None where nobody has."""
    if target.weights is None:
        return None
    weights = np.where(panel.age[:, row] > CARRIED, 0.0, target.weights)
    total = float(weights.sum())
    return weights / total if total > 0 else None


class _Builder:
    """Walks over the changes of an index, and fills the levels between them."""

    def __init__(self, panel: Panel, course: Course, start: int, target: Target) -> None:
        self._panel, self._course, self._start = panel, course, start
        self._price = np.full(course.last + 1 - start, course.base)
        self._total = self._price.copy()
        self._changes: list[Change] = []
        self._row = start  # the levels are filled up to it
        self._weights = np.zeros(len(panel.price))  # at the close of this row
        self._quantities = np.zeros(len(panel.price))
        self._divisor = NOTIONAL / course.base
        self._set(target, start - 1, RebalancingKind.START, "The index begins.")

    def run(self, rule: TargetRule) -> Track:
        """The whole track."""
        last = self._course.last
        for reference, why in sorted(self._course.references.items()):
            if not self._start <= reference < last:
                continue
            self._fill(reference + 1)
            target = rule(reference, self._panel.until(reference))
            if _held_at(self._panel, target, self._row) is None:
                self._skip(reference, target)
            else:
                self._set(target, reference, RebalancingKind.REBALANCING, why)
        self._fill(last)
        return Track(self._start, self._price, self._total, tuple(self._changes))

    def _set(self, target: Target, reference: int, kind: RebalancingKind, why: str) -> None:
        """Buy the target at the close of the row that is filled."""
        panel, row = self._panel, self._row
        after = _held_at(panel, target, row)
        assert after is not None, "somebody is held"
        assert target.weights is not None, "somebody is held"
        gone = np.flatnonzero((target.weights > 0) & (after == 0)).tolist()
        left_out = {**target.left_out, **dict.fromkeys(gone, "It has no price on the day on which it would be bought.")}
        held = after > 0
        quantities = np.zeros(len(after))
        quantities[held] = NOTIONAL * after[held] / panel.price[held, row]
        self._change(Change(row, reference, kind, f"{why} {target.note}".strip(), self._weights, after, quantities, (0, 0), 0, left_out))

    def _skip(self, reference: int, target: Target) -> None:
        why = f"No member could be held, so nothing was changed. {target.note}".strip()
        kept = (self._weights, self._weights, self._quantities)
        self._change(Change(self._row, reference, RebalancingKind.SKIPPED, why, *kept, (0, 0), 0, target.left_out))

    def _change(self, change: Change) -> None:
        """Take over the quantities of a change, with the divisor that keeps the level."""
        level = float(self._price[self._row - self._start])
        before = self._divisor
        after = self._value(change.quantities)
        # Nothing is held: the level stands until something is.
        self._divisor = (
            before if after == 0 else after / level if not self._quantities.any() else before * after / self._value(self._quantities)
        )
        self._quantities, self._weights = change.quantities, change.after
        divisors = (self._divisor if change.kind is RebalancingKind.START else before, self._divisor)
        self._changes.append(Change(**{**vars(change), "divisors": divisors, "level": level}))

    def _value(self, quantities: FloatArray) -> float:
        held = quantities > 0
        return float(quantities[held] @ self._panel.price[held, self._row])

    def _fill(self, end: int) -> None:
        """Fill the levels up to a row; who has had no price for too long is removed on the way."""
        while self._row < end:
            held = np.flatnonzero(self._quantities)
            if not len(held):
                self._stand_still(end)
                return
            old = (self._panel.age[held, self._row + 1 : end + 1] > CARRIED).any(axis=0)
            until = self._row + 1 + int(old.argmax()) if old.any() else end
            self._fill_held(held, until)
            if old.any():
                self._remove(held[self._panel.age[held, until] > CARRIED])

    def _fill_held(self, held: NDArray[np.int64], until: int) -> None:
        rows, place = slice(self._row, until + 1), self._row - self._start
        values = self._quantities[held, None] * self._panel.price[held, rows]
        sums = values.sum(axis=0)
        filled = slice(place + 1, place + 1 + until - self._row)
        self._price[filled] = sums[1:] / self._divisor
        grown = np.einsum("ij,ij->j", values[:, :-1], self._panel.growth[held, self._row + 1 : until + 1])
        self._total[filled] = self._total[place] * np.cumprod(grown / sums[:-1])
        self._weights = np.zeros(len(self._quantities))
        self._weights[held] = values[:, -1] / sums[-1]
        self._row = until

    def _stand_still(self, end: int) -> None:
        place = self._row - self._start
        self._price[place + 1 :], self._total[place + 1 :] = self._price[place], self._total[place]
        self._row = end

    def _remove(self, gone: NDArray[np.int64]) -> None:
        """Take members out at their last prices; what they were worth goes to the others in proportion to their values."""
        quantities, weights = self._quantities.copy(), self._weights.copy()
        quantities[gone] = weights[gone] = 0.0
        total = float(weights.sum())
        after = weights / total if total > 0 else weights
        why = f"There has been no price for more than {CARRIED} trading days; what was held counts at the last one, and goes to the others."
        self._change(Change(self._row, None, RebalancingKind.REMOVAL, why, self._weights, after, quantities, (0, 0), 0))
