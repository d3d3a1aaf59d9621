"""kill -9 of workers in the middle of a universe's evidence: its answer has the same bytes as that of an undisturbed job."""

from __future__ import annotations

from typing import Any

from kit.bars import walk
from kit.chaos import JOB_SECONDS, WORKER, Site, done, is_active, job_row, kill, wait_for_progress
from kit.jobs import run_jobs
from kit.series import store
from kit.servers import wait_until

import database
from features.evidence.calibrations import Reading, of_job
from features.evidence.kinds import UniverseCalibration
from features.evidence.universe_jobs import submit
from infrastructure.feature import Universes
from models.api_key import FIRST_ORG
from models.evidence import UniverseOrder
from utils.clock import now
from utils.json_text import dump, parse_tolerant

TICKERS = tuple(f"KILL{number:03}" for number in range(400))
KILLS = 3


def queue() -> str:
    with database.transaction() as connection:
        return submit(connection, FIRST_ORG, UniverseOrder((*TICKERS, "NONE"), force=True), Universes()).job.id


def answer_of(job_id: str) -> bytes:
    """The bytes of an answer without what is of one run alone."""
    body = of_job(Reading(database.current(), FIRST_ORG), job_id).body
    assert body is not None
    values: dict[str, Any] = parse_tolerant(body)
    return dump({name: value for name, value in values.items() if name not in ("id", "job_id", "created_at", "finished_at")})


def test_workers_killed_while_they_count(site: Site) -> None:
    walks, moment = [walk(seed, 1_500 + 10 * seed) for seed in range(10)], now()
    for number, ticker in enumerate(TICKERS):
        store(ticker, walks[number % len(walks)], moment)
    undisturbed = queue()
    run_jobs(kinds=[UniverseCalibration()])
    expected = answer_of(undisturbed)
    job_id = queue()
    site.start(WORKER)
    for number in range(KILLS):
        wait_for_progress(job_id, min(done(job_id) + 1, len(TICKERS)))
        assert number or is_active(job_id)
        for worker in site.workers():
            kill(worker)
    wait_until(lambda: job_row(job_id)["finished_at"] is not None, JOB_SECONDS)
    job = job_row(job_id)
    assert (job["status"], job["succeeded"], job["failed"]) == ("completed", len(TICKERS), 1)
    assert answer_of(job_id) == expected
    site.stop()
