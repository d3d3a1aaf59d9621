"""Feature flags: what each stops, who may change them, and when other processes see a change."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket
from kit.databases import Backend
from kit.jobs import SAMPLE, UNKNOWN_ID, ask, finished, item_rows, options_for, queue
from kit.parts import with_fresh_health
from kit.servers import GUNICORN, KEY, Start, production, wait_until
from kit.support import MASTER_KEY, Client

import database
from features import FEATURES
from features.accounts.api_keys import create_key
from features.prices.flags import UPLOADS
from infrastructure.flags import FeatureFlags
from jobs.executor import Executor
from jobs.flags import BULK_JOBS, STREAMS
from utils.clock import parse_iso

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}
FLAGS = [flag.name for feature in FEATURES for flag in feature.flags]
REASON = "The disk is being replaced"
ROWS = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2020-01-{day:02},10,11,9,10,1000\n" for day in range(1, 32))


def switch(client: Client, feature: str, enabled: bool, reason: str | None = None, key: str = MASTER_KEY) -> Any:
    body = {"enabled": enabled} if reason is None else {"enabled": enabled, "reason": reason}
    return client("PUT", f"/admin/flags/{feature}", json=body, key=key)


def calls(client: Client) -> dict[str, list[Any]]:
    """The answers of each feature's requests."""
    failed = finished(client, "NOPE", force=True) if _is_on(client, "bulk_jobs") else client.get("/jobs").json["items"][0]
    answers_by_feature = {
        "analyses": [client.post("/analyze", {"ticker": "AAPL"})],
        "bulk_jobs": [client.post("/bulk-analyze", {"tickers": ["AAPL"], "force": True}), client.post(f"/jobs/{failed['id']}/retry")],
        "uploads": [client.put("/prices/NEW", ROWS), client.put("/prices/NEW?extend=true", ROWS)],
        "streams": [client.get(f"/jobs/{failed['id']}/events")],
    }
    if not _is_on(client, "streams"):  # a test's client cannot be upgraded
        answers_by_feature["streams"].append(client.http.get(f"/ws/jobs/{failed['id']}", headers={**KEY, **UPGRADE}))
    for answers in answers_by_feature.values():
        for answer in answers:
            answer.close()
    return answers_by_feature


def _is_on(client: Client, feature: str) -> bool:
    return bool(client.get(f"/admin/flags/{feature}").json["flag"]["enabled"])


@pytest.mark.parametrize("feature", FLAGS)
def test_each_stops_what_it_is_for_and_nothing_else(client: Client, feature: str) -> None:
    finished(client, "NOPE")
    assert switch(client, feature, False, REASON).status_code == 200
    for name, answers in calls(client).items():
        for answer in answers:
            if name == feature:
                assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "feature_disabled", "60")
                assert answer.json["detail"] == f"{feature} is switched off: {REASON}. Try again later."
                assert answer.content_type == "application/problem+json"
            else:
                assert answer.status_code != 503, name
    switch(client, feature, True)
    assert all(answer.status_code != 503 for answers in calls(client).values() for answer in answers)


@ON_SQLITE
def test_what_is_stored_stays_readable_and_jobs_can_be_cancelled(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    job = ask(client, "FB")
    for feature in FLAGS:
        switch(client, feature, False)
    for path in (f"/results/{result['id']}", "/results", "/history/AAPL", "/prices/AAPL", "/jobs", f"/jobs/{job['id']}", "/watchlist"):
        assert client.get(path).status_code == 200, path
    assert client.post(f"/jobs/{job['id']}/cancel").status_code == 202
    assert client.get("/health/ready").status_code == 200


@ON_SQLITE
def test_health_names_what_is_off(client: Client) -> None:
    def found() -> tuple[str, str]:
        check = next(check for check in client.get("/health").json["checks"] if check["name"] == "flags")
        return check["state"], check["found"]

    with_fresh_health(client.app)
    assert found() == ("ok", "Every feature is switched on.")
    switch(client, "bulk_jobs", False, REASON)
    state, sentence = found()
    assert (state, sentence.startswith("Switched off: bulk_jobs since 2"), f"({REASON})" in sentence) == ("warning", True, True)


@ON_SQLITE
def test_without_a_reason_none_is_given(client: Client) -> None:
    switch(client, "analyses", False)
    assert client.post("/analyze", {"ticker": "AAPL"}).json["detail"] == "analyses is switched off. Try again later."


@ON_SQLITE
@pytest.mark.parametrize("feature", FLAGS)
def test_a_stranger_does_not_learn_what_is_off(client: Client, feature: str) -> None:
    finished(client, "NOPE")
    switch(client, feature, False, REASON)
    answers = [
        client.post("/analyze", {"ticker": "AAPL"}, key=None),
        client.post("/bulk-analyze", {"tickers": ["AAPL"]}, key=None),
        client.put("/prices/NEW", ROWS, key=None),
        client.get(f"/jobs/{UNKNOWN_ID}/events", key=None),
        client.http.get(f"/ws/jobs/{UNKNOWN_ID}", headers=UPGRADE),
    ]
    assert [answer.status_code for answer in answers] == [401] * 5


# ---- the routes -------------------------------------------------------------------------------------------------------------------


def test_every_flag_is_listed_on_until_it_is_changed(client: Client) -> None:
    listed = client.get("/admin/flags").json["items"]
    assert [(flag["name"], flag["enabled"], flag["changed_at"], flag["changed_by"]) for flag in listed] == [
        (feature, True, None, None) for feature in FLAGS
    ]
    assert all(flag["description"] for flag in listed)
    assert client.get("/admin/flags/uploads").json == {"flag": next(flag for flag in listed if flag["name"] == "uploads"), "changes": []}


def test_each_change_is_kept_with_who_and_when(client: Client) -> None:
    began = datetime.now(UTC)
    changes = [(False, REASON), (False, None), (True, "done"), (False, "again")]
    for enabled, reason in changes:
        answer = switch(client, "uploads", enabled, reason)
        assert answer.json["flag"]["enabled"] is enabled
    shown = client.get("/admin/flags/uploads").json
    assert shown == answer.json
    assert [(change["enabled"], change["reason"], change["changed_by"]) for change in shown["changes"]] == [
        (enabled, reason, "master") for enabled, reason in reversed(changes)
    ]
    moments = [parse_iso(change["changed_at"]) for change in reversed(shown["changes"])]
    assert began.replace(microsecond=0) <= moments[0] <= moments[-1] <= datetime.now(UTC)
    assert moments == sorted(moments)
    (flag,) = [flag for flag in client.get("/admin/flags").json["items"] if not flag["enabled"]]
    assert flag == shown["flag"]
    assert (flag["reason"], flag["changed_by"], flag["changed_at"]) == ("again", "master", shown["changes"][0]["changed_at"])
    for number in range(30):
        switch(client, "uploads", bool(number % 2))
    assert len(client.get("/admin/flags/uploads").json["changes"]) == 20
    assert len(database.query_db("SELECT id FROM feature_flag_changes")) == 34  # no change is lost


@pytest.mark.parametrize(("method", "path"), [("GET", "/admin/flags"), ("GET", "/admin/flags/uploads"), ("PUT", "/admin/flags/uploads")])
def test_they_are_for_the_master_key(client: Client, method: str, path: str) -> None:
    _, other = create_key(database.current(), 1, "other")
    for key, status, code in ((other, 403, "forbidden"), (None, 401, "unauthorized"), ("wrong", 401, "unauthorized")):
        answer = client(method, path, key=key, json={"enabled": False} if method == "PUT" else None)
        assert (answer.status_code, answer.json["code"]) == (status, code)
    assert database.query_db("SELECT * FROM feature_flag_changes") == []
    assert client.put("/prices/NEW", ROWS).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("name", ["nope", "UPLOADS", "uploads%20", "uploads%00", "upload", "%2e%2e", "' OR 1=1 --", "é"])
def test_an_unknown_flag(client: Client, name: str) -> None:
    for method, body in (("GET", None), ("PUT", {"enabled": False})):
        answer = client(method, f"/admin/flags/{name}", json=body)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert database.query_db("SELECT * FROM feature_flags") == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param({"json": {}}, 422, id="nothing"),
        pytest.param({"json": {"enabled": "false"}}, 422, id="a word"),
        pytest.param({"json": {"enabled": 0}}, 422, id="a number"),
        pytest.param({"json": {"enabled": None}}, 422, id="null"),
        pytest.param({"json": {"enabled": False, "until": "noon"}}, 422, id="an unknown field"),
        pytest.param({"json": {"enabled": False, "reason": "x" * 201}}, 422, id="a long reason"),
        pytest.param({"json": {"enabled": False, "reason": "two\nlines"}}, 422, id="a reason of two lines"),
        pytest.param({"json": {"enabled": False, "reason": 5}}, 422, id="a reason that is none"),
        pytest.param({"json": [False]}, 422, id="no object"),
        pytest.param({"data": b"{", "content_type": "application/json"}, 400, id="no JSON"),
        pytest.param({"data": b'{"enabled": false}', "content_type": "text/plain"}, 415, id="not said to be JSON"),
    ],
)
def test_a_bad_body_changes_nothing(client: Client, sent: dict[str, Any], status: int) -> None:
    assert client("PUT", "/admin/flags/uploads", **sent).status_code == status
    assert database.query_db("SELECT * FROM feature_flag_changes") == []
    assert client.put("/prices/NEW", ROWS).status_code == 200


def flags_of(follow_seconds: float = 2.0) -> FeatureFlags:
    """The flags as another process on the same database sees them."""
    return FeatureFlags(database.current(), (BULK_JOBS, STREAMS, UPLOADS), follow_seconds)


# ---- other processes, and a database that is away ---------------------------------------------------------------------------------


def test_others_on_the_same_database_follow(client: Client) -> None:
    other = flags_of(0.1)
    assert other.is_enabled(STREAMS)
    for enabled in (False, True):
        switch(client, "streams", enabled)
        wait_until(lambda enabled=enabled: other.is_enabled(STREAMS) is enabled)
    assert other.is_enabled(UPLOADS)


@ON_SQLITE
def test_a_server_follows_and_logs_who_changed_what(backend: Backend, client: Client, start: Start) -> None:
    switch(client, "streams", False, REASON)
    job_id = queue("AAPL")
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1"))
    wait_until(server.answers)
    socket_url = server.url(f"/ws/jobs/{job_id}").replace("http", "ws", 1)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(socket_url, header=KEY, timeout=15)
    assert (refused.value.status_code, REASON in str(refused.value.resp_body)) == (503, True)
    assert server.get(f"/api/v1/jobs/{job_id}/events").status_code == 503
    switch(client, "streams", True)  # in another process

    def can_follow() -> bool:
        try:
            websocket.create_connection(socket_url, header=KEY, timeout=15).shutdown()
        except websocket.WebSocketBadStatusException as error:
            return error.status_code != 503
        return True

    wait_until(can_follow)
    change: dict[str, Any] = {"enabled": False, "reason": REASON}
    answer = requests.put(server.url("/api/v1/admin/flags/uploads"), json=change, headers={**KEY, "X-Request-ID": "who"}, timeout=60)
    assert answer.status_code == 200
    (line,) = [line for line in server.lines() if line["event"] == "feature flag changed"]
    logged = {"flag": "uploads", "enabled": False, "changed_by": "master", "reason": REASON, "request_id": "who", "level": "warning"}
    assert logged.items() <= line.items()
    assert parse_iso(line["timestamp"]).date() == datetime.now(UTC).date()


@pytest.mark.parametrize("away", ["a server that refuses", "a file that is none"])
def test_while_the_database_is_away_the_last_value_holds(client: Client, tmp_path: Path, away: str) -> None:
    switch(client, "uploads", False, REASON)
    flags = flags_of(0.0)  # read at every call
    assert not flags.is_enabled(UPLOADS)
    url = "postgresql://u@127.0.0.1:1/x" if away == "a server that refuses" else f"sqlite:///{tmp_path}"
    database.configure(database.DatabaseOptions(url, connect_attempts=1))
    for _ in range(10):  # more often than the breaker allows failures
        assert not flags.is_enabled(UPLOADS)
        assert flags.is_enabled(STREAMS)
    assert flags_of().is_enabled(UPLOADS)  # a flag that was never read is on


# ---- workers ----------------------------------------------------------------------------------------------------------------------


def test_workers_take_on_nothing_while_bulk_jobs_are_off(client: Client) -> None:
    job_id = ask(client, *SAMPLE)["id"]
    switch(client, "bulk_jobs", False)
    flags = flags_of(0.1)
    executor = Executor("tester", threading.Event(), replace(options_for(), may_claim=lambda: flags.is_enabled(BULK_JOBS)))
    try:
        assert [executor.drain() for _ in range(3)] == [0, 0, 0]
        assert {(row["status"], row["tries"]) for row in item_rows(job_id).values()} == {("queued", 0)}
        switch(client, "bulk_jobs", True)
        assert wait_until(executor.drain) == len(SAMPLE)
    finally:
        executor.close()
    assert client.get(f"/jobs/{job_id}").json["succeeded"] == len(SAMPLE)


def test_what_is_in_hand_is_finished(client: Client) -> None:
    """Items that were claimed before the flag was switched off are run to their end."""
    job_id = ask(client, *SAMPLE)["id"]
    claim_checks: list[bool] = []

    def may_claim() -> bool:
        claim_checks.append(True)
        if len(claim_checks) == 1:
            return True
        return _is_on(client, "bulk_jobs")

    executor = Executor("tester", threading.Event(), replace(options_for(), may_claim=may_claim))
    switch(client, "bulk_jobs", False)
    try:
        assert executor.drain() == len(SAMPLE)
    finally:
        executor.close()
    assert client.get(f"/jobs/{job_id}").json["status"] == "completed"
