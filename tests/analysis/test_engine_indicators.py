"""Every array behind the indicators equals the textbook's, on real prices and on generated ones."""

from __future__ import annotations

import numpy as np
import pytest
from kit import textbook
from kit.bars import TICKERS, bars_of, walk

from analysis.bars import Bars
from analysis.rules import cast_votes, shown_values
from analysis.series import compute_series
from models.indicator import INDICATORS

NAMES = (
    "rsi", "slow_k", "slow_d", "cci", "williams_r", "macd", "macd_signal", "macd_histogram", "adx", "plus_di", "minus_di", "sar",
    "ema_50", "ema_200", "bollinger_upper", "bollinger_middle", "bollinger_lower", "atr", "obv", "cmf",
)  # fmt: skip
FIRST_VALUE_AT = {
    "rsi": 14, "stochastic": 17, "cci": 19, "williams_r": 13, "macd": 33, "adx": 27, "psar": 1, "ema_cross": 199, "bollinger": 19,
    "atr": 14, "obv": 20, "cmf": 19,
}  # fmt: skip


def by_the_book(bars: Bars) -> dict[str, list[float]]:
    high, low, close, volume = (column.tolist() for column in (bars.high, bars.low, bars.close, bars.volume))
    slow_k, slow_d = textbook.stochastic(high, low, close)
    macd, macd_signal, histogram = textbook.macd(close)
    adx, plus_di, minus_di = textbook.directional(high, low, close)
    upper, middle, lower = textbook.bollinger(close)
    lines = (
        textbook.rsi(close), slow_k, slow_d, textbook.cci(high, low, close), textbook.williams_r(high, low, close),
        macd, macd_signal, histogram, adx, plus_di, minus_di, textbook.parabolic_sar(high, low),
        textbook.ema(close, 50), textbook.ema(close, 200), upper, middle, lower, textbook.atr(high, low, close),
        textbook.obv(close, volume), textbook.money_flow(high, low, close, volume),
    )  # fmt: skip
    return dict(zip(NAMES, lines, strict=True))


def by_the_engine(bars: Bars) -> dict[str, np.ndarray]:
    series = compute_series(bars, len(bars))
    return {name: series.money_flow_20 / series.volume_20 if name == "cmf" else getattr(series, name) for name in NAMES}


@pytest.fixture(scope="module")
def both(sample: dict[str, Bars]) -> dict[str, tuple[dict[str, np.ndarray], dict[str, list[float]]]]:
    return {ticker: (by_the_engine(bars), by_the_book(bars)) for ticker, bars in sample.items()}


@pytest.mark.parametrize("ticker", TICKERS)
@pytest.mark.parametrize("name", NAMES)
def test_real_prices_give_what_the_textbook_gives(both, ticker: str, name: str) -> None:
    engine, book = both[ticker]
    # The tolerance is absolute for values near 0, such as a histogram; NaN must stand where the textbook has it.
    np.testing.assert_allclose(engine[name], book[name], rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("tick", [None, 0.5], ids=["any price", "coarse prices with ties"])
def test_made_prices_give_what_the_textbook_gives(seed: int, tick: float | None) -> None:
    bars = walk(seed, 260, tick=tick)
    engine, book = by_the_engine(bars), by_the_book(bars)
    for name in NAMES:
        np.testing.assert_allclose(engine[name], book[name], rtol=1e-9, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_the_newest_row_alone_has_the_same_bits_as_in_all_rows(sample: dict[str, Bars], name: str) -> None:
    bars = sample["IBM"]
    every, newest = compute_series(bars, len(bars)), compute_series(bars, 1)
    for field in ("money_flow_20", "volume_20") if name == "cmf" else (name,):
        assert getattr(newest, field).tobytes() == getattr(every, field)[-1:].tobytes()


@pytest.mark.parametrize("key", FIRST_VALUE_AT)
def test_an_indicator_is_available_from_its_first_value_on(sample: dict[str, Bars], key: str) -> None:
    series = compute_series(sample["MSFT"], 3270)
    with np.errstate(invalid="ignore", divide="ignore"):
        votes, value = cast_votes((key,), series), shown_values((key,), series)
    assert np.flatnonzero(votes.available[0])[0] == FIRST_VALUE_AT[key] == INDICATORS[key].bars_needed - 1
    assert votes.available[0, FIRST_VALUE_AT[key] :].all()
    assert np.isfinite(value[0, FIRST_VALUE_AT[key] :]).all()


def test_changes_are_from_the_bar_twenty_back(sample: dict[str, Bars]) -> None:
    bars = sample["GOOG"]
    series = compute_series(bars, 1)
    levels = textbook.obv(bars.close.tolist(), bars.volume.tolist())
    assert series.obv_change[0] == levels[-1] - levels[-21]
    assert series.price_change[0] == bars.close[-1] - bars.close[-21]


@pytest.mark.parametrize("field", ["unchanged_closes", "unchanged_typical", "unchanged_bars"])
def test_runs_of_unchanged_values_are_counted(field: str) -> None:
    series = compute_series(bars_of([1.0, 1.0, 2.0, 2.0, 2.0, 1.0]), 6)
    assert getattr(series, field).tolist() == [0, 1, 0, 1, 2, 0]


def test_the_typical_price_may_stay_while_the_bar_changes() -> None:
    bars = bars_of([9.0, 9.0, 10.0, 10.0], high=[12.0, 11.0, 12.0, 12.0], low=[9.0, 10.0, 8.0, 9.0])  # 30, 30, 30, 31 in all
    assert compute_series(bars, 4).unchanged_typical.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    ("high", "low", "expected"),
    [
        pytest.param([3.0] * 4, [1.0] * 4, 0, id="a steady range"),
        pytest.param([2.0, 2.0, 2.0, 2.5], [2.0] * 4, 0, id="a range that opens upwards"),
        pytest.param([2.0] * 4, [2.0, 2.0, 2.0, 1.5], 0, id="a range that opens downwards"),
        pytest.param([3.0, 3.0, 2.0, 2.0], [2.0] * 4, 1, id="a range that closed from above"),
        pytest.param([2.0] * 4, [1.0, 1.0, 2.0, 2.0], 1, id="a range that closed from below"),
        pytest.param([2.0] * 4, [2.0] * 4, 3, id="no range"),
    ],
)
def test_only_bars_without_range_are_unchanged(high: list[float], low: list[float], expected: int) -> None:
    assert compute_series(bars_of([2.0] * 4, high=high, low=low), 1).unchanged_bars[0] == expected


@pytest.mark.parametrize(("step", "run"), [(0.0, 3), (1e-14, 3), (5e-13, 3), (2e-12, 0), (1e-9, 0)], ids=lambda value: f"{value:g}")
@pytest.mark.parametrize("level", [1e-6, 100.0, 1e6])
def test_the_rounding_of_an_adjustment_is_no_movement(level: float, step: float, run: int) -> None:
    close = np.array([1.0, 1.0 + step, 1.0, 1.0 + step]) * level
    closes, ranges = compute_series(bars_of(close), 1), compute_series(bars_of(np.full(4, level), high=level * (1.0 + step)), 1)
    assert (closes.unchanged_closes[0], closes.unchanged_typical[0], ranges.unchanged_bars[0]) == (run, run, run)
