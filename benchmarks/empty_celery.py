"""Celery's empty tasks: `python -m benchmarks.empty_celery REDIS_URL TASKS PROCESSES` prints the seconds they took."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import redis
from celery import Celery

DONE = "empty-tasks-done"
URL = os.environ.get("EMPTY_TASKS_BROKER") or (sys.argv[1] if len(sys.argv) > 1 else "")
app = Celery("benchmarks.empty_celery", broker=URL, set_as_current=False)
app.conf.update(task_ignore_result=True, task_acks_late=True, broker_connection_retry_on_startup=True)
counter = redis.Redis.from_url(URL) if URL else None


@app.task(name="empty")
def empty() -> None:
    """Count the task, and do nothing else."""
    assert counter is not None
    counter.incr(DONE)


def main(url: str, count: int, processes: int) -> None:
    """Start a worker, send the tasks, wait until all are done, print the seconds."""
    assert counter is not None
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.empty_celery", "worker", "--concurrency", str(processes)]
    worker = subprocess.Popen([*command, "--loglevel", "ERROR"], env={**os.environ, "EMPTY_TASKS_BROKER": url}, stdout=subprocess.DEVNULL)
    try:
        _run(10)  # the worker is up
        started = time.perf_counter()
        _run(count)
        print(time.perf_counter() - started)
    finally:
        worker.terminate()
        worker.wait()


def _run(count: int) -> None:
    assert counter is not None
    counter.delete(DONE)
    for _ in range(count):
        empty.delay()
    while int(counter.get(DONE) or 0) < count:
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
