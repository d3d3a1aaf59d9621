"""The keys of a ticker's chart, each with the lines that it draws."""

from __future__ import annotations

BAR_KEYS = ("open", "high", "low", "close", "volume")
CHART_LINES: dict[str, tuple[str, ...]] = {
    **{key: (key,) for key in BAR_KEYS},
    "ema_50": ("ema_50",),
    "ema_200": ("ema_200",),
    "sma_20": ("sma_20",),
    "bollinger": ("bollinger_upper", "bollinger_middle", "bollinger_lower"),
    "psar": ("psar",),
    "rsi": ("rsi",),
    "macd": ("macd", "macd_signal", "macd_histogram"),
    "adx": ("adx",),
    "stochastic": ("stochastic",),
    "cci": ("cci",),
    "williams_r": ("williams_r",),
    "atr": ("atr",),
    "obv": ("obv",),
    "cmf": ("cmf",),
    "score": ("score",),
}
