"""Rules that watch prices: levels, plans, and prices that nobody brings up to date."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from kit.alerting import Evening, Said, alerts, make_rule, states, weekday
from kit.support import Client
from kit.watchlist import rising

import database
from features.alerts.looking import look_at_ages
from models.event import EventType

CROSSED = {"name": "Level", "on": "price_crossed", "conditions": {"level": 90.0, "direction": "down"}}


def test_a_level_is_crossed(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **CROSSED)
    evening.prices(weekday(1), 91.0, 95.0)
    evening.prices(weekday(2), 89.5, 91.0)
    evening.prices(weekday(3), 89.0, 89.5)
    evening.evaluate()
    (alert,) = alerts(client)
    assert alert["message"] == "ACME fell below 90.00: close 89.50 (was 91.00), 3 January 2024."
    assert states(client, rule["id"]) == {"ACME": "firing"}


def test_the_first_prices_after_the_rule_may_cross(client: Client, evening: Evening) -> None:
    evening.prices(weekday(0), 80.0, 95.0)  # before there was a rule
    make_rule(client, **CROSSED)
    evening.evaluate()
    assert alerts(client) == []
    later = make_rule(client, **{**CROSSED, "name": "Later"})
    evening.prices(weekday(1), 89.0, 95.0)
    evening.evaluate()
    assert [alert["rule_id"] for alert in alerts(client)] == [later["id"]]


def test_a_close_that_hovers_about_a_level(client: Client, evening: Evening) -> None:
    make_rule(client, **{**CROSSED, "conditions": {"level": 90.0, "direction": "either", "dead_band": 1.0}})
    closes = [90.5, *([89.5, 90.5] * 60), 85.0, 95.0]
    for number, (before, close) in enumerate(itertools.pairwise(closes), start=1):
        evening.prices(weekday(number), close, before)
    evening.evaluate()
    assert [alert["data"]["is"] for alert in alerts(client)] == ["below", "above"]


def test_a_level_follows_a_split(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **CROSSED)
    evening.prices(weekday(1), 100.0, 99.0)
    evening.evaluate()
    day = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()  # of the level: splits of before are in it
    evening.prices(weekday(2), 24.0, 25.0, outcome="replaced")
    evening.event(EventType.SPLIT_DETECTED, "ACME", {"ticker": "ACME", "effective_day": day, "ratio": 4.0, "source": "test"})
    evening.evaluate()
    assert alerts(client) == []
    evening.prices(weekday(3), 22.0, 24.0)
    evening.evaluate()
    (alert,) = alerts(client)
    assert alert["data"]["level"] == 22.5
    assert alert["message"].endswith("The level is adjusted for the splits since.")
    assert states(client, rule["id"]) == {"ACME": "firing"}


def test_a_history_that_is_replaced_crosses_nothing(client: Client, evening: Evening) -> None:
    make_rule(client, **CROSSED)
    evening.prices(weekday(1), 100.0, 99.0)
    evening.prices(weekday(2), 50.0, 50.5, outcome="replaced")
    evening.prices(weekday(3), 50.2, 50.0)
    evening.evaluate()
    assert alerts(client) == []


def test_shared_prices_do_not_concern_an_organization_with_its_own(client: Client, evening: Evening) -> None:
    assert client.put("/prices/ACME", rising(300)).status_code == 200
    make_rule(client, **CROSSED)
    evening.prices(weekday(1), 80.0, 100.0, org_id=0)
    evening.evaluate()
    assert alerts(client) == []
    make_rule(client, **{**CROSSED, "name": "Another", "tickers": ["AAPL"]})  # the sample's prices are shared
    evening.prices(weekday(1), 80.0, 100.0, org_id=0, ticker="AAPL")
    evening.evaluate()
    assert [alert["ticker"] for alert in alerts(client)] == ["AAPL"]


PLAN = {"name": "Plan", "on": "plan_touched", "conditions": {}}


def test_a_plan_is_touched_by_prices_of_later_days(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(0.3, plan=(98.0, 95.0, 110.0)))
    make_rule(client, **PLAN)
    evening.prices(weekday(1), 100.0, 99.0, low=90.0, high=120.0)  # the plan is made of this day
    evening.prices(weekday(2), 99.0, 100.0, low=98.0, high=101.0)
    evening.prices(weekday(3), 96.0, 99.0, low=94.0, high=98.5)
    evening.evaluate()
    assert [(alert["day"], alert["data"]["levels"]) for alert in alerts(client)] == [
        (weekday(2).isoformat(), ["entry"]),
        (weekday(3).isoformat(), ["stop"]),
    ]
    assert "reached the stop 95.00 of the plan of Balanced of 2 January 2024" in alerts(client)[1]["message"]


def test_a_plan_of_the_same_evening_is_held_against_the_next_day(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(0.3, plan=(98.0, 95.0, 110.0)))
    make_rule(client, **{**PLAN, "conditions": {"levels": ["target"]}})
    evening.prices(weekday(2), 111.0, 100.0, low=99.0, high=112.0)
    evening.run(weekday(2), Said(0.3, close=111.0, plan=(109.0, 106.0, 120.0)))
    assert [alert["data"]["plan"]["target"] for alert in alerts(client)] == [110.0]
    evening.prices(weekday(3), 119.0, 111.0, low=110.0, high=119.5)
    evening.evaluate()
    assert len(alerts(client)) == 1


def test_a_plan_to_sell_short_is_touched_from_the_other_side(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(-0.3, plan=(100.0, 105.0, 90.0)))
    make_rule(client, **PLAN)
    evening.prices(weekday(2), 104.0, 100.0, low=101.0, high=106.0)
    evening.evaluate()
    assert [alert["data"]["levels"] for alert in alerts(client)] == [["entry", "stop"]]


def test_a_split_ends_the_plan_of_before(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(0.3, plan=(98.0, 95.0, 110.0)))
    make_rule(client, **PLAN)
    evening.prices(weekday(2), 25.0, 25.2, low=24.0, high=26.0, outcome="replaced")
    evening.evaluate()
    assert alerts(client) == []


def test_a_record_that_falls(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(0.3, record=(0.6, 0.1, 40)))
    make_rule(client, name="Record", on="record_below", conditions={"hit": 0.55})
    evening.run(weekday(2), Said(0.3, record=(0.54, 0.05, 41)))
    evening.run(weekday(3), Said(-0.3, record=(0.3, -0.1, 20)))  # another verdict has another record
    (alert,) = alerts(client)
    assert alert["message"] == "ACME: the record of Buy by Balanced fell to 54 % right, below 55 %, 3 January 2024."


def test_no_data_is_told_once(client: Client, evening: Evening) -> None:
    evening.run(weekday(1), Said(0.0))
    rule = make_rule(client, for_days=1)
    quiet = make_rule(client, conditions={"no_data": "quiet"})
    evening.run(weekday(2), Said(0.3))
    assert states(client, rule["id"]) == {"ACME": "pending"}
    for later in (10, 11, 12):
        evening.stale(weekday(2), weekday(later))
    evening.run(weekday(2), Said(0.3))
    alert = alerts(client)[-1]
    assert (alert["rule_id"], alert["fired_by"], alert["day"]) == (rule["id"], "no_data", weekday(10).isoformat())
    assert [one["fired_by"] for one in alerts(client, f"&rule={rule['id']}")] == ["no_data"]
    assert [one["fired_by"] for one in alerts(client, f"&rule={quiet['id']}")] == ["condition"]
    assert states(client, rule["id"]) == {"ACME": "no_data"}
    evening.run(weekday(13), Said(0.3))
    evening.run(weekday(14), Said(0.3))
    assert [one["fired_by"] for one in alerts(client, f"&rule={rule['id']}")] == ["no_data", "condition"]


@pytest.fixture
def old(client: Client) -> Any:
    """A ticker whose newest price is of some days ago."""
    assert client.put("/prices/OLD", rising(300, last=30)).status_code == 200
    return make_rule(client, name="Stale", on="prices_stale", tickers=["OLD"], conditions={"trading_days": 3})


def test_prices_that_fall_behind_are_told_once(client: Client, old: Any, evening: Evening) -> None:
    universes = evening.app.services.universes
    last_day = datetime.now(UTC).date() - timedelta(days=30)
    for days in range(12):
        moment = datetime.combine(last_day + timedelta(days=days), time(23), UTC)
        look_at_ages(database.current(), universes, moment)
    (alert,) = alerts(client)
    assert (alert["ticker"], alert["data"]["days"]) == ("OLD", 3)
    assert states(client, old["id"]) == {"OLD": "firing"}
    evening.prices(datetime.now(UTC).date(), 10.0, 10.0, ticker="OLD")
    evening.evaluate()
    assert states(client, old["id"]) == {"OLD": "normal"}
