"""What rules name: refused where there is none of it, and told on the rule once it is gone. Strategies are told by their names."""

from __future__ import annotations

from typing import Any

import pytest
from kit.alerting import Evening, Said, alerts, make_channel, make_index, make_rule, weekday
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import make_portfolio
from kit.support import Client

FALL = {"name": "Fell", "on": "drawdown_beyond"}
WEIGHT = {"name": "Too much", "on": "weight_above"}
DUE = {"name": "Due", "on": "rebalancing_due"}
MISSED = {"name": "Missed", "on": "schedule_missed"}
NIGHTLY = {"name": "Nightly", "cron": "0 0 * * *", "action": "portfolio_valuation"}


@pytest.mark.parametrize(
    ("rule", "conditions", "field"),
    [
        (FALL, {"percent": 10.0, "portfolios": [UNKNOWN_ID]}, "conditions.portfolios.0"),
        (FALL, {"percent": 10.0, "portfolios": ["none"]}, "conditions.portfolios.0"),
        (WEIGHT, {"percent": 10.0, "portfolios": [UNKNOWN_ID]}, "conditions.portfolios.0"),
        (DUE, {"indexes": [UNKNOWN_ID]}, "conditions.indexes.0"),
        (MISSED, {"schedules": [UNKNOWN_ID]}, "conditions.schedules.0"),
    ],
)
def test_what_is_not_there_is_refused(client: Client, rule: dict[str, Any], conditions: dict[str, Any], field: str) -> None:
    for path in ("/alert-rules", "/alert-rules/preview"):
        answer = client.post(path, {**rule, "conditions": conditions})
        assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
        assert answer.json["errors"][0]["field"] == field
        assert "see GET /api/v1/" in answer.json["errors"][0]["message"]
    stored = make_rule(client, tickers=None, **rule, conditions={"percent": 10.0} if "percent" in conditions else {})
    changed = client("PATCH", f"/alert-rules/{stored['id']}", json={"conditions": conditions})
    assert (changed.status_code, changed.json["errors"][0]["field"]) == (422, field)


def test_what_belongs_to_others_is_not_there(client: Client) -> None:
    portfolio, index, schedule = make_portfolio(client), make_index(client), client.post("/schedules", NIGHTLY).json["id"]
    stranger = Client(client.app, {"X-API-Key": another_organization()})
    for rule, conditions in (
        (FALL, {"percent": 10.0, "portfolios": [portfolio]}),
        (DUE, {"indexes": [index]}),
        (MISSED, {"schedules": [schedule]}),
    ):
        assert stranger.post("/alert-rules", {**rule, "conditions": conditions}).status_code == 422
        assert client.post("/alert-rules", {**rule, "conditions": conditions}).status_code == 201


def test_a_rule_says_what_of_it_is_gone(client: Client) -> None:
    portfolio, other, index = make_portfolio(client), make_portfolio(client, name="Other"), make_index(client)
    fall = make_rule(client, tickers=None, **FALL, conditions={"percent": 10.0, "portfolios": [other, portfolio]})
    due = make_rule(client, tickers=None, **DUE, conditions={"indexes": [index]})
    schedule = client.post("/schedules", NIGHTLY).json["id"]
    missed = make_rule(client, tickers=None, **MISSED, conditions={"schedules": [schedule]})
    assert (fall["faults"], due["faults"], missed["faults"]) == ([], [], [])
    assert client.delete(f"/schedules/{schedule}").status_code == 204
    assert client.delete(f"/portfolios/{portfolio}").status_code == 204
    assert client.delete(f"/indexes/{index}").status_code == 204
    told = {rule["id"]: rule for rule in client.get("/alert-rules").json["items"]}
    words = f"The portfolio {portfolio}, which it watches, is gone: name another one."
    assert told[fall["id"]]["faults"] == [{"field": "conditions.portfolios.1", "message": words}]
    assert told[fall["id"]]["sentence"].endswith(f". It tells in the inbox. {words}")
    assert told[due["id"]]["faults"][0]["field"] == "conditions.indexes.0"
    assert told[missed["id"]]["faults"][0]["field"] == "conditions.schedules.0"
    assert client.get(f"/alert-rules/{due['id']}").json == told[due["id"]]
    assert client.post(f"/alert-rules/{due['id']}/test", {}).json["preview"]["sentence"] == told[due["id"]]["sentence"]


@pytest.mark.parametrize("kind", ["list", "stored", "portfolio"])
def test_a_rule_says_that_its_universe_is_gone(client: Client, kind: str) -> None:
    if kind == "list":
        path = f"/watchlists/{client.post('/watchlists', {'name': 'Mine'}).json['id']}"
        universe = f"watchlist:{path.rsplit('/', 1)[1]}"
    elif kind == "stored":
        path, universe = "/universes/mine", "mine"
        assert client.put(path, "Ticker\nAAPL\n", content_type="text/csv").status_code == 201
    else:
        portfolio = make_portfolio(client)
        path, universe = f"/portfolios/{portfolio}", f"portfolio:{portfolio}"
    rule = make_rule(client, tickers=None, universe=universe)
    assert rule["faults"] == []
    assert client.delete(path).status_code == 204
    gone = client.get(f"/alert-rules/{rule['id']}").json
    assert gone["faults"] == [{"field": "universe", "message": f"The universe '{universe}', which it watches, is gone: name another one."}]
    assert gone["sentence"].endswith(gone["faults"][0]["message"])


def test_a_rule_with_what_is_gone_can_be_changed_and_mended(client: Client) -> None:
    portfolio, channel = make_portfolio(client), make_channel()
    conditions = {"percent": 10.0, "portfolios": [portfolio]}
    rule = make_rule(client, tickers=None, **FALL, conditions=conditions, channels=[channel])
    path = f"/alert-rules/{rule['id']}"
    assert client.delete(f"/portfolios/{portfolio}").status_code == 204
    assert client.delete(f"/channels/{channel}").status_code == 204
    assert [fault["field"] for fault in client.get(path).json["faults"]] == ["conditions.portfolios.0", "channels.0"]
    assert client("PATCH", path, json={"enabled": False, "name": "Still"}).status_code == 200
    assert client("PATCH", path, json={"conditions": {**conditions, "percent": 5.0}}).status_code == 200
    refused = client("PATCH", path, json={"conditions": {**conditions, "portfolios": [portfolio, UNKNOWN_ID]}})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "conditions.portfolios.1")
    assert client("PATCH", path, json={"channels": [channel, make_channel("Other")]}).status_code == 200
    mended = client("PATCH", path, json={"conditions": {"percent": 5.0}, "channels": []}).json
    assert mended["faults"] == []


def test_alerts_and_rules_tell_the_name_of_a_strategy(client: Client, evening: Evening) -> None:
    assert client.post("/strategies", {"id": "steady", "name": "Steady hand", "base": "trend"}).status_code == 201
    rules = {
        "verdict": make_rule(client, strategy="steady", conditions={"to": ["Buy"]}),
        "record": make_rule(client, on="record_below", strategy=["steady", "trend"], conditions={"hit": 0.5}),
        "plan": make_rule(client, on="plan_touched", strategy="steady", conditions={}),
    }
    assert rules["verdict"]["sentence"].startswith("Tells you when Steady hand turns to Buy on ACME.")
    assert " of Steady hand or Trend following on ACME " in rules["record"]["sentence"]
    evening.run(weekday(0), Said(0.3, strategy="steady", record=(0.6, 0.1, 30)))
    evening.run(weekday(1), Said(0.0, strategy="steady"))
    evening.run(weekday(2), Said(0.3, strategy="steady", record=(0.6, 0.1, 30), plan=(100.0, 95.0, 110.0)))
    evening.run(weekday(3), Said(0.3, strategy="steady", record=(0.4, 0.1, 30), plan=(100.0, 95.0, 110.0)))
    evening.prices(weekday(4), 94.0, previous=100.0)
    evening.evaluate()
    told = {alert["on"]: alert for alert in alerts(client)}
    assert told["verdict_changed"]["message"].startswith("ACME: Steady hand turned from Hold to Buy, ")
    assert "the record of Buy by Steady hand fell to 40 %" in told["record_below"]["message"]
    assert "of the plan of Steady hand of" in told["plan_touched"]["message"]
    assert told["verdict_changed"]["data"]["strategy_name"] == "Steady hand"
