"""Entry, stop, target, order and position size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from analysis.bars import Bars
from analysis.price_text import price_text
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, OrderType, Parameters, Side, Signal, Trade
from models.day_text import day_text

FARTHEST_ENTRY = 0.15  # of the close
STOP_ATR = 1.5  # distance of the stop, in ATR
WIDEST_STOP = 0.08  # of the entry
LAST_CLOSE = "last close"
# The verdict may change on the way to the entry, so the advice says whether the plan or the later verdict holds.
_WHICH_HOLDS = (
    "Cancel the order if it is still open when the verdict is no longer a Buy; once you have bought, hold until the stop, the target or a "
    "Sell, even if the verdict becomes Hold."
)


class Position(NamedTuple):
    """A position's size; its value and the amount at risk are in the ticker's currency."""

    shares: int
    position_value: float
    risk_amount: float


class _Plan(NamedTuple):
    """The prices of a trade."""

    entry: float
    stop_loss: float
    target: float
    method: str


def plan_trade(bars: Bars, atr: float, signal: Signal, parameters: Parameters, stale: bool = False) -> Trade | None:
    """The trade of a signal, with the default position size. `atr` is in the unit of the prices; the advice on `stale` bars says so first.

    None for HOLD, and for a SELL whose target would not be a price.
    """
    if signal is Signal.HOLD:
        return None
    close = float(bars.close[-1])
    is_long = signal is Signal.BUY
    plan = _buy_plan(bars, close, atr, parameters) if is_long else _sell_plan(close, atr, parameters)
    if plan.target <= 0:
        return None
    entry, stop_loss, target, method = plan
    order = OrderType.LIMIT if entry < close else OrderType.STOP if entry > close else OrderType.MARKET
    advice = _buy_advice(plan, order, close) if is_long else _sell_advice(plan)
    shares, value, risk = size_position(entry, stop_loss, DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, parameters.max_position_percent)
    return Trade(
        side=Side.LONG if is_long else Side.SHORT,
        order=order,
        entry=entry,
        entry_method=method,
        distance_percent=100.0 * (entry - close) / close,
        stop_loss=stop_loss,
        target=target,
        reward_risk=parameters.reward_risk,
        shares=shares,
        position_value=value,
        risk_amount=risk,
        advice=f"Update the prices first: the newest are of {day_text(bars.day(-1))}. {advice}" if stale else advice,
    )


def size_position(entry: float, stop_loss: float, capital: float, risk_percent: float, max_position_percent: float) -> Position:
    """The most whole shares within risk and cap, both in percent of `capital`; none where the stop is above the entry, as for a SELL."""
    distance = entry - stop_loss
    if distance <= 0:
        return Position(0, 0.0, 0.0)
    by_risk = capital * risk_percent / 100.0 / distance
    by_cap = capital * max_position_percent / 100.0 / entry
    shares = math.floor(min(by_risk, by_cap))
    return Position(shares, shares * entry, shares * distance)


def stop_distance(entry: float, atr: float, parameters: Parameters) -> float:
    """How far the stop is from an entry: the strategy's percentage or STOP_ATR, whichever is wider, at most WIDEST_STOP."""
    return min(max(parameters.stop_percent / 100.0 * entry, STOP_ATR * atr), WIDEST_STOP * entry)


def _buy_plan(bars: Bars, close: float, atr: float, parameters: Parameters) -> _Plan:
    """The first entry within FARTHEST_ENTRY of the close whose target is above the close; the last candidate, the close, always is."""
    for entry, method in _buy_candidates(bars, close):
        if abs(entry - close) <= FARTHEST_ENTRY * close:
            plan = _long(entry, method, atr, parameters)
            if plan.target > close:
                return plan
    return _long(close, LAST_CLOSE, atr, parameters)


def _long(entry: float, method: str, atr: float, parameters: Parameters) -> _Plan:
    distance = stop_distance(entry, atr, parameters)
    return _Plan(entry, entry - distance, entry + distance * parameters.reward_risk, method)


def _sell_plan(close: float, atr: float, parameters: Parameters) -> _Plan:
    distance = stop_distance(close, atr, parameters)
    return _Plan(close, close + distance, close - distance * parameters.reward_risk, LAST_CLOSE)


def _buy_candidates(bars: Bars, close: float) -> Iterator[tuple[float, str]]:
    # The ufuncs themselves: the methods of an array that do the same take two to three times as long on 20 values.
    high_20, low_20 = float(np.maximum.reduce(bars.high[-20:])), float(np.minimum.reduce(bars.low[-20:]))
    if close >= 0.98 * high_20:
        yield high_20 * 1.01, "breakout"
    if close > 1.05 * low_20:
        yield low_20 * 1.02, "pullback to support"
    low_5 = float(np.minimum.reduce(bars.low[-5:]))
    if float(np.maximum.reduce(bars.high[-5:])) - low_5 < 0.05 * close:
        yield low_5 * 1.01, "base of range"
    sma_20, sma_50 = (float(np.add.reduce(bars.close[-count:])) / count for count in (20, 50))
    if sma_20 > sma_50 and close > sma_20:
        yield sma_20, "pullback to SMA 20"


def _buy_advice(plan: _Plan, order: OrderType, close: float) -> str:
    entry, stop, target = price_text(plan.entry), price_text(plan.stop_loss), price_text(plan.target)
    if order is OrderType.MARKET:
        return f"Buy at the next open, near {entry}. Do not buy if the price has by then reached the stop, {stop}, or the target, {target}."
    away = _percent_text(100.0 * abs(plan.entry - close) / close)
    if order is OrderType.LIMIT:
        return (
            f"Wait for {entry}, {away} below the close: place a limit order to buy there. "
            f"Do not buy if the price first reaches the target, {target}, or opens at or below the stop, {stop}. {_WHICH_HOLDS}"
        )
    # The stop of a breakout may be above the close, where it says nothing until the order is filled.
    falls = f"falls to the stop, {stop}, or " if plan.stop_loss < close else ""
    return (
        f"Wait for {entry}, {away} above the close: place a stop order to buy there. "
        f"Do not buy if the price first {falls}opens at or above the target, {target}. {_WHICH_HOLDS}"
    )


def _sell_advice(plan: _Plan) -> str:
    stop, target = price_text(plan.stop_loss), price_text(plan.target)
    return (
        "If you own it, sell at the next open; if you do not, stay out. "
        f"For short sellers only: do not sell short if the price has by then reached the stop, {stop}, or the target, {target}."
    )


def _percent_text(value: float) -> str:
    return f"{value:.1f}%" if value >= 0.05 else "less than 0.1%"
