"""Rules that watch verdicts: what turns is told once, what hovers is not, what is superseded never."""

from __future__ import annotations

import itertools
import math

import pytest
from kit.alerting import Evening, Said, alerts, make_rule, states, told, weekday
from kit.support import Client


def test_a_verdict_that_turns_is_told_once(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.1))
    rule = make_rule(client, conditions={"from": ["Hold", "Sell"], "to": ["Buy"]})
    assert states(client, rule["id"]) == {"ACME": "normal"}
    evening.run(weekday(1), Said(0.3))
    evening.run(weekday(2), Said(0.31))
    (alert,) = alerts(client)
    assert (alert["ticker"], alert["day"], alert["fired_by"]) == ("ACME", weekday(1).isoformat(), "condition")
    assert (alert["data"]["was"], alert["data"]["is"], alert["data"]["was_score"]) == ("Hold", "Buy", 0.1)
    assert alert["message"].startswith("ACME: Balanced turned from Hold to Buy, score +0.30 (was +0.10), close 100.00, 2 January 2024.")
    assert alert["data"]["link"] == "/tickers/ACME?strategy=balanced"
    assert states(client, rule["id"]) == {"ACME": "firing"}


def test_what_is_so_already_is_not_told(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.3))
    make_rule(client)
    evening.run(weekday(1), Said(0.35))
    assert alerts(client) == []


def test_a_ticker_that_was_never_seen_is_compared_with_its_result_before(client: Client, evening: Evening) -> None:
    make_rule(client, tickers=None, universe="watchlist")
    evening.run(weekday(0), Said(0.1))
    client.post("/watchlist", {"ticker": "ACME"})
    evening.run(weekday(1), Said(0.3))
    assert told(client) == [(weekday(1).isoformat(), "Hold", "Buy")]


def test_other_verdicts_strategies_and_tickers_are_not_told(client: Client, evening: Evening) -> None:
    said = [Said(0.0), Said(0.0, strategy="trend"), Said(0.0, ticker="OTHER")]
    evening.run(weekday(0), *said)
    make_rule(client, conditions={"to": ["Buy"]})
    evening.run(weekday(1), Said(-0.3), Said(0.5, strategy="trend"), Said(0.5, ticker="OTHER"))
    assert alerts(client) == []


def test_days_are_waited_for_though_the_verdict_stays(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0))
    rule = make_rule(client, for_days=2)
    evening.run(weekday(1), Said(0.3))
    assert states(client, rule["id"]) == {"ACME": "pending"}
    evening.run(weekday(1), Said(0.32))  # the same day again is no day
    evening.run(weekday(2), Said(0.3))
    assert alerts(client) == []
    evening.run(weekday(3), Said(0.3))
    assert told(client) == [(weekday(3).isoformat(), "Hold", "Buy")]


def test_what_falls_back_while_it_is_pending_is_not_told(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0))
    rule = make_rule(client, for_days=2)
    for number, score in enumerate((0.3, 0.3, 0.1, 0.3, 0.3), start=1):
        evening.run(weekday(number), Said(score))
    assert alerts(client) == []
    assert states(client, rule["id"]) == {"ACME": "pending"}


@pytest.mark.parametrize(("dead_band", "most"), [(0.05, 1), (0.02, 260)])
def test_a_score_that_hovers_about_a_threshold_for_a_year(client: Client, evening: Evening, dead_band: float, most: int) -> None:
    """Between two passages there is a way of the dead band at least, so a narrower swing passes once."""
    evening.run(weekday(0), Said(0.19))
    make_rule(client, conditions={"dead_band": dead_band})
    swing = [0.2 + 0.03 * math.sin(day * 2.1) for day in range(1, 260)]
    for number, score in enumerate(swing, start=1):
        evening.result(weekday(number), Said(score))
    evening.evaluate()
    fired = alerts(client)
    way = sum(abs(after - before) for before, after in itertools.pairwise(swing))
    assert 1 <= len(fired) <= min(most, 1 + way / dead_band)
    assert len({alert["day"] for alert in fired}) == len(fired)


def test_a_rule_has_one_alert_a_day_of_a_ticker(client: Client, evening: Evening) -> None:
    evening.run(weekday(0), Said(0.0), Said(0.0, strategy="trend"))
    make_rule(client, strategy=["balanced", "trend"], conditions={})
    evening.run(weekday(1), Said(0.3))
    (alert,) = alerts(client)
    client.post(f"/alerts/{alert['id']}/read")
    evening.run(weekday(1), Said(-0.3, strategy="trend"))
    (again,) = alerts(client)
    assert (again["id"], again["read_at"], len(again["data"]["more"])) == (alert["id"], None, 1)
    assert again["data"]["more"][0]["is"] == "Sell"
    assert "Trend following turned from Hold to Sell" in again["message"]


def test_a_ticker_that_comes_back_to_a_list_is_not_compared_with_what_was_seen_then(client: Client, evening: Evening) -> None:
    client.post("/watchlist", {"ticker": "ACME"})
    evening.run(weekday(0), Said(0.0))
    rule = make_rule(client, tickers=None, universe="watchlist")
    client.delete("/watchlist/ACME")
    evening.run(weekday(1), Said(0.3))
    assert states(client, rule["id"]) == {}
    client.post("/watchlist", {"ticker": "ACME"})
    evening.run(weekday(2), Said(0.3))
    assert alerts(client) == []
    assert states(client, rule["id"]) == {"ACME": "normal"}
