"""`/admin/status`: the state of the service, for an operator."""

from __future__ import annotations

from pathlib import Path

from kit.databases import Backend
from kit.reports import Item, make_job
from kit.support import MASTER_KEY, Client, settings_for, suspend

import database
from app import create_app, start
from config import VERSION
from features.accounts.api_keys import create_key


def test_the_status_says_how_everything_stands(client: Client, backend: Backend) -> None:
    make_job([Item("AAPL", "queued"), Item("FB", "queued"), Item("IBM", "failed", None, "x", "y")])
    answer = client.get("/admin/status")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    status = answer.json
    assert list(status) == ["pool", "breakers", "jobs", "limits", "streams", "version", "environment", "database"]
    assert (status["pool"]["limit"], set(status["pool"]["events"]) >= {"connects", "timeouts"}) == (12, True)
    assert [(breaker["name"], breaker["state"]) for breaker in status["breakers"]] == [("database", "closed")]
    jobs = status["jobs"]
    assert (jobs["engine"], jobs["by_status"], jobs["queued_items"]) == ("local", {"processing": 1}, 2)
    assert jobs["workers"] >= 1
    assert jobs["backlog_seconds"] >= 0
    assert status["limits"] == {
        "enabled": False, "shared": False, "per_minute": 1200, "per_hour": 36_000,
        "analyses_per_minute": 300, "bulk_per_minute": 30, "uploads_per_minute": 60, "heavy_reads_per_minute": 240,
        "tests_per_minute": 12,
    }  # fmt: skip
    assert status["streams"] == {"limit": 3, "is_full": False}
    assert (status["version"], status["environment"]) == (VERSION, "test")
    assert status["database"].startswith("sqlite" if backend.is_sqlite else "postgresql")


def test_only_the_master_key_is_told(client: Client) -> None:
    _, other = create_key(database.current(), 1, "another")
    answer = client.get("/admin/status", key=other)
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert client.get("/admin/status", key=None).status_code == 401


def test_nothing_secret_is_told(backend: Backend, tmp_path: Path) -> None:
    app = create_app(settings_for(backend.url, tmp_path, redis_url="redis://:hunter2@127.0.0.1:1/0", rate_limit_enabled=True))
    start(app)
    answer = Client(app).get("/admin/status")
    assert "hunter2" not in answer.text
    assert MASTER_KEY not in answer.text
    # Redis is unreachable, so this instance counts in its own memory.
    assert (answer.json["limits"]["enabled"], answer.json["limits"]["shared"]) == (True, False)


def test_it_answers_while_the_database_does_not(client: Client) -> None:
    suspend(database.current())
    status = client.get("/admin/status").json
    assert (status["jobs"]["by_status"], status["jobs"]["queued_items"], status["jobs"]["backlog_seconds"]) == (None, None, None)
    assert status["pool"]["limit"] == 12


def test_a_fault_of_ours_is_not_taken_for_an_outage(client: Client) -> None:
    database.execute_db("ALTER TABLE analysis_jobs RENAME TO elsewhere")
    assert client.get("/admin/status").status_code == 500
