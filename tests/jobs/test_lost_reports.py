"""Kept reports whose worker is lost at any moment: made in the end, with one file each."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from kit.isolation import Isolation
from kit.jobs import claim, options_for, release_worker, working
from kit.statements import Killed, killed_at
from kit.support import Client

import database
from features.files.service import files_of
from features.reports.kinds import ReportMaking
from utils.clock import now

SCREENER = {"type": "screener", "format": "json"}


def run(client: Client) -> int:
    with working(options=options_for((ReportMaking(client.app.services.foundation),))) as executor:
        return executor.drain()


def ask(client: Client) -> str:
    return str(client.post("/reports", SCREENER).json["id"])


def is_made(client: Client, report_id: str) -> bool:
    assert client.get(f"/reports/{report_id}").json["state"] == "ready"
    return bool(client.get(f"/reports/{report_id}/file").json == {"items": []})


def test_a_lost_worker_leaves_the_report_for_the_next(client: Client, isolation: Isolation) -> None:
    report_id = ask(client)
    assert claim("lost") is not None
    release_worker("lost")
    assert run(client) == 1
    assert len(isolation.started) == 1
    assert is_made(client, report_id)


def test_a_worker_killed_at_any_statement_leaves_one_file(client: Client, isolation: Isolation, tmp_path: Path) -> None:
    number, made = 1, 0
    while True:
        report_id = ask(client)
        with killed_at(number) as seen, suppress(Killed):
            run(client)
        release_worker("tester")
        run(client)
        assert is_made(client, report_id)
        made += 1
        if len(seen) < number:
            break
        number += 3  # some are enough: an isolated process starts for each
    files_of(client.app.services.foundation).sweep(now() + timedelta(days=2))
    assert number > 8
    assert sum(path.is_file() for path in (tmp_path / "storage").rglob("*")) == made
    assert {row["state"] for row in database.query_db("SELECT state FROM stored_files")} == {"stored"}
