"""Workers are replaced, reloaded and killed: metrics stay correct, and need no more files than there are workers at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from kit.databases import Backend
from kit.effort import effort
from kit.paths import ROOT
from kit.production import RESULT_ROUTE, instances, metric, samples, workers_of
from kit.servers import KEY, Server, wait_until
from prometheus_client.parser import text_string_to_metric_families

from infrastructure.worker_slots import shared_folder

WORKERS = 2
MOST_SLOTS = 2 * WORKERS  # after SIGHUP, old and new workers serve at the same time
CLIENTS = 4
REPLACEMENTS = effort(16, 4)
KILLS = 3
FILES_OF_A_SLOT = {"counter", "histogram", "gauge_livesum"}
WORKERS_OF_TWO_WEEKS = 14 * 24  # one per hour


# ---- real workers -----------------------------------------------------------------------------------------------------------------


class Requests:
    """Clients that request a result in a loop, each over one keep-alive connection."""

    def __init__(self, server: Server) -> None:
        self.answered, self.failed = 0, list[str]()
        self._url = server.url(f"/api/v1/results/{server.analyze(ticker='AAPL').json()['id']}")
        self._over, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._over.is_set():
                try:
                    status = session.get(self._url, headers=KEY, timeout=60).status_code
                except requests.RequestException as error:
                    with self._lock:
                        self.failed.append(repr(error))
                    continue
                assert status == 200
                with self._lock:
                    self.answered += 1


@contextmanager
def under_requests(server: Server) -> Iterator[Requests]:
    asked = Requests(server)
    try:
        yield asked
    finally:
        asked.end()


def folder_of(server: Server) -> Path:
    """The folder in which the workers of a server store their metrics."""
    return shared_folder(server.log_path.parent / "var", server.port)


def sizes(server: Server) -> dict[str, int]:
    lengths = {}
    for path in folder_of(server).iterdir():
        with suppress(FileNotFoundError):  # the file of a worker that has just ended
            lengths[path.name] = path.stat().st_size
    return lengths


def slots(server: Server) -> dict[str, set[int]]:
    """The slots that have a file, by the kind of file."""
    found: dict[str, set[int]] = {}
    for path in folder_of(server).glob("*.db"):
        kind, slot = path.stem.rsplit("_", 1)
        found.setdefault(kind, set()).add(int(slot))
    return found


def started(server: Server) -> int:
    """How many workers have started so far."""
    return server.log.count("Booting worker with pid")


def counted(server: Server) -> float:
    return metric(server, "http_requests_total", route=RESULT_ROUTE, status="200")


def assert_gauges_are_of_those_who_live(server: Server) -> None:
    """Check that the gauges include live workers only. The pool of each worker has at most 12 connections."""
    wait_until(lambda: len(workers_of(server)) == WORKERS)
    wait_until(lambda: samples(server, "bellwether_db_pool_connections", state="limit") == [12 * WORKERS])
    assert metric(server, "bellwether_streams_open") == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_workers_come_and_go(backend: Backend, tmp_path: Path) -> None:
    environment = {"WEB_CONCURRENCY": str(WORKERS), "WEB_MAX_REQUESTS": "80", "RATE_LIMIT_ENABLED": "false"}
    with instances(backend, tmp_path, 1, **environment) as (server,):
        with under_requests(server) as asked:
            for _ in range(2):
                old = set(workers_of(server))
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda old=old: not old & set(workers_of(server)), 120)
            full = sizes(server)
            before = started(server)
            wait_until(lambda: started(server) >= before + REPLACEMENTS, 180)
        # Every response was counted once, by whichever worker, and no request was lost.
        assert asked.failed == []
        assert counted(server) == asked.answered
        assert metric(server, "http_request_duration_seconds_count", route=RESULT_ROUTE, status="200") == asked.answered
        assert_gauges_are_of_those_who_live(server)
        in_order, answered = asked.answered, 0
        with under_requests(server) as asked:
            for _ in range(KILLS):
                victim = workers_of(server)[0]
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda victim=victim: victim not in workers_of(server) and len(workers_of(server)) == WORKERS)
        answered = in_order + asked.answered
        assert answered <= counted(server) <= answered + len(asked.failed)
        assert len(asked.failed) <= KILLS * CLIENTS
        assert_gauges_are_of_those_who_live(server)
        now = sizes(server)
        used = slots(server)  # a worker may be ending: its gauges are removed, and its successor has none yet
        assert set(used) <= FILES_OF_A_SLOT
        assert set.union(*used.values()) <= set(range(MOST_SLOTS))
        assert len(used.get("gauge_livesum", set())) <= WORKERS
        # No file grows once its slot has a value for every series.
        assert {name: size for name, size in now.items() if full.get(name, size) != size} == {}
        assert len(now) <= MOST_SLOTS * len(FILES_OF_A_SLOT) + 1  # the table of the rate limits
        assert server.stop() == 0


# ---- two weeks --------------------------------------------------------------------------------------------------------------------

# Does what gunicorn.conf.py does for each worker, with the same code. Each worker counts two requests.
TWO_WEEKS = """
import os, sys
from collections import deque
from pathlib import Path
import infrastructure.metrics as metrics
from infrastructure.worker_slots import forget_gauges, lowest_free, make_empty

folder, count, at_once = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
make_empty(folder)
alive = deque()
for number in range(count):
    slot = lowest_free(slot for slot, _, _ in alive)
    ending, told = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(told)
        metrics.use_slot(folder, slot)
        counting = metrics.PrometheusMetrics()
        counting.add_breaker("database")
        counting.streams(1)
        for route in ("/a", "/b"):
            counting.request("GET", route, 200, 0.01)
        os.read(ending, 1)
        os._exit(0)
    os.close(ending)
    alive.append((slot, pid, told))
    if len(alive) >= at_once or number == count - 1:
        for slot, pid, told in [alive.popleft()] if number < count - 1 else list(alive):
            os.write(told, b"x")
            os.close(told)
            assert os.waitpid(pid, 0)[1] == 0
            forget_gauges(folder, slot)
os.environ[metrics.FOLDER_VARIABLE] = str(folder)
print(metrics.PrometheusMetrics().exposition([]).decode())
"""


def test_two_weeks_of_replacements(tmp_path: Path) -> None:
    """A new worker process every hour, three at a time, needs the files of three slots."""
    folder = tmp_path / "slots"
    command = [sys.executable, "-c", TWO_WEEKS, str(folder), str(WORKERS_OF_TWO_WEEKS), "3"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stderr
    counts = {
        (sample.name, sample.labels.get("route")): sample.value
        for family in text_string_to_metric_families(ran.stdout)
        for sample in family.samples
    }
    for route in ("/a", "/b"):
        assert counts["http_requests_total", route] == WORKERS_OF_TWO_WEEKS
        assert counts["http_request_duration_seconds_count", route] == WORKERS_OF_TWO_WEEKS
    assert ("bellwether_streams_open", None) not in counts  # no worker is alive
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(files) == {f"{kind}_{slot}.db" for kind in FILES_OF_A_SLOT - {"gauge_livesum"} for slot in range(3)}
    assert sum(files.values()) < 1_000_000
