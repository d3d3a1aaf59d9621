"""Adjustment for splits and dividends."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from kit.bars import TICKERS, chosen, readings_of, seen

from analysis.bars import Bars, adjusted_bars
from analysis.engine import signal_history
from models.price_series import Bar, PackedBars

PRICES = ("open", "high", "low", "close")
SPLITS = [date(2000, 6, 21), date(2005, 2, 28)]


def three_days(*adj_closes: float) -> PackedBars:
    """Closes of 60, 30 and 33 with a range of 10 %; a split of two for one after the first day."""
    days = [(60.0, 1000.0), (30.0, 2500.0), (33.0, 2000.0)]
    return PackedBars.pack(
        [
            Bar(date(2012, 1, 2) + timedelta(days=i), close * 0.99, close * 1.05, close * 0.95, close, adj_close, volume)
            for i, ((close, volume), adj_close) in enumerate(zip(days, adj_closes, strict=True))
        ]
    )


def test_prices_before_a_split_are_in_the_newest_days_currency() -> None:
    # The factors are 15/60, 15/30 and 16.5/33; relative to the newest they are 0.5, 1 and 1.
    bars = adjusted_bars(three_days(15.0, 15.0, 16.5), adjusted=True)
    assert bars.close.tolist() == [30.0, 30.0, 33.0]
    assert bars.open == pytest.approx([29.7, 29.7, 33 * 0.99])
    assert bars.high == pytest.approx([31.5, 31.5, 33 * 1.05])
    assert bars.low == pytest.approx([28.5, 28.5, 33 * 0.95])
    assert bars.volume.tolist() == [1000.0, 2500.0, 2000.0]
    assert [bars.day(i) for i in range(3)] == [date(2012, 1, 2), date(2012, 1, 3), date(2012, 1, 4)]


@pytest.mark.parametrize("adj_close", [15.0, math.nan], ids=["there is one", "there is none"])
def test_without_adjustment_prices_are_as_traded(adj_close: float) -> None:
    packed = three_days(adj_close, adj_close, adj_close)
    bars = adjusted_bars(packed, adjusted=False)
    for name in (*PRICES, "volume"):
        assert getattr(bars, name).tolist() == list(packed.column(name))


def test_no_bars_are_no_bars() -> None:
    assert len(adjusted_bars(PackedBars(b""), adjusted=True)) == 0


@pytest.mark.parametrize("ticker", TICKERS)
def test_the_newest_bar_keeps_its_traded_prices(packed: dict[str, PackedBars], ticker: str) -> None:
    whole = packed[ticker]
    for day in [*whole.days()[59::257], whole.last_day()]:
        series = whole.between(end=day)
        bars = adjusted_bars(series, adjusted=True)
        assert bars.day(-1) == day
        assert [getattr(bars, name)[-1] for name in PRICES] == [series.column(name)[-1] for name in PRICES]
        assert seen(bars).close == series.column("close")[-1]
        assert seen(bars).as_of == day


@pytest.mark.parametrize("ticker", TICKERS)
def test_returns_are_those_of_the_adjusted_close(packed: dict[str, PackedBars], sample: dict[str, Bars], ticker: str) -> None:
    adj_close = np.array(packed[ticker].column("adj_close"))
    close = sample[ticker].close
    np.testing.assert_allclose(close[1:] / close[:-1], adj_close[1:] / adj_close[:-1], rtol=1e-12)


@pytest.mark.parametrize("ticker", TICKERS)
def test_one_factor_adjusts_a_whole_day(packed: dict[str, PackedBars], sample: dict[str, Bars], ticker: str) -> None:
    factor = sample[ticker].close / np.array(packed[ticker].column("close"))
    for name in PRICES:
        np.testing.assert_allclose(getattr(sample[ticker], name), np.array(packed[ticker].column(name)) * factor, rtol=1e-13)


@pytest.mark.parametrize("ticker", TICKERS)
def test_volume_is_as_delivered(packed: dict[str, PackedBars], sample: dict[str, Bars], ticker: str) -> None:
    assert sample[ticker].volume.tolist() == list(packed[ticker].column("volume"))


@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_a_split_is_no_move(packed: dict[str, PackedBars], sample: dict[str, Bars], split: date) -> None:
    at = packed["AAPL"].days().index(split)
    traded, adjusted = packed["AAPL"].column("close"), sample["AAPL"].close
    assert 0.45 < traded[at] / traded[at - 1] < 0.56
    assert abs(adjusted[at] / adjusted[at - 1] - 1) < 0.15


@pytest.mark.parametrize("split", SPLITS, ids=str)
def test_a_split_is_not_taken_for_a_crash(packed: dict[str, PackedBars], split: date) -> None:
    series = packed["AAPL"].between(end=split)
    adjusted, traded = (readings_of(seen(adjusted_bars(series, adjusted=use)))["rsi"] for use in (True, False))
    assert (adjusted.value > 55, traded.value < 30) == (True, True)


@pytest.mark.parametrize("ticker", TICKERS)
def test_an_earlier_newest_day_changes_the_currency_and_not_the_score(
    packed: dict[str, PackedBars], sample: dict[str, Bars], ticker: str
) -> None:
    history = signal_history(sample[ticker], chosen())
    for count in range(60, len(sample[ticker]), 97):
        series = packed[ticker].between(end=sample[ticker].day(count - 1))
        analysis = seen(adjusted_bars(series, adjusted=True))
        assert analysis.bars == count
        # Equal within 1e-9 only: prices in another currency are rounded differently.
        assert analysis.score == pytest.approx(history.score[count - 1], abs=1e-9)
