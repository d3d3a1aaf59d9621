"""Health answers: with all services up, and with the database away, frozen, behind or ahead; and the details for each caller."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend, OwnPostgres, own_postgres
from kit.jobs import queue
from kit.servers import GUNICORN, KEY, Server, free_port, production, wait_until
from kit.support import Client, settings_for

import database
import db_migrations
from app import create_app
from features.accounts.api_keys import create_key
from utils.api_utils import PROBLEM_TYPE
from utils.clock import now

PATHS = ("/health/ready", "/health", "/health/migrations")
READY_SECONDS = 2.0  # the longest time to an answer, even when a service hangs


def states(answer: Any) -> dict[str, str]:
    return {check["name"]: check["state"] for check in answer.json["checks"]}


def test_all_is_well(client: Client) -> None:
    assert client.get("/health/live", key=None).json == {"status": "ok"}
    assert client.get("/api/health/ping", key=None).json == {"status": "ok"}
    ready = client.get("/health/ready", key=None)
    assert (ready.status_code, ready.json["status"], ready.headers["Cache-Control"]) == (200, "ok", "no-store")
    well = dict.fromkeys(("database", "schema", "database_writable", "pool", "backlog"), "ok")
    assert states(ready) == {**well, "redis": "skipped", "broker": "skipped", "schedules": "skipped"}
    migrations = client.get("/health/migrations").json
    newest = migrations["applied"][-1]
    assert (migrations["status"], migrations["state"], migrations["current"]) == ("ok", "current", newest)
    assert (int(newest[:4]), migrations["pending"], migrations["remedy"]) == (migrations["version"], [], None)


def test_everything_with_versions_durations_and_breakers(client: Client, backend: Backend) -> None:
    answer = client.get("/health")
    checks = states(answer)
    assert set(checks) - {"disk_space"} == {
        "database", "schema", "database_writable", "redis", "broker", "pool", "breaker", "flags", "data_folder", "storage", "clock",
        "backlog", "workers", "calendars", "deliveries", "events", "schedules",
    }  # fmt: skip
    assert answer.json["status"] == "ok"
    assert {"bellwether", "python", "flask"} <= set(answer.json["versions"])
    closed = {"state": "closed", "failures": 0, "retry_after": 0.0}
    assert answer.json["breakers"] == [{"name": "database", **closed}]
    details = {check["name"]: check for check in answer.json["checks"]}
    assert details["database"]["duration_ms"] > 0
    assert details["database"]["found"].startswith("SQLite 3." if backend.is_sqlite else "PostgreSQL 1")


@pytest.mark.parametrize("path", PATHS)
def test_details_are_for_callers_with_a_key(client: Client, path: str) -> None:
    _, own_key = create_key(database.current(), 1, "tests")
    for key in (None, "wrong", "bw_" + "x" * 43):
        answer = client.get(path, key=key).json
        assert set(answer) <= {"status", "state", "checks"}
        assert all(set(check) == {"name", "state"} for check in answer.get("checks", ()))
    for key in (own_key, *KEY.values()):
        answer = client.get(path, key=key).json
        if path == "/health/migrations":
            assert {"version", "current", "applied", "pending", "found", "remedy"} <= set(answer)
        else:
            assert all({"found", "remedy", "duration_ms", "is_critical"} < set(check) for check in answer["checks"])


def test_a_schema_that_is_behind_is_not_ready(empty_backend: Backend, tmp_path: Path) -> None:
    client = Client(create_app(settings_for(empty_backend.url, tmp_path)))
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/health/ping").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json["status"], ready.headers["Retry-After"]) == (503, "unavailable", "5")
    (schema,) = (check for check in ready.json["checks"] if check["name"] == "schema")
    assert (schema["state"], "behind" in schema["found"], "db_migrations.py up" in schema["remedy"]) == ("critical", True, True)
    assert states(ready)["backlog"] == "skipped"
    migrations = client.get("/health/migrations")
    assert (migrations.status_code, migrations.json["current"], migrations.json["pending"][0]) == (503, None, "0001_initial")


def test_a_schema_that_is_ahead_is_served(backend: Backend, tmp_path: Path) -> None:
    def ready() -> Any:
        return Client(create_app(settings_for(backend.url, tmp_path))).get("/health/ready")

    database.execute_db("INSERT INTO db_version SELECT 9999, 'later', 'x', applied_at, 0, 'x' FROM db_version WHERE version = 1")
    assert (ready().status_code, states(ready())["schema"]) == (200, "warning")
    database.execute_db("UPDATE db_version SET name = 'later_breaking' WHERE version = 9999")
    assert (ready().status_code, states(ready())["schema"]) == (503, "critical")


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:1/x", "sqlite"])
def test_a_database_that_is_away(tmp_path: Path, url: str) -> None:
    if url == "sqlite":
        blocked = tmp_path / "file"
        blocked.mkdir()
        url = f"sqlite:///{blocked}"  # a folder is no database file
    client = Client(create_app(settings_for(url, tmp_path)))
    assert client.get("/health/live").status_code == 200
    for path in ("/health/ready", "/health"):
        answer = client.get(path)
        assert (answer.status_code, states(answer)["database"], states(answer)["schema"]) == (503, "critical", "skipped")
        assert next(check for check in answer.json["checks"] if check["name"] == "database")["remedy"]
        assert "hunter2" not in answer.text
        for key in (None, "bw_" + "x" * 43):
            assert set(client.get(path, key=key).json) == {"status", "checks"}
    for path in ("/watchlist", "/api/health/ping", "/health/migrations", "/tickers", "/results/01a1fbd8-91c5-76db-ada4-c6947b434124"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"], answer.content_type) == (503, "unavailable", PROBLEM_TYPE), path
        assert answer.headers["Retry-After"]
        assert "hunter2" not in answer.text
    database.close()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_an_open_breaker_is_told_and_closes_again(backend: Backend, tmp_path: Path) -> None:
    settings = settings_for(backend.url, tmp_path, breaker_failures=1, breaker_seconds=0.5)
    client = Client(create_app(settings))
    breaker = database.current().breaker
    breaker.record_failure(ConnectionError("as if it were away"))
    answer = client.get("/health")
    assert (answer.status_code, states(answer)["breaker"], answer.json["breakers"][0]["state"]) == (503, "warning", "open")
    schema = next(check for check in answer.json["checks"] if check["name"] == "schema")
    assert (schema["state"], "tried again in" in schema["found"]) == ("critical", True)
    wait_until(lambda: client.get("/health").status_code == 200)
    assert wait_until(lambda: states(client.get("/health"))["breaker"] == "ok")
    assert breaker.state == "closed"


def test_redis_away_is_a_warning(backend: Backend, tmp_path: Path) -> None:
    """It is a warning also where Celery needs Redis: requests are still answered and jobs are still queued."""
    away = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    for engine, broker in (("local", "skipped"), ("celery", "warning")):
        client = Client(create_app(settings_for(backend.url, tmp_path, redis_url=away, job_engine=engine)))
        ready = client.get("/health/ready")
        checks = states(ready)
        assert (ready.status_code, checks["redis"], checks["broker"]) == (200, "warning", broker)
        assert "hunter2" not in ready.text


def test_a_backlog_makes_a_worker_machine_not_ready(backend: Backend, tmp_path: Path) -> None:
    queue("AAPL")
    database.execute_db("UPDATE analysis_jobs SET created_at = :moment", {"moment": now() - timedelta(minutes=11)})
    for workers, status, state in ((1, 503, "critical"), (0, 200, "warning")):
        client = Client(create_app(settings_for(backend.url, tmp_path, local_workers=workers)))
        ready = client.get("/health/ready")
        assert (ready.status_code, states(ready)["backlog"]) == (status, state)


# ---- a server that freezes, stops and comes back ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def postgres(own_server: OwnPostgres) -> Iterator[OwnPostgres]:
    yield own_server
    database.close()


@pytest.fixture
def web(postgres: OwnPostgres, tmp_path: Path) -> Iterator[Server]:
    """A real gunicorn on a database of its own."""
    database.configure(settings_for(postgres.url, tmp_path))
    db_migrations.up()
    environment = production(
        Backend("postgres", postgres.url), WEB_CONCURRENCY="1", WEB_THREADS="8", BREAKER_SECONDS="1", RATE_LIMIT_ENABLED="false"
    )
    server = Server([GUNICORN, "wsgi:app"], environment, tmp_path)
    wait_until(server.answers)
    yield server
    server.end()


def timed(server: Server, path: str) -> tuple[int, float]:
    """The status and the duration in seconds. A busy machine may be late once, so a late request is repeated twice."""
    for _ in range(3):
        started = time.monotonic()
        status = requests.get(server.url(path), headers=KEY, timeout=60).status_code
        seconds = time.monotonic() - started
        if seconds < READY_SECONDS:
            break
    return status, seconds


def wait_until_told(server: Server) -> None:
    """Wait for a 503: a finding is reused for a second, and every answer meanwhile comes in time."""

    def is_told() -> bool:
        status, seconds = timed(server, "/health/ready")
        assert seconds < READY_SECONDS
        return status == 503

    wait_until(is_told)


def test_a_frozen_database_is_told_in_time_and_so_is_its_recovery(web: Server, postgres: OwnPostgres) -> None:
    with postgres.frozen():
        wait_until_told(web)
        outcomes: list[tuple[int, float]] = []
        threads = [threading.Thread(target=lambda: outcomes.append(timed(web, "/health/ready"))) for _ in range(12)]
        for thread in threads:
            thread.start()
        live = timed(web, "/health/live")
        for thread in threads:
            thread.join()
        assert {status for status, _ in outcomes} == {503}
        assert max(seconds for _, seconds in outcomes) < READY_SECONDS
        assert (live[0], live[1] < READY_SECONDS) == (200, True)
        for path in ("/health", "/health/migrations", "/api/health/ping"):
            status, seconds = timed(web, path)
            assert (status, seconds < READY_SECONDS) == (503, True), path
    wait_until(lambda: timed(web, "/health/ready")[0] == 200)


def test_a_stopped_database_is_told_in_time_and_so_is_its_recovery(web: Server, postgres: OwnPostgres) -> None:
    postgres.stop()
    wait_until_told(web)
    assert timed(web, "/health/live")[0] == 200
    postgres.start()
    wait_until(lambda: timed(web, "/health/ready")[0] == 200)
    assert web.process.poll() is None


def test_requests_do_not_pile_up_behind_a_frozen_database(postgres: OwnPostgres, tmp_path: Path) -> None:
    database.configure(settings_for(postgres.url, tmp_path))
    db_migrations.up()
    app = create_app(settings_for(postgres.url, tmp_path))
    assert Client(app).get("/health/ready").status_code == 200

    def checking() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("check-")]

    with postgres.frozen():
        wait_until(lambda: Client(app).get("/health/ready").status_code == 503)
        statuses: list[int] = []
        threads = [threading.Thread(target=lambda: statuses.append(Client(app).get("/health/ready").status_code)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [503] * 16
        assert len(checking()) == len(set(checking())) <= 3, checking()
        assert database.current().status().in_use <= 3
    wait_until(lambda: not checking())
    wait_until(lambda: Client(app).get("/health/ready").status_code == 200)
