"""Health checks of a database that refuses writes: they warn while it lasts, and readers are still served."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from kit.databases import Backend, Postgres
from kit.jobs import queue
from kit.parts import with_fresh_health
from kit.servers import wait_until
from kit.support import Client, settings_for
from sqlalchemy import exc

import database
from app import create_app
from features.operations.checks.database import RECENT_REFUSAL
from utils.clock import now


def set_read_only(backend: Backend, is_so: bool) -> None:
    """Make the database refuse writes or accept them again; on SQLite by the only connection of the pool."""
    if backend.is_sqlite:
        with database.read() as connection:
            connection.exec_driver_sql(f"PRAGMA query_only = {is_so}")
        return
    name = Postgres(backend.url).url.database
    # Connect to another database: a read-only session could not change the setting back.
    elsewhere = Postgres(backend.url).url.set(database="postgres").render_as_string(hide_password=False)
    Postgres(elsewhere).run(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {is_so}')
    database.close()


def remedy_of(backend: Backend) -> str:
    return "mounted for writing" if backend.is_sqlite else "primary server"


def write() -> None:
    database.execute_db("DELETE FROM watchlist_items")


def make_refusal_older() -> None:
    """Move the last refusal back in time, so that the check tries a write."""
    last = database.current().refused_write
    assert last is not None
    database.current().refused_write = replace(last, at=last.at - RECENT_REFUSAL)


def client_of(backend: Backend, folder: Path, **more: object) -> Client:
    return Client(with_fresh_health(create_app(settings_for(backend.url, folder, db_pool_size=1, db_max_overflow=0, **more))))


def check(client: Client, name: str) -> tuple[int, str, str]:
    """The outcome of a check once it was not skipped: on a busy machine the database may answer too late for it."""

    def outcome_once_checked() -> tuple[int, str, str] | None:
        answer = client.get("/health/ready")
        entry = next(check for check in answer.json["checks"] if check["name"] == name)
        return None if entry["state"] == "skipped" else (answer.status_code, entry["state"], f"{entry['found']} {entry['remedy']}")

    outcome: tuple[int, str, str] = wait_until(outcome_once_checked)
    return outcome


def test_refused_writes_are_told_while_they_last(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path)
    assert check(client, "database_writable")[:2] == (200, "ok")
    set_read_only(backend, True)
    assert check(client, "database_writable")[:2] == (200, "ok")  # no write was refused so far, and a check writes only after a refusal
    with pytest.raises(exc.DBAPIError):
        write()
    status, state, text = check(client, "database_writable")
    assert (status, state, remedy_of(backend) in text) == (200, "warning", True)
    set_read_only(backend, False)
    assert check(client, "database_writable")[:2] == (200, "warning")  # the refusal is too recent to try a write
    make_refusal_older()
    set_read_only(backend, True)
    assert check(client, "database_writable")[:2] == (200, "warning")  # the check tried a write
    make_refusal_older()
    set_read_only(backend, False)
    assert check(client, "database_writable")[:2] == (200, "ok")
    assert database.current().refused_write is None


@pytest.mark.parametrize(("is_refused", "status", "state"), [(True, 200, "warning"), (False, 503, "critical")], ids=["refused", "taken"])
def test_work_that_waits_for_writes_sends_no_readers_away(
    backend: Backend, tmp_path: Path, is_refused: bool, status: int, state: str
) -> None:
    """A machine whose workers are stuck is not ready, unless the database refuses writes: then stored data can still be read."""
    queue("AAPL")
    database.execute_db("UPDATE analysis_jobs SET created_at = :moment", {"moment": now() - timedelta(minutes=20)})
    client = client_of(backend, tmp_path, local_workers=2)
    set_read_only(backend, is_refused)
    backlog = check(client, "backlog")
    assert backlog[:2] == (status, state)
    assert (remedy_of(backend) in backlog[2]) is is_refused


def test_evidence_that_cannot_be_kept_is_answered(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path)
    set_read_only(backend, True)
    first, again = (client.get("/evidence/AAPL") for _ in range(2))
    assert (first.status_code, again.data) == (200, first.data)
    set_read_only(backend, False)
    assert client.get("/evidence/AAPL").data == first.data
    assert len(database.query_db("SELECT fingerprint FROM evidence")) == 1
