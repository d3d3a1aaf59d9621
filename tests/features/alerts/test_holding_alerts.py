"""Rules on what one owns: a holding that takes too much of its portfolio, a portfolio that falls, an index that is due."""

from __future__ import annotations

from typing import Any

import pytest
from kit.alerting import Evening, alerts, make_index, make_rule, states, weekday
from kit.jobs import another_organization
from kit.portfolios import make_portfolio
from kit.support import Client

from models.event import EventType
from utils.ids import new_id

PORTFOLIO = new_id()
WEIGHT = {"name": "Too much", "on": "weight_above", "tickers": None, "conditions": {"percent": 20.0, "dead_band": 2.0}}
FALL = {"name": "Fell", "on": "drawdown_beyond", "tickers": None, "conditions": {"percent": 10.0}}
DUE = {"name": "Due", "on": "rebalancing_due", "tickers": None, "conditions": {}}


def valued(evening: Evening, number: int, weights: dict[str, float | None], drawdown: float | None = 0.0, *, of: str = PORTFOLIO) -> None:
    """A portfolio is valued on a weekday, and the rules are evaluated."""
    holdings = [{"ticker": ticker, "weight": weight} for ticker, weight in weights.items()]
    data = {"name": "Growth", "day": weekday(number), "currency": "USD", "value": "1000.00", "drawdown": drawdown, "holdings": holdings}
    evening.event(EventType.PORTFOLIO_DRAWDOWN, of, data)
    evening.evaluate()


def due(evening: Evening, index: str, reference_day: str) -> None:
    """An index is due, and the rules are evaluated."""
    data = {"index": "Ten of them", "reference_day": reference_day, "rebalance": "monthly", "last_day": reference_day}
    evening.event(EventType.INDEX_REBALANCING_DUE, index, data)
    evening.evaluate()


def fired(client: Client) -> list[tuple[str, Any, Any]]:
    """The day, the ticker and the number of each alert, oldest first."""
    return [(alert["day"], alert["ticker"], alert["data"].get("is")) for alert in alerts(client)]


def test_a_weight_that_passes_its_cap_is_told_once(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **WEIGHT)
    assert rule["sentence"].startswith("Tells you when a holding takes 20 % or more of any portfolio.")
    for number, weight in enumerate((0.19, 0.21, 0.22, 0.195, 0.205, 0.17, 0.2)):
        valued(evening, number, {"AAPL": weight, "IBM": 0.1})
    assert fired(client) == [(str(weekday(1)), "AAPL", 21.0), (str(weekday(6)), "AAPL", 20.0)]
    first = alerts(client)[0]
    assert first["message"].startswith("Growth: AAPL takes 21 % of the portfolio, which is 20 % or more (was 19 %), ")
    assert (first["data"]["portfolio_id"], first["data"]["link"]) == (PORTFOLIO, f"/portfolios?id={PORTFOLIO}")
    assert states(client, rule["id"])[f"{PORTFOLIO}:IBM"] == "normal"


def test_what_is_so_already_is_not_told_and_what_is_bought_is(client: Client, evening: Evening) -> None:
    make_rule(client, **WEIGHT)
    valued(evening, 0, {"AAPL": 0.5})
    assert fired(client) == []
    valued(evening, 1, {"AAPL": 0.5, "IBM": 0.3})
    valued(evening, 2, {"AAPL": 0.5})
    valued(evening, 3, {"AAPL": 0.5, "IBM": 0.3})
    assert fired(client) == [(str(weekday(1)), "IBM", 30.0), (str(weekday(3)), "IBM", 30.0)]


def test_a_weight_stays_for_days_before_it_is_told(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **WEIGHT, for_days=2)
    for number, weight in enumerate((0.1, 0.3, 0.3)):
        valued(evening, number, {"AAPL": weight})
    assert states(client, rule["id"])[f"{PORTFOLIO}:AAPL"] == "pending"
    assert fired(client) == []
    valued(evening, 3, {"AAPL": 0.3})
    assert fired(client) == [(str(weekday(3)), "AAPL", 30.0)]


def test_portfolios_are_apart_and_may_be_chosen(client: Client, evening: Evening) -> None:
    other = make_portfolio(client)
    make_rule(client, **{**WEIGHT, "conditions": {"percent": 20.0, "portfolios": [other]}})
    for number, weight in enumerate((0.1, 0.3)):
        valued(evening, number, {"AAPL": weight})
        valued(evening, number, {"AAPL": weight / 2}, of=other)
    assert fired(client) == []
    valued(evening, 2, {"AAPL": 0.4}, of=other)
    assert fired(client) == [(str(weekday(2)), "AAPL", 40.0)]


def test_an_older_day_and_a_value_that_is_not_known_change_nothing(client: Client, evening: Evening) -> None:
    make_rule(client, **WEIGHT)
    make_rule(client, **FALL)
    valued(evening, 3, {"AAPL": 0.1}, drawdown=-0.01)
    valued(evening, 2, {"AAPL": 0.9}, drawdown=-0.5)
    valued(evening, 4, {"AAPL": None}, drawdown=None)
    assert fired(client) == []


def test_a_fall_is_told_once_and_again_after_a_recovery(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **FALL)
    assert rule["sentence"].startswith("Tells you when any portfolio is 10 % or more below its highest value.")
    for number, drawdown in enumerate((0.0, -0.09, -0.11, -0.095, -0.105, -0.08, -0.1)):
        valued(evening, number, {}, drawdown=drawdown)
    assert fired(client) == [(str(weekday(2)), None, 11.0), (str(weekday(6)), None, 10.0)]
    first = alerts(client)[0]
    assert first["message"].startswith("Growth is 11 % below its highest value, which is 10 % or more (was 9 %), ")
    assert first["data"]["link"] == f"/portfolios?id={PORTFOLIO}"


def test_an_index_that_is_due_is_told(client: Client, evening: Evening) -> None:
    index, other = new_id(), make_index(client)
    make_rule(client, **DUE)
    make_rule(client, **{**DUE, "name": "Of the other", "conditions": {"indexes": [other]}})
    due(evening, index, "2026-11-30")
    (alert,) = alerts(client)
    assert alert["message"] == "The monthly rebalancing of the index Ten of them is due: its reference day is 30 November 2026."
    assert (alert["rule_name"], alert["data"]["index_id"], alert["data"]["link"]) == ("Due", index, f"/indices?index={index}")


def test_another_organization_is_told_nothing(client: Client, evening: Evening) -> None:
    key = another_organization()
    make_rule(client, **FALL)
    assert client.post("/alert-rules", FALL, key=key).status_code == 201
    for number, drawdown in enumerate((0.0, -0.2)):
        data = {"name": "Theirs", "day": weekday(number), "drawdown": drawdown, "holdings": []}
        evening.event(EventType.PORTFOLIO_DRAWDOWN, PORTFOLIO, data, org_id=2)
        evening.evaluate()
    assert alerts(client) == []
    assert [alert["data"]["portfolio"] for alert in client.get("/alerts", key=key).json["items"]] == ["Theirs"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({**WEIGHT, "conditions": {}}, id="no cap"),
        pytest.param({**WEIGHT, "conditions": {"percent": 0.0}}, id="a cap of nothing"),
        pytest.param({**WEIGHT, "tickers": ["AAPL"]}, id="tickers"),
        pytest.param({**FALL, "conditions": {"percent": 101.0}}, id="a fall of more than all"),
        pytest.param({**DUE, "for_days": 1}, id="days of what is told at once"),
        pytest.param({**DUE, "conditions": {"percent": 1.0}}, id="conditions of others"),
    ],
)
def test_what_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert client.post("/alert-rules", body).status_code == 422
