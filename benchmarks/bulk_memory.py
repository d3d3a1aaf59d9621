"""Whether a worker's memory is independent of the number of tickers in a job."""

from __future__ import annotations

import json
import time

from benchmarks.demo_prices import load_demo
from benchmarks.load import request
from benchmarks.report import Row
from benchmarks.servers import KEY, MEGABYTE, Servers

TITLE = "Bulk analysis: memory"
NOTE = "50,000 demo tickers of 250 bars as one job on SQLite, 2 local worker processes. The larger process at each point."
TICKERS, BARS, WORKERS = 50_000, 250, 2
LIMIT = 150.0  # MB
GROWTH = 1.10  # from a tenth of the job to its end
LOOK_EVERY = 0.25  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    url = servers.database_url("SQLite", "bulk-memory")
    server = servers.bellwether("bulk-memory", url, workers=1, job_workers=WORKERS)
    load_demo(url, TICKERS, BARS)
    connection = server.connect()
    order = {"tickers": [f"DEMO{number:05d}" for number in range(1, TICKERS + 1)]}
    workers = server.job_workers()
    started = time.perf_counter()
    job = json.loads(connection.exchange(request("POST", "/api/v1/bulk-analyze", KEY, order))[1])
    seen: list[tuple[float, float]] = []  # progress, MB
    while job["finished_at"] is None:
        seen.append((job["progress"], max(worker.memory_info().rss for worker in workers) / MEGABYTE))
        time.sleep(LOOK_EVERY)
        job = json.loads(connection.exchange(request("GET", f"/api/v1/jobs/{job['id']}", KEY))[1])
    seconds = time.perf_counter() - started
    connection.close()
    assert (job["status"], job["succeeded"]) == ("completed", TICKERS), job
    early = next(size for progress, size in seen if progress >= 0.1)
    peak, last = max(size for _, size in seen), seen[-1][1]
    return [
        Row(f"{TICKERS:,} tickers of {BARS} bars", f"{TICKERS / seconds:,.0f} tickers/s"),
        Row("largest worker process", f"{peak:.0f} MB", target=f"≤ {LIMIT:g} MB", met=peak <= LIMIT),
        Row(
            "worker at the end, beside at a tenth of the job",
            f"{last:.0f} MB",
            f"{early:.0f} MB",
            f"{last / early:.2f}×",
            f"≤ {GROWTH:.2f}×",
            last <= GROWTH * early,
        ),
    ]
