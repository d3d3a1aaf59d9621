"""Entry, stop, target and position size."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from analysis.bars import Bars
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, Parameters, Signal, Trade

FARTHEST_ENTRY = 0.15  # of the close
STOP_ATR = 1.5  # distance of the stop, in ATR
WIDEST_STOP = 0.08  # of the entry
LAST_CLOSE = "last close"


def plan_trade(bars: Bars, atr: float, signal: Signal, parameters: Parameters) -> Trade | None:
    """The trade of a signal, with the default position size; None for HOLD. `atr` is in the unit of the prices."""
    if signal is Signal.HOLD:
        return None
    close = float(bars.close[-1])
    entry, method = _buy_entry(bars, close) if signal is Signal.BUY else (close, LAST_CLOSE)
    distance = min(max(parameters.stop_percent / 100.0 * entry, STOP_ATR * atr), WIDEST_STOP * entry)
    direction = 1.0 if signal is Signal.BUY else -1.0
    stop_loss = entry - direction * distance
    shares, value, risk = _position(entry, entry - stop_loss, DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, parameters.max_position_percent)
    return Trade(
        entry=entry,
        entry_method=method,
        stop_loss=stop_loss,
        target=entry + direction * distance * parameters.reward_risk,
        reward_risk=parameters.reward_risk,
        shares=shares,
        position_value=value,
        risk_amount=risk,
    )


def size_position(trade: Trade, capital: float, risk_percent: float, max_position_percent: float) -> Trade:
    """The trade with the most whole shares within risk and position cap, both in percent of `capital`. A SELL keeps 0 shares."""
    shares, value, risk = _position(trade.entry, trade.entry - trade.stop_loss, capital, risk_percent, max_position_percent)
    return dataclasses.replace(trade, shares=shares, position_value=value, risk_amount=risk)


def _position(entry: float, distance: float, capital: float, risk_percent: float, max_position_percent: float) -> tuple[int, float, float]:
    """Shares, value and risk of a position with its stop at `distance` below the entry; none where it is not below, as for a SELL."""
    if distance <= 0:
        return 0, 0.0, 0.0
    by_risk = capital * risk_percent / 100.0 / distance
    by_cap = capital * max_position_percent / 100.0 / entry
    shares = math.floor(min(by_risk, by_cap))
    return shares, shares * entry, shares * distance


def _buy_entry(bars: Bars, close: float) -> tuple[float, str]:
    """The first candidate within FARTHEST_ENTRY of the close, else the close."""
    for entry, method in _buy_candidates(bars, close):
        if abs(entry - close) <= FARTHEST_ENTRY * close:
            return entry, method
    return close, LAST_CLOSE


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
