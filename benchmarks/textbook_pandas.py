"""The twelve indicators as tutorials write them in pandas: rolling windows, exponential means, and a loop where pandas has no function.

Where tutorials differ, this module uses the faster variant, and Wilder's smoothing, so that the newest values equal TA-Lib's.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def twelve_indicators(prices: pd.DataFrame) -> pd.DataFrame:
    """Every indicator for every bar; `prices` has open, high, low, close and volume."""
    high, low, close, volume = prices["high"], prices["low"], prices["close"], prices["volume"]
    typical = (high + low + close) / 3
    true_range = pd.concat([high - low, (high - close.shift()).abs(), (low - close.shift()).abs()], axis=1).max(axis=1)
    lowest, highest = low.rolling(14).min(), high.rolling(14).max()
    indicators = pd.DataFrame(index=prices.index)

    change = close.diff()
    gain, loss = _wilder(change.clip(lower=0)), _wilder(-change.clip(upper=0))
    indicators["rsi"] = 100 - 100 / (1 + gain / loss)
    indicators["stochastic"] = (100 * (close - lowest) / (highest - lowest)).rolling(3).mean()
    mean_deviation = typical.rolling(20).apply(lambda window: np.abs(window - window.mean()).mean(), raw=True)
    indicators["cci"] = (typical - typical.rolling(20).mean()) / (0.015 * mean_deviation)
    indicators["williams_r"] = -100 * (highest - close) / (highest - lowest)

    macd = _exponential(close, 12) - _exponential(close, 26)
    indicators["macd"] = macd - _exponential(macd, 9)
    up, down = high.diff(), -low.diff()
    range_14 = _wilder(true_range)
    indicators["plus_di"] = 100 * _wilder(up.where((up > down) & (up > 0), 0.0)) / range_14
    indicators["minus_di"] = 100 * _wilder(down.where((down > up) & (down > 0), 0.0)) / range_14
    difference, total = indicators["plus_di"] - indicators["minus_di"], indicators["plus_di"] + indicators["minus_di"]
    indicators["adx"] = _wilder(100 * difference.abs() / total)
    indicators["psar"] = _parabolic_sar(high.tolist(), low.tolist())
    indicators["ema_cross"] = _exponential(close, 50) - _exponential(close, 200)

    middle, deviation = close.rolling(20).mean(), close.rolling(20).std(ddof=0)
    indicators["bollinger"] = (close - (middle - 2 * deviation)) / (4 * deviation)
    indicators["atr"] = range_14

    indicators["obv"] = (np.sign(change).fillna(0) * volume).cumsum()
    spread = (high - low).replace(0, np.nan)
    money_flow = (((close - low) - (high - close)) / spread).fillna(0) * volume
    indicators["cmf"] = money_flow.rolling(20).sum() / volume.rolling(20).sum()
    return indicators


def _wilder(values: pd.Series) -> pd.Series:
    return values.ewm(alpha=1 / 14, adjust=False).mean()


def _exponential(values: pd.Series, span: int) -> pd.Series:
    return values.ewm(span=span, adjust=False).mean()


def _parabolic_sar(high: list[float], low: list[float], step: float = 0.02, limit: float = 0.2) -> list[float]:
    rising, acceleration, extreme, sar = True, step, high[0], low[0]
    values = [float("nan")]
    for bar in range(1, len(high)):
        sar += acceleration * (extreme - sar)
        recent = slice(max(bar - 2, 0), bar)
        sar = min(sar, *low[recent]) if rising else max(sar, *high[recent])
        if (low[bar] < sar) if rising else (high[bar] > sar):
            rising, acceleration, sar = not rising, step, extreme
            extreme = high[bar] if rising else low[bar]
            sar = min(sar, low[bar], low[bar - 1]) if rising else max(sar, high[bar], high[bar - 1])
        elif (high[bar] > extreme) if rising else (low[bar] < extreme):
            extreme = high[bar] if rising else low[bar]
            acceleration = min(acceleration + step, limit)
        values.append(sar)
    return values
