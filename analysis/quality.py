"""The quality of stored prices: soundness, warnings and gaps."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars
from models.analysis import PriceWarning
from models.day_text import day_text
from models.freshness import StaleBy
from models.price_series import PackedBars, PriceGap

MINIMUM_BARS = 50
ZERO_VOLUME_SHARE = 0.05  # of the bars
LARGE_MOVE = 0.5  # of the close before
SPLIT_TOLERANCE = 0.02  # of a split's ratio: how near to it the move to the close is, or that to the open
SPLIT_DAY_MOVE = 0.12  # how far the close may then go from there on the split's day
GAP_DAYS = 10  # calendar days
SHORT_BARS = 400  # with fewer, an earlier start of the history still changes verdicts
WEEKLY_DAYS = 5  # between bars, the median
MONDAY = 4  # days since 1970-01-01, which was a Thursday
_WHOLE = (2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 100)

_MILD = {(5, 4), (4, 5), (4, 3), (3, 4)}  # a fall or rise of prices resembles them: both the open and the close must be near
_SPLITS = [*_MILD, (3, 2), (2, 3), (5, 2), (2, 5), (5, 3), (3, 5), *((n, 1) for n in _WHOLE), *((1, n) for n in _WHOLE)]
# By the move of prices from one day to the next, ascending, each split n:m.
_BY_MOVE = sorted((m / n, (n, m)) for n, m in _SPLITS)
_MOVES = [move for move, _ in _BY_MOVE]
_LEAST_SPLIT_MOVE = 0.18  # of the close before


def is_sound(packed: PackedBars, adjusted: bool) -> bool:
    """Whether stored bars can be analysed: prices positive, volumes not negative, all of them finite."""
    count = len(packed)
    numbers = np.frombuffer(packed.data, dtype=np.float64)
    prices, volumes = numbers[count : (6 if adjusted else 5) * count], numbers[6 * count :]
    # A minimum over a NaN is NaN, and every comparison with NaN is false. The ufuncs themselves: an array's methods take longer to call.
    low, high = np.minimum.reduce, np.maximum.reduce
    return bool(low(prices) > 0 and high(prices) < np.inf and low(volumes) >= 0 and high(volumes) < np.inf)


def price_warnings(bars: Bars, stale: StaleBy | None) -> tuple[PriceWarning, ...]:
    """Warnings about one or more adjusted bars: their volume, moves, days, age and number."""
    return tuple(chain(_of_volume(bars), move_warnings(bars), _of_days(bars), _of_age(bars, stale)))


def _of_volume(bars: Bars) -> Iterator[PriceWarning]:
    without_volume = int(np.count_nonzero(bars.volume == 0))
    if without_volume > ZERO_VOLUME_SHARE * len(bars):
        percent = 100 * without_volume / len(bars)
        yield PriceWarning("zero_volume", f"{without_volume} of {len(bars)} days ({percent:.0f}%) have no volume.")


def move_warnings(bars: Bars) -> Iterator[PriceWarning]:
    """Warnings about moves from one day to the next: those over 50 %, and those that look like a split."""
    moves = bars.close[1:] / bars.close[:-1]
    sizes = moves - 1.0
    (candidates,) = (np.abs(sizes, out=sizes) > _LEAST_SPLIT_MOVE).nonzero()
    if not candidates.size:
        return
    large = candidates[sizes[candidates] > LARGE_MOVE]
    if large.size:
        at = int(large[-1])
        moved = "Prices moved" if large.size == 1 else f"On {large.size} days prices moved by more than 50%, the last time"
        day = bars.day(at + 1)
        yield PriceWarning(
            "large_move",
            f"{moved} by {100 * sizes[at]:.0f}% on {day_text(day)}: a real move, or a split that the prices are not adjusted for.",
            day if large.size == 1 else None,
        )
    overnight = bars.open[candidates + 1] / bars.close[candidates]
    ratios = zip(candidates.tolist(), moves[candidates].tolist(), overnight.tolist(), strict=True)
    splits = [(before, split) for before, close, opened in ratios if (split := _split_of(close, opened))]
    if splits:
        before, (n, m) = splits[-1]
        day = bars.day(before + 1)
        often = "" if len(splits) == 1 else f" {len(splits)} times, the last time as by one"
        yield PriceWarning(
            "likely_split",
            f"Prices moved as by a split{often} of {n}:{m} on {day_text(day)}, and no adjusted close explains it. "
            "If it was one, add it to the splits of the ticker, or upload adjusted prices.",
            day,
        )


def _split_of(close: float, overnight: float) -> tuple[int, int] | None:
    """The split that a day looks like by its close and its open, each as a part of the close before."""
    for ratio in (close, overnight):
        at = bisect(_MOVES, ratio)
        for move, split in _BY_MOVE[max(at - 1, 0) : at + 1]:
            by_close, by_open = abs(close / move - 1), abs(overnight / move - 1)
            if split in _MILD:
                is_split = max(by_close, by_open) <= SPLIT_TOLERANCE
            else:
                is_split = by_close <= SPLIT_TOLERANCE or (by_open <= SPLIT_TOLERANCE and by_close <= SPLIT_DAY_MOVE)
            if is_split:
                return split
    return None


def _of_days(bars: Bars) -> Iterator[PriceWarning]:
    days = bars.days.view(np.int64)
    gaps = _before_gaps(bars)
    if gaps.size:
        at = int(gaps[-1])
        gap, which = ("a gap", "") if gaps.size == 1 else (f"{gaps.size} gaps", "the last ")
        days_without = f"from {day_text(bars.day(at))} to {day_text(bars.day(at + 1))}"
        yield PriceWarning("gap", f"The prices have {gap} of more than {GAP_DAYS} days, {which}{days_without}.")
    # The mean is soon found, and the median only where many days are far apart.
    if days[-1] - days[0] >= WEEKLY_DAYS * (len(days) - 1) > 0 and (between := float(np.median(np.diff(days)))) >= WEEKLY_DAYS:
        yield PriceWarning(
            "weekly_bars", f"The bars are {between:.0f} days apart. The indicators are made for daily bars, and take each for a day."
        )
    weekdays = days.astype(np.int32)
    weekdays -= MONDAY
    weekdays -= weekdays // 7 * 7  # faster than a remainder
    (weekend,) = (weekdays >= 5).nonzero()
    if weekend.size:
        yield PriceWarning(
            "weekend_bars",
            f"{weekend.size} {'bar is' if weekend.size == 1 else 'bars are'} of a Saturday or Sunday, the last of "
            f"{day_text(bars.day(int(weekend[-1])))}: a market that never closes, or dates with day and month exchanged.",
        )


def _of_age(bars: Bars, stale: StaleBy | None) -> Iterator[PriceWarning]:
    if stale is not None:
        newest = bars.day(-1)
        yield PriceWarning("stale", stale.sentence(day_text(newest)), newest)
    if len(bars) < SHORT_BARS:
        yield PriceWarning(
            "short_history",
            f"There {_are(len(bars), 'bar')}. With fewer than {SHORT_BARS}, smoothed indicators still remember where the history starts, "
            "and a longer one may give another verdict.",
        )


def price_gaps(bars: Bars) -> tuple[PriceGap, ...]:
    """Every gap of more than 10 calendar days, oldest first."""
    ends = [(bars.day(at), bars.day(at + 1)) for at in _before_gaps(bars).tolist()]
    return tuple(PriceGap(after, before, (before - after).days) for after, before in ends)


def _before_gaps(bars: Bars) -> NDArray[np.intp]:
    """The indexes of the bars before each gap."""
    days = bars.days.view(np.int64)
    return (days[1:] - days[:-1] > GAP_DAYS).nonzero()[0]


def _are(count: int, noun: str) -> str:
    return f"is 1 {noun}" if count == 1 else f"are {count} {noun}s"
