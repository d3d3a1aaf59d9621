"""The sentence that goes with each vote."""

from __future__ import annotations

import numpy as np
import pytest
from kit.bars import TICKERS, bars_of, chosen, readings_of, seen, with_values

from analysis.bars import Bars
from analysis.reasons import explain, unavailable
from analysis.rules import cast_votes
from analysis.series import rows_of
from models.indicator import INDICATORS

BANDS = {"bollinger_lower": 96, "bollinger_middle": 100, "bollinger_upper": 104}
DETAILS = {
    "stochastic": {"slow_k", "slow_d"}, "macd": {"macd", "signal", "histogram"}, "adx": {"adx", "plus_di", "minus_di"}, "psar": {"sar"},
    "ema_cross": {"ema_50", "ema_200"}, "bollinger": {"upper", "middle", "lower"}, "atr": {"percent"},
    "obv": {"change_20", "price_change_20"},
}  # fmt: skip


def said(key: str, **values: float) -> str:
    series = with_values(**values)
    with np.errstate(invalid="ignore", divide="ignore"):
        votes = cast_votes((key,), series)
    (row,) = rows_of(series)
    return explain(key, row, int(votes.vote[0, 0]), bool(votes.meaningless[0, 0]))[0]


@pytest.mark.parametrize(
    ("key", "values", "sentence"),
    [
        ("rsi", {"rsi": 21.27}, "RSI 14 is 21.3, below 30: oversold."),
        ("rsi", {"rsi": 85}, "RSI 14 is 85.0, above 70: overbought."),
        ("rsi", {"rsi": 50}, "RSI 14 is 50.0, between 30 and 70: neutral."),
        ("stochastic", {"slow_k": 10}, "Slow %K is 10.0, below 20: oversold."),
        ("cci", {"cci": 150}, "CCI 20 is 150.0, above 100: overbought."),
        ("williams_r", {"williams_r": -50}, "Williams %R is -50.0, between -80 and -20: neutral."),
        (
            "macd",
            {"macd": 1.5, "macd_signal": 1, "macd_histogram": 0.5},
            "MACD is 1.50, above its signal line at 1.00: momentum is rising.",
        ),
        (
            "macd",
            {"macd": -0.5, "macd_signal": 0.25, "macd_histogram": -0.75},
            "MACD is -0.5, below its signal line at 0.25: momentum is falling.",
        ),
        (
            "adx",
            {"adx": 25, "plus_di": 30, "minus_di": 10},
            "+DI is 30.0 and −DI 10.0: the trend is up, and strong with ADX at 25.0.",
        ),
        (
            "adx",
            {"adx": 24.9, "plus_di": 10, "minus_di": 30},
            "+DI is 10.0 and −DI 30.0: the trend is down, and weak with ADX at 24.9.",
        ),
        ("psar", {"sar": 98}, "The close of 100.00 is above the SAR at 98.00: the trend is up."),
        ("psar", {"sar": 1234.5}, "The close of 100.00 is below the SAR at 1,234.50: the trend is down."),
        ("ema_cross", {"ema_50": 110, "ema_200": 100}, "EMA 50 at 110.00 is above EMA 200 at 100.00: the long trend is up."),
        ("bollinger", {"close": 94, **BANDS}, "The close of 94.00 is below the lower band at 96.00: unusually low."),
        ("bollinger", {"close": 106, **BANDS}, "The close of 106.00 is above the upper band at 104.00: unusually high."),
        ("bollinger", {"close": 100, **BANDS}, "The close of 100.00 is between the bands at 96.00 and 104.00: neutral."),
        ("atr", {"atr": 2.5}, "The price typically moves 2.50 a day, 2.5% of the close; this measures risk and does not vote."),
        (
            "obv",
            {"obv_change": 250, "price_change": 3, "volume_20": 1000},
            "Over 20 bars on-balance volume rose and the price rose: volume confirms the move.",
        ),
        (
            "obv",
            {"obv_change": -250, "price_change": 3, "volume_20": 1000},
            "Over 20 bars on-balance volume fell and the price rose: volume does not confirm the move.",
        ),
        ("cmf", {"money_flow_20": 100, "volume_20": 1000}, "Chaikin money flow is +0.100: buying pressure."),
        ("cmf", {"money_flow_20": -50, "volume_20": 1000}, "Chaikin money flow is -0.050: selling pressure."),
    ],
    ids=lambda value: value if isinstance(value, str) and value in INDICATORS else "",
)
def test_the_sentence_of_a_vote(key: str, values: dict[str, float], sentence: str) -> None:
    assert said(key, **values) == sentence


@pytest.mark.parametrize("key", [key for key, indicator in INDICATORS.items() if indicator.votes])
def test_flat_prices_are_said_to_be_nothing_to_go_by(key: str) -> None:
    reading = readings_of(seen(bars_of(np.full(260, 100.0))))[key]
    assert reading.reason.startswith(f"{INDICATORS[key].name} has nothing to go by: ")


@pytest.mark.parametrize(
    ("key", "values"),
    [
        pytest.param("rsi", {"rsi": 30}, id="RSI of exactly 30"),
        pytest.param("stochastic", {"slow_k": 80}, id="slow %K of exactly 80"),
        pytest.param("cci", {"cci": 100}, id="CCI of exactly 100"),
        pytest.param("williams_r", {"williams_r": -20}, id="Williams %R of exactly −20"),
        pytest.param("bollinger", {"close": 96, **BANDS}, id="a close on a band"),
        pytest.param("obv", {"obv_change": 0, "price_change": 3, "volume_20": 1000}, id="a price that moved, volume in balance"),
    ],
)
def test_prices_that_moved_are_not_said_to_be_at_rest(key: str, values: dict[str, float]) -> None:
    assert "nothing to go by" not in said(key, **values)


@pytest.mark.parametrize("key", INDICATORS)
def test_what_is_unavailable_says_how_many_bars_it_needs(key: str) -> None:
    needed = INDICATORS[key].bars_needed
    assert unavailable(key, needed - 1) == f"{INDICATORS[key].name} needs {needed} bars; there are {needed - 1}."


@pytest.mark.parametrize("ticker", TICKERS)
def test_every_reading_has_a_sentence_and_its_numbers(sample: dict[str, Bars], ticker: str) -> None:
    for reading in seen(sample[ticker], chosen("weekly")).indicators:
        assert reading.reason.endswith(".")
        assert "nan" not in reading.reason
        assert reading.name == INDICATORS[reading.key].name
        if reading.available:
            assert set(reading.details) == DETAILS.get(reading.key, set())
            assert None not in reading.details.values()
