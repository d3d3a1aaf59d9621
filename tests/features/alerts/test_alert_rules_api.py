"""Rules over HTTP: what they say, changes, limits, what they would see, and input that does not fit."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from kit.alerting import RULE, Evening, Said, alerts, make_rule, states, weekday
from kit.jobs import UNKNOWN_ID
from kit.support import Client
from kit.watchlist import rising

import database
from features.alerts import service
from features.alerts.flags import ALERTS
from features.alerts.schemas.rule import AlertKindName, StateId
from features.alerts.service import Author, Limits
from models.alert import AlertKind, RuleDraft, StateName
from models.alert_errors import TooManyAlertRules, TooManyTickersOfRule


def test_the_schemas_name_what_the_models_have() -> None:
    assert get_args(AlertKindName.__value__) == tuple(AlertKind)
    assert get_args(StateId.__value__) == tuple(StateName)


SENTENCES: dict[str, dict[str, Any]] = {
    "Tells you when Balanced turns from Hold or Sell to Buy on a ticker of your watchlist, and stays so for 2 trading days. It tells in "
    "the inbox.": {
        "universe": "watchlist", "tickers": None, "conditions": {"from": ["Hold", "Sell"], "to": ["Buy"]}, "for_days": 2,
    },
    "Tells you when Balanced or Mean reversion changes its verdict on A, B, C or 2 more, with a score that has moved by 0.1 or more. "
    "It tells in the inbox.": {
        "tickers": ["A", "B", "C", "D", "E"], "strategy": ["balanced", "reversion"], "conditions": {"min_score_change": 0.1},
        "digest": False,
    },
    "Tells you when the close of any ticker with prices falls below 1,250.5. It is switched off.": {
        "on": "price_crossed", "tickers": None, "universe": "all", "conditions": {"level": 1250.5, "direction": "down"}, "enabled": False,
    },
    "Tells you when prices reach the entry or stop of the plan of Balanced for ACME. It tells in the inbox.": {
        "on": "plan_touched", "conditions": {"levels": ["entry", "stop"]}, "digest": False,
    },
    "Tells you when the record of the verdict of Balanced on ACME falls below 2 percentage points over any day. It tells in the inbox.": {
        "on": "record_below", "conditions": {"lift": 0.02}, "digest": False,
    },
    "Tells you when the prices of ACME are 1 trading day behind. It tells in the inbox.": {
        "on": "prices_stale", "conditions": {"trading_days": 1}, "digest": False,
    },
    "Tells you when a job fails, or 50 % or more of its items do. It tells in the inbox.": {
        "on": "job_failed", "tickers": None, "conditions": {}, "digest": False,
    },
    "Tells you when a schedule misses its time. It tells in the inbox.": {
        "on": "schedule_missed", "tickers": None, "conditions": {}, "digest": False,
    },
}  # fmt: skip


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_rule_says_what_it_does(client: Client, sentence: str) -> None:
    rule = make_rule(client, **SENTENCES[sentence])
    assert rule["sentence"] == sentence
    assert client.get(f"/alert-rules/{rule['id']}").json == rule


def test_a_rule_is_changed(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0), Said(0.3, ticker="OTHER"))
    rule = make_rule(client)
    assert (rule["version"], rule["created_by"]) == (1, "master")
    changed = client("PATCH", f"/alert-rules/{rule['id']}", json={"universe": "all", "for_days": 1, "name": "New"}).json
    assert (changed["version"], changed["name"], changed["universe"], changed["tickers"]) == (2, "New", "all", None)
    assert changed["conditions"] == rule["conditions"]
    changed = client("PATCH", f"/alert-rules/{rule['id']}", json={"tickers": ["OTHER"], "conditions": {"to": ["Sell"]}}).json
    assert (changed["universe"], changed["tickers"], changed["conditions"]["to"]) == (None, ["OTHER"], ["Sell"])
    assert states(client, rule["id"]) == {"OTHER": "normal"}
    for wrong in ({"conditions": {"level": 3}}, {"for_days": -1}, {"on": "job_failed"}, {"tickers": []}, {"strategy": "none"}):
        assert client("PATCH", f"/alert-rules/{rule['id']}", json=wrong).status_code == 422
    assert client.get(f"/alert-rules/{rule['id']}").json["version"] == 3


def test_a_rule_that_is_switched_on_again_begins_anew(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0))
    rule = make_rule(client)
    client("PATCH", f"/alert-rules/{rule['id']}", json={"enabled": False})
    evening.run(weekday(1), Said(0.3))
    client("PATCH", f"/alert-rules/{rule['id']}", json={"enabled": True})
    evening.run(weekday(2), Said(0.3))
    assert alerts(client) == []


def test_a_deleted_rule_is_gone(client: Client, evening: Evening) -> None:
    rule = make_rule(client)
    assert client.delete(f"/alert-rules/{rule['id']}").status_code == 204
    assert client.delete(f"/alert-rules/{rule['id']}").status_code == 404
    evening.run(weekday(0), Said(0.0))
    for path in (f"/alert-rules/{rule['id']}", f"/alert-rules/{UNKNOWN_ID}/states", "/alert-rules/x"):
        assert client.get(path).status_code == 404


def test_limits_of_rules_and_tickers(client: Client) -> None:
    draft = RuleDraft("All", AlertKind.PRICES_STALE, {"trading_days": 5}, universe="all")
    universes = client.app.services.universes
    with database.transaction() as connection:
        with pytest.raises(TooManyTickersOfRule):
            service.create_rule(connection, Author(1, None, universes, Limits(tickers=2)), draft)
        author = Author(1, None, universes, Limits(rules=2))
        service.create_rule(connection, author, draft)
        service.create_rule(connection, author, draft)
        with pytest.raises(TooManyAlertRules):
            service.create_rule(connection, author, draft)


def test_pages_of_rules_and_states(client: Client, evening: Evening) -> None:
    made = [make_rule(client, name=f"Rule {number}", tickers=["A", "B", "C"])["id"] for number in range(3)]
    evening.run(weekday(0), *(Said(0.3, ticker=ticker) for ticker in "ABC"))
    page = client.get("/alert-rules?limit=2").json
    rest = client.get(f"/alert-rules?limit=2&cursor={page['next_cursor']}").json
    assert [rule["id"] for rule in page["items"] + rest["items"]] == made
    assert page["items"][0]["states"] == {"normal": 3, "pending": 0, "firing": 0, "recovering": 0, "no_data": 0}
    page = client.get(f"/alert-rules/{made[0]}/states?limit=2").json
    rest = client.get(f"/alert-rules/{made[0]}/states?limit=2&cursor={page['next_cursor']}").json
    assert [item["ticker"] for item in page["items"] + rest["items"]] == ["A", "B", "C"]
    assert client.get(f"/alert-rules/{made[0]}/states?state=firing").json["items"] == []


def test_a_rule_shows_what_it_would_see(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.3), Said(0.0, ticker="OTHER", record=(0.5, 0.1, 30), plan=(1.0, 2.0, 3.0)))
    shown = client.post("/alert-rules/preview", {**RULE, "tickers": ["OTHER", "ACME", "NONE"]}).json
    assert (shown["tickers"], shown["holding"], shown["without_data"]) == (3, 1, 1)
    assert [(item["ticker"], item["says"], item["holds"]) for item in shown["items"]] == [
        ("ACME", "Buy, score +0.30", True),
        ("OTHER", "Hold, score +0.00", False),
        ("NONE", "no result yet", None),
    ]
    record = {"name": "R", "on": "record_below", "tickers": ["ACME", "OTHER"], "conditions": {"hit": 0.6}}
    assert [item["says"] for item in client.post("/alert-rules/preview", record).json["items"]] == [
        "Hold: 50 % right",
        "Buy, without a record",
    ]
    plan = {"name": "P", "on": "plan_touched", "tickers": ["OTHER"], "conditions": {}}
    assert client.post("/alert-rules/preview", plan).json["items"][0]["says"] == "Hold: entry 1.00, stop 2.00, target 3.00"
    assert client.put("/prices/UP", rising(300)).status_code == 200
    level = {"name": "L", "on": "price_crossed", "tickers": ["UP", "NONE"], "conditions": {"level": 100.0, "direction": "up"}}
    assert [item["says"] for item in client.post("/alert-rules/preview", level).json["items"]] == [
        "close 400.00, above 100.00",
        "no prices",
    ]
    stale = {"name": "S", "on": "prices_stale", "universe": "all", "conditions": {}}
    shown = client.post("/alert-rules/preview", stale).json
    assert (shown["holding"], shown["items"][0]["holds"]) == (5, True)
    assert client.get("/alert-rules").json["items"] == []


def test_nothing_is_evaluated_while_the_flag_is_off(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0))
    make_rule(client)
    flags = client.app.services.flags
    flags.change(ALERTS, False, "too many", "tests")
    evening.run(weekday(1), Said(0.3))
    assert client.post("/alert-rules", RULE).status_code == 503
    flags.change(ALERTS, True, None, "tests")
    evening.evaluate()
    assert alerts(client) == []  # what happened meanwhile is not made up for
    evening.run(weekday(2), Said(0.31))
    assert [alert["day"] for alert in alerts(client)] == [weekday(2).isoformat()]  # but what is different now is told


def test_nothing_is_evaluated_while_the_flag_is_off_for_the_organization(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0))
    make_rule(client)
    client("PUT", "/organization/flags/alerts", json={"enabled": False})
    evening.run(weekday(1), Said(0.3))
    assert client.post("/alert-rules", RULE).status_code == 503
    client("PUT", "/organization/flags/alerts", json={"enabled": True})
    evening.evaluate()
    assert alerts(client) == []
    evening.run(weekday(2), Said(0.31))
    assert [alert["day"] for alert in alerts(client)] == [weekday(2).isoformat()]


HOSTILE: dict[str, dict[str, Any]] = {
    "no name": {"name": " "},
    "a name of lines": {"name": "a\nb"},
    "a long name": {"name": "x" * 101},
    "nothing to watch": {"tickers": None},
    "two things to watch": {"universe": "all"},
    "no ticker": {"tickers": []},
    "a bad ticker": {"tickers": ["A B"]},
    "too many tickers": {"tickers": [f"T{number}" for number in range(501)]},
    "an unknown kind": {"on": "moon_full"},
    "a kind of another type": {"on": 3},
    "conditions of another kind": {"on": "price_crossed"},
    "no conditions": {"conditions": None},
    "conditions that are a list": {"conditions": []},
    "an unknown condition": {"conditions": {"when": "now"}},
    "another kind within": {"conditions": {"on": "price_crossed", "level": 1}},
    "an unknown verdict": {"conditions": {"to": ["buy"]}},
    "no verdict": {"conditions": {"to": []}},
    "the same before and after": {"conditions": {"from": ["Buy"], "to": ["Buy"]}},
    "a dead band of two": {"conditions": {"dead_band": 2}},
    "a dead band below nothing": {"conditions": {"dead_band": -0.1}},
    "days below nothing": {"for_days": -1},
    "too many days": {"for_days": 251},
    "a fraction of days": {"for_days": 1.5},
    "an unknown strategy": {"strategy": "magic"},
    "no strategy": {"strategy": []},
    "jobs with tickers": {"on": "job_failed", "conditions": {}},
    "jobs with a strategy": {"on": "job_failed", "tickers": None, "strategy": "trend", "conditions": {}},
    "days of what is told at once": {"on": "plan_touched", "conditions": {}, "for_days": 1},
    "a level of nothing": {"on": "price_crossed", "conditions": {"level": 0}},
    "a level as text": {"on": "price_crossed", "conditions": {"level": "90"}},
    "no threshold": {"on": "record_below", "conditions": {}},
    "two thresholds": {"on": "record_below", "conditions": {"hit": 0.5, "lift": 0.1}},
    "another horizon": {"on": "record_below", "conditions": {"hit": 0.5, "horizon": 5}},
    "an unknown field": {"extra": 1},
    "channels as text": {"channels": "all"},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_does_not_fit_is_refused_with_a_sentence(client: Client, case: str) -> None:
    body = {**RULE, **HOSTILE[case]}
    for path in ("/alert-rules", "/alert-rules/preview"):
        answer = client.post(path, body)
        assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), answer.json
        assert answer.json["errors"][0]["message"]


def test_an_unknown_universe_is_refused(client: Client) -> None:
    answer = client.post("/alert-rules", {**RULE, "tickers": None, "universe": "nowhere"})
    assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")


def test_a_universe_that_is_gone_watches_nothing(client: Client, evening: Evening) -> None:
    assert client("PUT", "/universes/mine", json={"items": [{"ticker": "ACME"}]}).status_code in (200, 201)
    rule = make_rule(client, tickers=None, universe="mine")
    client.delete("/universes/mine")
    evening.run(weekday(0), Said(0.0))
    evening.run(weekday(1), Said(0.3))
    assert alerts(client) == []
    assert client.post(f"/alert-rules/{rule['id']}/test", {}).json["preview"]["tickers"] == 0
