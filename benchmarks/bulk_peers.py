"""A market analysed as one job, compared with one task per ticker in other queues."""

from __future__ import annotations

from benchmarks.bulk import order, run
from benchmarks.demo_prices import load_demo
from benchmarks.empty_jobs import seconds_of
from benchmarks.report import Row, times
from benchmarks.servers import Servers

TITLE = "Bulk analysis: other queues"
NOTE = (
    "1,000 demo tickers of 3,270 bars on Postgres, 2 worker processes. Ours is one job. The peers' tasks call the service's function for "
    "one ticker, which reads, analyses and stores it; the tasks are sent while the workers run. RQ's worker forks for each task."
)
TICKERS, BARS, WORKERS = 1_000, 3_270, 2


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    url = servers.database_url("Postgres", "bulk-peers")
    server = servers.bellwether("bulk-peers", url, job_workers=WORKERS)
    load_demo(url, TICKERS + 20, BARS)
    connection = server.connect()
    rate = TICKERS / run(server, connection, order("balanced", TICKERS))[1]
    connection.close()
    servers.stop_all()
    peers = {
        "Celery on Redis": ("benchmarks.peer_celery", servers.redis_url()),
        "Procrastinate on Postgres": ("benchmarks.peer_procrastinate", servers.database_url("Postgres", "peer-queue"), "100"),
        "RQ on Redis": ("benchmarks.peer_rq", servers.redis_url()),
    }
    rows = []
    for name, (module, *arguments) in peers.items():
        peer = TICKERS / seconds_of(module, *arguments, str(TICKERS), str(WORKERS), PEER_DATABASE=url)
        _forget_results(url)
        rows.append(Row(f"{TICKERS:,} tickers, beside {name}", f"{rate:,.0f} tickers/s", f"{peer:,.0f} tickers/s", times(rate / peer)))
    return rows


def _forget_results(url: str) -> None:
    """Delete the results, so that the next peer makes them again."""
    from sqlalchemy import text

    from database import Database, DatabaseOptions

    database = Database(DatabaseOptions(url=url))
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM latest_results"))
        connection.execute(text("DELETE FROM analysis_results"))
    database.close()
