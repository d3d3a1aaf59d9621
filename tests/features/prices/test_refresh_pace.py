"""A long refresh on a small plan, by a clock of the test: over two instances and three restarts no call too many, and none lost."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from kit.databases import Backend
from kit.effort import IS_WHOLE
from kit.jobs import item_rows, job_row, options_for, rescue_expired, working
from kit.price_server import Asked, Reply, price_server
from kit.providers import UNHURRIED, made
from sqlalchemy import Connection, text

import database
from database import Database
from features.prices.budgets import Budget
from features.prices.circuit import Circuit
from features.prices.kinds import PriceRefresh
from features.prices.providers.base import Means
from features.prices.refresh import Refresher
from features.prices.refreshing import RefreshOrder, submit
from features.prices.registry import Configured
from infrastructure.feature import Universes
from infrastructure.sql.database_clock import database_now
from models.api_key import FIRST_ORG
from models.job import Lane
from models.provider import Allowance, Window
from utils.clock import now

COUNT, A_MINUTE, A_DAY = (2_000, 8, 800) if IS_WHOLE else (120, 8, 60)
TICKERS = [f"P{number}" for number in range(COUNT)]
FILE = Reply(
    b"Date,Open,High,Low,Close,Volume\n" + b"".join(b"2024-01-%02d,10,11,9,10.5,100\n" % day for day in range(2, 20)),
    headers={"Content-Type": "text/csv"},
)

WAITING = text("SELECT job_id, key, lease_expires_at FROM analysis_job_items WHERE status = 'processing'")
# One statement on Postgres, to which each is a way; SQLite has no type for a span.
SOONER = text("UPDATE analysis_job_items SET lease_expires_at = lease_expires_at - CAST(:step AS interval) WHERE status = 'processing'")
SOONER_EACH = text("UPDATE analysis_job_items SET lease_expires_at = :until WHERE job_id = :job_id AND key = :key")


class Time:
    """Real time, and what the test has let pass on top of it."""

    def __init__(self) -> None:
        self.passed = timedelta(0)

    def here(self) -> datetime:
        return now() + self.passed

    def in_database(self, connection: Connection) -> datetime:
        return database_now(connection) + self.passed

    def pass_to_the_next(self) -> None:
        """Let pass what the first waiting item waits for."""
        with database.transaction() as connection:
            rows = connection.execute(WAITING).all()
            step = max(min(row.lease_expires_at for row in rows) - now(), timedelta(0)) + timedelta(seconds=1)
            self.passed += step
            if connection.dialect.name == "postgresql":
                connection.execute(SOONER, {"step": f"{step.total_seconds()} seconds"})
            else:
                connection.execute(
                    SOONER_EACH, [{"job_id": row.job_id, "key": row.key, "until": row.lease_expires_at - step} for row in rows]
                )


class Instance:
    """A worker process as it is after a start: its own budget, breaker and connections on the shared database."""

    def __init__(self, time: Time, address: str, stack: ExitStack) -> None:
        budget = Budget(database.current(), "csv_url", Allowance({Window.MINUTE: A_MINUTE, Window.DAY: A_DAY}), time.in_database)
        provider = made("csv_url", address, Means(budget, time.here, UNHURRIED))
        stack.callback(provider.close)
        self.configured = Configured(provider, budget, Circuit(database.current(), "csv_url", time.in_database))
        self._refresher = Refresher(database.current(), [self.configured], time.here)

    def of(self, database: Database) -> Refresher:
        return self._refresher

    def close(self) -> None:
        """Nothing: the test closes the connections."""


def run(instance: Any) -> None:
    with working(options=options_for([PriceRefresh(instance)], Lane.NETWORK)) as executor:
        executor.drain()


@pytest.mark.timeout(1_800)  # the whole of it, with 2,000 tickers, takes minutes
def test_a_refresh_keeps_to_the_plan_and_loses_nothing(backend: Backend) -> None:
    time = Time()
    calls: list[tuple[datetime, str]] = []

    def answer(asked: Asked) -> Reply:
        calls.append((time.here(), asked.path))
        return FILE

    with price_server(answer) as server, ExitStack() as stack:
        instances = [Instance(time, server.address, stack) for _ in range(2)]
        with database.transaction() as connection:
            job_id = submit(connection, FIRST_ORG, RefreshOrder(tuple(TICKERS)), Universes(), [instances[0].configured]).job.id
        turn, restarts, rounds = 0, 0, 0
        while job_row(job_id)["status"] != "completed":
            run(instances[turn % 2])
            turn += 1
            if len(calls) > (restarts + 1) * COUNT // 4 and restarts < 3:
                instances = [Instance(time, server.address, stack) for _ in range(2)]
                restarts += 1
            if job_row(job_id)["status"] != "completed":
                time.pass_to_the_next()
                rescue_expired()
            rounds += 1
            assert rounds < 4 * COUNT, "it does not come to its end"
    assert restarts == 3
    assert {row["status"] for row in item_rows(job_id).values()} == {"succeeded"}
    assert Counter(path for _, path in calls) == Counter(f"/{ticker}.csv" for ticker in TICKERS), "each is fetched once"
    moments = [moment for moment, _ in calls]
    for moment in moments:
        assert sum(moment <= other < moment + timedelta(seconds=60) for other in moments) <= A_MINUTE
    assert max(Counter(moment.date() for moment in moments).values()) <= A_DAY
    needed = -(-COUNT // A_DAY) - 1  # days that it has to wait for
    assert moments[-1] - moments[0] < timedelta(days=needed + 1)
