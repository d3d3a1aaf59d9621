"""Procrastinate: `python -m benchmarks.peer_procrastinate URL TASKS_AT_ONCE TASKS PROCESSES` prints the seconds that the tasks took."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import procrastinate

from benchmarks import peer_task

WARM_UP = 10  # tasks
URL = os.environ.get("PEER_QUEUE", "")
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=URL))


@app.task(name="perform")
def perform(number: int) -> None:
    """Perform the task."""
    peer_task.perform(number)


def main(url: str, at_once: int, count: int, processes: int) -> None:
    """Start workers, defer the tasks, wait until all are done, print the seconds."""
    os.environ["PEER_QUEUE"] = url
    producer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=url))
    task = producer.task(name="perform")(lambda number: None)
    with producer.open():
        producer.schema_manager.apply_schema()
        command = [sys.executable, "-m", "procrastinate", "--app", "benchmarks.peer_procrastinate.app", "worker"]
        workers = [
            subprocess.Popen([*command, "--concurrency", "1"], env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(processes)
        ]
        try:
            _run(producer, task, range(count + 1, count + WARM_UP + 1), 1)  # the workers are up
            started = time.perf_counter()
            _run(producer, task, range(1, count + 1), at_once)
            print(time.perf_counter() - started)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait()


def _run(producer: procrastinate.App, task: procrastinate.tasks.Task, numbers: range, at_once: int) -> None:
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
