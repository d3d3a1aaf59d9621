"""Celery: `python -m benchmarks.peer_celery REDIS_URL TASKS PROCESSES` prints the seconds that the tasks took."""

from __future__ import annotations

import os
import sys
import time

import redis
from celery import Celery

from benchmarks.peer_task import perform
from benchmarks.peer_workers import time_tasks, workers

DONE = "peer-tasks-done"
WARM_UP = 10  # tasks
LONGEST = 120.0  # seconds for all tasks
URL = os.environ.get("PEER_BROKER") or (sys.argv[1] if len(sys.argv) > 1 else "")
app = Celery("benchmarks.peer_celery", broker=URL, set_as_current=False)
app.conf.update(task_ignore_result=True, task_acks_late=True, broker_connection_retry_on_startup=True)
counter = redis.Redis.from_url(URL) if URL else None


@app.task(name="perform")
def count_and_perform(number: int) -> None:
    """Perform the task and count it."""
    assert counter is not None
    perform(number)
    counter.incr(DONE)


def main(url: str, count: int, processes: int) -> None:
    """Start a worker, send the tasks, wait until all are done, print the seconds."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.peer_celery", "worker", "--concurrency", str(processes)]
    with workers([*command, "--loglevel", "ERROR"], 1, PEER_BROKER=url):
        print(time_tasks(_run, count, WARM_UP))


def _run(numbers: range) -> None:
    assert counter is not None
    counter.delete(DONE)
    for number in numbers:
        count_and_perform.delay(number)
    deadline = time.monotonic() + LONGEST
    while int(counter.get(DONE) or 0) < len(numbers):
        assert time.monotonic() < deadline, "tasks failed; the worker's log is above"
        time.sleep(0.005)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
