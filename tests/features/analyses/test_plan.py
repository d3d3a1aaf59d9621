"""The plan of an analysis: its parameters are prepared once per choice, and no two choices are taken for one."""

from __future__ import annotations

from datetime import date
from itertools import combinations

from features.analyses.plan import AnalysisPlan
from models.analysis import Overrides
from models.price_series import Bar, PackedBars, SeriesDescription, head_of
from models.strategy import BALANCED, STRATEGIES

CHOICES = [
    (BALANCED, Overrides()),
    (STRATEGIES["trend"], Overrides()),
    (BALANCED, Overrides(weights={"rsi": 0.0})),
    (BALANCED, Overrides(weights={"rsi": -0.0})),
    (BALANCED, Overrides(weights={"rsi": 2.0})),
    (BALANCED, Overrides(weights={"cci": 2.0})),
    (BALANCED, Overrides(reward_risk=1.0)),
    (BALANCED, Overrides(indicators=("rsi", "cci"))),
]


def test_each_choice_has_parameters_of_its_own() -> None:
    first = [AnalysisPlan(*choice).parameters_text for choice in CHOICES]
    assert all(one != other for one, other in combinations(first, 2))
    assert [AnalysisPlan(*choice).parameters_text for choice in reversed(CHOICES)] == first[::-1]


def test_the_order_of_indicators_and_the_day_change_no_parameter() -> None:
    plan = AnalysisPlan(BALANCED, Overrides(indicators=("rsi", "cci")))
    turned = AnalysisPlan(BALANCED, Overrides(indicators=("cci", "rsi"), as_of=date(2012, 1, 3)))
    assert plan.parameters == turned.parameters
    assert (plan.keeps_latest, AnalysisPlan(BALANCED, Overrides()).keeps_latest) == (False, True)
    head = head_of(SeriesDescription(1, "IBM", None, "upload", adjusted=False), PackedBars.pack([Bar(date(2012, 1, 2), *[1.0] * 6)]))
    assert turned.stale_by(head, date(2012, 1, 2)) is None
    assert plan.stale_by(head, date(2012, 1, 2)) is not None
