"""kill -9 of workers while they publish indexes: each publication is there whole or not at all, and in the end as without any kill."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.chaos import JOB_SECONDS, WORKER, Site, done, job_row, kill, wait_for_progress
from kit.series import store
from kit.servers import wait_until

import database
from features.indexes import due, service
from features.indexes.store.published import load_ledger, load_levels
from infrastructure.feature import Universes
from models.api_key import FIRST_ORG
from models.index import IndexMembership, IndexRules, IndexWeighting, WeightingMethod
from utils.clock import now

FIRST = date(2022, 1, 3)
TICKERS = tuple(f"IDX{number:02}" for number in range(24))
INDEXES = 24
KILLS = 3
RULES = IndexRules(IndexMembership(TICKERS), IndexWeighting(WeightingMethod.EQUAL_RISK, lookback=60), single_cap=0.2)


def store_closes(count: int) -> None:
    for seed, ticker in enumerate(TICKERS):
        path = 50 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 900)))
        store(ticker, bars_of(path[:count], first=FIRST), now())


def make(number: int) -> str:
    drafted = service.draft(database.current(), FIRST_ORG, RULES, Universes())
    with database.transaction() as connection:
        return service.create(connection, FIRST_ORG, f"Index {number}", drafted).id


def published(index_id: str) -> tuple[Any, Any]:
    """The levels and the ledger of an index, which fit each other and its row."""
    with database.reader() as connection:
        index = service.find(connection, FIRST_ORG, index_id)
        stored = load_levels(connection, FIRST_ORG, index_id, index.revision)
        ledger = load_ledger(connection, FIRST_ORG, index_id, index.revision)
    assert stored is not None
    levels = stored[0]
    assert (index.published, index.revision) == (len(levels), 1)
    assert [line.number for line in ledger] == list(range(1, len(ledger) + 1))
    assert ledger[-1].day <= levels.days[-1].item()
    return levels.total.tolist(), [(line.day, line.positions) for line in ledger]


def test_workers_killed_while_they_publish(site: Site) -> None:
    store_closes(500)
    index_ids = [make(number) for number in range(INDEXES)]
    before = published(index_ids[0])
    store_closes(800)
    with database.transaction() as connection:
        job_id = due.submit(connection, FIRST_ORG, index_ids).job.id
    site.start(WORKER)
    for _ in range(KILLS):
        wait_for_progress(job_id, min(done(job_id) + 1, INDEXES))
        for worker in site.workers():
            kill(worker)
        sizes = {len(published(index_id)[0]) for index_id in index_ids}
        assert sizes <= {len(before[0]), len(before[0]) + 300}
    wait_until(lambda: job_row(job_id)["finished_at"] is not None, JOB_SECONDS)
    job = job_row(job_id)
    assert (job["status"], job["succeeded"]) == ("completed", INDEXES)
    results = [published(index_id) for index_id in index_ids]
    assert all(result == results[0] for result in results)
    assert results[0][0][: len(before[0])] == before[0]
    assert published(make(INDEXES))[0] == pytest.approx(results[0][0], rel=1e-12)
    told = database.query_db("SELECT COUNT(*) AS n, COUNT(DISTINCT key) AS keys FROM events WHERE type = 'index.rebalanced'", {})[0]
    assert told["n"] == told["keys"] == INDEXES * len({day for day, _ in results[0][1]} - {day for day, _ in before[1]})
    site.stop()
