"""The presence of worker processes: each stores a heartbeat every few seconds, whether it has work or not, and is live while they come.

A heartbeat proves that the process runs, not that its work gets on: it has a thread of its own. What a worker holds, and since when, is
read from its claims.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from types import TracebackType

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from config import VERSION
from database import Database
from infrastructure.sql.database_clock import database_now
from jobs.store import worker as worker_store
from models.job import Lane
from models.worker import Holding, LiveWorker, WorkerIdentity
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
LIVE_SECONDS = 15.0  # three heartbeats, as for leases
REMOVED_AFTER_SECONDS = 300.0
STOP_SECONDS = 2.0


def identity_of(name: str, lanes: Collection[Lane], engine: str) -> WorkerIdentity:
    """The identity of this process as a worker with this name in claims."""
    return WorkerIdentity(name, os.uname().nodename, os.getpid(), tuple(sorted(lanes)), engine, VERSION)


class Presence:
    """Stores the heartbeats of this process during a `with` block, and removes it from the workers at its end."""

    def __init__(self, database: Database, worker: WorkerIdentity, beat_seconds: float = BEAT_SECONDS) -> None:
        self._database, self._worker, self._beat_seconds = database, worker, beat_seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def __enter__(self) -> Presence:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._ended.set()
        # Joined for a short time only: with a database that hangs, the process must end all the same, and its row ages.
        self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        is_missed = False
        while True:
            try:
                with self._database.transaction() as connection:
                    worker_store.beat(connection, self._worker, database_now(connection))
                is_missed = False
            except SQLAlchemyError as error:
                if not is_missed:  # said once for each time that the database is away
                    log.warning("heartbeat not stored, this worker may be taken for lost", worker=self._worker.id, reason=reason_of(error))
                is_missed = True
            except Exception:
                log.exception("heartbeat not stored", worker=self._worker.id)
            if self._ended.wait(self._beat_seconds):
                break
        with suppress(SQLAlchemyError):  # the row ages
            remove_worker(self._database, self._worker.id)


def remove_worker(database: Database, worker_id: str) -> None:
    """Remove a worker that has ended, instead of waiting for its row to age."""
    with database.transaction() as connection:
        worker_store.remove(connection, worker_id)


def prune_workers(database: Database, after_seconds: float = REMOVED_AFTER_SECONDS) -> int:
    """Remove workers that have been silent for long; return their number."""
    with database.transaction() as connection:
        return worker_store.delete_silent(connection, database_now(connection) - timedelta(seconds=after_seconds))


def list_live(connection: Connection, live_seconds: float = LIVE_SECONDS) -> list[LiveWorker]:
    """The workers that were seen within `live_seconds`, without what they hold."""
    now = database_now(connection)
    return worker_store.list_seen(connection, now - timedelta(seconds=live_seconds), now)


def list_busy(connection: Connection) -> list[LiveWorker]:
    """The live workers with what they hold. Items of workers that are lost are not told: others get them within a lease."""
    holdings: defaultdict[str, list[Holding]] = defaultdict(list)
    for holding in worker_store.list_holdings(connection):
        holdings[holding.worker].append(holding)
    return [replace(live, holdings=tuple(holdings[live.identity.id])) for live in list_live(connection)]


def count_by_lane(workers: Collection[LiveWorker]) -> dict[Lane, int]:
    """The number of workers of each lane; a worker of two lanes counts for both."""
    return {lane: sum(lane in live.identity.lanes for live in workers) for lane in Lane}
