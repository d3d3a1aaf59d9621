"""Whether a worker's memory and a ticker's cost are independent of the number of tickers in a job, and what is not for the arithmetic."""

from __future__ import annotations

import json
import time

from benchmarks.bulk import order, run
from benchmarks.demo_prices import load_demo
from benchmarks.load import request
from benchmarks.report import Row, milliseconds, times
from benchmarks.servers import KEY, MEGABYTE, Server, Servers

TITLE = "Bulk analysis: many tickers"
NOTE = (
    "50,000 demo tickers of 250 bars as one job on SQLite, 2 local worker processes, the larger process at each point; beside five jobs of "
    "1,000 such tickers in a database of their own, and beside 3,000 tickers of 3,270 bars."
)
TICKERS, BARS, WORKERS = 50_000, 250, 2
FEW, LONG, LONG_BARS = 1_000, 3_000, 3_270
STRATEGIES = ("balanced", "trend", "reversion", "breakout", "weekly")
LIMIT = 150.0  # MB
GROWTH = 1.10  # of the memory from a tenth of the job to its end; of a ticker's cost from FEW tickers to TICKERS
SHORT_BY_LONG = 2.5  # the rate of short histories beside that of long ones, at least
LOOK_EVERY = 0.25  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    few = _rate(_start(servers, "few", FEW, BARS), FEW)
    servers.stop_all()
    long = _rate(_start(servers, "long", LONG, LONG_BARS), LONG)
    servers.stop_all()
    seen, seconds = _follow(_start(servers, "many", TICKERS, BARS))
    rate = TICKERS / seconds
    early = next(size for progress, size in seen if progress >= 0.1)
    peak, last = max(size for _, size in seen), seen[-1][1]
    return [
        Row(
            f"{TICKERS:,} tickers of {BARS} bars, beside {LONG_BARS:,} bars",
            f"{rate:,.0f} tickers/s",
            f"{long:,.0f} tickers/s",
            times(rate / long),
            f"≥ {SHORT_BY_LONG:g}×",
            rate >= SHORT_BY_LONG * long,
        ),
        Row(
            f"a ticker's time among {TICKERS:,}, beside among {FEW:,}",
            milliseconds(1 / rate),
            milliseconds(1 / few),
            times(few / rate),
            f"≤ {GROWTH:.2f}×",
            few <= GROWTH * rate,
        ),
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


def _start(servers: Servers, name: str, tickers: int, bars: int) -> Server:
    url = servers.database_url("SQLite", f"bulk-{name}")
    server = servers.bellwether(f"bulk-{name}", url, workers=1, job_workers=WORKERS)
    load_demo(url, tickers, bars)
    return server


def _rate(server: Server, tickers: int) -> float:
    """Tickers per second of one job for each strategy."""
    connection = server.connect()
    seconds = sum(run(server, connection, order(strategy, tickers))[1] for strategy in STRATEGIES)
    connection.close()
    return len(STRATEGIES) * tickers / seconds


def _follow(server: Server) -> tuple[list[tuple[float, float]], float]:
    """Run the job; return progress and MB of the larger worker at each look, and the seconds."""
    connection, workers = server.connect(), server.job_workers()
    started = time.perf_counter()
    job = json.loads(connection.exchange(request("POST", "/api/v1/bulk-analyze", KEY, order("balanced", TICKERS)))[1])
    seen: list[tuple[float, float]] = []
    while job["finished_at"] is None:
        seen.append((job["progress"], max(worker.memory_info().rss for worker in workers) / MEGABYTE))
        time.sleep(LOOK_EVERY)
        job = json.loads(connection.exchange(request("GET", f"/api/v1/jobs/{job['id']}", KEY))[1])
    seconds = time.perf_counter() - started
    connection.close()
    assert (job["status"], job["succeeded"]) == ("completed", TICKERS), job
    return seen, seconds
