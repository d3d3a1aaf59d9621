"""Whether the condition of a rule is met by what it saw last, whether it was told or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from features.alerts.transitions import Observation, settle
from features.alerts.watching import holds, watch_of
from models.alert import AlertKind, RuleDraft, Standing, StateName

DAY = date(2024, 1, 2)
LEVEL = {"level": 90.0, "dead_band": 1.0}
VERDICTS = {"dead_band": 0.05, "min_score_change": 0.0}


def draft(kind: AlertKind, **conditions: Any) -> RuleDraft:
    return RuleDraft("One", kind, conditions)


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        pytest.param(draft(AlertKind.WEIGHT_ABOVE, percent=30.0, dead_band=1.0), 73.82, True, id="above its cap"),
        pytest.param(draft(AlertKind.WEIGHT_ABOVE, percent=30.0, dead_band=1.0), 10.55, False, id="below its cap"),
        pytest.param(draft(AlertKind.PRICE_CROSSED, direction="up", **LEVEL), 91.0, True, id="above a level"),
        pytest.param(draft(AlertKind.PRICE_CROSSED, direction="down", **LEVEL), 91.0, False, id="not below a level"),
        pytest.param(draft(AlertKind.PRICE_CROSSED, direction="either", **LEVEL), 91.0, None, id="either side"),
        pytest.param(draft(AlertKind.VERDICT_CHANGED, to=["Buy"], **VERDICTS), 0.3, True, id="a verdict that is named"),
        pytest.param(draft(AlertKind.VERDICT_CHANGED, **VERDICTS), 0.3, None, id="any verdict"),
    ],
)
def test_by_the_last_value(rule: RuleDraft, value: float, expected: bool | None) -> None:
    seen = settle(Standing(), Observation(DAY, value, watch_of(rule).zone_of(value)))
    assert holds(rule, seen) is expected
    assert holds(rule, replace(seen, state=StateName.NO_DATA)) is None


def test_by_the_state_where_there_is_no_value() -> None:
    stale, due = draft(AlertKind.PRICES_STALE, trading_days=5), draft(AlertKind.REBALANCING_DUE)
    assert [holds(stale, Standing(state)) for state in (StateName.FIRING, StateName.NORMAL)] == [True, False]
    assert holds(due, Standing(StateName.FIRING)) is None
    assert holds(draft(AlertKind.WEIGHT_ABOVE, percent=30.0, dead_band=1.0), Standing()) is None
