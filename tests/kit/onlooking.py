"""Look on while others load a server: how light requests fare, and how much memory its workers have."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil
import requests

from kit.production import workers_of
from kit.servers import Server


@dataclass
class Onlooker:
    """A client that repeats a light request, and records the status and the duration of each response."""

    ask: Callable[[int], requests.Response]
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def run(self, is_over: Callable[[], bool]) -> None:
        for number in itertools.count(1):
            if is_over():
                return
            started = time.monotonic()
            self.statuses[self.ask(number).status_code] += 1
            self.seconds.append(time.monotonic() - started)
            time.sleep(0.1)


@dataclass
class MemoryWatch:
    """Records the largest resident memory of each gunicorn worker."""

    server: Server
    most: dict[int, int] = field(default_factory=dict)

    def run(self, is_over: Callable[[], bool]) -> None:
        workers = [psutil.Process(process_id) for process_id in workers_of(self.server)]
        while not is_over():
            for worker in workers:
                self.most[worker.pid] = max(self.most.get(worker.pid, 0), worker.memory_info().rss)
            time.sleep(0.01)
