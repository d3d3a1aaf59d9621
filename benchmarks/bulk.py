"""A whole market as one job: tickers per second from stored prices to stored results, and its effect on other requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks import engine
from benchmarks.bulk_shares import shares
from benchmarks.demo_prices import load_demo
from benchmarks.load import Connection, request
from benchmarks.meter import Meter
from benchmarks.report import Row, milliseconds, percentile, times
from benchmarks.servers import KEY, MEGABYTE, Server, Servers

TITLE = "Bulk analysis"
NOTE = (
    "5,000 demo tickers of 3,270 bars as one job: 2 local worker processes beside 2 web workers of 8 threads, from the job's creation to "
    "its end, prices read from and results written to the database. The peer computes twelve indicators in textbook pandas, in as many "
    "processes, and neither reads nor writes. Small jobs and reads are timed by one caller while another job of 5,000 runs."
)
TICKERS, BARS, WORKERS = 5_000, 3_270, 2
RATES = {"SQLite": 800.0, "Postgres": 500.0}  # tickers per second
SMALL_JOBS, SMALL_LIMIT = 5, 1.0  # seconds
READS, READ_EVERY = 300, 0.005  # seconds between two reads
SLOWER = 3.0
MEMORY_LIMIT = 150.0  # MB
LOOK_EVERY = 0.25  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    with Meter(engine.__name__, "peers", with_pandas=True) as peers:
        pandas_rate = WORKERS / min(peers.time("pandas", 0.5) for _ in range(5))
    rows: list[Row] = []
    for kind, target in RATES.items():
        url = servers.database_url(kind, f"bulk-{kind}")
        server = servers.bellwether(f"bulk-{kind}", url, job_workers=WORKERS)
        load_demo(url, TICKERS, BARS)
        rows += _measure_one(kind, server, target, pandas_rate)
        servers.stop_all()
        rows += _shares(kind, url)
    return rows


def _measure_one(kind: str, server: Server, target: float, pandas_rate: float) -> list[Row]:
    connection = server.connect()
    peak, seconds = _run(server, connection, _order("balanced"))
    rate = TICKERS / seconds
    result = json.loads(connection.exchange(request("POST", "/api/v1/analyze", KEY, {"ticker": "AAPL"}))[1])
    read = request("GET", f"/api/v1/results/{result['id']}", KEY)
    idle = _read_times(connection, read)
    job = _submit(connection, _order("trend"))
    small = [_small_job(connection, number) for number in range(SMALL_JOBS)]
    busy = _read_times(connection, read)
    assert _job(connection, job)["status"] == "processing", "the large job ended before its neighbours were timed"
    _wait(connection, job, lambda: None)
    connection.close()
    p95_idle, p95_busy = percentile(idle, 95), percentile(busy, 95)
    return [
        Row(
            f"{TICKERS:,} tickers on {kind}",
            f"{rate:,.0f} tickers/s",
            f"{pandas_rate:,.0f} tickers/s",
            times(rate / pandas_rate),
            f"≥ {target:g} tickers/s",
            rate >= target,
        ),
        Row(f"largest worker process, {kind}", f"{peak:.0f} MB", target=f"≤ {MEMORY_LIMIT:g} MB", met=peak <= MEMORY_LIMIT),
        Row(
            f"a job of 1 ticker meanwhile, {kind}, the slowest of {SMALL_JOBS}",
            milliseconds(max(small)),
            target=f"≤ {1000 * SMALL_LIMIT:g} ms",
            met=max(small) <= SMALL_LIMIT,
        ),
        Row(
            f"`GET /results/{{id}}` meanwhile, beside idle, {kind}, p95",
            milliseconds(p95_busy),
            milliseconds(p95_idle),
            times(p95_busy / p95_idle),
            f"≤ {SLOWER:g}×",
            p95_busy <= SLOWER * p95_idle,
        ),
    ]


def _shares(kind: str, url: str) -> list[Row]:
    """The shares of engine, reads and writes in one worker's time."""
    seconds = shares(url)
    parts = ", ".join(f"{part} {100 * seconds[part] / seconds['all']:.0f} %" for part in ("engine", "read", "write"))
    return [Row(f"one worker's time per ticker, {kind}: {parts}", milliseconds(seconds["all"]))]


def _order(strategy: str) -> dict[str, Any]:
    return {"tickers": [f"DEMO{number:05d}" for number in range(1, TICKERS + 1)], "strategy": strategy}


def _run(server: Server, connection: Connection, order: dict[str, Any]) -> tuple[float, float]:
    """Run a job to its end; return the peak memory of the largest worker in MB and the duration in seconds."""
    # List the workers once: repeated scans of all processes would use a good part of a core.
    workers, peak = server.job_workers(), 0.0

    def look() -> None:
        nonlocal peak
        peak = max(peak, *(worker.memory_info().rss / MEGABYTE for worker in workers))

    job = _wait(connection, _submit(connection, order), look)
    assert (job["status"], job["succeeded"]) == ("completed", TICKERS), job
    return peak, _moment(job["finished_at"]) - _moment(job["created_at"])


def _small_job(connection: Connection, number: int) -> float:
    started = time.perf_counter()
    _wait(connection, _submit(connection, {"tickers": ["IBM"], "reward_risk": 1 + number / 10}), lambda: None, every=0.01)
    return time.perf_counter() - started


def _read_times(connection: Connection, read: bytes) -> list[float]:
    taken = []
    for _ in range(READS):
        taken.append(connection.exchange(read)[0])
        time.sleep(READ_EVERY)
    return taken


def _submit(connection: Connection, order: dict[str, Any]) -> str:
    job_id: str = json.loads(connection.exchange(request("POST", "/api/v1/bulk-analyze", KEY, order))[1])["id"]
    return job_id


def _wait(connection: Connection, job_id: str, look: Callable[[], None], every: float = LOOK_EVERY) -> dict[str, Any]:
    while (job := _job(connection, job_id))["finished_at"] is None:
        look()
        time.sleep(every)
    return job


def _job(connection: Connection, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(connection.exchange(request("GET", f"/api/v1/jobs/{job_id}", KEY))[1])
    return job


def _moment(text: str) -> float:
    from utils.clock import parse_iso

    return parse_iso(text).timestamp()
