"""Properties of every price history, tested on random walks."""

from __future__ import annotations

import dataclasses
import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.bars import bars_of, chosen, seen, walk

from analysis.bars import Bars, adjusted_bars
from analysis.engine import analyse, newest_score, parameters_of, signal_history
from analysis.score import signal_of, verdict_of
from models.analysis import Analysis, Overrides, Parameters, Signal
from models.freshness import StaleBy
from models.indicator import INDICATORS, VOTING_KEYS
from models.price_series import Bar, PackedBars
from models.strategy import STRATEGIES
from utils.json_text import dump

# The same examples in every run, and no deadline: a slow machine is not a failure.
thorough = settings(max_examples=30, derandomize=True, deadline=None)


@st.composite
def price_histories(draw: st.DrawFn) -> Bars:
    """A random walk at any price level, fine or coarse, with idle days, and in half of the cases a flat stretch."""
    level = draw(st.sampled_from([0.05, 1.0, 100.0, 1e5]))
    tick = draw(st.sampled_from([None, level / 50, level / 1000]))
    count = draw(st.integers(50, 280))
    bars = walk(draw(st.integers(0, 2**32)), count, level=level, tick=tick, idle=draw(st.sampled_from([0.0, 0.3, 1.0])))
    if draw(st.booleans()):
        start = draw(st.integers(0, count - 1))
        rest = slice(start, start + draw(st.integers(1, 40)))
        for column in (bars.high, bars.low, bars.close):
            column[rest] = bars.close[start]
    return bars


@st.composite
def parameter_sets(draw: st.DrawFn) -> Parameters:
    """Any strategy, with any weights and any subset."""
    weights = st.dictionaries(st.sampled_from([*VOTING_KEYS, "trend", "momentum", "volatility", "volume"]), st.floats(0, 100))
    indicators = st.lists(st.sampled_from(list(INDICATORS)), min_size=1, unique=True).map(tuple)
    overrides = Overrides(weights=draw(st.none() | weights), indicators=draw(st.none() | indicators))
    return parameters_of(STRATEGIES[draw(st.sampled_from(list(STRATEGIES)))], overrides)


@thorough
@given(price_histories(), parameter_sets())
def test_an_analysis_is_consistent(bars: Bars, parameters: Parameters) -> None:
    analysis = seen(bars, parameters)
    assert -1.0 <= analysis.score <= 1.0
    assert (analysis.verdict, analysis.signal) == (verdict_of(analysis.score), signal_of(analysis.score))
    assert math.fsum(reading.contribution for reading in analysis.indicators) == pytest.approx(analysis.score, abs=1e-12)
    assert [reading.key for reading in analysis.indicators] == list(parameters.indicators)
    for reading in analysis.indicators:
        assert reading.vote in (-1, 0, 1)
        assert 0.0 <= reading.confidence <= 1.0
        assert math.copysign(1.0, reading.contribution) == reading.vote or reading.contribution == 0
        assert reading.available == (len(bars) >= INDICATORS[reading.key].bars_needed)
        assert reading.value is None or math.isfinite(reading.value)
        assert reading.reason.endswith(".")
        if not reading.available or reading.key == "atr":
            assert (reading.vote, reading.confidence, reading.weight, reading.contribution) == (0, 0, 0, 0)
        else:
            assert reading.weight == pytest.approx(parameters.weights[reading.key], rel=0, abs=1e-10)


@thorough
@given(price_histories(), parameter_sets())
def test_every_number_is_finite(bars: Bars, parameters: Parameters) -> None:
    """A NaN would be sent as null in JSON, so null is allowed only for a trade and for the value of an unavailable indicator."""
    analysis = json.loads(dump(seen(bars, parameters)))
    assert None not in [analysis[name] for name in ("score", "verdict", "close", "as_of")]
    for reading in analysis["indicators"]:
        assert None not in [reading[name] for name in ("vote", "confidence", "weight", "contribution")]
        if reading["available"] and reading["key"] not in ("bollinger", "cmf"):
            assert reading["value"] is not None
    for part in (analysis["trade"] or {}, *analysis["levels"]["support"], *analysis["levels"]["resistance"]):
        assert None not in part.values()


@thorough
@given(price_histories(), parameter_sets())
def test_the_newest_row_of_the_history_is_the_analysis(bars: Bars, parameters: Parameters) -> None:
    history, newest = signal_history(bars, parameters), newest_score(bars, parameters)
    assert float(history.score[-1]).hex() == newest.score.hex()
    assert history.votes.vote[:, -1].tolist() == list(newest.votes.values())
    assert np.isfinite(history.score).all()
    assert np.isfinite(history.votes.confidence).all()
    assert (np.abs(history.score) <= 1).all()


@thorough
@given(price_histories(), parameter_sets())
def test_a_trade_stands_in_order(bars: Bars, parameters: Parameters) -> None:
    trade, signal = seen(bars, parameters).trade, seen(bars, parameters).signal
    if signal is Signal.HOLD:
        assert trade is None
        return
    direction = 1 if signal is Signal.BUY else -1
    assert direction * trade.stop_loss < direction * trade.entry < direction * trade.target
    assert abs(trade.entry - trade.stop_loss) <= 0.08 * trade.entry * (1 + 1e-9)
    assert trade.risk_amount <= 2_000 * (1 + 1e-9)
    assert trade.position_value <= 1_000 * parameters.max_position_percent * (1 + 1e-9)
    assert signal is Signal.BUY or trade.shares == 0


@thorough
@given(price_histories())
def test_levels_stand_around_the_close_the_nearest_first(bars: Bars) -> None:
    analysis = seen(bars)
    support, resistance = ([level.price for level in levels] for levels in (analysis.levels.support, analysis.levels.resistance))
    assert support == sorted(support, reverse=True)
    assert resistance == sorted(resistance)
    assert max(support, default=-math.inf) < analysis.close < min(resistance, default=math.inf)
    assert max(len(support), len(resistance)) <= 3


@thorough
@given(price_histories(), st.sampled_from([0.25, 4.0, 1024.0]))
def test_the_currency_does_not_matter(bars: Bars, factor: float) -> None:
    """A power of two multiplies without rounding, so that the score has the same bits in either currency."""
    other = dataclasses.replace(bars, **{name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")})
    one, two = seen(bars), seen(other)
    assert [(r.key, r.vote, r.confidence) for r in one.indicators] == [(r.key, r.vote, r.confidence) for r in two.indicators]
    assert one.score == two.score


@thorough
@given(price_histories())
def test_the_same_bars_have_the_same_analysis(bars: Bars) -> None:
    again = Bars(**{field.name: getattr(bars, field.name).copy() for field in dataclasses.fields(Bars)})
    assert dump(seen(bars)) == dump(seen(again))


@thorough
@given(st.floats(1e-4, 1e7), st.integers(50, 260), st.sampled_from([0.0, 1.0, 1e9]))
def test_any_flat_price_holds(price: float, count: int, volume: float) -> None:
    analysis: Analysis = seen(bars_of(np.full(count, price), volume=volume))
    assert analysis.score == 0
    assert not any(reading.vote or reading.confidence for reading in analysis.indicators)


@thorough
@given(st.floats(0.01, 1e5), st.floats(0.001, 1.0), st.sampled_from([1.5, 2.0, 3.0, 7.0, 0.1]), st.integers(1, 99))
def test_a_flat_price_holds_through_any_split(price: float, factor: float, ratio: float, days_ago: int) -> None:
    days = bars_of(np.full(260, price))
    traded = [price * ratio if i < 260 - days_ago else price for i in range(260)]
    packed = PackedBars.pack([Bar(days.day(i), close, close, close, close, price * factor, 1_000.0) for i, close in enumerate(traded)])
    analysis = seen(adjusted_bars(packed, adjusted=True))
    assert analysis.score == 0
    assert not any(reading.vote or reading.confidence for reading in analysis.indicators)


@thorough
@given(price_histories(), st.integers(1, 49), st.sampled_from([2.0, 4.0]))
def test_a_split_changes_nothing_once_it_is_adjusted(bars: Bars, days_ago: int, ratio: float) -> None:
    """Traded prices before the split are higher by its ratio; the adjusted close shows the ratio."""
    before = np.where(np.arange(len(bars)) < len(bars) - days_ago, ratio, 1.0)
    columns = [(getattr(bars, name) * before).tolist() for name in ("open", "high", "low", "close")]
    rows = zip(*columns, bars.close.tolist(), bars.volume.tolist(), strict=True)
    packed = PackedBars.pack([Bar(bars.day(i), *row) for i, row in enumerate(rows)])
    assert seen(adjusted_bars(packed, adjusted=True)) == seen(bars)


@thorough
@given(price_histories(), st.sampled_from([StaleBy(None, None), StaleBy("XLON", "London Stock Exchange")]))
def test_staleness_changes_only_the_warnings_and_what_the_advice_says_first(bars: Bars, stale: StaleBy) -> None:
    later = analyse(bars, chosen(), stale)
    trade = later.trade and dataclasses.replace(later.trade, advice=re.sub(r"^Update the prices first: .*?\. ", "", later.trade.advice))
    assert dataclasses.replace(later, warnings=(), trade=trade) == dataclasses.replace(seen(bars), warnings=())
    assert {warning.code for warning in later.warnings} - {warning.code for warning in seen(bars).warnings} == {"stale"}
