"""Refreshes prices: from a provider that takes 100 ms for an answer, and the daily top-up apart from the network."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

import psutil

import database
import db_migrations
from benchmarks.demo_prices import load_demo
from benchmarks.report import Row
from benchmarks.servers import ROOT, Servers, free_port
from config import Settings
from features import load_features
from features.prices.budgets import Budget
from features.prices.circuit import Circuit
from features.prices.providers.demo import ticker_of
from features.prices.refresh import Refresher
from features.prices.refreshing import RefreshOrder, submit
from features.prices.registry import Configured, connect
from features.prices.store import fetch as fetch_store
from features.prices.store import series as series_store
from infrastructure.feature import Universes
from jobs.executor import Executor
from jobs.machine import JobMachine
from models.api_key import FIRST_ORG, SHARED_ORG
from models.job import Lane
from models.price_series import PackedBars
from models.provider import Allowance, Fetched, Listing
from models.series_fetch import SeriesFetch
from utils.clock import now

TITLE = "Refreshing prices"
NOTE = (
    "500 tickers, whole histories of 500 days, as a job with 8 threads from a server on loopback that takes 100 ms for each answer: 80 a "
    "second at best. Then one new bar for each of 5,000 tickers of 3,270 bars, from a provider in the process that answers at once: "
    "reading, comparing and storing alone, with 8 threads, too. Memory is what the process has grown by in the second half of the 500."
)
TICKERS, DAYS, THREADS, SECONDS = 500, 500, 8, 0.1
LEAST_A_SECOND, LEAST_TOP_UPS, MOST_GROWTH = 60, 300, 20
TOP_UPS, BARS = 5_000, 3_270


def measure(servers: Servers) -> list[Row]:
    """The table's rows, SQLite first."""
    rows = []
    for engine in ("SQLite", "Postgres"):
        rows += list(_from_slow_server(engine, servers.database_url(engine, f"refresh-{engine}")))
    for engine in ("SQLite", "Postgres"):
        pace = _top_ups(servers.database_url(engine, f"top-up-{engine}"))
        what = f"top up series with one bar, {engine}"
        rows.append(Row(what, f"{pace:,.0f}/s", target=f"≥ {LEAST_TOP_UPS}/s", met=pace >= LEAST_TOP_UPS))
    return rows


def _from_slow_server(engine: str, url: str) -> Iterator[Row]:
    with slow_server(SECONDS) as address, tempfile.TemporaryDirectory(prefix="bellwether-bench-refresh-") as folder:
        settings = Settings.load(
            database_url=url,
            data_dir=Path(folder),
            price_providers="csv_url",
            csv_url_template=address,
            log_level="error",
            load_sample=False,
        )
        machine = JobMachine.of(settings, load_features(settings), connections=2 * THREADS)
        db_migrations.ensure_schema(True)
        tickers = tuple(f"R{number}" for number in range(TICKERS))
        with database.transaction() as connection:
            submit(connection, FIRST_ORG, RefreshOrder(tickers), Universes(), connect(settings, machine.foundation.database))
        halves: list[int] = []
        seconds = _drain(machine, lambda: halves.append(psutil.Process().memory_info().rss))
        machine.kinds.close()
        machine.foundation.database.close()
    pace, grown = TICKERS / seconds, (halves[-1] - halves[len(halves) // 2]) / 1e6
    yield Row(f"fetch and store tickers, {engine}", f"{pace:.1f}/s", target=f"≥ {LEAST_A_SECOND}/s", met=pace >= LEAST_A_SECOND)
    yield Row(f"memory in the second half, {engine}", f"{grown:+.1f} MB", target=f"≤ {MOST_GROWTH} MB", met=grown <= MOST_GROWTH)


def _drain(machine: JobMachine, each: Callable[[], object]) -> float:
    """Run what is queued for the network with several threads; returns the seconds. `each` is called after each chunk."""

    def work(number: int) -> None:
        executor = Executor(f"bench-{number}", threading.Event(), machine.executor_options(Lane.NETWORK))
        while executor.run_chunk():
            each()
        executor.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - began


@contextmanager
def slow_server(seconds: float) -> Iterator[str]:
    """The template of the addresses of a server that takes this long for each answer."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.slow_prices", str(port), str(seconds), str(DAYS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}/{{ticker}}.csv"
        finally:
            process.kill()


class OneMore:
    """Answers with the last days of a stored series and one more. The answers are made beforehand."""

    name, terms, zone = "demo", "", "UTC"

    def __init__(self, tickers: Sequence[str]) -> None:
        self._answers = dict(zip(tickers, map(_with_one_more, tickers), strict=True))

    def cost(self, since: date | None) -> int:
        """None: nothing is asked."""
        return 0

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """The overlap and one bar."""
        return self._answers[ticker]

    def search(self, text: str) -> list[Listing]:
        """Nothing."""
        return []

    def close(self) -> None:
        """Nothing is open."""


def _with_one_more(ticker: str) -> Fetched:
    with database.reader() as connection:
        loaded = series_store.load(connection, SHARED_ORG, ticker)
    assert loaded is not None
    head, packed = loaded
    last = packed.rows(len(packed) - 10, len(packed)).bars()
    bar = last[-1]
    one_more = type(bar)(bar.day + timedelta(days=1), bar.open, bar.high, bar.low, bar.close, bar.adj_close, bar.volume)
    return Fetched(PackedBars.pack([*last, one_more]), head.adjusted, head.bases)


def _top_ups(url: str) -> float:
    """Series topped up in a second."""
    load_demo(url, TOP_UPS, BARS)
    database.configure(database.DatabaseOptions(url=url, pool_size=2 * THREADS))
    tickers = [ticker_of(number) for number in range(1, TOP_UPS + 1)]
    with database.transaction() as connection:
        for ticker in tickers:
            fetch_store.save(connection, SeriesFetch(ticker, "demo", now(), None, None, None, None, True, None, 0, 0, None))
    own = database.current()
    configured = Configured(OneMore(tickers), Budget(own, "demo", Allowance({})), Circuit(own, "demo"))
    refresher = Refresher(own, [configured])
    began = perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(partial(refresher.refresh, force=True), tickers):
            pass
    seconds = perf_counter() - began
    database.close()
    return TOP_UPS / seconds
