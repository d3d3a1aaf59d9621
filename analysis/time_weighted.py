"""Returns that do not depend on when money came and went: daily, chained, and Dietz's estimate of a whole period."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.bars import BoolArray, FloatArray

TWR = (
    "The daily returns, compounded: what a day's value and what was paid out on it come to, over the value of the day before and what was "
    "paid in. So money comes at the start of a day and goes at its end. What is transferred comes and goes at the end, at what it is worth "
    "then, so that an account that joins changes no return. Cash below 0 counts as paid in until it is made up."
)
DIETZ = (
    "Modified Dietz: the gain over the average capital, which is the value at the start and each flow, weighted by the part of the period "
    "that is left after its day."
)


class DailyGrowth(NamedTuple):
    """What 1 becomes on each day after the first value, and the days on which nothing was there to grow: it stays 1."""

    factors: FloatArray
    without_capital: BoolArray


def daily_growth(values: FloatArray, flows: FloatArray, transfers: FloatArray | None = None) -> DailyGrowth:
    """The growth of values of shape (n,), of which the first is the start. `flows` are of the same days; the first one is not taken.

    A day's flows count as one: what came in, less what went out. `transfers` are those of them that come and go at the end of the day;
    where there was nothing before, they come at its start. A day with nothing at both of its ends changes nothing.
    """
    late = np.zeros(len(values) - 1) if transfers is None else transfers[1:]
    early = flows[1:] - late
    before, after = values[:-1] + np.maximum(early, 0.0), values[1:] + np.maximum(-early, 0.0) - late
    is_first = (before <= 0) & (late > 0)
    before, after = before + np.where(is_first, late, 0.0), after + np.where(is_first, late, 0.0)
    # What is there at neither end has earned nothing: a fee, or the loss of a day's trade, is no fall to 0.
    without = (before <= 0) | ((values[:-1] <= 0) & (values[1:] <= 0) & ~is_first)
    factors = np.ones(len(before))
    np.divide(after, before, out=factors, where=~without)
    return DailyGrowth(factors, without & ((before != 0) | (after != 0)))


def chained(factors: FloatArray) -> FloatArray:
    """What 1 becomes by them, from 1 on: one more than there are factors."""
    growth: FloatArray = np.concatenate(([1.0], np.cumprod(factors)))
    return growth


def average_capital(start: float, flows: FloatArray, day_of: FloatArray, days: float) -> float:
    """The value at the start, and flows weighted by the part of the period that is left on their day, counted from the start."""
    return start + float(np.sum(flows * (days - day_of))) / days if days else start


def modified_dietz(start: float, end: float, flows: FloatArray, day_of: FloatArray, days: float) -> float | None:
    """The gain over the average capital; None without capital."""
    capital = average_capital(start, flows, day_of, days)
    return (end - start - float(flows.sum())) / capital if capital > 0 else None
