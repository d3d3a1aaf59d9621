"""Helpers of the tests of isolated processes: trial jobs whose worker was lost, and their outcomes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import database
from jobs.kind import IsolationLimits, JobKind
from kit.databases import Backend
from kit.jobs import claim, item_rows, job_row, options_for, queue_trial, release_worker, rescue_expired, working
from kit.paths import WITH_KIT
from kit.support import MASTER_KEY, SECRET_KEY
from kit.trial import TrialKind, TrialParams, create_table
from models.job import Lane

AT_ONCE = IsolationLimits(first_pause=0.0, strikes=3)  # a key is run again without a pause, and fewer times


class Isolation:
    """The isolated processes of a test: their limits, what they do at their start, and which have started."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.kinds: Sequence[JobKind[Any]] = (TrialKind(Lane.CPU),)

    def limit(self, limits: IsolationLimits) -> None:
        """Set the limits of this process and of the isolated processes."""
        self._monkeypatch.setenv("TRIAL_LIMITS", json.dumps(vars(limits)))
        self.kinds = (TrialKind(Lane.CPU, limits),)

    def at_start(self, deed: str | None) -> None:
        """Set the deed that the processes do at their start, or None."""
        path = self.folder / "at-start"
        path.unlink(missing_ok=True)
        if deed is not None:
            path.write_text(deed)

    @property
    def started(self) -> list[int]:
        """The ids of the processes that have started."""
        notes = self.folder / "started"
        return [int(line) for line in notes.read_text().split()] if notes.exists() else []

    def worker(self, name: str = "tester", **more: Any) -> Any:
        """A worker in this process."""
        return working(name, options=options_for(self.kinds), **more)

    def params(self, **deeds: str) -> TrialParams:
        """Trial parameters with the deed of each key."""
        return TrialParams(deeds=deeds, folder=str(self.folder))

    def run_to_the_end(self, *job_ids: str) -> None:
        """Run queued and postponed items until the jobs have ended. Fails after 100 rounds."""
        with self.worker() as worker:
            for _ in range(100):
                worker.drain()
                rescue_expired()
                if all(job_row(job_id)["finished_at"] for job_id in job_ids):
                    return
        raise AssertionError([(job_row(job_id), item_rows(job_id)) for job_id in job_ids])


def prepare_isolation(backend: Backend, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Isolation:
    """Set the environment that isolated processes of a test inherit, and create the table of the trial results."""
    environment = {
        "DATABASE_URL": backend.url,
        "ENVIRONMENT": "test",
        "DATA_DIR": str(folder),
        "MASTER_API_KEY": MASTER_KEY,
        "SECRET_KEY": SECRET_KEY,
        "LOG_LEVEL": "error",
        "EXTRA_FEATURES": "kit.trial",
        "PYTHONPATH": WITH_KIT,
        "TRIAL_FOLDER": str(folder),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    create_table(database.current())
    return Isolation(folder, monkeypatch)


def lose_a_worker(*keys: str, params: TrialParams | None = None) -> str:
    """Queue a trial job whose items were all claimed by a worker that died. Returns its id."""
    job_id = queue_trial(*keys, params=params)
    claim("dead")
    release_worker("dead")
    return job_id


def codes(job_id: str) -> dict[str, str]:
    """The error codes of the items that failed, by key."""
    return {key: row["error_code"] for key, row in item_rows(job_id).items() if row["error_code"]}


def statuses(job_id: str) -> dict[str, str]:
    return {key: row["status"] for key, row in item_rows(job_id).items()}


def assert_all_succeeded(job_id: str) -> None:
    rows = item_rows(job_id)
    assert {row["status"] for row in rows.values()} == {"succeeded"}, codes(job_id)
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": len(rows), "failed": 0, "cancelled": 0}.items()
