"""How long one caller waits for an analysis, made now and made before."""

from __future__ import annotations

from benchmarks.load import request
from benchmarks.report import Row, percentile, within
from benchmarks.servers import KEY, Servers

TITLE = "HTTP: one analysis"
NOTE = (
    "`POST /api/v1/analyze` for AAPL over all 3,270 bars, one keep-alive connection, one request at a time, 2 workers of 8 threads. Each "
    "analysis is asked for twice, with a weight that nobody asked for before: the first makes and stores it, the second finds it. "
    "The median of 300."
)
ENGINES = ("SQLite", "Postgres")
ANALYSES = 300
WARM_UP = 30  # analyses that are not counted
NEW_LIMIT, FOUND_LIMIT = 0.008, 0.003  # seconds


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    connections = {}
    for engine in ENGINES:
        connections[engine] = servers.bellwether(f"analyze-{engine}", servers.database_url(engine, f"analyze-{engine}")).connect()
    made: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    found: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    for number in range(WARM_UP + ANALYSES):
        order = request("POST", "/api/v1/analyze", KEY, {"ticker": "AAPL", "weights": {"rsi": 1 + (number + 1) / 1000}})
        for engine, connection in connections.items():
            made_in, first = connection.exchange(order)
            found_in, second = connection.exchange(order)
            assert first == second
            if number >= WARM_UP:
                made[engine].append(made_in)
                found[engine].append(found_in)
    for connection in connections.values():
        connection.close()
    rows = []
    for engine in ENGINES:
        rows.append(within(f"not seen before, on {engine}, p50", percentile(made[engine], 50), NEW_LIMIT))
        rows.append(within(f"seen before, on {engine}, p50", percentile(found[engine], 50), FOUND_LIMIT))
    return rows
