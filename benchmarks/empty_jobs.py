"""The cost of an empty job, durably created, claimed and completed, compared with other queues."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence

from benchmarks.report import Row, times
from benchmarks.servers import ROOT, WITHOUT_PANDAS, Servers

TITLE = "Empty jobs"
NOTE = (
    "4,000 jobs of one item whose analysis is skipped, 2 processes that first create half of them each, 100 a transaction, then claim and "
    "complete what there is, until every job is completed. The peers: 4,000 empty tasks, created one by one (and, by Procrastinate, 100 at "
    "once) while 2 worker processes run them, on the same PostgreSQL and on a Redis with its default durability."
)
JOBS, PROCESSES, A_TRANSACTION = 4_000, 2, 100
TARGETS = {"SQLite": 4_000.0, "Postgres": 1_000.0}  # jobs per second


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    peers = {
        "Celery on Redis": _run("benchmarks.empty_celery", servers.redis_url()),
        "Procrastinate on Postgres, one by one": _run(
            "benchmarks.empty_procrastinate", servers.database_url("Postgres", "one-by-one"), "1"
        ),
        "Procrastinate on Postgres, 100 at once": _run(
            "benchmarks.empty_procrastinate", servers.database_url("Postgres", "at-once"), "100"
        ),
    }
    rows = []
    for kind, target in TARGETS.items():
        for together in (A_TRANSACTION, 1):
            url = servers.database_url(kind, f"empty-{kind}-{together}")
            rate = _run("benchmarks.empty_ours", url, str(together))
            how = f"{together} a transaction" if together > 1 else "each in a transaction of its own"
            fastest = max(peers.values())
            row = Row(f"ours on {kind}, {how}", f"{rate:,.0f} jobs/s", f"{fastest:,.0f} jobs/s", times(rate / fastest))
            if together > 1:
                row = Row(row.what, row.ours, row.peer, row.ratio, f"≥ {target:,.0f} jobs/s", rate >= target)
            rows.append(row)
    return rows + [Row(f"peer: {name}", "–", f"{rate:,.0f} jobs/s") for name, rate in peers.items()]


def _run(module: str, *arguments: str) -> float:
    """Jobs per second, by a module that runs in its own process and prints them."""
    command: Sequence[str] = [sys.executable, "-m", module, *arguments, str(JOBS), str(PROCESSES)]
    environment = {**os.environ, "PYTHONPATH": WITHOUT_PANDAS}
    seconds: float = json.loads(subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return JOBS / seconds
