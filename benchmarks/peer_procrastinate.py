"""Procrastinate: `python -m benchmarks.peer_procrastinate URL TASKS_AT_ONCE TASKS PROCESSES` prints the seconds that the tasks took."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

import procrastinate

from benchmarks import peer_task
from benchmarks.peer_workers import time_tasks, workers

WARM_UP = 10  # tasks
URL = os.environ.get("PEER_QUEUE", "")
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=URL))


@app.task(name="perform")
def perform(number: int) -> None:
    """Perform the task."""
    peer_task.perform(number)


def main(url: str, at_once: int, count: int, processes: int) -> None:
    """Start workers, defer the tasks, wait until all are done, print the seconds."""
    producer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    task = producer.task(name="perform")(lambda number: None)
    command = [sys.executable, "-m", "procrastinate", "--app", "benchmarks.peer_procrastinate.app", "worker", "--concurrency", "1"]
    with producer.open():
        producer.schema_manager.apply_schema()
        with workers(command, processes, PEER_QUEUE=url):
            print(time_tasks(partial(_run, producer, task, at_once), count, WARM_UP))


def _run(producer: procrastinate.App, task: procrastinate.tasks.Task, at_once: int, numbers: range) -> None:
    before = _done(producer)
    for start in range(0, len(numbers), at_once):
        task.batch_defer(*({"number": number} for number in numbers[start : start + at_once]))
    while _done(producer) < before + len(numbers):
        time.sleep(0.02)


def _done(producer: procrastinate.App) -> int:
    row = producer.connector.execute_query_one("SELECT count(*) AS done FROM procrastinate_jobs WHERE status = 'succeeded'")
    return int(row["done"])


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
