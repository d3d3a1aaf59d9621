"""The latency of a ticker's evidence, computed and found again, and what the record costs an analysis."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

from benchmarks.load import Connection, request
from benchmarks.report import Row, at_most, milliseconds, percentile, times, within
from benchmarks.servers import KEY, Server, Servers

TITLE = "HTTP: evidence"
NOTE = (
    "`GET /api/v1/evidence/AAPL` at four horizons over all 3,270 bars, with exact intervals, one keep-alive connection, one request at a "
    "time, 2 workers of 8 threads. Each is asked twice, with a cost that was not used before: the first request computes and stores it, "
    "the second finds it. `POST /api/v1/analyze` of a new analysis is asked in turns with a service whose results have no record. The "
    "medians of 150, beside a bare Flask `jsonify` under the same gunicorn settings."
)
Key = tuple[str, str]  # what is measured, and on which engine
ENGINES = ("SQLite", "Postgres")
TIMES, WARM_UP = 150, 20
COMPUTED_LIMIT = 0.05  # seconds
WITH_RECORD = 1.3  # times an analysis without


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    started = {("bare", ""): servers.bare_flask("evidence-bare")}
    for engine in ENGINES:
        started["ours", engine] = servers.bellwether(f"evidence-{engine}", servers.database_url(engine, f"evidence-{engine}"))
        name = f"no-record-{engine}"
        started["without", engine] = servers.without_record(name, servers.database_url(engine, name))
    evidence = {key: server for key, server in started.items() if key[0] != "without"}
    analyses = {key: server for key, server in started.items() if key[0] != "bare"}
    median = _medians(evidence, _evidence_of_all) | _medians(analyses, _analyses)
    rows, floor = [], median["bare", ""]
    for engine in ENGINES:
        found = median["found", engine]
        rows.append(within(f"evidence computed and stored, on {engine}, p50", median["computed", engine], COMPUTED_LIMIT))
        rows.append(Row(f"evidence found again, on {engine}, p50", milliseconds(found), milliseconds(floor), times(found / floor)))
        what = f"a new analysis, beside one without record, on {engine}, p50"
        rows.append(at_most(what, median["ours", engine], median["without", engine], WITH_RECORD))
    return rows


def _medians(started: dict[Key, Server], measured: Callable[[dict[Key, Connection], int], dict[Key, float]]) -> dict[Key, float]:
    """The medians of what is measured in each of several rounds."""
    connections = {key: server.connect() for key, server in started.items()}
    taken: dict[Key, list[float]] = defaultdict(list)
    for number in range(WARM_UP + TIMES):
        for key, seconds in measured(connections, number).items():
            if number >= WARM_UP:
                taken[key].append(seconds)
    for connection in connections.values():
        connection.close()
    return {key: percentile(seconds, 50) for key, seconds in taken.items()}


def _evidence_of_all(connections: dict[Key, Connection], number: int) -> dict[Key, float]:
    everything = {("bare", ""): connections["bare", ""].exchange(request("GET", "/"))[0]}
    for engine in ENGINES:
        everything |= {(kind, engine): seconds for kind, seconds in _evidence(connections["ours", engine], number).items()}
    return everything


def _analyses(connections: dict[Key, Connection], number: int) -> dict[Key, float]:
    # Each of the two is the first in every other round.
    kinds = ("ours", "without") if number % 2 else ("without", "ours")
    return {(kind, engine): _analysis(connections[kind, engine], number, kind == "ours") for engine in ENGINES for kind in kinds}


def _evidence(connection: Connection, number: int) -> dict[str, float]:
    order = request("GET", f"/api/v1/evidence/AAPL?cost_bp={10 + number / 100}", KEY)
    computed, first = connection.exchange(order)
    found, second = connection.exchange(order)
    assert json.loads(first)["horizons"] == json.loads(second)["horizons"]
    return {"computed": computed, "found": found}


def _analysis(connection: Connection, number: int, has_record: bool) -> float:
    order = {"ticker": "AAPL", "weights": {"rsi": 1 + (number + 1) / 1000}}
    seconds, body = connection.exchange(request("POST", "/api/v1/analyze", KEY, order))
    assert json.loads(body)["record"]["available"] is has_record
    return seconds
