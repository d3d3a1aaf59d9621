"""Procrastinate's empty tasks: `python -m benchmarks.empty_procrastinate URL TASKS_AT_ONCE TASKS PROCESSES` prints the seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import procrastinate

URL = os.environ.get("EMPTY_TASKS_DATABASE", "")
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=URL))


@app.task(name="empty")
def empty() -> None:
    """Do nothing."""


def main(url: str, at_once: int, count: int, processes: int) -> None:
    """Start workers, defer the tasks, wait until all are done, print the seconds."""
    os.environ["EMPTY_TASKS_DATABASE"] = url
    producer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    task = producer.task(name="empty")(lambda: None)
    with producer.open():
        producer.schema_manager.apply_schema()
        command = [sys.executable, "-m", "procrastinate", "--app", "benchmarks.empty_procrastinate.app", "worker"]
        workers = [
            subprocess.Popen([*command, "--concurrency", "1"], env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(processes)
        ]
        try:
            _run(producer, task, 10, 1)  # the workers are up
            started = time.perf_counter()
            _run(producer, task, count, at_once)
            print(time.perf_counter() - started)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()


def _run(producer: procrastinate.App, task: procrastinate.tasks.Task, count: int, at_once: int) -> None:
    before = _done(producer)
    for _ in range(0, count, at_once):
        if at_once == 1:
            task.defer()
        else:
            task.batch_defer(*({} for _ in range(at_once)))
    while _done(producer) < before + count:
        time.sleep(0.02)


def _done(producer: procrastinate.App) -> int:
    row = producer.connector.execute_query_one("SELECT count(*) AS done FROM procrastinate_jobs WHERE status = 'succeeded'")
    return int(row["done"])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
