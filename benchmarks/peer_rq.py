"""RQ: `python -m benchmarks.peer_rq REDIS_URL TASKS PROCESSES` prints the seconds that the tasks took.

Its worker forks a process for each task; the modules of the task are imported before.
"""

from __future__ import annotations

import sys
import time
from functools import partial

import redis
from rq import Queue

from benchmarks.peer_task import perform
from benchmarks.peer_workers import time_tasks, workers

WARM_UP = 4  # tasks
# A worker that has imported what the task needs, so that no task pays for it.
WORKER = """
import sys, redis, rq, features.analyses.service, infrastructure.cache
rq.Worker(["default"], connection=redis.Redis.from_url(sys.argv[1])).work(logging_level="ERROR")
"""


def main(url: str, count: int, processes: int) -> None:
    """Start workers, send the tasks, wait until all are done, print the seconds."""
    queue = Queue(connection=redis.Redis.from_url(url))
    with workers([sys.executable, "-c", WORKER, url], processes):
        print(time_tasks(partial(_run, queue), count, WARM_UP))


def _run(queue: Queue, numbers: range) -> None:
    before = queue.finished_job_registry.get_job_count(cleanup=False)
    queue.enqueue_many([Queue.prepare_data(perform, (number,)) for number in numbers])
    while queue.finished_job_registry.get_job_count(cleanup=False) < before + len(numbers):
        assert queue.failed_job_registry.count == 0, "a task failed"
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
