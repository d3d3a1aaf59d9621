"""What failed lately: unexpected errors of requests, openings of breakers and failed items, over all processes, without a message."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import SAMPLE, csv_of, finished
from kit.servers import wait_until
from kit.support import Client, suspend

import database
from app import Application
from features.accounts.api_keys import create_key
from infrastructure.error_journal import ErrorJournal, prune_errors
from utils.clock import parse_iso

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SECRET = "hunter2 in a message"


class Unforeseen(Exception):
    """An exception that nothing translates."""


@pytest.fixture
def failing(app: Application) -> Client:
    """The application with a route that fails with a secret in its message."""

    def fail(name: str) -> Any:
        raise Unforeseen(SECRET + name)

    app.add_url_rule("/api/v1/failing/<name>", view_func=fail)
    return Client(app)


def errors(client: Client) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/admin/errors").json["errors"]
    return listed


def test_an_unexpected_error_is_listed_and_counted(failing: Client) -> None:
    answers = [failing.get(f"/failing/{SECRET}") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {500}
    wait_until(lambda: sum(entry["occurrences"] for entry in errors(failing)) == 3)
    newest = errors(failing)[0]
    assert (newest["kind"], newest["subject"], newest["error"]) == ("request", "GET /api/v1/failing/<name>", "Unforeseen")
    assert newest["request_id"] == answers[-1].json["request_id"]
    assert newest["first_at"] <= newest["last_at"]
    assert SECRET not in str(database.query_db("SELECT * FROM recent_errors")) + failing.get("/admin/errors").text


def test_several_processes_count_together(client: Client) -> None:
    journals = [ErrorJournal(database.current(), seconds=0.01) for _ in range(2)]
    for journal in journals:
        for _ in range(50):
            journal.note("request", "GET /x", "KeyError", "id")
        journal.close()
    assert sum(entry["occurrences"] for entry in errors(client)) == 100
    assert len(errors(client)) <= 2  # ten minutes may have passed in between
    moment = parse_iso(errors(client)[0]["last_at"])
    assert prune_errors(database.current()) == 0
    database.execute_db("UPDATE recent_errors SET last_at = '2020-01-01T00:00:00.000000Z', first_at = '2020-01-01T00:00:00.000000Z'")
    assert prune_errors(database.current()) >= 1
    assert (errors(client), moment.tzinfo is not None) == ([], True)


def test_a_breaker_that_opened_is_listed_once_the_database_is_back(client: Client) -> None:
    current = database.current()
    suspend(current)
    assert client.get("/watchlist").status_code == 503
    current.breaker.close()
    entry = wait_until(lambda: next((one for one in errors(client) if one["kind"] == "breaker"), None))
    assert (entry["subject"], entry["error"], entry["occurrences"]) == ("database", "opened", 1)


def test_failed_items_are_counted_by_job_and_code(client: Client) -> None:
    assert client.put("/prices/SHORT", csv_of(10)).status_code == 200
    finished(client, *SAMPLE)
    first = finished(client, "NONE", "NOPE", "SHORT")
    second = finished(client, "AAPL", "NONE")
    listed = client.get("/admin/errors").json["failed_items"]
    assert [(entry["job_id"], entry["kind"], entry["code"], entry["items"]) for entry in listed] == [
        (second["id"], "bulk_analysis", "ticker_not_found", 1),
        (first["id"], "bulk_analysis", "ticker_not_found", 2),
        (first["id"], "bulk_analysis", "insufficient_history", 1),
    ]
    assert listed[0]["last_at"] == second["finished_at"]
    assert len(client.get("/admin/errors?limit=1").json["failed_items"]) == 1


@ON_SQLITE
def test_they_are_for_the_master_key(client: Client) -> None:
    _, key = create_key(database.current(), 1, "reader")
    assert client.get("/admin/errors", key=key).status_code == 403
    for query in ("limit=0", "limit=101", "limit=x", "since=1"):
        assert client.get(f"/admin/errors?{query}").status_code == 422
