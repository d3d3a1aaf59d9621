"""The cost of an empty job, durably created, claimed and completed, compared with other queues."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.report import Row, times
from benchmarks.servers import ROOT, WITHOUT_PANDAS, Servers

TITLE = "Empty jobs"
NOTE = (
    "4,000 jobs of one item whose analysis is skipped, 2 processes that first create half of them each, 100 a transaction, then claim and "
    "complete what there is, until every job is completed. The peers: 4,000 empty tasks, created one by one (and, by Procrastinate, 100 at "
    "once) while 2 worker processes run them, on the same PostgreSQL and on a Redis with its default durability."
)
JOBS, PROCESSES, A_TRANSACTION = 4_000, 2, 100
# How many times as fast as Celery on Redis; the number of jobs created in a transaction.
TARGETS = {("SQLite", A_TRANSACTION): 6.0, ("SQLite", 1): 1.5, ("Postgres", A_TRANSACTION): 6.0, ("Postgres", 1): 1.5}


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    celery = _run("benchmarks.peer_celery", servers.redis_url())
    others = {
        "Procrastinate on Postgres, one by one": _run("benchmarks.peer_procrastinate", servers.database_url("Postgres", "one-by-one"), "1"),
        "Procrastinate on Postgres, 100 at once": _run("benchmarks.peer_procrastinate", servers.database_url("Postgres", "at-once"), "100"),
    }
    rows = []
    for (kind, together), target in TARGETS.items():
        url = servers.database_url(kind, f"empty-{kind}-{together}")
        rate = _run("benchmarks.empty_ours", url, str(together))
        how = f"{together} a transaction" if together > 1 else "each in a transaction of its own"
        figures = (f"{rate:,.0f} jobs/s", f"{celery:,.0f} jobs/s", times(rate / celery), f"≥ {target:g}×", rate >= target * celery)
        rows.append(Row(f"ours on {kind}, {how}, beside Celery on Redis", *figures))
    return rows + [Row(f"peer: {name}", "–", f"{rate:,.0f} jobs/s") for name, rate in others.items()]


def _run(module: str, *arguments: str) -> float:
    """Jobs per second, by a module that prints the seconds."""
    return JOBS / seconds_of(module, *arguments, str(JOBS), str(PROCESSES))


def seconds_of(module: str, *arguments: str, **variables: str) -> float:
    """The seconds that a module prints, which runs in its own process with additional variables."""
    environment = {**os.environ, "PYTHONPATH": WITHOUT_PANDAS, **variables}
    command = [sys.executable, "-m", module, *arguments]
    seconds: float = json.loads(subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return seconds
