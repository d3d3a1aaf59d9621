"""What is told by channels: at once, or in one message at the end of a run, and each once, whatever is cut off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.alerting import Evening, Said, alerts, make_channel, make_rule, sent, weekday
from kit.jobs import SAMPLE
from kit.statements import Killed, killed_at
from kit.support import Client
from sqlalchemy import text

import database
from features.alerts.looking import look_at_digests
from utils.clock import now

TICKERS = ["T0", "T1", "T2"]


@pytest.fixture
def channel(evening: Evening) -> str:
    evening.run(weekday(0), *(Said(0.0, ticker=ticker) for ticker in TICKERS))
    return make_channel()


def turn(evening: Evening, day: int = 1, score: float = 0.3) -> None:
    for ticker in TICKERS:
        evening.result(weekday(day), Said(score, ticker=ticker))


def test_without_a_digest_each_alert_is_a_message(client: Client, evening: Evening, channel: str) -> None:
    make_rule(client, tickers=TICKERS, channels=[channel], digest=False)
    turn(evening)
    evening.evaluate()
    assert sorted(sent()) == [(channel, f"Turns to Buy: {ticker}") for ticker in TICKERS]
    assert all(alert["told_at"] for alert in alerts(client))


def test_a_digest_waits_for_the_end_of_the_run(client: Client, evening: Evening, channel: str) -> None:
    another = make_channel("Another")
    make_rule(client, tickers=TICKERS, channels=[channel])
    make_rule(client, name="First of them", tickers=TICKERS[:1], channels=[channel, another])
    turn(evening)
    evening.evaluate()
    assert sent() == []
    assert all(alert["told_at"] is None for alert in alerts(client))
    job = client.post("/bulk-analyze", {"tickers": list(SAMPLE)}).json
    evening.ended("price_refresh")
    evening.evaluate()
    assert sent() == []  # an analysis is still to come
    client.post(f"/jobs/{job['id']}/cancel")
    evening.ended()
    evening.evaluate()
    assert sorted(sent()) == sorted([(channel, "4 alerts: T0, T1, T2"), (another, "First of them: T0")])
    evening.ended()
    evening.evaluate()
    assert len(sent()) == 2


def test_a_digest_waits_for_an_hour_at_most(client: Client, evening: Evening, channel: str) -> None:
    make_rule(client, tickers=TICKERS, channels=[channel])
    turn(evening)
    evening.evaluate()
    client.post("/bulk-analyze", {"tickers": list(SAMPLE)})
    look_at_digests(database.current(), now() + timedelta(minutes=59))
    assert sent() == []
    look_at_digests(database.current(), now() + timedelta(minutes=61))
    look_at_digests(database.current(), now() + timedelta(minutes=62))
    assert sent() == [(channel, "3 alerts: T0, T1, T2")]


def test_what_is_added_on_the_same_day_is_told_with_the_digest(client: Client, evening: Evening, channel: str) -> None:
    evening.run(weekday(0), Said(0.0, ticker="T0", strategy="trend"))
    make_rule(client, tickers=["T0"], strategy=["balanced", "trend"], conditions={}, channels=[channel])
    evening.result(weekday(1), Said(0.3, ticker="T0"))
    evening.evaluate()
    evening.run(weekday(1), Said(-0.3, ticker="T0", strategy="trend"))
    assert sent() == [(channel, "Turns to Buy: T0")]
    with database.read() as connection:
        message: Any = connection.execute(text("SELECT message FROM deliveries")).scalar_one()
    assert "Balanced turned from Hold to Buy" in message
    assert "Trend following turned from Hold to Sell" in message


def test_a_rule_that_is_deleted_tells_no_more(client: Client, evening: Evening, channel: str) -> None:
    rule = make_rule(client, tickers=TICKERS, channels=[channel])
    turn(evening)
    evening.evaluate()
    assert client.delete(f"/alert-rules/{rule['id']}").status_code == 204
    evening.ended()
    evening.evaluate()
    assert sent() == []
    assert [alert["rule_id"] for alert in alerts(client)] == [rule["id"]] * 3


def test_a_digest_that_is_cut_off_anywhere_is_told_once(client: Client, evening: Evening, channel: str) -> None:
    make_rule(client, tickers=TICKERS, channels=[channel], conditions={"to": ["Buy"], "dead_band": 0})
    kills = 0
    for number in range(1, 60):
        turn(evening, number, 0.3 if number % 2 else -0.3)
        evening.ended()
        try:
            with killed_at(number):
                evening.evaluate()
        except Killed:
            kills += 1
        evening.evaluate()
        assert len(sent()) == (number + 1) // 2, f"cut off at statement {number}"
    assert kills > 20


def test_unknown_channels_are_refused(client: Client) -> None:
    body = {"name": "Level", "on": "price_crossed", "tickers": ["ACME"], "conditions": {"level": 1.0}}
    answer = client.post("/alert-rules", {**body, "channels": ["019aa3b2-7a1e-7c8e-8a55-ffffffffffff"]})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client.post("/alert-rules", {**body, "channels": ["me@example.com"]}).status_code == 422


def test_a_rule_is_tried(client: Client, evening: Evening, channel: str) -> None:
    rule = make_rule(client, tickers=TICKERS, channels=[channel])
    shown = client.post(f"/alert-rules/{rule['id']}/test", {}).json
    assert (shown["deliveries"], shown["preview"]["tickers"], sent()) == (None, 3, [])
    tried = client.post(f"/alert-rules/{rule['id']}/test", {"send": True}).json
    assert len(tried["deliveries"]) == 1
    assert sent() == [(channel, "Test: Turns to Buy")]
