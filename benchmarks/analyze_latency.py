"""The latency of one analysis: a new one, and a stored one, beside that of a minimal Flask application."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.load import request
from benchmarks.report import Row, milliseconds, percentile, times, within
from benchmarks.servers import KEY, Servers

TITLE = "HTTP: one analysis"
NOTE = (
    "`POST /api/v1/analyze` for AAPL over all 3,270 bars, one keep-alive connection, one request at a time, 2 workers of 8 threads. Each "
    "analysis is requested twice, with a weight that was not used before: the first request computes and stores it, the second finds it. "
    "The median of 300. The peer is a bare Flask `jsonify` under the same gunicorn settings, asked in turns with ours."
)
ANALYSES = 300
WARM_UP = 30  # analyses that are not counted
STORED_LIMIT = {"SQLite": 0.001, "Postgres": 0.0013}  # seconds
COMPUTED_LIMIT = {"SQLite": 0.0015, "Postgres": 0.0025}  # seconds that a new analysis takes longer than a stored one


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    bare_connection, bare = servers.bare_flask("analyze-bare").connect(), list[float]()
    connections = {}
    for engine in STORED_LIMIT:
        connections[engine] = servers.bellwether(f"analyze-{engine}", servers.database_url(engine, f"analyze-{engine}")).connect()
    new: dict[str, list[float]] = {engine: [] for engine in STORED_LIMIT}
    stored: dict[str, list[float]] = {engine: [] for engine in STORED_LIMIT}
    for number in range(WARM_UP + ANALYSES):
        order = request("POST", "/api/v1/analyze", KEY, {"ticker": "AAPL", "weights": {"rsi": 1 + (number + 1) / 1000}})
        bare_seconds, _ = bare_connection.exchange(request("GET", "/"))
        if number >= WARM_UP:
            bare.append(bare_seconds)
        for engine, connection in connections.items():
            new_seconds, first = connection.exchange(order)
            stored_seconds, second = connection.exchange(order)
            assert first == second
            if number >= WARM_UP:
                new[engine].append(new_seconds)
                stored[engine].append(stored_seconds)
    for connection in (bare_connection, *connections.values()):
        connection.close()
    rows, floor = [], percentile(bare, 50)
    for engine, limit in STORED_LIMIT.items():
        found, made = percentile(stored[engine], 50), percentile(new[engine], 50)
        rows.append(replace(within(f"seen before, on {engine}, p50", found, limit), peer=milliseconds(floor), ratio=times(found / floor)))
        rows.append(Row(f"not seen before, on {engine}, p50", milliseconds(made)))
        rows.append(within(f"not seen before, less seen before, on {engine}", made - found, COMPUTED_LIMIT[engine]))
    return rows
