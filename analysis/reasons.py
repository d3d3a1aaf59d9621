"""The reason of each vote: one sentence and its numbers. Only the sentences round; no decision uses a rounded number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from analysis.price_text import price_text
from analysis.series import Series
from models.indicator import INDICATORS

Details = dict[str, float | None]


def explain(key: str, row: Series[float], vote: int, meaningless: bool) -> tuple[str, Details]:
    """Sentence and details of one available indicator on a row."""
    sentence, details = _EXPLAIN[key](row, vote)
    if meaningless:
        sentence = f"{INDICATORS[key].name} has nothing to go by: {_WHY_MEANINGLESS.get(key, 'prices did not move in its window')}."
    return sentence, details


def unavailable(key: str, bars: int) -> str:
    """The sentence of an indicator with too few bars."""
    indicator = INDICATORS[key]
    return f"{indicator.name} needs {indicator.bars_needed} bars; there are {bars}."


def finite(value: float) -> float | None:
    """The number, or None when it is NaN or infinite."""
    return value if math.isfinite(value) else None


_WHY_MEANINGLESS = {
    "obv": "no volume, or no move of the price, over 20 bars",
    "cmf": "no volume, or no range, over 20 bars",
}


def _details(**values: Any) -> Details:
    if all(map(math.isfinite, values.values())):
        return values
    return {name: finite(value) for name, value in values.items()}


def _threshold(name: str, value: float, vote: int, low: float, high: float) -> str:
    if vote > 0:
        return f"{name} is {value:.1f}, below {low:g}: oversold."
    if vote < 0:
        return f"{name} is {value:.1f}, above {high:g}: overbought."
    return f"{name} is {value:.1f}, between {low:g} and {high:g}: neutral."


def _rsi(s: Series[float], vote: int) -> tuple[str, Details]:
    return _threshold("RSI 14", s.rsi, vote, 30, 70), {}


def _stochastic(s: Series[float], vote: int) -> tuple[str, Details]:
    slow_k, slow_d = s.slow_k, s.slow_d
    return _threshold("Slow %K", slow_k, vote, 20, 80), _details(slow_k=slow_k, slow_d=slow_d)


def _cci(s: Series[float], vote: int) -> tuple[str, Details]:
    return _threshold("CCI 20", s.cci, vote, -100, 100), {}


def _williams_r(s: Series[float], vote: int) -> tuple[str, Details]:
    return _threshold("Williams %R", s.williams_r, vote, -80, -20), {}


def _macd(s: Series[float], vote: int) -> tuple[str, Details]:
    macd, signal = s.macd, s.macd_signal
    side, meaning = ("above", "momentum is rising") if vote > 0 else ("below", "momentum is falling") if vote < 0 else ("on", "no lead")
    sentence = f"MACD is {price_text(macd)}, {side} its signal line at {price_text(signal)}: {meaning}."
    return sentence, _details(macd=macd, signal=signal, histogram=s.macd_histogram)


def _adx(s: Series[float], vote: int) -> tuple[str, Details]:
    adx, plus, minus = s.adx, s.plus_di, s.minus_di
    direction = "up" if vote > 0 else "down" if vote < 0 else "undecided"
    strength = "strong" if adx >= 25 else "weak"
    return f"+DI is {plus:.1f} and −DI {minus:.1f}: the trend is {direction}, and {strength} with ADX at {adx:.1f}.", _details(
        adx=adx, plus_di=plus, minus_di=minus
    )


def _psar(s: Series[float], vote: int) -> tuple[str, Details]:
    close, sar = s.close, s.sar
    side, trend = ("above", "up") if vote > 0 else ("below", "down") if vote < 0 else ("on", "undecided")
    return f"The close of {price_text(close)} is {side} the SAR at {price_text(sar)}: the trend is {trend}.", _details(sar=sar)


def _ema_cross(s: Series[float], vote: int) -> tuple[str, Details]:
    short, long = s.ema_50, s.ema_200
    side, trend = ("above", "up") if vote > 0 else ("below", "down") if vote < 0 else ("on", "undecided")
    sentence = f"EMA 50 at {price_text(short)} is {side} EMA 200 at {price_text(long)}: the long trend is {trend}."
    return sentence, _details(ema_50=short, ema_200=long)


def _bollinger(s: Series[float], vote: int) -> tuple[str, Details]:
    close, upper, middle, lower = s.close, s.bollinger_upper, s.bollinger_middle, s.bollinger_lower
    if vote > 0:
        sentence = f"The close of {price_text(close)} is below the lower band at {price_text(lower)}: unusually low."
    elif vote < 0:
        sentence = f"The close of {price_text(close)} is above the upper band at {price_text(upper)}: unusually high."
    else:
        sentence = f"The close of {price_text(close)} is between the bands at {price_text(lower)} and {price_text(upper)}: neutral."
    return sentence, _details(upper=upper, middle=middle, lower=lower)


def _atr(s: Series[float], vote: int) -> tuple[str, Details]:
    atr = s.atr
    percent = 100 * atr / s.close
    sentence = f"The price typically moves {price_text(atr)} a day, {percent:.1f}% of the close; this measures risk and does not vote."
    return sentence, _details(percent=percent)


def _obv(s: Series[float], vote: int) -> tuple[str, Details]:
    change, price = s.obv_change, s.price_change
    flow = "rose" if change > 0 else "fell" if change < 0 else "did not change"
    move = "rose" if price > 0 else "fell" if price < 0 else "did not change"
    meaning = "volume confirms the move" if vote else "volume does not confirm the move"
    sentence = f"Over 20 bars on-balance volume {flow} and the price {move}: {meaning}."
    return sentence, _details(change_20=change, price_change_20=price)


def _cmf(s: Series[float], vote: int) -> tuple[str, Details]:
    value = s.money_flow_20 / s.volume_20 if s.volume_20 else 0.0
    meaning = "buying pressure" if vote > 0 else "selling pressure" if vote < 0 else "neither prevails"
    return f"Chaikin money flow is {value:+.3f}: {meaning}.", {}


_EXPLAIN: dict[str, Callable[[Series[float], int], tuple[str, Details]]] = {
    "rsi": _rsi,
    "stochastic": _stochastic,
    "cci": _cci,
    "williams_r": _williams_r,
    "macd": _macd,
    "adx": _adx,
    "psar": _psar,
    "ema_cross": _ema_cross,
    "bollinger": _bollinger,
    "atr": _atr,
    "obv": _obv,
    "cmf": _cmf,
}
