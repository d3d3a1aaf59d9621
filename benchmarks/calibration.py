"""The evidence of a whole market as one job: tickers per second, from stored prices to the table."""

from __future__ import annotations

import json
from time import perf_counter

from benchmarks.bulk import BARS, TICKERS, WORKERS, demo_tickers, moment, wait
from benchmarks.demo_prices import load_demo
from benchmarks.load import request
from benchmarks.report import Row, milliseconds
from benchmarks.servers import KEY, MEGABYTE, Servers

TITLE = "Evidence of a market"
NOTE = (
    f"{TICKERS:,} demo tickers of {BARS:,} bars as one job at four horizons: {WORKERS} local worker processes beside 2 web workers, from "
    "the job's creation to its end, each day scored, each ticker traded beside buy-and-hold, sums written to the database. The table is "
    "made by the first who asks after that, and found by the next."
)
FASTEST = 400.0  # tickers per second, at least


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    rows: list[Row] = []
    for engine in ("SQLite", "Postgres"):
        url = servers.database_url(engine, f"calibration-{engine}")
        server = servers.bellwether(f"calibration-{engine}", url, job_workers=WORKERS)
        load_demo(url, TICKERS, BARS)
        connection, workers, peak = server.connect(), server.job_workers(), 0.0

        def look() -> None:
            nonlocal peak
            peak = max(peak, *(worker.memory_info().rss / MEGABYTE for worker in workers))  # noqa: B023 — called within this turn

        job_id = json.loads(connection.exchange(request("POST", "/api/v1/evidence", KEY, {"tickers": demo_tickers(TICKERS)}))[1])["id"]
        job = wait(connection, job_id, look)
        assert (job["status"], job["succeeded"]) == ("completed", TICKERS), job
        rate = TICKERS / (moment(job["finished_at"]) - moment(job["created_at"]))
        table = request("GET", f"/api/v1/evidence?job_id={job_id}", KEY)
        started = perf_counter()
        made = json.loads(connection.exchange(table)[1])
        first = perf_counter() - started
        assert made["tickers"] == TICKERS, made["tickers"]
        found, _ = connection.exchange(table)
        connection.close()
        what = f"{TICKERS:,} tickers on {engine}"
        rows += [
            Row(what, f"{rate:,.0f} tickers/s", target=f"≥ {FASTEST:g} tickers/s", met=rate >= FASTEST),
            Row(f"the table, made from the sums, on {engine}", milliseconds(first)),
            Row(f"the table, found again, on {engine}", milliseconds(found)),
            Row(f"largest worker process, {engine}", f"{peak:.0f} MB"),
        ]
        servers.stop_all()
    return rows
