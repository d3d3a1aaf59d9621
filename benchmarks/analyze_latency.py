"""The latency of one analysis: a new one, and a stored one."""

from __future__ import annotations

from benchmarks.load import request
from benchmarks.report import Row, percentile, within
from benchmarks.servers import KEY, Servers

TITLE = "HTTP: one analysis"
NOTE = (
    "`POST /api/v1/analyze` for AAPL over all 3,270 bars, one keep-alive connection, one request at a time, 2 workers of 8 threads. Each "
    "analysis is requested twice, with a weight that was not used before: the first request computes and stores it, the second finds it. "
    "The median of 300."
)
ENGINES = ("SQLite", "Postgres")
ANALYSES = 300
WARM_UP = 30  # analyses that are not counted
NEW_LIMIT, STORED_LIMIT = 0.008, 0.003  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    connections = {}
    for engine in ENGINES:
        connections[engine] = servers.bellwether(f"analyze-{engine}", servers.database_url(engine, f"analyze-{engine}")).connect()
    new: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    stored: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for number in range(WARM_UP + ANALYSES):
        order = request("POST", "/api/v1/analyze", KEY, {"ticker": "AAPL", "weights": {"rsi": 1 + (number + 1) / 1000}})
        for engine, connection in connections.items():
            new_seconds, first = connection.exchange(order)
            stored_seconds, second = connection.exchange(order)
            assert first == second
            if number >= WARM_UP:
                new[engine].append(new_seconds)
                stored[engine].append(stored_seconds)
    for connection in connections.values():
        connection.close()
    rows = []
    for engine in ENGINES:
        rows.append(within(f"not seen before, on {engine}, p50", percentile(new[engine], 50), NEW_LIMIT))
        rows.append(within(f"seen before, on {engine}, p50", percentile(stored[engine], 50), STORED_LIMIT))
    return rows
