"""Where the workers' time goes in a bulk job, step by step."""

from __future__ import annotations

from benchmarks.bulk_shares import STEPS, shares
from benchmarks.demo_prices import load_demo
from benchmarks.report import Row, milliseconds
from benchmarks.servers import Servers

TITLE = "Bulk analysis: steps"
NOTE = (
    "One worker's time per ticker of 3,270 bars, two executors at a job of 2,000 tickers: ours on SQLite, and as the peer on Postgres, "
    "whose server works on the same two cores. `read` waits for the server, `series` is the adjusting and TA-Lib, `wait` is for the write "
    "lock, `other` is the rest of the executor: preparing, log lines, the store's Python. Measuring slows it by a few percent."
)
TICKERS, BARS, WORKERS = 2_000, 3_270, 2


def measure(servers: Servers) -> list[Row]:
    """The table's rows."""
    seconds = {}
    for kind in ("SQLite", "Postgres"):
        url = servers.database_url(kind, f"steps-{kind}")
        load_demo(url, TICKERS, BARS)
        seconds[kind] = shares(url, TICKERS, WORKERS)
        seconds[kind]["other"] = seconds[kind]["all"] - sum(seconds[kind][step] for step in STEPS)

    def cell(kind: str, step: str) -> str:
        return f"{milliseconds(seconds[kind][step])} ({100 * seconds[kind][step] / seconds[kind]['all']:.0f} %)"

    return [Row(step, cell("SQLite", step), cell("Postgres", step)) for step in ("all", *STEPS, "other")]
