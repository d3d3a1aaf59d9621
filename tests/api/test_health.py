"""Health answers, with the database there, away, and behind."""

from __future__ import annotations

import pytest
from support import Backend, Client, settings_for

import database
from app import create_app
from utils.api_utils import PROBLEM_TYPE


def test_all_is_well(client: Client) -> None:
    assert client.get("/health/live", key=None).json == {"status": "ok"}
    assert client.get("/api/health/ping", key=None).json == {"status": "ok"}
    ready = client.get("/health/ready", key=None).json
    assert (ready["status"], [check["name"] for check in ready["checks"]]) == ("ok", ["database", "schema"])
    migrations = client.get("/health/migrations", key=None).json
    assert (migrations["state"], migrations["pending"], migrations["remedy"]) == ("current", [], None)


def test_a_schema_that_is_behind_is_not_ready(empty_backend: Backend, tmp_path: object) -> None:
    client = Client(create_app(settings_for(empty_backend.url, tmp_path)))  # type: ignore[arg-type]
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/health/ping").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json["status"], ready.headers["Retry-After"]) == (503, "unavailable", "5")
    schema = ready.json["checks"][1]
    assert (schema["ok"], "behind" in schema["found"], "db_migrations.py up" in schema["remedy"]) == (False, True, True)
    assert client.get("/health/migrations").status_code == 503


def test_a_schema_that_is_ahead_is_served(client: Client) -> None:
    database.execute_db("INSERT INTO db_version SELECT 9999, 'later', 'x', applied_at, 0, 'x' FROM db_version WHERE version = 1")
    assert client.get("/health/ready").status_code == 200
    assert client.get("/health/migrations").json["state"] == "ahead"
    database.execute_db("UPDATE db_version SET name = 'later_breaking' WHERE version = 9999")
    assert client.get("/health/ready").status_code == 503


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:1/x", "sqlite:////nonexistent-folder-of-nobody/\x01/x.db"])
def test_a_database_that_is_away(tmp_path: object, url: str) -> None:
    if url.startswith("sqlite"):
        blocked = tmp_path / "file"  # type: ignore[operator]
        blocked.mkdir()
        url = f"sqlite:///{blocked}"  # a folder is no database file
    client = Client(create_app(settings_for(url, tmp_path)))  # type: ignore[arg-type]
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503
    for path in ("/watchlist", "/api/health/ping", "/tickers", "/results/01a1fbd8-91c5-76db-ada4-c6947b434124"):
        answer = client.get(path)
        assert (answer.status_code, answer.json["code"], answer.content_type) == (503, "unavailable", PROBLEM_TYPE), path
        assert answer.headers["Retry-After"]
        assert "hunter2" not in answer.text
    database.close()
