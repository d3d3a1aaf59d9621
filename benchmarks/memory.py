"""The memory of a web worker after many analyses."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

from benchmarks.load import drive, request
from benchmarks.report import Row
from benchmarks.servers import KEY, MEGABYTE, Server, Servers

TITLE = "Memory"
NOTE = (
    "Resident memory of one gunicorn worker with 8 threads on SQLite, without pandas, 8 keep-alive connections. Every analysis is made, "
    "none is found: another ticker, strategy and day each time."
)
CONNECTIONS = 8
FEW, MANY = 1_000, 10_000  # analyses
LIMIT = 80.0  # MB
GROWTH = 1.05
TICKERS = ("AAPL", "IBM", "MSFT")
STRATEGIES = ("balanced", "trend", "reversion", "breakout", "weekly")
NEWEST_DAYS = 700  # requested days; with all tickers and strategies there are more than MANY orders


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    server = servers.bellwether("memory", servers.database_url("SQLite", "memory"), workers=1)
    orders = _orders(server)
    fresh = _resident(server)
    drive(server.port, itertools.islice(orders, FEW), CONNECTIONS)
    after_few = _resident(server)
    load = drive(server.port, itertools.islice(orders, MANY - FEW), CONNECTIONS)
    after_many = _resident(server)
    growth = after_many / after_few
    return [
        Row("worker after its start", f"{fresh:.1f} MB"),
        Row(f"worker after {FEW:,} analyses", f"{after_few:.1f} MB", target=f"≤ {LIMIT:g} MB", met=after_few <= LIMIT),
        Row(
            f"worker after {MANY:,}, beside after {FEW:,}",
            f"{after_many:.1f} MB",
            f"{after_few:.1f} MB",
            f"{growth:.3f}×",
            f"≤ {GROWTH:g}×",
            growth <= GROWTH,
        ),
        Row("analyses per second on the way, one worker", f"{load.rate:,.0f}"),
    ]


def _resident(server: Server) -> float:
    return server.worker().memory_info().rss / MEGABYTE


def _orders(server: Server) -> Iterator[bytes]:
    """Orders of different analyses."""
    days = {ticker: json.loads(server.call("GET", f"/api/v1/prices/{ticker}"))["dates"][-NEWEST_DAYS:] for ticker in TICKERS}
    for number in range(NEWEST_DAYS):
        for ticker, strategy in itertools.product(TICKERS, STRATEGIES):
            order = {"ticker": ticker, "strategy": strategy, "as_of": days[ticker][number]}
            yield request("POST", "/api/v1/analyze", KEY, order)
