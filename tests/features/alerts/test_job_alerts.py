"""Rules that watch jobs and schedules."""

from __future__ import annotations

from kit.alerting import Evening, alerts, make_rule, states
from kit.support import Client

from models.event import EventType

FAILED = {"name": "Jobs", "on": "job_failed", "tickers": None}


def test_a_failed_job_is_told_once_a_day(client: Client, evening: Evening) -> None:
    rule = make_rule(client, **FAILED, conditions={})
    evening.ended(total=10, succeeded=9, failed=1)
    evening.ended("price_refresh", total=10, succeeded=2, failed=8)
    evening.ended("price_refresh", total=4, succeeded=0, failed=4)
    evening.ended(status="failed", failed=0, succeeded=0, error={"code": "job_unreadable", "message": "It cannot be read."})
    evening.evaluate()
    assert sorted(alert["message"] for alert in alerts(client)) == [
        "A job failed: analysis of many tickers. It cannot be read.",
        "A job failed: refresh of prices, 8 of 10 items. A job failed: refresh of prices, 4 of 4 items.",
    ]
    assert all(alert["ticker"] is None and alert["data"]["link"].startswith("/tasks?job=") for alert in alerts(client))
    assert states(client, rule["id"]) == {"bulk_analysis": "firing", "price_refresh": "firing"}
    evening.ended()
    evening.evaluate()
    assert states(client, rule["id"])["bulk_analysis"] == "normal"


def test_kinds_can_be_chosen(client: Client, evening: Evening) -> None:
    make_rule(client, **FAILED, conditions={"kinds": ["price_refresh"], "min_failed_percent": 0})
    evening.ended(total=10, succeeded=0, failed=10)
    evening.ended("price_refresh", total=10, succeeded=10)
    evening.ended("price_refresh", status="cancelled", total=10, succeeded=1, cancelled=9)
    evening.evaluate()
    assert alerts(client) == []


def test_a_missed_schedule_is_told(client: Client, evening: Evening) -> None:
    make_rule(client, name="Schedules", on="schedule_missed", tickers=None, conditions={})
    data = {"schedule_id": "a-schedule", "name": "Evening", "due_at": "2026-11-27T21:30:00Z", "reason": "down"}
    evening.event(EventType.SCHEDULE_MISSED, "a-schedule", data)
    evening.evaluate()
    assert [alert["message"] for alert in alerts(client)] == ["The schedule Evening missed its time, 2026-11-27T21:30:00Z: down."]
