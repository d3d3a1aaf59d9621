"""A run of a pipeline whose worker is lost goes on in a process of its own, which runs it once."""

from __future__ import annotations

from kit.isolation import Isolation
from kit.jobs import claim, job_row, release_worker
from kit.pipelines import Runner, pipeline, step

import database
from api.application import Application


def test_the_next_worker_ends_it(app: Application, isolation: Isolation) -> None:
    runner = Runner(app)
    runner.put(pipeline(step("read", "universe", name="all")))
    run_id = runner.begin()
    assert claim("lost") is not None
    release_worker("lost")
    assert runner.work() == 1
    assert len(isolation.started) == 1
    run = runner.run(run_id)
    assert (run["status"], run["trace"][0]["outcome"]) == ("completed", "ok")
    (item,) = database.query_db("SELECT * FROM analysis_job_items WHERE key = :key", {"key": run_id})
    assert (item["status"], item["error"]) == ("succeeded", None)
    assert job_row(item["job_id"])["status"] == "completed"
