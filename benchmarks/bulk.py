"""A whole market as one job: tickers per second from stored prices to stored results, and its effect on other requests."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from benchmarks import engine
from benchmarks.demo_prices import load_demo
from benchmarks.load import Connection, request
from benchmarks.meter import Meter, rate_together
from benchmarks.report import Row, milliseconds, percentile, times
from benchmarks.servers import KEY, MEGABYTE, Server, Servers

TITLE = "Bulk analysis"
NOTE = (
    "5,000 demo tickers of 3,270 bars as one job: 2 local worker processes beside 2 web workers of 8 threads, from the job's creation to "
    "its end, prices read from and results written to the database. The peers are two processes that neither read nor write, measured "
    "before and after each job: the engine alone with packed bars in memory, the bare TA-Lib calls, and twelve indicators in textbook "
    "pandas. Small jobs and reads are timed by one caller while 15,000 more analyses run."
)
TICKERS, BARS, WORKERS = 5_000, 3_270, 2
PEERS = {"the engine alone": "packed", "bare TA-Lib calls": "talib", "textbook pandas": "pandas"}
# How many times the rate of each peer, at least.
TARGETS = {
    "SQLite": {"the engine alone": 0.7, "bare TA-Lib calls": 0.45, "textbook pandas": 50.0},
    "Postgres": {"the engine alone": 0.55, "bare TA-Lib calls": 0.35, "textbook pandas": 40.0},
}
SLOWER = {"SQLite": 1.5, "Postgres": 2.0}  # reads while a job runs, beside idle, at most
SMALL_JOBS, SMALL_LIMIT = 20, 0.25  # seconds
READS, READ_EVERY = 300, 0.005  # seconds between two reads
PEER_SECONDS = 2.0
MEMORY_LIMIT = 150.0  # MB
LOOK_EVERY = 0.25  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    rows: list[Row] = []
    with ExitStack() as stack:
        ours = [stack.enter_context(Meter(engine.__name__, "ours")) for _ in range(WORKERS)]
        pandas = [stack.enter_context(Meter(engine.__name__, "peers", with_pandas=True)) for _ in range(WORKERS)]

        def peer_rates() -> dict[str, float]:
            """Tickers per second of each peer."""
            rates = {name: rate_together(pandas if name == "pandas" else ours, name, PEER_SECONDS) for name in PEERS.values()}
            return {what: rates[name] * (engine.BATCH if name == "packed" else 1) for what, name in PEERS.items()}

        for kind in TARGETS:
            url = servers.database_url(kind, f"bulk-{kind}")
            server = servers.bellwether(f"bulk-{kind}", url, job_workers=WORKERS)
            load_demo(url, TICKERS, BARS)
            rows += _measure_one(kind, server, peer_rates)
            servers.stop_all()
    return rows


def _measure_one(kind: str, server: Server, peer_rates: Callable[[], dict[str, float]]) -> list[Row]:
    before = peer_rates()
    connection = server.connect()
    peak, seconds = run(server, connection, order("balanced", TICKERS))
    connection.close()  # the server would close it while the peers are measured
    after, rate = peer_rates(), TICKERS / seconds
    connection = server.connect()
    result = json.loads(connection.exchange(request("POST", "/api/v1/analyze", KEY, {"ticker": "AAPL"}))[1])
    read = request("GET", f"/api/v1/results/{result['id']}", KEY)
    idle = _read_times(connection, read)
    jobs = [submit(connection, order(strategy, TICKERS)) for strategy in ("trend", "reversion", "breakout")]
    small = [_small_job(connection, number) for number in range(SMALL_JOBS)]
    busy = _read_times(connection, read)
    assert any(_job(connection, job)["status"] == "processing" for job in jobs), "the large jobs ended before their neighbours were timed"
    for job in jobs:
        wait(connection, job, lambda: None)
    connection.close()
    p95_idle, p95_busy = percentile(idle, 95), percentile(busy, 95)
    rows = []
    for what, target in TARGETS[kind].items():
        peer = (before[what] + after[what]) / 2
        figures = (f"{rate:,.0f} tickers/s", f"{peer:,.0f} tickers/s", times(rate / peer), f"≥ {target:g}×", rate >= target * peer)
        rows.append(Row(f"{TICKERS:,} tickers on {kind}, beside {what}", *figures))
    return [
        *rows,
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
            f"≤ {SLOWER[kind]:g}×",
            p95_busy <= SLOWER[kind] * p95_idle,
        ),
    ]


def order(strategy: str, tickers: int) -> dict[str, Any]:
    """The request for a job of the first demo tickers."""
    return {"tickers": demo_tickers(tickers), "strategy": strategy}


def demo_tickers(count: int) -> list[str]:
    """The first demo tickers."""
    return [f"DEMO{number:05d}" for number in range(1, count + 1)]


def run(server: Server, connection: Connection, order: dict[str, Any]) -> tuple[float, float]:
    """Run a job to its end; return the peak memory of the largest worker in MB and the duration in seconds."""
    # List the workers once: repeated scans of all processes would use a good part of a core.
    workers, peak = server.job_workers(), 0.0

    def look() -> None:
        nonlocal peak
        peak = max(peak, *(worker.memory_info().rss / MEGABYTE for worker in workers))

    job = wait(connection, submit(connection, order), look)
    assert (job["status"], job["succeeded"]) == ("completed", len(order["tickers"])), job
    return peak, moment(job["finished_at"]) - moment(job["created_at"])


def _small_job(connection: Connection, number: int) -> float:
    started = time.perf_counter()
    wait(connection, submit(connection, {"tickers": ["IBM"], "reward_risk": 1 + number / 10}), lambda: None, every=0.01)
    return time.perf_counter() - started


def _read_times(connection: Connection, read: bytes) -> list[float]:
    taken = []
    for _ in range(READS):
        taken.append(connection.exchange(read)[0])
        time.sleep(READ_EVERY)
    return taken


def submit(connection: Connection, order: dict[str, Any]) -> str:
    """Create a job; returns its id."""
    job_id: str = json.loads(connection.exchange(request("POST", "/api/v1/bulk-analyze", KEY, order))[1])["id"]
    return job_id


def wait(connection: Connection, job_id: str, look: Callable[[], None], every: float = LOOK_EVERY) -> dict[str, Any]:
    """Wait until a job has finished, and call `look` meanwhile; returns the job."""
    while (job := _job(connection, job_id))["finished_at"] is None:
        look()
        time.sleep(every)
    return job


def _job(connection: Connection, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(connection.exchange(request("GET", f"/api/v1/jobs/{job_id}", KEY))[1])
    return job


def moment(text: str) -> float:
    """A moment of an answer, in seconds."""
    from utils.clock import parse_iso

    return parse_iso(text).timestamp()
