"""What may be drawn over a ticker's whole history: each key with the lines that it stands for."""

from __future__ import annotations

CHART_BARS = 20_000  # the most that a chart or a report has: 80 years of days
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
