"""The shares of one worker's time: an executor in a process of its own, with the functions that read, compute and write timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import Any

from benchmarks.servers import ROOT, WITHOUT_PANDAS

TICKERS = 1_000


def shares(url: str, tickers: int = TICKERS) -> dict[str, float]:
    """Seconds per demo ticker: `all`, and of that `engine`, `read` and `write`; measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bulk_shares", url, str(tickers)]
    environment = {**os.environ, "PYTHONPATH": WITHOUT_PANDAS}
    measured: dict[str, float] = json.loads(subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return measured


def main(url: str, count: int) -> None:
    """Run a job in this process and print the seconds as JSON."""
    import database
    from features.analyses import plan as analysis_plan
    from features.analyses import store as result_store
    from features.analyses.bulk import submit
    from features.analyses.kinds import BulkAnalysis
    from features.prices import service as prices
    from jobs import claims
    from jobs.executor import Executor, ExecutorOptions
    from jobs.kind import JobKinds
    from jobs.wakeup import NoWakeup
    from models.analysis import Overrides
    from models.bulk_analysis import BulkOrder, BulkParams
    from models.job import Lane
    from utils.logger import configure_logging

    configure_logging("warning", as_json=True)
    database.configure(database.DatabaseOptions(url=url))
    spent: Counter[str] = Counter()

    def timed(module: Any, name: str, part: str) -> None:
        original = getattr(module, name)

        def call(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                return original(*arguments, **options)
            finally:
                spent[part] += time.perf_counter() - started  # type: ignore[assignment]

        setattr(module, name, call)

    for module, name, part in (
        (analysis_plan, "analyse", "engine"),
        (analysis_plan, "adjusted_bars", "engine"),
        (prices, "find_heads", "read"),
        (prices, "load_many", "read"),
        (result_store, "find_fingerprints", "read"),
        (claims, "claim_chunk", "write"),
        (claims.Claims, "end_chunk", "write"),
    ):
        timed(module, name, part)
    tickers = tuple(f"DEMO{number:05d}" for number in range(1, count + 1))
    with database.transaction() as connection:
        submit(connection, 1, BulkOrder(tickers, BulkParams("weekly", Overrides(reward_risk=1.5))), {})
    executor = Executor(
        "benchmark", threading.Event(), ExecutorOptions(database.current(), JobKinds([BulkAnalysis()]), Lane.CPU, 15.0, NoWakeup())
    )
    started = time.perf_counter()
    ran = executor.drain()
    spent["all"] = time.perf_counter() - started  # type: ignore[assignment]
    executor.close()
    assert ran == count
    print(json.dumps({part: seconds / count for part, seconds in spent.items()}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
