"""The quality of stored prices: soundness, warnings and gaps."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.bars import Bars
from models.analysis import PriceWarning
from models.price_series import PackedBars, PriceGap

MINIMUM_BARS = 50
ZERO_VOLUME_SHARE = 0.05  # of the bars
LARGE_MOVE = 0.5  # of the close before
GAP_DAYS = 10  # calendar days
STALE_DAYS = 7


def is_sound(packed: PackedBars, adjusted: bool) -> bool:
    """Whether stored bars can be analysed: prices positive, volumes not negative, all of them finite."""
    count = len(packed)
    numbers = np.frombuffer(packed.data, dtype=np.float64)
    prices, volumes = numbers[count : (6 if adjusted else 5) * count], numbers[6 * count :]
    # A minimum over a NaN is NaN, and every comparison with NaN is false. The ufuncs themselves: an array's methods take longer to call.
    low, high = np.minimum.reduce, np.maximum.reduce
    return bool(low(prices) > 0 and high(prices) < np.inf and low(volumes) >= 0 and high(volumes) < np.inf)


def is_stale(newest: date, today: date) -> bool:
    """Whether the newest bar is older than a week."""
    return (today - newest).days > STALE_DAYS


def price_warnings(bars: Bars, today: date) -> tuple[PriceWarning, ...]:
    """Warnings about one or more bars: zero volume, moves over 50 %, gaps, staleness."""
    warnings = []
    without_volume = int(np.count_nonzero(bars.volume == 0))
    if without_volume > ZERO_VOLUME_SHARE * len(bars):
        percent = 100 * without_volume / len(bars)
        warnings.append(PriceWarning("zero_volume", f"{without_volume} of {len(bars)} days ({percent:.0f} %) have no volume."))
    moves = bars.close[1:] / bars.close[:-1]
    moves -= 1.0
    (large,) = (np.abs(moves, out=moves) > LARGE_MOVE).nonzero()
    if large.size:
        at = int(large[-1])
        warnings.append(
            PriceWarning(
                "large_move",
                f"{large.size} one-day {_moves(large.size)} of more than 50 %, the last of {100 * moves[at]:.0f} % on {bars.day(at + 1)}: "
                "a crash, or a split that the prices are not adjusted for.",
            )
        )
    gaps = _before_gaps(bars)
    if gaps.size:
        at = int(gaps[-1])
        warnings.append(
            PriceWarning("gap", f"{gaps.size} times no bar for over {GAP_DAYS} days, last from {bars.day(at)} to {bars.day(at + 1)}.")
        )
    newest = bars.day(-1)
    if is_stale(newest, today):
        warnings.append(
            PriceWarning("stale", f"The newest bar is of {newest}, more than {STALE_DAYS} days before the day of the analysis.")
        )
    return tuple(warnings)


def price_gaps(bars: Bars) -> tuple[PriceGap, ...]:
    """Every gap of more than 10 calendar days, oldest first."""
    ends = [(bars.day(at), bars.day(at + 1)) for at in _before_gaps(bars).tolist()]
    return tuple(PriceGap(after, before, (before - after).days) for after, before in ends)


def _before_gaps(bars: Bars) -> NDArray[np.intp]:
    """The indexes of the bars before each gap."""
    days = bars.days.view(np.int64)
    return (days[1:] - days[:-1] > GAP_DAYS).nonzero()[0]


def _moves(count: int) -> str:
    return "move" if count == 1 else "moves"
