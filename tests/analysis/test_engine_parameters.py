"""The strategies' table, what a request may change about it, and the words that the HTTP schemas share with the models."""

from __future__ import annotations

import typing
from collections.abc import Collection

import pytest
from kit.bars import chosen

from analysis.engine import parameters_of
from features.analyses.schemas.analysis import AnalyzeRequest, IndicatorKey, Weights
from features.strategies.schemas import BuiltInStrategy
from models.analysis import Overrides, Parameters, Signal, SignalName, Verdict, VerdictName
from models.indicator import INDICATORS, VOTING_KEYS
from models.strategy import DEFAULT_STRATEGY, STRATEGIES

INDICATOR_ORDER = ("macd", "adx", "ema_cross", "psar", "rsi", "stochastic", "cci", "williams_r", "bollinger", "obv", "cmf")
CATEGORIES = ("trend", "momentum", "volatility", "volume")

# The table of the design, written out again.
TABLE = {
    "balanced": ("Balanced", "1 1 1 1  1 1 1 1  1  1 1", "1 1 1 1", 2.0, 2.0, 20),
    "trend": ("Trend following", "2.5 2.5 2 1.5  .5 .5 .5 .5  .5  1 1", "1.5 .7 .8 1", 2.5, 3.0, 25),
    "reversion": ("Mean reversion", ".5 .5 .5 .5  2.5 2 1.5 1.5  2.5  1 1", ".6 1.5 1.3 1", 1.5, 1.5, 15),
    "breakout": ("Momentum breakout", "1.5 1.5 1 1  2 1.5 1.5 1  1.5  2.5 2.5", "1 1.3 1.2 1.5", 3.0, 2.5, 20),
    "weekly": ("Weekly target", "1.5 .5 .6 1.2  2 2 1.8 1.6  1.3  1.2 1.2", ".5 2 1 .9", 3.0, 1.33, 35),
}
ALIKE = dict.fromkeys(VOTING_KEYS, 1.0)


@pytest.mark.parametrize("strategy", TABLE)
def test_a_strategy_is_as_in_the_table(strategy: str) -> None:
    name, indicator_weights, category_weights, stop, reward_risk, cap = TABLE[strategy]
    definition = STRATEGIES[strategy]
    assert (definition.id, definition.name) == (strategy, name)
    assert definition.indicator_weights == dict(zip(INDICATOR_ORDER, map(float, indicator_weights.split()), strict=True))
    assert definition.category_weights == dict(zip(CATEGORIES, map(float, category_weights.split()), strict=True))
    assert (definition.stop_percent, definition.reward_risk, definition.max_position_percent) == (stop, reward_risk, cap)


def test_there_are_five_strategies_and_balanced_is_the_usual_one() -> None:
    assert tuple(STRATEGIES) == tuple(TABLE)
    assert DEFAULT_STRATEGY == "balanced"


@pytest.mark.parametrize(
    ("strategy", "key", "weight"),
    [
        ("balanced", "macd", 1.0),
        ("trend", "macd", 1.5 * 2.5),
        ("trend", "williams_r", 0.7 * 0.5),
        ("reversion", "bollinger", 1.3 * 2.5),
        ("breakout", "obv", 1.5 * 2.5),
        ("weekly", "psar", 0.5 * 1.2),
    ],
)
def test_a_weight_is_the_categorys_times_the_indicators(strategy: str, key: str, weight: float) -> None:
    assert chosen(strategy).weights[key] == pytest.approx(weight, rel=1e-15)


@pytest.mark.parametrize(
    ("strategy", "weights", "changed"),
    [
        pytest.param("balanced", {"rsi": 3.0}, {"rsi": 3.0}, id="one indicator"),
        pytest.param("trend", {"rsi": 3.0}, {"rsi": 3.0 * 0.7}, id="an indicator keeps its category's weight"),
        pytest.param(
            "trend",
            {"volatility": 2.0, "volume": 0.0},
            {"bollinger": 2.0 * 0.5, "obv": 0.0, "cmf": 0.0},
            id="a category keeps its indicators' weights",
        ),
        pytest.param("trend", {"volume": 3.0, "cmf": 2.0}, {"obv": 3.0, "cmf": 6.0}, id="both"),
    ],
)
def test_weights_are_overridden_by_indicator_and_by_category(strategy: str, weights: dict[str, float], changed: dict[str, float]) -> None:
    assert chosen(strategy, weights=weights).weights == pytest.approx({**chosen(strategy).weights, **changed}, rel=1e-15)


def test_no_overrides_are_the_strategys_own_numbers() -> None:
    assert chosen("weekly") == Parameters(
        strategy="weekly",
        weights=STRATEGIES["weekly"].weights(),
        indicators=tuple(INDICATORS),
        stop_percent=3.0,
        reward_risk=1.33,
        max_position_percent=35.0,
    )


def test_reward_risk_is_overridden() -> None:
    assert chosen("trend", reward_risk=4.5).reward_risk == 4.5


def test_a_subset_has_only_its_own_weights() -> None:
    parameters = chosen("trend", indicators=("cmf", "atr", "macd"))
    assert parameters.indicators == ("macd", "atr", "cmf")
    assert parameters.weights == {"macd": 1.5 * 2.5, "cmf": 1.0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"indicators": ("cmf", "rsi")}, {"indicators": ("rsi", "cmf")}, id="indicators in another order"),
        pytest.param({"indicators": ("rsi", "rsi")}, {"indicators": ("rsi",)}, id="an indicator named twice"),
        pytest.param({"indicators": tuple(reversed(INDICATORS))}, {}, id="all indicators by name"),
        pytest.param({"weights": ALIKE}, {}, id="the weights that the strategy has anyway"),
        pytest.param({"weights": {}}, {}, id="weights without one"),
        pytest.param({"weights": {"trend": 2.0}}, {"weights": dict.fromkeys(INDICATOR_ORDER[:4], 2.0)}, id="a category, one by one"),
        pytest.param({"weights": {"rsi": 2.0, "cmf": 1.0}}, {"weights": {"cmf": 1.0, "rsi": 2.0}}, id="weights in another order"),
        pytest.param(
            {"indicators": ("rsi",), "weights": {"cmf": 5.0, "rsi": 2.0}},
            {"indicators": ("rsi",), "weights": {"rsi": 2.0}},
            id="a weight for what is not asked for",
        ),
        pytest.param({"reward_risk": 2.0}, {}, id="the reward that the strategy has anyway"),
    ],
)
def test_the_same_outcome_is_the_same_parameters(one: dict, other: dict) -> None:
    assert chosen(**one) == chosen(**other)


@pytest.mark.parametrize(
    ("overrides", "any_override"),
    [
        ({}, False),
        ({"weights": {"rsi": 1.0}}, True),
        ({"reward_risk": 2.0}, True),
        ({"indicators": ("rsi",)}, True),
    ],
)
def test_overrides_know_whether_there_are_any(overrides: dict, any_override: bool) -> None:
    assert Overrides(**overrides).any is any_override


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        pytest.param(typing.get_args(BuiltInStrategy.__value__), STRATEGIES, id="strategies"),
        pytest.param(typing.get_args(IndicatorKey.__value__), INDICATORS, id="indicators"),
        pytest.param(typing.get_args(VerdictName), list(Verdict), id="verdicts"),
        pytest.param(typing.get_args(SignalName), list(Signal), id="signals"),
        pytest.param(Weights.model_fields, (*VOTING_KEYS, *CATEGORIES), id="weights"),
    ],
)
def test_the_schemas_list_the_keys_of_the_models(words: Collection[str], keys: Collection[str]) -> None:
    assert sorted(words) == sorted(keys)


@pytest.mark.parametrize("key", [*VOTING_KEYS, *CATEGORIES])
def test_every_weight_of_a_request_reaches_the_parameters(key: str) -> None:
    order = AnalyzeRequest.model_validate({"ticker": "IBM", "weights": {key: 7.0}}).order(STRATEGIES.__getitem__)
    members = [name for name in VOTING_KEYS if key in (name, INDICATORS[name].category)]
    assert parameters_of(order.strategy, order.overrides).weights == {**ALIKE, **dict.fromkeys(members, 7.0)}
