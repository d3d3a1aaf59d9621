"""RQ: `python -m benchmarks.peer_rq REDIS_URL TASKS PROCESSES` prints the seconds that the tasks took.

Its worker forks a process for each task; the modules of the task are imported before.
"""

from __future__ import annotations

import subprocess
import sys
import time

import redis
from rq import Queue

from benchmarks.peer_task import perform

WARM_UP = 4  # tasks
# A worker that has imported what the task needs, so that no task pays for it.
WORKER = """
import sys, redis, rq, features.analyses.service, infrastructure.cache
rq.Worker(["default"], connection=redis.Redis.from_url(sys.argv[1])).work(logging_level="ERROR")
"""


def main(url: str, count: int, processes: int) -> None:
    """Start workers, send the tasks, wait until all are done, print the seconds."""
    queue = Queue(connection=redis.Redis.from_url(url))
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, url], stdout=subprocess.DEVNULL) for _ in range(processes)]
    try:
        _run(queue, range(count + 1, count + WARM_UP + 1))  # the workers are up
        started = time.perf_counter()
        _run(queue, range(1, count + 1))
        print(time.perf_counter() - started)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()


def _run(queue: Queue, numbers: range) -> None:
    before = queue.finished_job_registry.get_job_count(cleanup=False)
    queue.enqueue_many([Queue.prepare_data(perform, (number,)) for number in numbers])
    while queue.finished_job_registry.get_job_count(cleanup=False) < before + len(numbers):
        assert queue.failed_job_registry.count == 0, "a task failed"
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
