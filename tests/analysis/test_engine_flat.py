"""Flat prices give no vote, no confidence, the verdict Hold, and never a NaN."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from kit.bars import TICKERS, bars_of, chosen, readings_of, seen, walk

from analysis.bars import Bars, adjusted_bars
from analysis.engine import analyse, signal_history
from models.analysis import Verdict
from models.price_series import Bar, PackedBars
from models.strategy import STRATEGIES
from utils.json_text import dump

LEVELS = (1e-6, 0.1, 1 / 3, 100.0, 123.45, 1e6)
# The length of the longest window, EMA 200: after so many flat bars every window is flat.
SETTLED = 200


def then_flat(seed: int, moving: int, flat: int, level: float, *, at: float = 0.97) -> Bars:
    """A random walk, then one step by the factor `at`, then flat prices."""
    before = walk(seed, moving, level=level)
    rest = np.full(flat, before.close[-1] * at)
    return bars_of(
        np.append(before.close, rest),
        high=np.append(before.high, rest),
        low=np.append(before.low, rest),
        volume=np.append(before.volume, np.full(flat, 1_000.0)),
    )


def places_of_null(value: Any, place: str = "") -> Iterator[str]:
    """Where a parsed JSON text has null; list positions do not count."""
    if value is None:
        yield place
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from places_of_null(inner, f"{place}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from places_of_null(inner, place)


@pytest.mark.parametrize("volume", [0.0, 1_000.0], ids=["no volume", "with volume"])
@pytest.mark.parametrize("count", [50, 199, 200, 260])
@pytest.mark.parametrize("level", LEVELS)
def test_flat_prices_hold(level: float, count: int, volume: float) -> None:
    analysis = seen(bars_of(np.full(count, level), volume=volume))
    assert {(reading.vote, reading.confidence, reading.contribution) for reading in analysis.indicators} == {(0, 0.0, 0.0)}
    assert (analysis.score, analysis.verdict, analysis.trade) == (0.0, Verdict.HOLD, None)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("level", LEVELS)
def test_flat_prices_hold_on_every_day(level: float, strategy: str) -> None:
    history = signal_history(bars_of(np.full(260, level)), chosen(strategy))
    assert not history.score.any()
    assert not history.votes.vote.any()
    assert not history.votes.confidence.any()


@pytest.mark.parametrize("level", [0.1, 100.0, 1e6])
@pytest.mark.parametrize(
    ("key", "flat"),
    [
        ("rsi", 15), ("stochastic", 14), ("cci", 20), ("williams_r", 14), ("macd", 34), ("adx", 28), ("ema_cross", 200),
        ("bollinger", 20), ("obv", 21), ("cmf", 20), ("psar", 2),
    ],
)  # fmt: skip
def test_an_indicator_falls_silent_once_its_window_is_flat(key: str, flat: int, level: float) -> None:
    for seed in range(4):
        reading = readings_of(seen(then_flat(seed, 120, flat, level)))[key]
        assert (reading.vote, reading.confidence) == (0, 0.0), seed


@pytest.mark.parametrize("key", ["rsi", "macd", "adx", "ema_cross", "bollinger", "obv", "williams_r", "cci", "cmf", "psar"])
def test_an_indicator_still_speaks_one_bar_before(key: str) -> None:
    flat = {
        "rsi": 14,
        "macd": 33,
        "adx": 27,
        "ema_cross": 199,
        "bollinger": 19,
        "obv": 20,
        "williams_r": 13,
        "cci": 19,
        "cmf": 19,
        "psar": 1,
    }[key]
    assert any(readings_of(seen(then_flat(seed, 120, flat, 100.0)))[key].confidence > 0 for seed in range(10))


@pytest.mark.parametrize("flat", [SETTLED, 1_000])
@pytest.mark.parametrize("level", [0.1, 100.0, 1e6])
def test_prices_that_came_to_rest_hold(level: float, flat: int) -> None:
    analyses = [seen(then_flat(seed, 120, flat, level)) for seed in range(4)]
    assert {(analysis.score, str(analysis.verdict)) for analysis in analyses} == {(0.0, "Hold")}


def test_a_price_at_rest_through_a_split_holds() -> None:
    # A halted share at 273.63 is split seven for one on the last day: only the currency of the price changes.
    traded = [39.09 * 7] * 259 + [39.09]
    packed = PackedBars.pack(
        [
            Bar(Bars.day(bars_of(traded), i), close, close, close, close, 39.09 * 0.788068186041744, 1_000.0)
            for i, close in enumerate(traded)
        ]
    )
    analysis = seen(adjusted_bars(packed, adjusted=True))
    assert (analysis.score, analysis.verdict) == (0.0, Verdict.HOLD)


@pytest.mark.parametrize("volume", [0.0, 1_000.0], ids=["no volume", "with volume"])
@pytest.mark.parametrize("level", LEVELS)
def test_flat_prices_leave_null_only_where_there_is_no_number(level: float, volume: float) -> None:
    analysis = json.loads(dump(seen(bars_of(np.full(260, level), volume=volume))))
    assert set(places_of_null(analysis)) <= {"trade", "indicators.value", "warnings.day"}
    silent = {reading["key"] for reading in analysis["indicators"] if reading["value"] is None}
    # %B needs bands with a width, and money flow needs volume; every other indicator has a number, even a meaningless one.
    assert silent <= {"bollinger", "cmf"}
    assert ("cmf" in silent) == (volume == 0)


@pytest.mark.parametrize("ticker", TICKERS)
@pytest.mark.parametrize("count", [50, 120, 196], ids=lambda count: f"{count} bars")
def test_real_prices_leave_null_only_for_what_is_unavailable(sample: dict[str, Bars], ticker: str, count: int) -> None:
    analysis = json.loads(dump(seen(sample[ticker].until(count))))
    assert set(places_of_null(analysis)) <= {"trade", "indicators.value", "warnings.day"}
    assert [reading["key"] for reading in analysis["indicators"] if reading["value"] is None] == ["ema_cross"]
    assert (analysis["trade"] is None) == (analysis["signal"] == "HOLD")


def test_a_gap_of_days_does_not_matter_to_flat_prices() -> None:
    bars = bars_of(np.full(60, 100.0))
    later = Bars(bars.days + np.where(np.arange(60) > 30, 100, 0), bars.open, bars.high, bars.low, bars.close, bars.volume)
    assert analyse(later, chosen()).score == 0.0
