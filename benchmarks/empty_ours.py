"""Our empty jobs: `python -m benchmarks.empty_ours URL JOBS_A_TRANSACTION JOBS PROCESSES` prints the seconds they took."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import database
import db_migrations
from database import Database
from features.analyses.bulk import write_params
from features.analyses.kinds import BulkAnalysis
from features.analyses.service import analyse_ticker
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty
from infrastructure.cache import NoCache
from jobs.executor import Executor, ExecutorOptions
from jobs.kind import JobKinds
from jobs.service import enqueue_many
from jobs.store import job as job_store
from jobs.wakeup import NoWakeup
from models.analysis import AnalysisOrder
from models.api_key import FIRST_ORG
from models.bulk_analysis import BULK_ANALYSIS, Analysed, BulkParams
from models.job import Fault, Lane, NewJob
from models.strategy import BALANCED
from utils.clock import now
from utils.ids import new_id
from utils.logger import configure_logging


def main(url: str, together: int, count: int, processes: int) -> None:
    """Create and run the jobs in several processes, check that all are completed, and print the seconds."""
    _configure(url)
    database.connect()
    db_migrations.ensure_schema(True)
    load_if_empty(database.current(), SampleProvider())
    analyse_ticker(database.current(), FIRST_ORG, AnalysisOrder("AAPL", BALANCED), NoCache(database.current()))
    database.close()
    context = multiprocessing.get_context("spawn")
    times, barrier = context.Queue(), context.Barrier(processes)
    running = [context.Process(target=_work, args=(url, together, count // processes, times, barrier)) for _ in range(processes)]
    for process in running:
        process.start()
    taken = [times.get() for _ in running]
    for process in running:
        process.join()
    with database.read() as connection:
        assert job_store.count_by_status(connection) == {"completed": count}
    print(max(end for _, end in taken) - min(start for start, _ in taken))


def _configure(url: str) -> None:
    configure_logging("error", as_json=True)
    database.configure(database.DatabaseOptions(url=url, lock_timeout=30.0))


def _work(url: str, together: int, count: int, times: Any, barrier: Any) -> None:
    _configure(url)
    fingerprint = database.query_db("SELECT fingerprint FROM analysis_results", one=True)["fingerprint"]

    class Empty(BulkAnalysis):
        def run(self, database: Database, org_id: int, params: BulkParams, keys: Sequence[str]) -> Iterator[tuple[str, Analysed | Fault]]:
            return iter([(ticker, Analysed(fingerprint, None, False, now())) for ticker in keys])

    options = ExecutorOptions(database.current(), JobKinds([Empty()]), Lane.CPU, 15.0, NoWakeup())
    executor = Executor(f"empty-{new_id()}", threading.Event(), options)
    params = write_params(BulkParams(BALANCED))
    barrier.wait()
    started = time.time()
    for first in range(0, count, together):
        _create(params, min(together, count - first))
    executor.drain()
    times.put((started, time.time()))


def _create(params: str, count: int) -> None:
    with database.transaction() as connection:
        enqueue_many(connection, FIRST_ORG, [NewJob(BULK_ANALYSIS, Lane.CPU, params, ["AAPL"])] * count)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
