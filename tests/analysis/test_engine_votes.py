"""The vote and confidence of each indicator at exact values: the table of the design, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kit.bars import with_values

from analysis.rules import cast_votes, shown_values
from analysis.score import score_of
from analysis.series import Series
from models.indicator import INDICATORS, VOTING_KEYS

JUST_BELOW, JUST_ABOVE = -np.inf, np.inf


def vote_of(key: str, series: Series) -> tuple[float, float]:
    with np.errstate(invalid="ignore", divide="ignore"):
        votes = cast_votes((key,), series)
    return float(votes.vote[0, 0]), float(votes.confidence[0, 0])


def oscillator(key: str, field: str, *rows: tuple[float, int, float]) -> list:
    return [pytest.param(key, {field: value}, vote, confidence, id=f"{key} {value:g}") for value, vote, confidence in rows]


def named(key: str, *rows: tuple[str, dict[str, float], int, float]) -> list:
    return [pytest.param(key, values, vote, confidence, id=f"{key}: {name}") for name, values, vote, confidence in rows]


@pytest.mark.parametrize(
    ("key", "values", "vote", "confidence"),
    [
        *oscillator(
            "rsi", "rsi",
            (0, 1, 1), (15, 1, 0.5), (30, 0, 0), (35, 0, 0.25), (50, 0, 1), (60, 0, 0.5), (70, 0, 0), (85, -1, 0.5), (100, -1, 1),
        ),
        *oscillator(
            "stochastic", "slow_k",
            (0, 1, 1), (10, 1, 0.5), (20, 0, 0), (35, 0, 0.5), (50, 0, 1), (80, 0, 0), (90, -1, 0.5), (100, -1, 1),
        ),
        *oscillator(
            "cci", "cci",
            (-250, 1, 1), (-200, 1, 1), (-150, 1, 0.5), (-100, 0, 0), (-25, 0, 0.75), (0, 0, 1), (50, 0, 0.5), (100, 0, 0), (150, -1, 0.5),
            (300, -1, 1),
        ),
        *oscillator(
            "williams_r", "williams_r",
            (-100, 1, 1), (-90, 1, 0.5), (-80, 0, 0), (-65, 0, 0.5), (-50, 0, 1), (-20, 0, 0), (-10, -1, 0.5), (0, -1, 1),
        ),
        *oscillator("macd", "macd_histogram", (0.5, 1, 0.5), (-0.25, -1, 0.25), (1, 1, 1), (-7, -1, 1), (0, 0, 0)),
        *named(
            "adx",
            ("up", {"adx": 25, "plus_di": 30, "minus_di": 10}, 1, 0.6 * 0.5 + 0.4 * 0.5),
            ("down", {"adx": 25, "plus_di": 10, "minus_di": 30}, -1, 0.6 * 0.5 + 0.4 * 0.5),
            ("the strength is full at 50", {"adx": 50, "plus_di": 30, "minus_di": 10}, 1, 0.6 + 0.4 * 0.5),
            ("and no fuller above", {"adx": 90, "plus_di": 30, "minus_di": 10}, 1, 0.6 + 0.4 * 0.5),
            ("all one way", {"adx": 100, "plus_di": 40, "minus_di": 0}, 1, 1),
            ("undecided", {"adx": 20, "plus_di": 15, "minus_di": 15}, 0, 0.6 * 0.4),
            ("no movement at all", {"adx": 20, "plus_di": 0, "minus_di": 0}, 0, 0),
        ),
        *oscillator("psar", "sar", (99, 1, 0.5), (101.5, -1, 0.75), (98, 1, 1), (90, 1, 1), (140, -1, 1), (100, 0, 0)),
        *named(
            "ema_cross",
            ("above", {"ema_50": 206, "ema_200": 200}, 1, 0.6),
            ("below", {"ema_50": 198, "ema_200": 200}, -1, 0.2),
            ("five percent is full", {"ema_50": 210, "ema_200": 200}, 1, 1),
            ("and no fuller beyond", {"ema_50": 100, "ema_200": 200}, -1, 1),
            ("on each other", {"ema_50": 200, "ema_200": 200}, 0, 0),
        ),
        *(
            pytest.param(
                "bollinger",
                {"close": close, "bollinger_lower": 96, "bollinger_middle": 100, "bollinger_upper": 104},
                vote,
                confidence,
                id=f"bollinger: close {close:g} in bands of 96 and 104",
            )
            for close, vote, confidence in [
                (88, 1, 1), (94, 1, 0.5), (96, 0, 0), (98, 0, 0.5), (100, 0, 1), (103, 0, 0.25), (104, 0, 0), (106, -1, 0.5), (108, -1, 1),
                (120, -1, 1),
            ]
        ),
        *named("bollinger", ("bands without width", {"bollinger_lower": 100, "bollinger_middle": 100, "bollinger_upper": 100}, 0, 0)),
        *named(
            "obv",
            ("volume and price up", {"obv_change": 250, "price_change": 3, "volume_20": 1000}, 1, 0.25),
            ("volume and price down", {"obv_change": -500, "price_change": -3, "volume_20": 1000}, -1, 0.5),
            ("volume up, price down", {"obv_change": 250, "price_change": -3, "volume_20": 1000}, 0, 0.25),
            ("volume down, price up", {"obv_change": -250, "price_change": 3, "volume_20": 1000}, 0, 0.25),
            ("volume up, price as before", {"obv_change": 250, "price_change": 0, "volume_20": 1000}, 0, 0.25),
            ("volume as before, price up", {"obv_change": 0, "price_change": 3, "volume_20": 1000}, 0, 0),
            ("all volume one way", {"obv_change": 1000, "price_change": 3, "volume_20": 1000}, 1, 1),
            ("no volume", {"obv_change": 0, "price_change": 3, "volume_20": 0}, 0, 0),
        ),
        *named(
            "cmf",
            ("inflow", {"money_flow_20": 100, "volume_20": 1000}, 1, 0.5),
            ("outflow", {"money_flow_20": -50, "volume_20": 1000}, -1, 0.25),
            ("a fifth is full", {"money_flow_20": 200, "volume_20": 1000}, 1, 1),
            ("and no fuller beyond", {"money_flow_20": -900, "volume_20": 1000}, -1, 1),
            ("neither", {"money_flow_20": 0, "volume_20": 1000}, 0, 0),
            ("no volume", {"money_flow_20": 0, "volume_20": 0}, 0, 0),
        ),
        *oscillator("atr", "atr", (0, 0, 0), (2, 0, 0), (50, 0, 0)),
    ],
)  # fmt: skip
def test_vote_and_confidence(key: str, values: dict[str, float], vote: int, confidence: float) -> None:
    assert vote_of(key, with_values(**values)) == (vote, pytest.approx(confidence, rel=1e-12, abs=1e-15))


@pytest.mark.parametrize(
    ("key", "field", "threshold", "towards", "vote"),
    [
        ("rsi", "rsi", 30, JUST_BELOW, 1),
        ("rsi", "rsi", 70, JUST_ABOVE, -1),
        ("stochastic", "slow_k", 20, JUST_BELOW, 1),
        ("stochastic", "slow_k", 80, JUST_ABOVE, -1),
        ("cci", "cci", -100, JUST_BELOW, 1),
        ("cci", "cci", 100, JUST_ABOVE, -1),
        ("williams_r", "williams_r", -80, JUST_BELOW, 1),
        ("williams_r", "williams_r", -20, JUST_ABOVE, -1),
        ("macd", "macd_histogram", 0, JUST_ABOVE, 1),
        ("macd", "macd_histogram", 0, JUST_BELOW, -1),
        ("psar", "sar", 100, JUST_BELOW, 1),
        ("psar", "sar", 100, JUST_ABOVE, -1),
        ("cmf", "money_flow_20", 0, JUST_ABOVE, 1),
        ("cmf", "money_flow_20", 0, JUST_BELOW, -1),
    ],
)
def test_the_least_step_past_a_threshold_votes(key: str, field: str, threshold: float, towards: float, vote: int) -> None:
    # Rounding must not hide the smallest step: cmf is divided by a volume of 1, so its step is not rounded away.
    values = {"volume_20": 1.0, field: float(np.nextafter(threshold, towards))}
    assert vote_of(key, with_values(**{**values, field: threshold}))[0] == 0
    assert vote_of(key, with_values(**values))[0] == vote


@pytest.mark.parametrize(
    ("close", "towards", "vote"),
    [(96.0, JUST_BELOW, 1), (104.0, JUST_ABOVE, -1)],
    ids=["below the lower band", "above the upper band"],
)
def test_the_least_step_out_of_the_bands_votes(close: float, towards: float, vote: int) -> None:
    bands = {"bollinger_lower": 96.0, "bollinger_middle": 100.0, "bollinger_upper": 104.0}
    assert vote_of("bollinger", with_values(close=float(np.nextafter(close, towards)), **bands))[0] == vote


def test_the_bollinger_value_is_percent_b() -> None:
    bands = {"bollinger_lower": 96.0, "bollinger_middle": 100.0, "bollinger_upper": 104.0}
    for close, value in ((96.0, 0.0), (100.0, 0.5), (104.0, 1.0), (106.0, 1.25)):
        assert shown_values(("bollinger",), with_values(close=close, **bands)).item() == value


OVERBOUGHT: dict[str, dict[str, Any]] = {
    "rsi": {"rsi": 90}, "stochastic": {"slow_k": 90}, "cci": {"cci": 150}, "williams_r": {"williams_r": -10},
    "macd": {"macd_histogram": -0.5}, "adx": {"adx": 25, "plus_di": 10, "minus_di": 30}, "psar": {"sar": 102},
    "ema_cross": {"ema_50": 90, "ema_200": 100}, "bollinger": {"bollinger_lower": 90, "bollinger_middle": 93, "bollinger_upper": 96},
    "obv": {"obv_change": -500, "price_change": -3, "volume_20": 1000}, "cmf": {"money_flow_20": -100, "volume_20": 1000},
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "field", "most"),
    [
        # The comment is the length of the window; a window of n bars has n - 1 changes.
        ("rsi", "unchanged_closes", 13),  # 14 changes
        ("cci", "unchanged_typical", 18),  # 20 prices
        ("williams_r", "unchanged_bars", 12),  # 14 bars
        ("macd", "unchanged_closes", 32),  # 34 closes
        ("adx", "unchanged_bars", 26),  # 28 bars
        ("ema_cross", "unchanged_closes", 198),  # 200 closes
        ("bollinger", "unchanged_closes", 18),  # 20 closes
        ("obv", "unchanged_closes", 19),  # 20 changes
        ("cmf", "unchanged_bars", 18),  # 20 bars
        ("psar", "unchanged_bars", 0),  # its step: a bar and the one before
    ],
)
def test_a_window_without_range_has_no_vote(key: str, field: str, most: int) -> None:
    assert vote_of(key, with_values(**OVERBOUGHT[key], **{field: most}))[0] == -1
    assert vote_of(key, with_values(**OVERBOUGHT[key], **{field: most + 1})) == (0, 0)


def test_the_stochastic_has_no_vote_while_a_window_behind_it_has_no_range() -> None:
    assert vote_of("stochastic", with_values(slow_k=90, flat_fast_k=False)) == (-1, 0.5)
    assert vote_of("stochastic", with_values(slow_k=90, flat_fast_k=True)) == (0, 0)


@pytest.mark.parametrize(
    ("key", "bars"),
    [
        ("rsi", 15), ("stochastic", 18), ("cci", 20), ("williams_r", 14), ("macd", 34), ("adx", 28), ("psar", 2), ("ema_cross", 200),
        ("bollinger", 20), ("obv", 21), ("cmf", 20),
    ],
)  # fmt: skip
def test_an_indicator_votes_from_its_first_full_window_on(key: str, bars: int) -> None:
    assert vote_of(key, with_values(**OVERBOUGHT[key], position=bars - 2)) == (0, 0)
    assert vote_of(key, with_values(**OVERBOUGHT[key], position=bars - 1))[0] == -1


def test_every_indicator_but_atr_votes_in_the_category_of_the_design() -> None:
    assert {key: str(indicator.category) for key, indicator in INDICATORS.items()} == {
        **dict.fromkeys(("rsi", "stochastic", "cci", "williams_r"), "momentum"),
        **dict.fromkeys(("macd", "adx", "psar", "ema_cross"), "trend"),
        **dict.fromkeys(("bollinger", "atr"), "volatility"),
        **dict.fromkeys(("obv", "cmf"), "volume"),
    }
    assert set(VOTING_KEYS) == set(INDICATORS) - {"atr"} == set(OVERBOUGHT)


def test_atr_is_not_in_the_score_whatever_weight_it_is_given() -> None:
    keys = ("rsi", "atr")
    votes = cast_votes(keys, with_values(rsi=15.0, atr=40.0))
    with_atr, without = score_of(votes, {"rsi": 1.0, "atr": 100.0}), score_of(votes, {"rsi": 1.0})
    assert with_atr.score[0] == without.score[0] == 1.0
    assert with_atr.contributions[1, 0] == 0


@pytest.mark.parametrize(
    ("key", "values", "value"),
    [
        ("rsi", {"rsi": 40}, 40),
        ("stochastic", {"slow_k": 40, "slow_d": 50}, 40),
        ("cci", {"cci": 40}, 40),
        ("williams_r", {"williams_r": -40}, -40),
        ("macd", {"macd": 3, "macd_signal": 1, "macd_histogram": 2}, 2),
        ("adx", {"adx": 40, "plus_di": 10, "minus_di": 20}, 40),
        ("psar", {"sar": 98}, 98),
        ("ema_cross", {"ema_50": 210, "ema_200": 200}, 10),
        ("bollinger", {"close": 98, "bollinger_lower": 96, "bollinger_middle": 100, "bollinger_upper": 104}, 0.25),
        ("atr", {"atr": 4}, 4),
        ("obv", {"obv": 4000, "obv_change": 250}, 4000),
        ("cmf", {"money_flow_20": 100, "volume_20": 1000}, 0.1),
    ],
)
def test_the_value_that_is_shown(key: str, values: dict[str, float], value: float) -> None:
    """Of the bands it is %B: 0 on the lower one, 1 on the upper."""
    assert shown_values((key,), with_values(**values))[0, 0] == pytest.approx(value, rel=1e-12)


def test_the_lines_stand_in_the_order_of_the_keys() -> None:
    series = with_values(rsi=15.0, cci=150.0)
    assert cast_votes(("rsi", "cci"), series).vote[:, 0].tolist() == [1, -1]
    assert cast_votes(("cci", "rsi"), series).vote[:, 0].tolist() == [-1, 1]
