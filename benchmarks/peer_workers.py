"""The workers of a peer: they run as long as the measurement, which begins when they are up."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


def time_tasks(run: Callable[[range], None], count: int, warm_up: int) -> float:
    """The seconds in which `run` sends tasks 1 to `count` and waits for their end, after `warm_up` others."""
    run(range(count + 1, count + warm_up + 1))
    started = time.perf_counter()
    run(range(1, count + 1))
    return time.perf_counter() - started


@contextmanager
def workers(command: Sequence[str], processes: int, **variables: str) -> Iterator[None]:
    """Run a command in several processes, with additional variables, and terminate them at the end."""
    environment = {**os.environ, **variables}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(processes)]
    try:
        yield
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait()
