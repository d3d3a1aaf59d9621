"""Whether the cost of a page of a ticker's history is independent of the number of stored results."""

from __future__ import annotations

import random
import sqlite3
from typing import Any

from benchmarks.load import request
from benchmarks.report import Row, at_most, percentile
from benchmarks.servers import KEY, Servers

TITLE = "History"
NOTE = (
    "`GET /api/v1/history/{ticker}?limit=50` over 1,000,000 stored results (ours) and over 1,000 (peer): a tenth of them of one busy "
    "ticker, the others spread evenly over 4,995 tickers and over 9. One request in ten is for the busy one. One keep-alive connection "
    "each, requests in turns, 1,500 each."
)
ENGINES = ("SQLite", "Postgres")
LIMIT = 1.1
REQUESTS = 1500
WARM_UP = 200  # requests that are not counted
# The number of results, and the number of groups of 9 tickers that share nine tenths of them.
SIZES = {"large": (1_000_000, 555), "small": (1_000, 1)}
CHUNK = 100_000  # results in a transaction

# Expressions that differ between the engines: the numbers i, and for each i an id of 36 characters, a digest of 64 and a time.
DIALECTS = {
    "SQLite": {
        "numbers": "WITH RECURSIVE numbers (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {end}) ",
        "source": "numbers",
        "id": "printf('%036d', i)",
        "digest": "printf('%064d', i)",
        "ticker": "printf('T%05d', (i / 10) % {groups} * 9 + i % 10)",
        "moment": "strftime('%Y-%m-%dT%H:%M:%S', 1600000000 + i, 'unixepoch') || '.000000Z'",
    },
    "Postgres": {
        "numbers": "",
        "source": "generate_series({first}, {end} - 1) AS numbers (i)",
        "id": "lpad(i::text, 36, '0')",
        "digest": "lpad(i::text, 64, '0')",
        "ticker": "'T' || lpad(((i / 10) % {groups} * 9 + i % 10)::text, 5, '0')",
        "moment": "to_timestamp(1600000000 + i)",
    },
}
INSERT = (
    "INSERT INTO analysis_results "
    "(id, org_id, ticker, strategy, as_of, bars, close, score, verdict, signal, fingerprint, parameters, body, created_at) "
    "{numbers}SELECT {id}, 1, CASE WHEN i % 10 = 0 THEN 'BUSY' ELSE {ticker} END, 'balanced', '2020-09-13', 3270, 100.0, 0.25, "
    "'Buy', 'BUY', {digest}, '{{}}', '{{\"stub\": true}}', {moment} FROM {source}"
)


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    running = {}
    for engine in ENGINES:
        for size, (results, groups) in SIZES.items():
            name = f"history-{engine}-{size}"
            url = servers.database_url(engine, name)
            running[engine, size] = servers.bellwether(name, url)
            _fill(engine, url, results, groups)
    # Connect only now: the servers close idle connections.
    connections = {key: server.connect() for key, server in running.items()}
    draw = random.Random(1)  # noqa: S311  # nosec B311  # the same requests in every run
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in connections}
    for number in range(WARM_UP + REQUESTS):
        for key, connection in connections.items():
            tickers = 9 * SIZES[key[1]][1]
            ticker = "BUSY" if number % 10 == 0 else f"T{draw.randint(1, tickers):05d}"
            seconds, body = connection.exchange(request("GET", f"/api/v1/history/{ticker}?limit=50", KEY))
            assert body.count(b'"fingerprint"') == 50
            if number >= WARM_UP:
                taken[key].append(seconds)
    for connection in connections.values():
        connection.close()
    rows = []
    for engine in ENGINES:
        large, small = taken[engine, "large"], taken[engine, "small"]
        for percent, limit in ((50, 0.0), (95, LIMIT)):
            what = f"a page of 50 on {engine}, p{percent}"
            row = at_most(what, percentile(large, percent), percentile(small, percent), limit)
            rows.append(row if limit else Row(row.what, row.ours, row.peer, row.ratio))
    return rows


def _fill(engine: str, url: str, results: int, groups: int) -> None:
    """Store stub results, in the order of their creation."""
    connection: Any
    if engine == "SQLite":
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("PRAGMA synchronous = OFF")
    else:
        import psycopg2

        connection = psycopg2.connect(url)
        connection.autocommit = True
    cursor = connection.cursor()
    for first in range(0, results, CHUNK):
        numbers = {"first": first, "end": min(first + CHUNK, results), "groups": groups}
        cursor.execute(INSERT.format(**{name: part.format(**numbers) for name, part in DIALECTS[engine].items()}))
    # Do the background work of PostgreSQL's autovacuum and SQLite's checkpoints before the measurement.
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)" if engine == "SQLite" else "VACUUM ANALYZE analysis_results")
    connection.close()
