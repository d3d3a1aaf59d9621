"""Backtests of bars made by hand: what is filled, where and at what price."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.bars import FIRST_DAY, chosen, walk

from analysis.backtest import Run, RunTrade, Signals, run_backtest
from analysis.bars import Bars, adjusted_bars
from analysis.engine import signal_history
from analysis.performance import equity_metrics, exposure_of, trade_metrics, turnover_of
from models.analysis import Parameters
from models.backtest import BacktestRules, ExitReason, Sides
from models.evidence import WARMUP
from models.price_series import Bar, PackedBars

BUY, SELL, HOLD = 0.5, -0.5, 0.0
# Stops 2 % away, or 1.5 ATR, which is small here; targets twice as far.
PARAMETERS = dataclasses.replace(chosen(), stop_percent=2.0, reward_risk=2.0)
FREE = BacktestRules(cost_bp=0.0, capital=1_000.0)
NO_STOPS = dataclasses.replace(FREE, stops=False)


def market(*rows: tuple[float, float, float, float] | float, volume: list[float] | None = None) -> Bars:
    """Bars by open, high, low and close, or by one price."""
    table = np.array([row if isinstance(row, tuple) else (row,) * 4 for row in rows], dtype=np.float64)
    volumes = np.full(len(table), 1_000.0) if volume is None else np.array(volume, dtype=np.float64)
    opens, highs, lows, closes = table.T.copy()
    return Bars(np.datetime64(FIRST_DAY, "D") + np.arange(len(table)), opens, highs, lows, closes, volumes)


def run(bars: Bars, scores: list[float], rules: BacktestRules = FREE, parameters: Parameters = PARAMETERS, atr: float = 0.1) -> Run:
    padded = np.array(scores + [HOLD] * (len(bars) - len(scores)))
    return run_backtest(bars, Signals(padded, np.full(len(bars), atr)), parameters, rules, 0)


def seen(trade: RunTrade) -> tuple[int, float, int, float, str]:
    return trade.position.bar, trade.position.price, trade.bar, round(trade.price, 9), trade.reason.value


def test_verdicts_are_filled_at_the_next_open_and_hold_keeps() -> None:
    bars = market((10, 11, 9, 10), (11, 12, 10, 12), (13, 13, 12, 12), (14, 15, 13, 15), (16, 16, 14, 14))
    outcome = run(bars, [BUY, HOLD, SELL], NO_STOPS)
    assert [seen(trade) for trade in outcome.trades] == [(1, 11.0, 3, 14.0, "signal")]
    assert outcome.values.tolist() == pytest.approx([1_000, 1_000 / 11 * 12, 1_000 / 11 * 12, 1_000 / 11 * 14, 1_000 / 11 * 14])
    assert outcome.benchmark.tolist() == pytest.approx([1_000, *(1_000 / 11 * close for close in (12, 12, 15, 14))])
    trade = outcome.trades[0].dated(bars)
    assert (trade.entry_day, trade.exit_day, trade.bars) == (FIRST_DAY + timedelta(1), FIRST_DAY + timedelta(3), 2)
    assert trade.net_return == pytest.approx(3 / 11)
    assert (trade.size, trade.profit) == pytest.approx((1_000 / 11, 3_000 / 11))
    assert exposure_of(outcome).value == 0.5


def test_the_thresholds_are_those_of_verdicts() -> None:
    bars = market(*[10.0] * 6)
    assert not run(bars, [0.1999999, 0.1999999], NO_STOPS).trades
    assert [seen(trade)[::2] for trade in run(bars, [0.2, -0.1999999, -0.2], NO_STOPS).trades] == [(1, 3, "signal")]


def test_costs_are_of_the_traded_value_and_slippage_worsens_both_prices() -> None:
    bars = market(10.0, 10.0, 20.0, 20.0)
    outcome = run(bars, [BUY, SELL], dataclasses.replace(NO_STOPS, cost_bp=40.0, slippage_bp=100.0))
    (trade,) = outcome.trades
    assert (trade.position.price, trade.price) == pytest.approx((10.1, 19.8))
    size = 1_000 / (10.1 * 1.002)
    assert trade.position.units == pytest.approx(size)
    assert trade.equity == pytest.approx(size * 19.8 * 0.998)
    assert outcome.values[-1] == trade.equity
    assert outcome.benchmark[-1] == pytest.approx(size * 20)  # one entry, no exit
    assert turnover_of(outcome).value == pytest.approx((size * 10.1 + size * 19.8) / 2 / outcome.values.mean() * 252 / 3)


@pytest.mark.parametrize(
    ("bar", "ends"),
    [
        pytest.param((10, 10.1, 9.7, 10), (2, 9.8, "stop"), id="stop"),
        pytest.param((10, 10.5, 9.9, 10), (2, 10.4, "target"), id="target"),
        pytest.param((10, 10.5, 9.7, 10), (2, 9.8, "stop"), id="both inside one bar: the stop first"),
        pytest.param((9, 9.5, 8.9, 9.2), (2, 9.0, "stop"), id="a gap through the stop fills at the open"),
        pytest.param((11, 11.5, 9.0, 9.2), (2, 11.0, "target"), id="a gap through the target fills at the open, whatever follows"),
        pytest.param((10, 10.1, 9.8, 10), (2, 9.8, "stop"), id="exactly the stop"),
        pytest.param((10, 10.4, 9.9, 10), (2, 10.4, "target"), id="exactly the target"),
        pytest.param((10, 10.3, 9.9, 10), (3, 10.0, "end"), id="neither"),
    ],
)
def test_stop_and_target_of_a_later_bar(bar: tuple[float, float, float, float], ends: tuple[int, float, str]) -> None:
    (trade,) = run(market(10.0, 10.0, bar, 10.0), [BUY]).trades
    assert seen(trade) == (1, 10.0, *ends)


@pytest.mark.parametrize(
    ("bar", "ends"),
    [
        pytest.param((10, 10.1, 9.5, 10), (1, 9.8, "stop"), id="stop"),
        pytest.param((10, 11, 10, 10.5), (1, 10.4, "target"), id="target"),
        pytest.param((10, 11, 9.5, 10), (1, 9.8, "stop"), id="both"),
        pytest.param((12, 12.1, 11.9, 12), (2, 10.0, "stop"), id="a gap up at the entry moves both with the fill"),
    ],
)
def test_stop_and_target_of_the_entry_bar(bar: tuple[float, float, float, float], ends: tuple[int, float, str]) -> None:
    (trade,) = run(market(9.0, bar, 10.0, 10.0), [BUY]).trades
    assert seen(trade) == (1, bar[0], *ends)


def test_the_distance_is_that_of_the_trade_rule_by_the_atr_of_the_signals_day() -> None:
    bars, scores = market(10.0, 10.0, (10, 10, 9.3, 9.3), 9.3), np.array([BUY, HOLD, HOLD, HOLD])
    atr = np.array([0.4, 0.1, 0.1, 0.1])  # 1.5 × 0.4 of 10: wider than 2 %
    (trade,) = run_backtest(bars, Signals(scores, atr), PARAMETERS, FREE, 0).trades
    assert seen(trade) == (1, 10.0, 2, 9.4, "stop")
    atr[0] = 5.0
    assert run_backtest(bars, Signals(scores, atr), PARAMETERS, FREE, 0).trades[0].is_open  # at most 8 % away


def test_slippage_worsens_stops_and_targets_and_the_distance_is_from_the_fill() -> None:
    rules = dataclasses.replace(FREE, slippage_bp=100.0)
    (trade,) = run(market(10.0, 10.0, (10, 10, 9.0, 9), 9.0), [BUY], rules).trades
    assert (trade.position.price, trade.price) == pytest.approx((10.1, 10.1 * 0.98 * 0.99))
    # A stop above the open from the start is hit at the open.
    rules = dataclasses.replace(FREE, slippage_bp=500.0)
    (trade,) = run(market(10.0, 10.0, 10.0), [BUY], rules).trades
    assert (trade.bar, trade.price) == (1, pytest.approx(10 * 0.95))


def test_after_a_stop_the_next_buy_enters_again() -> None:
    bars = market(10.0, 10.0, (10, 10, 9, 9), 9.0, 9.0, 9.0)
    assert [seen(trade)[::2] for trade in run(bars, [BUY, HOLD, BUY]).trades] == [(1, 2, "stop"), (3, 5, "end")]
    assert [seen(trade)[::2] for trade in run(bars, [BUY, BUY, HOLD, BUY]).trades] == [(1, 2, "stop"), (4, 5, "end")]


def test_a_sell_is_filled_at_the_open_of_a_bar_that_would_stop() -> None:
    (trade,) = run(market(10.0, 10.0, (9.9, 9.9, 9, 9)), [BUY, SELL]).trades
    assert seen(trade) == (1, 10.0, 2, 9.9, "signal")


def test_an_entry_waits_for_volume_while_the_verdict_holds() -> None:
    bars = market(10.0, 11.0, 12.0, 13.0, volume=[1, 0, 1, 1])
    assert [seen(trade)[:2] for trade in run(bars, [BUY, BUY], NO_STOPS).trades] == [(2, 12.0)]
    assert not run(bars, [BUY, HOLD], NO_STOPS).trades
    assert not run(bars, [BUY, SELL], NO_STOPS).trades


def test_an_exit_waits_for_volume_until_the_verdict_turns_round() -> None:
    bars = market(10.0, 10.0, 11.0, 12.0, 13.0, volume=[1, 1, 0, 1, 1])
    assert [seen(trade)[2:] for trade in run(bars, [BUY, SELL, SELL], NO_STOPS).trades] == [(3, 12.0, "signal")]
    assert [seen(trade)[2:] for trade in run(bars, [BUY, SELL, HOLD], NO_STOPS).trades] == [(3, 12.0, "signal")]
    assert [seen(trade)[2:] for trade in run(bars, [BUY, SELL, BUY], NO_STOPS).trades] == [(4, 13.0, "end")]


def test_a_bar_without_volume_fills_no_stop() -> None:
    bars = market(10.0, 10.0, (9, 9, 9, 9), (9.5, 9.6, 9.4, 9.5), 9.5, volume=[1, 1, 0, 1, 1])
    assert seen(run(bars, [BUY]).trades[0])[2:] == (3, 9.5, "stop")
    assert run(bars, [BUY]).values.tolist() == pytest.approx([1_000, 1_000, 900, 950, 950])


def test_a_series_without_any_volume_is_filled() -> None:
    (trade,) = run(market(10.0, 11.0, 12.0, volume=[0, 0, 0]), [BUY], NO_STOPS).trades
    assert seen(trade)[:2] == (1, 11.0)
    # Also until its first volume: no later day may change that.
    (trade,) = run(market(10.0, 11.0, 12.0, 13.0, volume=[0, 0, 0, 1]), [BUY], NO_STOPS).trades
    assert seen(trade)[:2] == (1, 11.0)


def test_buy_and_hold_waits_for_volume_too() -> None:
    assert run(market(10.0, 5.0, 10.0, 20.0, volume=[1, 0, 1, 1]), [], NO_STOPS).benchmark.tolist() == [1_000, 1_000, 1_000, 2_000]
    assert run(market(10.0, 5.0, 10.0, volume=[1, 0, 0]), [], NO_STOPS).benchmark.tolist() == [1_000, 1_000, 1_000]


def test_a_position_at_the_end_is_open_and_no_win() -> None:
    outcome = run(market(10.0, 10.0, 20.0), [BUY], dataclasses.replace(NO_STOPS, cost_bp=100.0))
    (trade,) = outcome.trades
    assert (trade.reason, trade.is_open, trade.dated(market(10.0, 10.0, 20.0)).open) == (ExitReason.END, True, True)
    assert trade.equity == pytest.approx(1_000 / 1.005 * 2)  # no cost of an exit
    metrics = trade_metrics(outcome.trades)
    assert (metrics["trades"].value, metrics["win_rate"].value, metrics["expectancy"].value) == (1, None, None)


def test_a_verdict_of_the_last_close_is_not_filled() -> None:
    assert not run(market(10.0, 10.0, 10.0), [HOLD, HOLD, BUY]).trades
    assert seen(run(market(10.0, 10.0, 12.0), [BUY, HOLD, SELL], NO_STOPS).trades[0])[2:] == (2, 12.0, "end")


def test_a_day_alone_trades_nothing() -> None:
    outcome = run(market(10.0), [BUY])
    assert (outcome.trades, outcome.values.tolist(), outcome.benchmark.tolist()) == ((), [1_000], [1_000])
    assert exposure_of(outcome).value is None


@pytest.mark.parametrize(("score", "trades"), [(BUY, 1), (SELL, 0), (HOLD, 0)])
def test_one_verdict_all_the_time(score: float, trades: int) -> None:
    outcome = run(market(*[10.0] * 9), [score] * 9)
    assert len(outcome.trades) == trades
    assert outcome.values.tolist() == [1_000] * 9


def test_buying_all_the_time_without_cost_is_buy_and_hold() -> None:
    bars = walk(3, 500)
    outcome = run(bars, [BUY] * 500, NO_STOPS)
    assert outcome.values == pytest.approx(outcome.benchmark, rel=1e-12)


def test_only_days_from_the_first_on_trade() -> None:
    bars = walk(4, 600)
    scores = np.full(600, BUY)
    outcome = run_backtest(bars, Signals(scores, np.ones(600)), PARAMETERS, NO_STOPS, WARMUP)
    assert (outcome.first, outcome.trades[0].position.bar, len(outcome.values)) == (WARMUP, WARMUP + 1, 200)


def test_a_split_inside_a_trade_is_no_stop() -> None:
    days = [FIRST_DAY + timedelta(number) for number in range(5)]
    factors = [0.5, 0.5, 0.5, 1.0, 1.0]
    prices = [100.0, 100.0, 100.0, 50.0, 51.0]
    rows = [Bar(day, price, price, price, price, price * factor, 1_000.0) for day, price, factor in zip(days, prices, factors, strict=True)]
    (trade,) = run(adjusted_bars(PackedBars.pack(rows), adjusted=True), [BUY]).trades
    assert seen(trade) == (1, 50.0, 4, 51.0, "end")
    assert trade.net_return == pytest.approx(0.02)


# ---- short positions ----------------------------------------------------------------------------------------------------------------

SHORT = dataclasses.replace(NO_STOPS, side=Sides.LONG_SHORT)
SHORT_STOPS = dataclasses.replace(SHORT, stops=True)


def test_a_sell_turns_a_position_round_at_one_open() -> None:
    bars = market(10.0, 10.0, 12.0, 9.0, 9.0)
    outcome = run(bars, [BUY, SELL, BUY], SHORT)
    assert [seen(trade) for trade in outcome.trades] == [
        (1, 10.0, 2, 12.0, "signal"),
        (2, 12.0, 3, 9.0, "signal"),
        (3, 9.0, 4, 9.0, "end"),
    ]
    assert [trade.net_return for trade in outcome.trades] == pytest.approx([0.2, 0.25, 0.0])
    assert outcome.values.tolist() == pytest.approx([1_000, 1_000, 1_200, 1_500, 1_500])
    assert outcome.trades[1].dated(bars).side == "short"


def test_a_short_trade_bears_costs_and_slippage() -> None:
    outcome = run(market(10.0, 10.0, 8.0, 8.0), [SELL, BUY, HOLD], dataclasses.replace(SHORT, cost_bp=40.0, slippage_bp=100.0))
    trade, size = outcome.trades[0], 1_000 / (9.9 * 1.002)
    assert (trade.position.price, trade.price) == pytest.approx((9.9, 8.08))
    assert trade.equity == pytest.approx(1_000 + size * (9.9 * 0.998 - 8.08 * 1.002))


@pytest.mark.parametrize(
    ("bar", "ends"),
    [
        pytest.param((10, 10.3, 9.9, 10), (2, 10.2, "stop"), id="stop"),
        pytest.param((10, 10.1, 9.5, 10), (2, 9.6, "target"), id="target"),
        pytest.param((10, 10.3, 9.5, 10), (2, 10.2, "stop"), id="both"),
        pytest.param((11, 11, 10.9, 11), (2, 11.0, "stop"), id="a gap through the stop"),
        pytest.param((9, 11, 8.9, 11), (2, 9.0, "target"), id="a gap through the target"),
        pytest.param((10, 10.1, 9.9, 10), (3, 10.0, "end"), id="neither"),
    ],
)
def test_stop_and_target_of_a_short_trade(bar: tuple[float, float, float, float], ends: tuple[int, float, str]) -> None:
    (trade,) = run(market(10.0, 10.0, bar, 10.0), [SELL], SHORT_STOPS).trades
    assert seen(trade) == (1, 10.0, *ends)


@pytest.mark.parametrize("rules", [SHORT, SHORT_STOPS], ids=["without stops", "with a stop that the gap jumps"])
def test_equity_that_reaches_nothing_ends_in_ruin(rules: BacktestRules) -> None:
    outcome = run(market(10.0, 10.0, (25, 25, 25, 25), 5.0, 5.0), [SELL, HOLD, HOLD, BUY], rules)
    (trade,) = outcome.trades
    assert seen(trade) == (1, 10.0, 2, 25.0, "ruin")
    assert (trade.net_return, trade.equity) == (-1.0, 0.0)
    assert outcome.values.tolist() == [1_000, 1_000, 0, 0, 0]
    metrics = equity_metrics(outcome.values)
    assert (metrics["total_return"].value, metrics["cagr"].value, metrics["max_drawdown"].value) == (-1, -1, -1)


def test_ruin_within_a_bar_and_without_volume() -> None:
    within = run(market(10.0, 10.0, (12, 21, 12, 15), 15.0), [SELL], SHORT)
    assert seen(within.trades[0])[2:] == (2, 20.0, "ruin")
    without = run(market(10.0, 10.0, (21, 21, 21, 21), 10.0, volume=[1, 1, 0, 1]), [SELL], SHORT_STOPS)
    assert seen(without.trades[0])[2:] == (2, 21.0, "ruin")
    assert without.values.tolist() == [1_000, 1_000, 0, 0]


def test_long_only_trades_are_the_long_trades() -> None:
    bars, scores = walk(5, 400), np.random.default_rng(5).uniform(-1, 1, 400)
    signals = Signals(scores, np.full(400, 1.0))
    alone = run_backtest(bars, signals, PARAMETERS, NO_STOPS, 0).trades
    both = [trade for trade in run_backtest(bars, signals, PARAMETERS, SHORT, 0).trades if trade.position.direction > 0]
    assert [(trade.position.bar, trade.bar) for trade in both] == [(trade.position.bar, trade.bar) for trade in alone]


# ---- properties ---------------------------------------------------------------------------------------------------------------------

VARIANTS = [dataclasses.replace(FREE, side=side, stops=stops, cost_bp=20.0, slippage_bp=5.0) for side in Sides for stops in (False, True)]


@pytest.mark.parametrize("rules", VARIANTS)
@pytest.mark.parametrize("idle", [0.0, 0.2])
@settings(derandomize=True, deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_it_equals_a_walk_from_bar_to_bar(rules: BacktestRules, idle: float, seed: int) -> None:
    bars = walk(seed, 300, idle=idle)
    bars = dataclasses.replace(bars, high=np.maximum(bars.high, bars.open), low=np.minimum(bars.low, bars.open))
    scores = np.random.default_rng(seed).choice([BUY, SELL, HOLD], 300, p=[0.15, 0.15, 0.7])
    atr = np.full(300, 1.5)
    outcome = run_backtest(bars, Signals(scores, atr), PARAMETERS, rules, 20)
    trades, values = _bar_by_bar(bars, scores, rules, 20)
    assert [(trade.position.bar, trade.bar, trade.reason) for trade in outcome.trades] == trades
    assert outcome.values == pytest.approx(values, rel=1e-9)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), cut=st.integers(60, 299))
def test_the_future_changes_nothing_before_it(seed: int, cut: int) -> None:
    bars, scores = walk(seed, 300, idle=0.05), np.random.default_rng(seed).uniform(-0.6, 0.6, 300)
    rules = dataclasses.replace(FREE, side=Sides.LONG_SHORT)
    order = np.concatenate([np.arange(cut), np.random.default_rng(seed).permutation(np.arange(cut, 300))])
    columns = (getattr(bars, name)[order] for name in ("open", "high", "low", "close", "volume"))
    shuffled = Bars(bars.days, *columns)
    atr = np.full(300, 2.0)
    before = run_backtest(bars, Signals(scores, atr), PARAMETERS, rules, 20)
    after = run_backtest(shuffled, Signals(scores[order], atr), PARAMETERS, rules, 20)
    prefix = run_backtest(bars.until(cut), Signals(scores[:cut], atr[:cut]), PARAMETERS, rules, 20)
    for other in (after, prefix):
        assert other.values[: cut - 20].tolist() == before.values[: cut - 20].tolist()
        assert other.benchmark[: cut - 20].tolist() == before.benchmark[: cut - 20].tolist()
        ended = [[trade for trade in run.trades if trade.bar < cut and not trade.is_open] for run in (other, before)]
        assert ended[0] == ended[1]


def test_a_prefix_of_real_prices_equals_the_end(sample: dict[str, Bars]) -> None:
    bars, parameters = sample["AAPL"], chosen("trend")

    def outcome(count: int) -> Run:
        cut = bars.until(count)
        history = signal_history(cut, parameters)
        return run_backtest(cut, Signals(history.score, history.series.atr), parameters, BacktestRules(), WARMUP)

    whole, prefix = outcome(len(bars)), outcome(1_500)
    assert whole.values[: 1_500 - WARMUP] == pytest.approx(prefix.values, rel=1e-9)


def _bar_by_bar(bars: Bars, scores: Any, rules: BacktestRules, first: int) -> tuple[list[tuple[int, int, ExitReason]], list[float]]:
    """The same rules as a loop over bars, as one would write them down first."""
    half, slip = rules.cost_bp / 20_000, rules.slippage_bp / 10_000
    cash, units, direction, entry, stop, target, stake = rules.capital, 0.0, 0, -1, 0.0, 0.0, rules.capital
    trades: list[tuple[int, int, ExitReason]] = []
    values, waiting = [rules.capital], 0

    def leave(bar: int, price: float, reason: ExitReason) -> None:
        nonlocal cash, units, direction
        price *= 1 - direction * slip
        cash += units * price - abs(units) * price * half
        if cash <= 1e-9 * stake:
            cash, reason = 0.0, ExitReason.RUIN
        trades.append((entry, bar, reason))
        units, direction = 0.0, 0

    for bar in range(first + 1, len(bars)):
        opened, high, low, close = (float(column[bar]) for column in (bars.open, bars.high, bars.low, bars.close))
        verdict = 1 if scores[bar - 1] >= 0.2 else -1 if scores[bar - 1] <= -0.2 else 0
        waiting = verdict or waiting
        can_fill = bars.volume[bar] > 0 or not (bars.volume[:bar] > 0).any()
        left_by_stop = False
        if can_fill:
            if direction and waiting == -direction:
                leave(bar, opened, ExitReason.SIGNAL)
            waiting = 0
            if not direction and cash > 0 and verdict and (verdict > 0 or rules.side is Sides.LONG_SHORT):
                direction, entry, stake = verdict, bar, cash
                price = opened * (1 + direction * slip)
                size = cash / (price * (1 + half))
                cash -= direction * size * price + size * price * half
                units = direction * size
                distance = min(max(0.02 * price, 1.5 * 1.5), 0.08 * price) if rules.stops else float("inf")
                stop, target = price - direction * distance, price + direction * distance * 2
        if direction < 0 and high >= (ruin := cash / (-units * (1 + slip) * (1 + half))) and (not can_fill or ruin <= stop):
            leave(bar, max(ruin, opened), ExitReason.STOP)
            left_by_stop = True
        elif direction and can_fill:
            adverse, favourable = (low, high) if direction > 0 else (high, low)
            if direction * (opened - target) >= 0:
                leave(bar, opened, ExitReason.TARGET)
            elif direction * (stop - adverse) >= 0:
                leave(bar, min(stop, opened) if direction > 0 else max(stop, opened), ExitReason.STOP)
            elif direction * (favourable - target) >= 0:
                leave(bar, target, ExitReason.TARGET)
            left_by_stop = not direction
        values.append(cash + units * close)
        assert not (left_by_stop and units)
    if direction:
        trades.append((entry, len(bars) - 1, ExitReason.END))
    return trades, values
