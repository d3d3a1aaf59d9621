"""The share of each step in the workers' time: executors in processes of their own, with the functions of each step timed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from benchmarks.servers import ROOT, WITHOUT_PANDAS
from infrastructure.feature import Universes
from models.strategy import STRATEGIES

# What is not in a step is the executor's own: log lines, sorting, objects. A step's time is without the steps inside it.
STEPS = ("claim", "read", "series", "votes", "reasons", "JSON", "write", "commit", "wait")


def shares(url: str, tickers: int, processes: int) -> dict[str, float]:
    """Seconds of a worker per demo ticker: `all`, and of that each of STEPS.

    `wait` is the wait for the write lock. The first `tickers` demo tickers are one job, run by `processes` executors at the same time.
    """
    command = [sys.executable, "-m", "benchmarks.bulk_shares", url]
    environment = {**os.environ, "PYTHONPATH": WITHOUT_PANDAS}
    subprocess.run([*command, str(tickers)], cwd=ROOT, env=environment, check=True)
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(processes)
        ]
        for worker in workers:
            assert _output(worker).readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.close()
        total = Counter[str]()
        for worker in workers:
            total.update(json.loads(_output(worker).read()))
    assert total.pop("items") == tickers
    return {step: seconds / tickers for step, seconds in total.items()}


def _output(worker: subprocess.Popen[str]) -> IO[str]:
    assert worker.stdout is not None
    return worker.stdout


def submit(url: str, count: int) -> None:
    """Queue the job."""
    import database
    from features.analyses.bulk import submit
    from models.analysis import Overrides
    from models.bulk_analysis import BulkOrder, BulkParams

    tickers = tuple(f"DEMO{number:05d}" for number in range(1, count + 1))
    with database.configure(database.DatabaseOptions(url=url)).transaction() as connection:
        params = BulkParams(STRATEGIES["weekly"], Overrides(reward_risk=1.5 + time.time() % 1))
        submit(connection, 1, BulkOrder(tickers, params), Universes())


def work(url: str) -> None:
    """Prepare an executor, wait for the end of standard input, run the queued job, and print the seconds of each step as JSON."""
    import database
    from analysis import engine
    from features.analyses import plan
    from features.analyses.kinds import BulkAnalysis
    from features.analyses.store import result as result_store
    from features.prices import service as prices
    from infrastructure.allocator import give_back_memory
    from jobs import claims
    from jobs.executor import Executor, ExecutorOptions
    from jobs.kind import JobKinds
    from jobs.wakeup import NoWakeup
    from models.job import Lane
    from utils.logger import configure_logging

    configure_logging("warning", as_json=True)
    give_back_memory()
    bellwether = database.configure(database.DatabaseOptions(url=url))
    kinds = JobKinds([BulkAnalysis()])
    kinds.prepare(Lane.CPU)
    watch = Stopwatch()
    for module, name, step in (
        (claims, "claim_chunk", "claim"),
        (prices, "find_heads", "read"),
        (prices, "load_each", "read"),
        (result_store, "find_fingerprints", "read"),
        (plan, "is_sound", "series"),
        (plan, "adjusted_bars", "series"),
        (engine, "newest_smoothed", "series"),
        (engine, "price_warnings", "series"),
        (engine, "newest_series", "votes"),
        (engine, "_evaluate", "votes"),
        (engine, "_analysis", "reasons"),
        (plan, "dump", "JSON"),
        (claims.Claims, "end_chunk", "write"),
    ):
        watch.time(module, name, step)
    watch.time_transactions(bellwether)
    executor = Executor("benchmark", threading.Event(), ExecutorOptions(bellwether, kinds, Lane.CPU, 15.0, NoWakeup()))
    bellwether.ping()
    print("ready", flush=True)
    sys.stdin.read()
    started = time.perf_counter()
    ran = executor.drain()
    watch.spent["all"] = time.perf_counter() - started
    executor.close()
    print(json.dumps({**watch.spent, "items": ran}))


class Stopwatch:
    """Seconds by step. A function's time is without that of the timed functions that it calls."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)
        self._inner = [0.0]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the time of a block."""
        self._inner.append(0.0)
        started = time.perf_counter()
        try:
            yield
        finally:
            whole = time.perf_counter() - started
            self.spent[name] += whole - self._inner.pop()
            self._inner[-1] += whole

    def time(self, module: Any, name: str, step: str) -> None:
        """Count the calls of a function in a step."""
        original = getattr(module, name)

        def call(*arguments: Any, **options: Any) -> Any:
            with self.step(step):
                return original(*arguments, **options)

        setattr(module, name, call)

    def time_transactions(self, bellwether: Any) -> None:
        """Count BEGIN, which waits for the write lock of SQLite, and COMMIT."""
        from sqlalchemy import event

        engine = bellwether.engine()
        running: list[Any] = []

        @event.listens_for(engine, "before_cursor_execute")
        def begin(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            step = {"BEGIN": "wait", "COMMI": "commit"}.get(statement[:5])
            if step is not None:
                running.append(self.step(step))
                running[-1].__enter__()

        @event.listens_for(engine, "after_cursor_execute")
        def end(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            if statement[:5] in ("BEGIN", "COMMI"):
                running.pop().__exit__(None, None, None)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        submit(sys.argv[1], int(sys.argv[2]))
    else:
        work(sys.argv[1])
