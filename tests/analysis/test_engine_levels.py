"""Support and resistance: which swings count, how they merge, and which are shown."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from kit import textbook
from kit.bars import TICKERS, bars_of, seen

from analysis.bars import Bars
from analysis.levels import find_levels
from models.analysis import Level

LEG = 10  # bars from one turn to the next


def zigzag(*turns: float) -> Bars:
    """Straight legs from turn to turn; a low is 1 below its turn and a high 1 above it."""
    close = np.concatenate([np.linspace(start, end, LEG, endpoint=False) for start, end in pairwise(turns)])
    close = np.append(close, turns[-1])
    return bars_of(close, high=close + 1.0, low=close - 1.0)


def short(levels: tuple[Level, ...]) -> list[tuple[float, int]]:
    return [(round(level.price, 9), level.touches) for level in levels]


def levels_by_hand(bars: Bars, atr: float) -> tuple[list[Level], list[Level]]:
    """Support and resistance by the rules of the design, computed one bar at a time."""
    count = len(bars)
    first = max(count - 250, 0)
    pivots = []
    for i in range(first + 5, count - 5):
        around = range(i - 5, i + 6)
        if all(bars.low[i] <= bars.low[j] for j in around):
            pivots.append((float(bars.low[i]), i))
        if all(bars.high[i] >= bars.high[j] for j in around):
            pivots.append((float(bars.high[i]), i))
    groups: list[list[tuple[float, int]]] = []
    for pivot in sorted(pivots):
        if groups and pivot[0] - textbook.mean([price for price, _ in groups[-1]], len(groups[-1]))[-1] <= atr / 2:
            groups[-1].append(pivot)
        else:
            groups.append([pivot])
    levels = [
        Level(math.fsum(price for price, _ in group) / len(group), len(group), bars.day(max(i for _, i in group))) for group in groups
    ]
    close = bars.close[-1]
    below = sorted((level for level in levels if level.price < close), key=lambda level: close - level.price)
    above = sorted((level for level in levels if level.price > close), key=lambda level: level.price - close)
    return below[:3], above[:3]


@pytest.mark.parametrize("ticker", TICKERS)
def test_real_levels_are_those_found_one_bar_at_a_time(sample: dict[str, Bars], ticker: str) -> None:
    bars = sample[ticker]
    atr = textbook.atr(bars.high.tolist(), bars.low.tolist(), bars.close.tolist())
    for count in [*range(50, len(bars), 97), len(bars)]:
        engine = seen(bars.until(count)).levels
        support, resistance = levels_by_hand(bars.until(count), atr[count - 1])
        for levels, expected in ((engine.support, support), (engine.resistance, resistance)):
            assert [(level.touches, level.last_touch) for level in levels] == [(level.touches, level.last_touch) for level in expected]
            assert [level.price for level in levels] == pytest.approx([level.price for level in expected], rel=1e-12)


def test_real_days_have_up_to_three_levels_either_side(sample: dict[str, Bars]) -> None:
    shown = [seen(sample["IBM"].until(count)).levels for count in range(250, 3270, 97)]
    assert {len(levels.support) for levels in shown} | {len(levels.resistance) for levels in shown} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("turns", "atr", "support", "resistance"),
    [
        pytest.param((110, 120, 100, 113), 1.0, [(99, 1)], [(121, 1)], id="a low below, a high above"),
        pytest.param(
            (110, 120, 100, 120.5, 100.5, 113), 2.0, [(99.25, 2)], [(121.25, 2)], id="swings within half an ATR are one level at their mean"
        ),
        pytest.param(
            (110, 120, 100, 120.5, 100.5, 113),
            0.9,
            [(99.5, 1), (99, 1)],
            [(121, 1), (121.5, 1)],
            id="swings farther apart are two, the nearer first",
        ),
        pytest.param((110, 120, 100, 121, 113), 2.0, [(99, 1)], [(121.5, 2)], id="exactly half an ATR still merges"),
        pytest.param((110, 120, 100, 121, 113), 1.99, [(99, 1)], [(121, 1), (122, 1)], id="and not a little more"),
        pytest.param(
            (110, 101, 120, 102, 120, 102.75, 115),
            2.0,
            [(101.75, 1), (100.5, 2)],
            [(121, 2)],
            id="the distance is from the mean, not from the last swing",
        ),
        pytest.param((110, 101, 120, 102, 120, 102.5, 115), 2.0, [(302.5 / 3, 3)], [(121, 2)], id="three in one level"),
        pytest.param((100, 120, 110, 130), 1.0, [(121, 1), (109, 1)], [], id="a broken resistance supports"),
        pytest.param((130, 110, 120, 100), 1.0, [], [(109, 1), (121, 1)], id="a broken support resists"),
        pytest.param((110, 119, 100, 130, 121, 125), 2.0, [(120, 2), (99, 1)], [(131, 1)], id="lows and highs merge alike"),
        pytest.param(
            (110, 90, 110, 92, 110, 94, 110, 96, 110, 98, 105),
            0.5,
            [(97, 1), (95, 1), (93, 1)],
            [(111, 4)],
            id="the three nearest below",
        ),
        pytest.param(
            (100, 120, 100, 118, 100, 116, 100, 114, 100, 112, 105),
            0.5,
            [(99, 4)],
            [(113, 1), (115, 1), (117, 1)],
            id="the three nearest above",
        ),
        pytest.param((100, 150), 1.0, [], [], id="a straight line never turns"),
    ],
)
def test_levels_of_a_zigzag(turns: tuple[float, ...], atr: float, support: list, resistance: list) -> None:
    levels = find_levels(zigzag(*turns), atr)
    assert (short(levels.support), short(levels.resistance)) == (
        [(round(price, 9), touches) for price, touches in support],
        [(round(price, 9), touches) for price, touches in resistance],
    )


def test_the_last_touch_is_the_newest_of_a_level() -> None:
    bars = zigzag(110, 120, 100.5, 120.5, 100, 113)  # the higher low is the older one
    levels = find_levels(bars, 2.0)
    assert levels.support[0].last_touch == bars.day(4 * LEG)
    assert levels.resistance[0].last_touch == bars.day(3 * LEG)


@pytest.mark.parametrize(("bars_after", "counts"), [(4, False), (5, True), (6, True)])
def test_a_swing_needs_five_bars_after_it(bars_after: int, counts: bool) -> None:
    close = np.concatenate([np.linspace(120, 101, 20), [100], 100 + np.arange(1, bars_after + 1)])
    levels = find_levels(bars_of(close, high=close + 1, low=close - 1), 1.0)
    assert [level.price for level in levels.support] == ([99.0] if counts else [])


@pytest.mark.parametrize(("bars_before", "counts"), [(4, False), (5, True), (6, True)])
def test_a_swing_needs_five_bars_before_it(bars_before: int, counts: bool) -> None:
    close = np.concatenate([100 + np.arange(bars_before, 0, -1), [100], np.linspace(101, 120, 20)])
    levels = find_levels(bars_of(close, high=close + 1, low=close - 1), 1.0)
    assert [level.price for level in levels.support] == ([99.0] if counts else [])


@pytest.mark.parametrize(("bars_after", "counts"), [(240, True), (250, False), (300, False)])
def test_only_the_last_250_bars_count(bars_after: int, counts: bool) -> None:
    close = np.concatenate([np.linspace(120, 101, 20), [100], np.linspace(101, 200, bars_after)])
    levels = find_levels(bars_of(close, high=close + 1, low=close - 1), 1.0)
    assert [level.price for level in levels.support] == ([99.0] if counts else [])


def test_eleven_bars_are_enough_for_one_swing() -> None:
    close = 100.0 + np.abs(np.arange(-5, 6))
    assert short(find_levels(bars_of(close, high=close + 1, low=close - 1), 1.0).support) == [(99.0, 1)]


@pytest.mark.parametrize("count", [1, 5, 10])
def test_too_few_bars_have_no_levels(count: int) -> None:
    levels = find_levels(bars_of(np.full(count, 100.0), high=101.0, low=99.0), 1.0)
    assert (levels.support, levels.resistance) == ((), ())


def test_bars_alike_all_touch_the_same_two_levels() -> None:
    levels = find_levels(bars_of(np.full(60, 100.0), high=101.0, low=99.0), 1.0)
    assert (short(levels.support), short(levels.resistance)) == ([(99.0, 50)], [(101.0, 50)])
