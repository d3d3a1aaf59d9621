"""Schedules over HTTP: make, change, pause, run and backfill them, and read their ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.channels import make_channel
from kit.jobs import run_jobs
from kit.schedules import offer, started_keys
from kit.support import Client
from sqlalchemy import text

import database
from api.application import Application
from features.schedules.dispatcher import Dispatcher
from features.schedules.feature import FEATURE
from features.schedules.flags import SCHEDULES
from features.schedules.starting import Starter
from infrastructure.foundation import Foundation
from jobs.wakeup import NoWakeup
from utils.clock import now

CRON = {"name": "Evening", "cron": "30 17 * * MON-FRI", "time_zone": "America/New_York", "action": "refresh", "params": {"universe": "all"}}
CLOSE = {"name": "After the close", "calendar": "XNYS", "after_close": "00:30", "action": "bulk_analysis", "params": {"strategy": "trend"}}
MINUTELY = {"name": "Minutely", "cron": "* * * * *", "action": "refresh"}
FIRING = {"schedule_id", "due_at", "state", "reason", "message", "kind", "job_id", "run_id", "started_at", "finished_at"}


@pytest.fixture
def foundation(app: Application) -> Foundation:
    return offer(app)


def made(client: Client, body: dict[str, Any]) -> Any:
    answer = client.post("/schedules", body)
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == f"/api/v1/schedules/{answer.json['id']}"
    return answer.json


def look(foundation: Foundation, minutes: int = 0) -> None:
    """Look as a dispatcher does in a while."""
    Dispatcher(foundation.database, Starter(foundation, NoWakeup()), lambda _: now() + timedelta(minutes=minutes)).look()


def test_made_and_read(client: Client, foundation: Foundation) -> None:
    by_cron, after_close = made(client, CRON), made(client, CLOSE)
    assert by_cron | CRON == by_cron
    assert (by_cron["enabled"], by_cron["catch_up"], by_cron["overlap"], by_cron["version"]) == (True, 43_200, "skip", 1)
    assert (by_cron["calendar"], by_cron["after_close"], by_cron["last_due_at"], by_cron["created_by"]) == (None, None, None, "master")
    assert by_cron["next_due_at"].endswith("Z")
    assert by_cron["sentence"] == "At 17:30 on Monday through Friday (America/New_York): refresh the prices of all tickers."
    assert after_close["sentence"].startswith("Every trading day, 30 minutes after the close of New York Stock Exchange: analyse")
    assert client.get(f"/schedules/{by_cron['id']}").json == by_cron
    assert [each["name"] for each in client.get("/schedules").json["items"]] == ["After the close", "Evening"]
    first = client.get("/schedules?limit=1").json
    assert [each["name"] for each in client.get(f"/schedules?limit=1&cursor={first['next_cursor']}").json["items"]] == ["Evening"]
    times = client.get(f"/schedules/{by_cron['id']}/next?count=3").json["items"]
    assert len(times) == 3
    assert times[0] == by_cron["next_due_at"]
    shown = client.get("/schedules/preview?calendar=XNYS&after_close=00:30&count=2").json
    assert shown["sentence"] == "Every trading day, 30 minutes after the close of New York Stock Exchange."
    assert shown["items"][0] == after_close["next_due_at"]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        pytest.param({"cron": "0 0 30 2 *"}, "cron", "day-of-month", id="30 February"),
        pytest.param({"cron": "* * * * * *"}, "cron", "seconds", id="seconds"),
        pytest.param({"cron": ["*"]}, "cron", "text", id="a list"),
        pytest.param({"cron": "\x00 * * * *"}, "cron", "", id="a null"),
        pytest.param({"time_zone": "Mars/Olympus"}, "time_zone", "Mars/Olympus", id="no such zone"),
        pytest.param({"time_zone": "../../etc/passwd"}, "time_zone", "no time zone", id="a path"),
        pytest.param({"calendar": "XNYS"}, "calendar", "not both", id="both forms"),
        pytest.param({"after_close": "00:30"}, "after_close", "goes with calendar", id="a close without a calendar"),
        pytest.param({"cron": None, "time_zone": None}, "calendar", "say when", id="neither form"),
        pytest.param({"cron": None, "time_zone": None, "calendar": "NYSE", "after_close": 5}, "calendar", "XNYS", id="no such calendar"),
        pytest.param({"cron": None, "time_zone": None, "calendar": "XNYS", "after_close": 1440}, "after_close", "1439", id="a day later"),
        pytest.param({"action": "delete_everything"}, "action", "refresh", id="no such action"),
        pytest.param({"params": {"universe": 5}}, "params.universe", "text", id="a parameter's type"),
        pytest.param({"params": {"__proto__": 5}}, "params.__proto__", "no such field", id="no such parameter"),
        pytest.param({"params": []}, "params", "object", id="no object"),
        pytest.param({"catch_up": -1}, "catch_up", "at least 0", id="before it is due"),
        pytest.param({"catch_up": 10**9}, "catch_up", "at most", id="thirty years late"),
        pytest.param({"overlap": "cancel"}, "overlap", "skip", id="no such overlap"),
        pytest.param({"name": ""}, "name", "", id="no name"),
        pytest.param({"name": "x" * 81}, "name", "80", id="a long name"),
        pytest.param({"seconds": 5}, "seconds", "no such field", id="no such field"),
    ],
)
def test_what_is_refused(client: Client, foundation: Foundation, changes: dict[str, Any], field: str, says: str) -> None:
    answer = client.post("/schedules", CRON | changes)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == field, answer.json
    assert says.lower() in answer.json["errors"][0]["message"].lower()


def test_an_action_that_nothing_offers(client: Client, foundation: Foundation) -> None:
    answer = client.post("/schedules", CRON | {"action": "report"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert "'report'" in answer.json["detail"]


def test_a_report_needs_somebody_to_tell(client: Client) -> None:
    answer = client.post("/schedules", CRON | {"action": "report", "params": {"universe": "all"}})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "params.channels")
    make_channel("desk", "https://127.0.0.1/desk")
    report = made(client, CRON | {"action": "report", "params": {"universe": "all", "strategy": "trend", "channels": ["desk"]}})
    assert report["sentence"].endswith(": send the report of all tickers with the strategy trend.")


def test_names_are_unique(client: Client, foundation: Foundation) -> None:
    made(client, CRON)
    other = made(client, CLOSE)
    assert client.post("/schedules", CRON).status_code == 409
    assert client("PATCH", f"/schedules/{other['id']}", json={"name": "Evening"}).status_code == 409


def test_changed(client: Client, foundation: Foundation) -> None:
    schedule = made(client, CRON)
    path = f"/schedules/{schedule['id']}"
    changed = client("PATCH", path, json={"time_zone": "Europe/Berlin", "catch_up": 60}).json
    assert (changed["cron"], changed["time_zone"], changed["catch_up"], changed["version"]) == (CRON["cron"], "Europe/Berlin", 60, 2)
    changed = client("PATCH", path, json={"calendar": "XETR", "after_close": 45}).json
    assert [changed[name] for name in ("cron", "time_zone", "calendar", "after_close")] == [None, None, "XETR", "00:45"]
    changed = client("PATCH", path, json={"cron": "0 9 * * *"}).json
    assert [changed[name] for name in ("cron", "time_zone", "calendar", "after_close")] == ["0 9 * * *", "UTC", None, None]
    assert client("PATCH", path, json={"after_close": "01:00"}).status_code == 422
    assert client("PATCH", path, json={"version": 1, "name": "Late"}).status_code == 409
    assert client("PATCH", path, json={"version": 4, "name": "Late"}).json["name"] == "Late"
    assert client("PATCH", path, json={"action": "pipeline"}).status_code == 409
    assert client("PATCH", path, json={}).json["name"] == "Late"


def test_paused_and_resumed(client: Client, foundation: Foundation) -> None:
    schedule = made(client, CRON)
    assert client.post(f"/schedules/{schedule['id']}/pause").json["enabled"] is False
    paused = client.post(f"/schedules/{schedule['id']}/pause").json
    assert (paused["enabled"], paused["next_due_at"]) == (False, schedule["next_due_at"])
    assert client.post(f"/schedules/{schedule['id']}/resume").json["enabled"] is True


def test_the_ledger(client: Client, foundation: Foundation) -> None:
    schedule = made(client, MINUTELY)
    path = f"/schedules/{schedule['id']}"
    for minutes in range(1, 5):
        look(foundation, minutes)
    client.post(f"{path}/pause")
    look(foundation, 6)
    whole = client.get(f"{path}/firings").json["items"]
    assert [each["state"] for each in whole] == ["skipped", "skipped", "fired", "fired", "fired", "fired"]
    assert set(whole[0]) == FIRING
    assert [each["due_at"] for each in whole] == sorted((each["due_at"] for each in whole), reverse=True)
    pages, cursor = [], ""
    while True:
        page = client.get(f"{path}/firings?limit=4{cursor}").json
        pages += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert pages == whole
    skipped = client.get(f"{path}/firings?state=skipped").json["items"]
    assert [(each["reason"], each["message"]) for each in skipped] == [("paused", "The schedule was paused.")] * 2
    assert client.get(f"{path}/firings?state=lost").status_code == 422
    first, last = whole[-1]["due_at"][:10], whole[0]["due_at"][:10]
    days = client.get(f"/schedule-days?first={first}&last={last}").json["items"]
    assert sum(each["firings"] for each in days if each["state"] == "fired") == 4
    assert {each["schedule_id"] for each in days} == {schedule["id"]}
    assert client.get(f"/schedule-days?first={last}&last=2020-01-01").status_code == 422
    assert client.get("/schedule-days?first=2026-01-01&last=2026-12-31").status_code == 422


def test_run_by_hand(client: Client, foundation: Foundation) -> None:
    schedule = made(client, CLOSE)
    path = f"/schedules/{schedule['id']}/run"
    first = client.post(path, headers={"Idempotency-Key": "once"})
    assert first.status_code == 202
    assert (first.json["state"], first.json["kind"]) == ("fired", "manual")
    assert first.json["job_id"] is not None
    again = client.post(path, headers={"Idempotency-Key": "once"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json
    refused = client.post(path)
    assert refused.status_code == 409
    assert first.json["job_id"] in refused.json["detail"]
    client("PATCH", f"/schedules/{schedule['id']}", json={"overlap": "queue"})
    assert client.post(path).json["state"] == "waiting"
    assert client.post(path).status_code == 409
    run_jobs()
    look(foundation)
    firings = client.get(f"/schedules/{schedule['id']}/firings").json["items"]
    assert [each["state"] for each in firings] == ["fired", "fired"]
    assert len(started_keys()) == 2
    assert client.get(f"/schedules/{schedule['id']}").json["next_due_at"] == schedule["next_due_at"]


def test_run_by_hand_says_what_is_wrong(client: Client, foundation: Foundation) -> None:
    schedule = made(client, CRON | {"params": {"universe": "gone"}})
    answer = client.post(f"/schedules/{schedule['id']}/run")
    assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
    assert client.get(f"/schedules/{schedule['id']}/firings").json["items"] == []


def test_backfilled(client: Client, foundation: Foundation) -> None:
    """What never ran runs, oldest first, one after the other; the same again finds nothing."""
    schedule = made(client, MINUTELY | {"action": "bulk_analysis"})
    path = f"/schedules/{schedule['id']}"
    until = now().replace(second=0, microsecond=0)
    body = {"from": (until - timedelta(minutes=2)).isoformat(), "to": until.isoformat()}
    answer = client.post(f"{path}/backfill", body)
    assert answer.status_code == 202
    assert [(each["state"], each["kind"]) for each in answer.json["items"]] == [("waiting", "backfill")] * 3
    assert client.post(f"{path}/backfill", body).json["items"] == []
    for number in range(1, 4):
        look(foundation)
        look(foundation)
        assert len(started_keys()) == number
        run_jobs()
    assert started_keys() == sorted(started_keys())
    states = {each["state"] for each in client.get(f"{path}/firings").json["items"] if each["kind"] == "backfill"}
    assert states <= {"late", "fired"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({"from": "2026-01-01T00:00:00Z", "to": "2025-01-01T00:00:00Z"}, "before from", id="backwards"),
        pytest.param({"from": "2026-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"}, "future", id="in the future"),
        pytest.param({"from": "2020-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "366 days", id="six years"),
        pytest.param({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, "At most 100", id="too many"),
        pytest.param({"from": "2026-01-01T00:00:00", "to": "2026-01-02T00:00:00Z"}, "", id="no time zone"),
        pytest.param({"from": "yesterday", "to": "2026-01-02T00:00:00Z"}, "", id="a word"),
        pytest.param({"from": 0, "to": 1}, "", id="numbers"),
        pytest.param({}, "needed", id="nothing"),
    ],
)
def test_a_period_that_cannot_be_backfilled(client: Client, foundation: Foundation, body: dict[str, Any], says: str) -> None:
    schedule = made(client, MINUTELY)
    answer = client.post(f"/schedules/{schedule['id']}/backfill", body)
    assert answer.status_code == 422, answer.json
    assert says in answer.json["detail"]


def test_deleted(client: Client, foundation: Foundation) -> None:
    schedule = made(client, MINUTELY)
    look(foundation, 3)
    assert client.delete(f"/schedules/{schedule['id']}").status_code == 204
    assert client.delete(f"/schedules/{schedule['id']}").status_code == 404
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM schedule_firings")).scalar_one() == 0
    look(foundation, 5)


@pytest.mark.parametrize("schedule_id", ["01a1fbd8-91c5-76db-ada4-c6947b434124", "none", "'; DROP TABLE schedules; --"])
def test_no_such_schedule(client: Client, foundation: Foundation, schedule_id: str) -> None:
    path = f"/schedules/{schedule_id}"
    body = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    answers = [client.get(path), client("PATCH", path, json={"catch_up": 5}), client.delete(path), client.get(f"{path}/firings")]
    answers += [client.get(f"{path}/next"), client.post(f"{path}/run"), client.post(f"{path}/backfill", body), client.post(f"{path}/pause")]
    assert {answer.status_code for answer in answers} == {404}


def test_switched_off(client: Client, foundation: Foundation) -> None:
    """Nothing is made or run; what is stored can be read, paused and deleted."""
    schedule = made(client, MINUTELY)
    path = f"/schedules/{schedule['id']}"
    client.app.services.flags.change(SCHEDULES, False, None, "tester")
    foundation.flags.change(SCHEDULES, False, None, "tester")
    assert client.post("/schedules", CRON).json["code"] == "feature_disabled"
    assert client.post(f"{path}/run").json["code"] == "feature_disabled"
    assert client.get(path).status_code == 200
    assert client.post(f"{path}/pause").status_code == 200
    assert client.delete(path).status_code == 204


def test_health_and_metrics(client: Client, foundation: Foundation) -> None:
    def finding() -> str:
        (probe,) = FEATURE.probes(foundation)
        return probe.look().found

    assert finding() == "There are no schedules."
    schedule = made(client, MINUTELY)
    assert finding() == "No dispatcher has looked for due times yet."
    look(foundation)
    assert finding() == "A dispatcher looks for due times."
    with database.transaction() as connection:
        connection.execute(text("UPDATE schedule_dispatcher SET looked_at = :moment"), {"moment": now() - timedelta(minutes=5)})
    assert finding() == "No dispatcher has looked for due times for 5 minutes."
    with database.transaction() as connection:
        early, earlier = now() - timedelta(minutes=9), now() - timedelta(minutes=10)
        statement = text("UPDATE schedules SET considered_until = :earlier, next_due_at = :early")
        connection.execute(statement, {"early": early, "earlier": earlier})
        connection.execute(text("UPDATE schedule_dispatcher SET looked_at = :moment"), {"moment": now()})
    assert finding().startswith("1 schedule has due times that passed")
    look(foundation)
    assert finding() == "A dispatcher looks for due times."
    with database.read() as connection:
        metrics = {
            sample.name: sample
            for metric in FEATURE.metrics(foundation, connection)
            for sample in metric.samples
            if not sample.labels.get("state")
        }
        totals = {
            sample.labels["state"]: sample.value
            for metric in FEATURE.metrics(foundation, connection)
            for sample in metric.samples
            if sample.labels
        }
    assert metrics["bellwether_schedules_behind"].value == 0
    assert totals["missed"] >= 8
    assert set(totals) == {"fired", "late", "missed", "skipped", "failed"}
    assert client.delete(f"/schedules/{schedule['id']}").status_code == 204


def test_run_by_hand_says_what_a_pipeline_lacks(client: Client) -> None:
    """What this installation really offers: a pipeline that came to need more input is not begun, and the answer is a declared one."""
    looks = {"id": "looks", "name": "Looks", "steps": [{"as": "list", "capability": "watchlist"}]}
    assert client("PUT", "/pipelines/looks", json=looks).status_code == 201
    schedule = made(client, CRON | {"action": "pipeline", "params": {"pipeline": "looks"}})
    needed = {"list": {"type": "text", "required": True}}
    assert client("PUT", "/pipelines/looks", json={**looks, "inputs": needed}).status_code == 201
    answer = client.post(f"/schedules/{schedule['id']}/run")
    assert (answer.status_code, answer.json["code"]) == (422, "inputs_invalid")
    assert client.get(f"/schedules/{schedule['id']}/firings").json["items"] == []
