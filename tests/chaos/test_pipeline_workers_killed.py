"""kill -9 of workers in the middle of runs of pipelines: each run ends, each step writes once, and each job is started once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit import steps
from kit.chaos import JOB_SECONDS, WORKER, Site, kill
from kit.pipelines import pipeline, step
from kit.servers import wait_until
from kit.support import settings_for

import database
from database import DatabaseOptions
from features import load_features
from features.pipelines.service import Pipelines
from infrastructure.foundation import Foundation
from models.api_key import FIRST_ORG
from models.pipeline import Origin

RUNS, KILLS = 6, 3
STEPS = (
    step("read", "echo", value=[1, 2, 3]),
    step("write", "write", text="one"),
    step("job", "start", keys=["x", "y"]),
    step("each", "write", text="each {{item}}", for_each="{{steps.read}}"),
    step("other", "start", keys=["z"]),
    step("last", "write", text="{{steps.job.succeeded}} done"),
)


def count(statement: str) -> int:
    row: dict[str, Any] = database.query_db(f"SELECT count(*) AS n FROM {statement}", one=True)
    return int(row["n"])


def begin_runs(site: Site, folder: Path) -> None:
    settings = settings_for(site.backend.url, folder, extra_features=("kit.steps",))
    foundation = Foundation.of(settings, load_features(settings), DatabaseOptions.of(settings))
    steps.create_tables(foundation.database)
    pipelines = foundation.part(Pipelines.of)
    with foundation.database.transaction() as connection:
        found = pipelines.library.put(connection, FIRST_ORG, pipeline(*STEPS), "tests").found
        for _ in range(RUNS):
            pipelines.starter.begin(connection, FIRST_ORG, found, {}, Origin("tests", "key:tests"))


def test_workers_killed_while_runs_go_on(site: Site, tmp_path: Path) -> None:
    begin_runs(site, tmp_path)
    site.start(WORKER, EXTRA_FEATURES="kit.steps")
    kills = 0
    for _ in range(KILLS):
        before = count("pipeline_steps WHERE outcome <> 'waiting'")
        ends = lambda before=before: count("pipeline_steps WHERE outcome <> 'waiting'") > before  # noqa: E731 — waited for
        wait_until(lambda ends=ends: ends() or count("pipeline_runs WHERE finished_at IS NULL") == 0, JOB_SECONDS)
        for worker in site.workers():
            kill(worker)
            kills += 1
    assert kills
    wait_until(lambda: count("pipeline_runs WHERE finished_at IS NULL") == 0, JOB_SECONDS)
    assert database.query_db("SELECT error FROM pipeline_runs WHERE status <> 'completed'") == []
    assert count("written") == RUNS * 5
    assert database.query_db("SELECT call FROM written GROUP BY call HAVING count(*) > 1") == []
    # Not the results: jobs that do the same share one where a worker has claimed them together.
    items = database.query_db("SELECT key, status FROM analysis_job_items WHERE key IN ('x', 'y', 'z') ORDER BY key")
    assert [(row["key"], row["status"]) for row in items] == [(key, "succeeded") for key in ("x", "y", "z") for _ in range(RUNS)]
    site.stop()
