"""Entry, stop, target and position size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from kit.bars import TICKERS, bars_of, chosen, seen

from analysis.bars import Bars
from analysis.trade import plan_trade, size_position
from models.analysis import Signal
from models.strategy import STRATEGIES

BUY, SELL, HOLD = Signal.BUY, Signal.SELL, Signal.HOLD
WHICH_HOLDS = (
    "Cancel the order if it is still open when the verdict is no longer a Buy; once you have bought, hold until the stop, the target or a "
    "Sell, even if the verdict becomes Hold."
)


@dataclass(frozen=True)
class Shape:
    """Extremes and averages of 60 bars; `oldest` puts the 20-bar extremes into the oldest bar of the window, otherwise one bar earlier."""

    close: float
    high_20: float
    low_20: float
    high_5: float
    low_5: float
    sma_20: float
    sma_50: float
    oldest: bool = True

    def bars(self) -> Bars:
        """Bars of this shape: the first 40 set the 50-bar average, the next 19 the 20-bar average."""
        closes = np.full(60, self.sma_20)
        closes[40:59] = (20 * self.sma_20 - self.close) / 19
        closes[59] = self.close
        closes[:40] = (50 * self.sma_50 - 20 * self.sma_20) / 30
        high, low = np.full(60, self.high_5), np.full(60, self.low_5)
        extreme = 40 if self.oldest else 39
        high[extreme], low[extreme] = self.high_20, self.low_20
        return bars_of(closes, high=high, low=low)


# A close of 100 that fits only the last method: far below the high, near the low, volatile, and with a falling average.
NOTHING_FITS = {"close": 100.0, "high_20": 110.0, "low_20": 96.0, "high_5": 104.0, "low_5": 98.0, "sma_20": 102.0, "sma_50": 103.0}
CALM = {"high_5": 102.0, "low_5": 99.0}
UPTREND = {"sma_20": 98.0, "sma_50": 95.0}


def shape(**changes: float) -> Bars:
    return Shape(**{**NOTHING_FITS, **changes}).bars()


@pytest.mark.parametrize(
    ("changes", "entry", "method"),
    [
        pytest.param({}, 100.0, "last close", id="nothing fits"),
        pytest.param({"high_20": 102.0, "high_5": 102.0, "low_5": 95.0}, 102 * 1.01, "breakout", id="near the 20-bar high"),
        pytest.param(
            {"close": 98.0, "high_20": 100.0, "high_5": 100.0, "low_20": 95.0, "low_5": 95.0},
            101.0,
            "breakout",
            id="exactly 98 % of the high",
        ),
        pytest.param(
            {"close": 97.99, "high_20": 100.0, "high_5": 100.0, "low_20": 94.0, "low_5": 94.0}, 97.99, "last close", id="just below 98 %"
        ),
        pytest.param({"high_20": 100.0, "high_5": 100.0, "low_20": 90.0, "low_5": 99.0}, 101.0, "breakout", id="breakout comes first"),
        pytest.param({"low_20": 94.0}, 94 * 1.02, "pullback to support", id="well above the 20-bar low"),
        pytest.param(
            {"close": 105.0, "high_20": 120.0, "low_20": 100.0, "low_5": 100.0, "high_5": 106.0},
            105.0,
            "last close",
            id="exactly 105 % of the low",
        ),
        pytest.param(
            {"close": 105.01, "high_20": 120.0, "low_20": 100.0, "low_5": 100.0, "high_5": 106.0},
            102.0,
            "pullback to support",
            id="just above 105 %",
        ),
        pytest.param({"low_20": 94.0, **CALM, **UPTREND}, 94 * 1.02, "pullback to support", id="support comes before range and average"),
        pytest.param({**CALM}, 99 * 1.01, "base of range", id="a calm week"),
        pytest.param({"high_5": 103.0, "low_5": 98.0}, 100.0, "last close", id="a range of exactly 5 % is not calm"),
        pytest.param({"high_5": 102.99, "low_5": 98.0}, 98 * 1.01, "base of range", id="and one just below is"),
        pytest.param({**CALM, **UPTREND}, 99 * 1.01, "base of range", id="range comes before average"),
        pytest.param({**UPTREND}, 98.0, "pullback to SMA 20", id="an uptrend"),
        pytest.param({"sma_20": 98.0, "sma_50": 98.5}, 100.0, "last close", id="above the average of a downtrend"),
        pytest.param({"sma_20": 101.0, "sma_50": 95.0}, 100.0, "last close", id="below the average of an uptrend"),
        pytest.param({"low_20": 83.34}, 83.34 * 1.02, "pullback to support", id="support just within 15 %"),
        pytest.param({"low_20": 83.33}, 100.0, "last close", id="support just beyond 15 %"),
        pytest.param({"low_20": 80.0, **CALM, **UPTREND}, 99 * 1.01, "base of range", id="beyond 15 % the next method has its turn"),
        pytest.param({"low_20": 80.0, **UPTREND}, 98.0, "pullback to SMA 20", id="and the one after it"),
        pytest.param({"low_20": 80.0, "sma_20": 85.0, "sma_50": 80.0}, 85.0, "pullback to SMA 20", id="an average exactly 15 % away"),
        pytest.param({"low_20": 80.0, "sma_20": 84.99, "sma_50": 80.0}, 100.0, "last close", id="an average beyond 15 %"),
        pytest.param(
            {"high_20": 101.0, "high_5": 99.9, "low_20": 98.5, "low_5": 98.5}, 101 * 1.01, "breakout", id="the high of bar 20 counts"
        ),
        pytest.param(
            {"high_20": 200.0, "high_5": 101.0, "low_20": 50.0, "low_5": 94.0, "oldest": False},
            101 * 1.01,
            "breakout",
            id="that of bar 21 does not",
        ),
        pytest.param({"low_20": 90.0, "oldest": False}, 100.0, "last close", id="nor does its low"),
    ],
)
def test_a_buy_enters_by_the_first_method_that_fits(changes: dict, entry: float, method: str) -> None:
    trade = plan_trade(shape(**changes), 1.0, BUY, chosen(reward_risk=20.0))  # the targets are all above the close
    assert (trade.entry_method, trade.entry) == (method, pytest.approx(entry, rel=1e-12))


@pytest.mark.parametrize(("bar", "method"), [(-5, "last close"), (-6, "base of range")], ids=["counts", "does not count"])
def test_a_week_has_five_bars(bar: int, method: str) -> None:
    bars = shape(**CALM)
    bars.high[bar] = 108.0
    assert plan_trade(bars, 1.0, BUY, chosen(reward_risk=20.0)).entry_method == method


@pytest.mark.parametrize(
    ("strategy", "atr", "distance"),
    [
        pytest.param("balanced", 1.0, 2.0, id="the strategy's stop is wider"),
        pytest.param("trend", 1.0, 2.5, id="another strategy's stop"),
        pytest.param("balanced", 2.0, 3.0, id="one and a half ATR is wider"),
        pytest.param("balanced", 4 / 3, 2.0, id="both alike"),
        pytest.param("weekly", 5.0, 7.5, id="wide, but below 8 %"),
        pytest.param("balanced", 6.0, 8.0, id="never wider than 8 %"),
        pytest.param("balanced", 0.0, 2.0, id="no ATR"),
    ],
)
def test_stop_and_target(strategy: str, atr: float, distance: float) -> None:
    reward_risk = STRATEGIES[strategy].reward_risk
    bought, sold = (plan_trade(shape(), atr, signal, chosen(strategy)) for signal in (BUY, SELL))
    assert (bought.stop_loss, bought.target) == pytest.approx((100 - distance, 100 + distance * reward_risk), rel=1e-12)
    assert (sold.stop_loss, sold.target) == pytest.approx((100 + distance, 100 - distance * reward_risk), rel=1e-12)


def test_the_stop_is_measured_from_the_entry() -> None:
    trade = plan_trade(shape(low_20=90.0), 0.0, BUY, chosen(reward_risk=6.0))
    assert trade.entry == pytest.approx(91.8)
    assert (trade.stop_loss, trade.target, trade.reward_risk) == pytest.approx((91.8 * 0.98, 91.8 * 1.12, 6.0), rel=1e-12)


def test_a_sell_enters_at_the_close_and_has_no_position() -> None:
    trade = plan_trade(shape(high_20=100.0, high_5=100.0), 1.0, SELL, chosen())
    assert (trade.entry, trade.entry_method) == (100.0, "last close")
    assert (trade.shares, trade.position_value, trade.risk_amount) == (0, 0.0, 0.0)
    assert size_position(trade.entry, trade.stop_loss, 1e9, 100.0, 100.0) == (0, 0.0, 0.0)


def test_hold_has_no_trade() -> None:
    assert plan_trade(shape(), 1.0, HOLD, chosen()) is None


# A low of 90 gives an entry of 91.8, whose stop is 1.836 away by 2 % and 7.344 at most.
@pytest.mark.parametrize(
    ("reward_risk", "atr", "method"),
    [
        pytest.param(2.0, 1.0, "last close", id="a target of 95.47 is behind the close"),
        pytest.param(2.0, 3.0, "pullback to support", id="a wider stop moves it to 100.8"),
        pytest.param(4.4, 1.0, "last close", id="a target of 99.88 is just behind it"),
        pytest.param(4.5, 1.0, "pullback to support", id="one of 100.06 is not"),
    ],
)
def test_an_entry_whose_target_is_behind_the_close_is_passed_over(reward_risk: float, atr: float, method: str) -> None:
    trade = plan_trade(shape(low_20=90.0), atr, BUY, chosen(reward_risk=reward_risk))
    assert trade.entry_method == method
    assert trade.target > 100


def test_a_sell_whose_target_would_not_be_a_price_has_no_trade() -> None:
    assert plan_trade(shape(), 6.0, SELL, chosen(reward_risk=12.4)).target == pytest.approx(0.8)
    assert plan_trade(shape(), 6.0, SELL, chosen(reward_risk=12.5)) is None


@pytest.mark.parametrize(
    ("changes", "order", "distance", "advice"),
    [
        pytest.param(
            {},
            "market",
            0.0,
            "Buy at the next open, near 100.00. Do not buy if the price has by then reached the stop, 98.00, or the target, 104.00.",
            id="at the close",
        ),
        pytest.param(
            {**UPTREND},
            "limit",
            -2.0,
            "Wait for 98.00, 2.0% below the close: place a limit order to buy there. "
            f"Do not buy if the price first reaches the target, 101.92, or opens at or below the stop, 96.04. {WHICH_HOLDS}",
            id="under the close",
        ),
        pytest.param(
            {"high_20": 100.0, "high_5": 100.0, "low_20": 95.0},
            "stop",
            1.0,
            "Wait for 101.00, 1.0% above the close: place a stop order to buy there. "
            f"Do not buy if the price first falls to the stop, 98.98, or opens at or above the target, 105.04. {WHICH_HOLDS}",
            id="over the close",
        ),
        pytest.param(
            {"high_20": 102.0, "high_5": 102.0, "low_20": 96.0},
            "stop",
            3.02,
            "Wait for 103.02, 3.0% above the close: place a stop order to buy there. "
            f"Do not buy if the price first opens at or above the target, 107.14. {WHICH_HOLDS}",
            id="so far over it that the stop is, too",
        ),
    ],
)
def test_a_buy_says_order_distance_and_what_to_do(changes: dict, order: str, distance: float, advice: str) -> None:
    trade = plan_trade(shape(**changes), 0.0, BUY, chosen())
    assert (trade.side, trade.order, trade.advice) == ("long", order, advice)
    assert trade.distance_percent == pytest.approx(distance)


def test_an_entry_next_to_the_close_is_not_called_zero_percent_away() -> None:
    advice = plan_trade(shape(sma_20=99.999, sma_50=95.0), 0.0, BUY, chosen()).advice
    assert advice.startswith("Wait for 100.00, less than 0.1% below the close:")


@pytest.mark.parametrize("signal", [BUY, SELL])
def test_advice_on_stale_prices_says_so_first(signal: Signal) -> None:
    fresh, stale = (plan_trade(shape(), 1.0, signal, chosen(), stale) for stale in (False, True))
    assert stale.advice == f"Update the prices first: the newest are of 1 March 2012. {fresh.advice}"


def test_a_sell_tells_owners_to_leave_and_others_to_stay_out() -> None:
    trade = plan_trade(shape(), 1.0, SELL, chosen())
    assert (trade.side, trade.order, trade.distance_percent) == ("short", "market", 0.0)
    assert trade.advice == (
        "If you own it, sell at the next open; if you do not, stay out. "
        "For short sellers only: do not sell short if the price has by then reached the stop, 102.00, or the target, 96.00."
    )


@pytest.mark.parametrize(
    ("prices", "capital", "risk_percent", "cap_percent", "shares"),
    [
        pytest.param((100, 96), 100_000, 2.0, 20, 200, id="the cap binds: 20,000 of 100 each"),
        pytest.param((100, 96), 100_000, 0.5, 20, 125, id="the risk binds: 500 of 4 each"),
        pytest.param((100, 96), 100_000, 0.8, 20, 200, id="both alike"),
        pytest.param((100, 96), 1_030, 100, 100, 10, id="whole shares by the cap, rounded down"),
        pytest.param((100, 96), 1_000, 1.9, 100, 4, id="whole shares by the risk, rounded down"),
        pytest.param((100, 96), 99.99, 100, 100, 0, id="not even one by the cap"),
        pytest.param((100, 96), 1_000, 0.39, 100, 0, id="not even one by the risk"),
        pytest.param((0.5, 0.48), 100_000, 2, 20, 40_000, id="a penny stock"),
        pytest.param((100, 104), 100_000, 2, 20, 0, id="a sell"),
        pytest.param((100, 100), 100_000, 2, 20, 0, id="no distance to the stop"),
    ],
)
def test_position_size(prices: tuple[float, float], capital: float, risk_percent: float, cap_percent: float, shares: int) -> None:
    entry, stop_loss = map(float, prices)
    sized = size_position(entry, stop_loss, capital, risk_percent, cap_percent)
    assert sized.shares == shares
    assert sized.position_value == pytest.approx(shares * entry)
    assert sized.risk_amount == pytest.approx(shares * abs(entry - stop_loss))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("ticker", TICKERS)
def test_real_trades_keep_within_the_limits(sample: dict[str, Bars], ticker: str, strategy: str) -> None:
    rules, signals = STRATEGIES[strategy], set()
    for count in range(60, len(sample[ticker]) + 1, len(sample[ticker]) // 20):
        bars = sample[ticker].until(count)
        analysis = seen(bars, chosen(strategy))
        trade, close = analysis.trade, analysis.close
        signals.add(analysis.signal)
        if analysis.signal is HOLD:
            assert trade is None
            continue
        atr = next(reading.value for reading in analysis.indicators if reading.key == "atr")
        distance = abs(trade.entry - trade.stop_loss)
        assert distance == pytest.approx(min(max(rules.stop_percent / 100 * trade.entry, 1.5 * atr), 0.08 * trade.entry))
        assert abs(trade.target - trade.entry) == pytest.approx(distance * rules.reward_risk)
        assert abs(trade.entry - close) <= 0.15 * close * (1 + 1e-12)
        order = "limit" if trade.entry < close else "stop" if trade.entry > close else "market"
        assert (trade.order, trade.distance_percent) == (order, pytest.approx(100 * (trade.entry / close - 1), abs=1e-9))
        if analysis.signal is BUY:
            assert trade.stop_loss < trade.entry < trade.target > close
            assert trade.side == "long"
            assert trade.shares == math.floor(min(2_000 / distance, 1_000 * rules.max_position_percent / trade.entry))
        else:
            assert trade.target < trade.entry == close < trade.stop_loss
            assert trade.side == "short"
            assert trade.shares == 0
    assert signals - {HOLD}
