"""Days on which close and adjusted close part: by a mistyped price, or by a split that nobody has told of."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np

from analysis.bars import ADJ_CLOSE, CLOSE, DAYS, FloatArray, columns_of
from models.analysis import PriceWarning
from models.day_text import day_text
from models.price_series import PackedBars, day_of

LEAST_PARTING = 1.18  # times: by less, distributions and rounding part them
MEET_AGAIN = 0.05  # how near the factor between them comes to that of before
LONGEST_PARTING = 4  # bars: what lasts for longer is a split or a distribution
MOST_JUMPS = 200  # that are looked at, the newest


class Parting(NamedTuple):
    """Bars from `first` up to but not including `end`, on which one column is `times` what it should be beside the other.

    `is_open` where no later bar shows that they meet again.
    """

    first: int
    end: int
    column: str
    times: float
    is_open: bool


def partings_of(columns: FloatArray) -> list[Parting]:
    """The partings of bars with adjusted closes, ascending."""
    factors = columns[ADJ_CLOSE] / columns[CLOSE]
    ratios = factors[1:] / factors[:-1]
    count, found, end = len(factors), list[Parting](), 0
    for first in ((ratios > LEAST_PARTING) | (ratios < 1 / LEAST_PARTING)).nonzero()[0][-MOST_JUMPS:].tolist():
        bar = first + 1
        if bar < end:
            continue
        after = factors[bar + 1 : bar + 1 + LONGEST_PARTING]
        meets = (np.abs(after / factors[bar - 1] - 1) <= MEET_AGAIN).nonzero()[0]
        if meets.size or count - bar <= LONGEST_PARTING:
            end = bar + 1 + int(meets[0]) if meets.size else count
            found.append(_parting(columns, bar, end, is_open=not meets.size))
            end += 1  # the jump back is none by itself
    return found


def _parting(columns: FloatArray, bar: int, end: int, *, is_open: bool) -> Parting:
    """A parting by the column that jumps more."""
    close, adj_close = (float(columns[row, bar] / columns[row, bar - 1]) for row in (CLOSE, ADJ_CLOSE))
    if abs(math.log(close)) >= abs(math.log(adj_close)):
        return Parting(bar, end, "close", close / adj_close, is_open)
    return Parting(bar, end, "adjusted close", adj_close / close, is_open)


def parting_warnings(packed: PackedBars, adjusted: bool, splits: Collection[date]) -> Iterator[PriceWarning]:
    """A warning of the partings within a series, and one of its newest bars. `splits` are the days of those that are known."""
    if not adjusted:
        return
    columns = columns_of(packed)
    days = np.ascontiguousarray(columns[DAYS]).view(np.int64)
    closed = [each for each in partings_of(columns) if not each.is_open]
    if closed:
        last = closed[-1]
        day = day_of(int(days[last.first]))
        often = "" if len(closed) == 1 else f", the last of {len(closed)} times"
        meets = f"They meet again on {day_text(day_of(int(days[last.end])))}"
        yield PriceWarning(
            "parted_closes",
            f"On {day_text(day)}{often}, the {last.column} is {last.times:.3g} times what the other of both closes tells. {meets}, so it "
            "is mistyped: correct the file. Holdings and indexes are valued by closes, analyses by adjusted ones.",
            day,
        )
    newest = newest_parting(columns, splits)
    if newest is not None:
        yield newest


def newest_parting(columns: FloatArray, splits: Collection[date]) -> PriceWarning | None:
    """The warning of the newest of some bars with adjusted closes; None where they do not part."""
    newest = columns[:, -1 - LONGEST_PARTING :]
    parting = next((each for each in partings_of(newest) if each.is_open), None)
    day = None if parting is None else day_of(int(newest[DAYS].view(np.int64)[parting.first]))
    if parting is None or day is None or day in splits:
        return None
    message = (
        f"Since {day_text(day)} the {parting.column} is {parting.times:.3g} times what the other of both closes tells. If it is mistyped, "
        "correct the file; if the shares were split, tell of the split, or wait for more bars. Until then, holdings and indexes take it as "
        "it is."
    )
    return PriceWarning("parted_newest", message, day)
