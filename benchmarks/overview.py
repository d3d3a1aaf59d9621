"""The server's cost of the dashboard's first page and charts."""

from __future__ import annotations

from typing import Any

from benchmarks.demo_prices import load_demo
from benchmarks.load import Connection, request
from benchmarks.report import Row, percentile, within
from benchmarks.servers import KEY, Servers

TITLE = "Dashboard: what its pages ask for"
NOTE = (
    "`GET /api/v1/overview?limit=500` over a watchlist of 500 tickers with prices of 3,270 bars, 490 of them analysed twice, and "
    "`GET /api/v1/series/{ticker}` with 8 keys over all 3,270 bars; uncompressed, one keep-alive connection, one request at a time, "
    "2 workers of 8 threads. The median of 100."
)
ENGINES = ("SQLite", "Postgres")
TICKERS, ANALYSED = 500, 490
KEYS = "open,high,low,close,volume,ema_50,bollinger,score"
WARM_UP, REQUESTS = 20, 100
OVERVIEW_LIMIT, SERIES_LIMIT = 0.060, 0.015  # seconds
# Two copies of each ticker's result: only the number of results matters here.
COPY = (
    "INSERT INTO analysis_results "
    "(id, org_id, ticker, strategy, as_of, bars, close, score, verdict, signal, fingerprint, parameters, body, created_at) "
    "SELECT r.id || '-' || w.ticker || '-' || n.n, 1, w.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, "
    "substr(w.ticker || n.n || r.fingerprint, 1, 64), r.parameters, r.body, r.created_at "
    "FROM analysis_results AS r, watchlist_items AS w, (SELECT 1 AS n UNION ALL SELECT 2) AS n "
    "WHERE r.ticker = 'DEMO00001' AND w.ticker > 'DEMO00010'"
)
MARK = (
    "INSERT INTO latest_results (org_id, ticker, strategy, result_id, score, verdict, analysed_at, previous_id) "
    "SELECT 1, r.ticker, r.strategy, r.id, r.score, r.verdict, r.created_at, p.id FROM analysis_results AS r "
    "JOIN analysis_results AS p ON p.ticker = r.ticker AND p.id LIKE '%-1' WHERE r.id LIKE '%-2'"
)


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    running = {}
    for engine in ENGINES:
        url = servers.database_url(engine, f"overview-{engine}")
        load_demo(url, TICKERS, 3270)
        running[engine] = servers.bellwether(f"overview-{engine}", url)
        _fill(engine, url, running[engine].connect())
    # Connect only now: the servers close idle connections.
    connections = {engine: server.connect() for engine, server in running.items()}
    rows = []
    series = request("GET", f"/api/v1/series/DEMO00001?keys={KEYS}", KEY)
    for what, wanted, parts, limit in (
        (f"the overview of {TICKERS} tickers", request("GET", f"/api/v1/overview?limit={TICKERS}", KEY), TICKERS, OVERVIEW_LIMIT),
        ("a chart's 3,270 days, 8 keys", series, 1, SERIES_LIMIT),
    ):
        taken: dict[str, list[float]] = {engine: [] for engine in ENGINES}
        for number in range(WARM_UP + REQUESTS):
            for engine, connection in connections.items():
                seconds, body = connection.exchange(wanted)
                assert body.count(b'"ticker"') == parts
                if number >= WARM_UP:
                    taken[engine].append(seconds)
        rows += [within(f"{what}, on {engine}, p50", percentile(taken[engine], 50), limit) for engine in ENGINES]
    for connection in connections.values():
        connection.close()
    return rows


def _fill(engine: str, url: str, connection: Connection) -> None:
    connection.exchange(request("POST", "/api/v1/analyze", KEY, {"ticker": "DEMO00001"}))
    for number in range(1, TICKERS + 1):
        connection.exchange(request("POST", "/api/v1/watchlist", KEY, {"ticker": f"DEMO{number:05d}", "notes": "for the benchmark"}))
    connection.close()
    database: Any
    if engine == "SQLite":
        import sqlite3

        database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        import psycopg2

        database = psycopg2.connect(url)
        database.autocommit = True
    cursor = database.cursor()
    for statement in (COPY, MARK, *(("VACUUM ANALYZE",) if engine == "Postgres" else ())):
        cursor.execute(statement)
    database.close()
