"""Where rules on portfolios stand as they are made, changed and switched on: what passes the bound after that is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.alerting import MONDAY, Evening, alerts, make_rule
from kit.bars import bars_of
from kit.jobs import run_jobs
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.support import Client

from features.portfolios.kinds import PortfolioValuing
from models.event import EventType
from utils.clock import now

WEIGHT = {"name": "Too much", "on": "weight_above", "tickers": None, "conditions": {"percent": 30.0}}
FALL = {"name": "Fell", "on": "drawdown_beyond", "tickers": None, "conditions": {"percent": 10.0}}
LAST = str(MONDAY + timedelta(days=59))


@pytest.fixture
def growth(client: Client) -> str:
    """A portfolio that is valued already: 100 in ONE, and 900 in cash."""
    store("ONE", bars_of([100.0] * 60, first=MONDAY), now())
    portfolio = make_portfolio(client, name="Growth")
    booked(client, portfolio, cash("deposit", "2024-01-02", "1000"), trade("buy", "2024-01-02", "ONE", "1", "100"))
    answer = client.post("/schedules", {"name": "Value", "cron": "0 0 * * *", "action": "portfolio_valuation"})
    assert answer.status_code == 201
    return portfolio


def value(client: Client, evening: Evening) -> None:
    """The job of the evening, and the evaluation of the rules."""
    (schedule,) = client.get("/schedules").json["items"]
    assert client.post(f"/schedules/{schedule['id']}/run").status_code == 202
    run_jobs(kinds=[PortfolioValuing(client.app.services.foundation)])
    evening.evaluate()


def standing(client: Client, rule: dict[str, Any]) -> dict[str, Any]:
    """The last value of each thing that a rule watches."""
    return {item["name"]: item["value"] for item in client.get(f"/alert-rules/{rule['id']}/states").json["items"]}


def held(client: Client, rule: dict[str, Any]) -> list[tuple[str, bool | None]]:
    """The state of each thing that has a value, and whether the condition is met there."""
    items = client.get(f"/alert-rules/{rule['id']}/states").json["items"]
    return [(item["state"], item["holds"]) for item in items if item["value"] is not None]


def fired(client: Client) -> list[tuple[str, float, float]]:
    return [(alert["rule_name"], alert["data"]["was"], alert["data"]["is"]) for alert in alerts(client)]


def buy_more(client: Client, portfolio: str) -> None:
    """ONE takes 60 % of the portfolio."""
    booked(client, portfolio, trade("buy", LAST, "ONE", "5", "100"))


def lose_much(client: Client, portfolio: str) -> None:
    """A fee takes a fifth of the portfolio."""
    booked(client, portfolio, cash("fee", LAST, "200"))


def test_a_rule_begins_where_things_stand_and_tells_what_passes_next(client: Client, evening: Evening, growth: str) -> None:
    value(client, evening)
    weight, fall = make_rule(client, **WEIGHT), make_rule(client, **FALL)
    assert standing(client, weight) == {"Growth": None, "Growth: ONE": 10.0}
    assert standing(client, fall) == {"Growth": 0.0}
    value(client, evening)
    assert fired(client) == []
    assert held(client, weight) == held(client, fall) == [("normal", False)]
    buy_more(client, growth)
    lose_much(client, growth)
    value(client, evening)
    assert held(client, weight) == held(client, fall) == [("firing", True)]
    assert sorted(fired(client)) == [("Fell", 0.0, 20.0), ("Too much", 10.0, 75.0)]


def test_a_rule_that_is_beyond_as_it_is_made_tells_nothing(client: Client, evening: Evening, growth: str) -> None:
    value(client, evening)
    buy_more(client, growth)
    rule = make_rule(client, **WEIGHT)
    assert standing(client, rule) == {"Growth": None, "Growth: ONE": 60.0}
    assert held(client, rule) == [("normal", True)]
    value(client, evening)
    assert fired(client) == []


def test_another_bound_begins_anew_from_where_things_stand(client: Client, evening: Evening, growth: str) -> None:
    rule = make_rule(client, **{**WEIGHT, "conditions": {"percent": 5.0}})
    answer = client("PATCH", f"/alert-rules/{rule['id']}", json={"conditions": {"percent": 30.0}})
    assert (answer.status_code, standing(client, rule)) == (200, {"Growth": None, "Growth: ONE": 10.0})
    buy_more(client, growth)
    value(client, evening)
    assert fired(client) == [("Too much", 10.0, 60.0)]


def test_one_that_is_switched_on_again_begins_anew(client: Client, evening: Evening, growth: str) -> None:
    rule = make_rule(client, **WEIGHT)
    assert client("PATCH", f"/alert-rules/{rule['id']}", json={"enabled": False}).status_code == 200
    assert standing(client, rule) == {}
    assert client("PATCH", f"/alert-rules/{rule['id']}", json={"enabled": True}).status_code == 200
    buy_more(client, growth)
    value(client, evening)
    assert fired(client) == [("Too much", 10.0, 60.0)]


def test_a_valuation_from_before_the_rule_is_older_than_its_look(client: Client, evening: Evening, growth: str) -> None:
    told = {"name": "Growth", "day": LAST, "drawdown": -0.5, "holdings": [{"ticker": "ONE", "weight": 0.9}]}
    evening.event(EventType.PORTFOLIO_DRAWDOWN, growth, told)
    make_rule(client, **WEIGHT)
    make_rule(client, **FALL)
    evening.evaluate()
    assert fired(client) == []


def test_a_portfolio_without_a_value_begins_with_its_first(client: Client, evening: Evening, growth: str) -> None:
    empty = make_portfolio(client, name="Empty")
    rule = make_rule(client, **{**WEIGHT, "conditions": {"percent": 30.0, "portfolios": [empty]}})
    assert standing(client, rule) == {}
    value(client, evening)
    assert (fired(client), standing(client, rule)) == ([], {})


def test_nothing_fires_of_a_portfolio_that_was_emptied(client: Client, evening: Evening, growth: str) -> None:
    rules = [make_rule(client, **rule) for rule in (WEIGHT, FALL)]
    buy_more(client, growth)
    lose_much(client, growth)
    value(client, evening)
    assert [held(client, rule)[-1] for rule in rules] == [("firing", True)] * 2
    for each in client.get(f"/portfolios/{growth}/transactions").json["items"]:
        assert client.delete(f"/portfolios/{growth}/transactions/{each['id']}").status_code == 204
    value(client, evening)
    assert [held(client, rule)[-1] for rule in rules] == [("normal", False)] * 2
