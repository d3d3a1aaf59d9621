"""What the tests with real kills share: a site of real processes, a job on it, and what must be true of the job in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import psutil
import requests
from celery import Celery
from sqlalchemy.exc import OperationalError

import database
from features.prices.providers.demo import ticker_of
from jobs.service import submit
from kit.servers import GUNICORN, KEY, Server, production, wait_until
from kit.support import Backend
from models.api_key import FIRST_ORG
from models.job import BulkOrder, BulkParams
from models.strategy import DEFAULT_STRATEGY

TICKERS = [ticker_of(number) for number in range(1, 501)]
BARS = 260
LEASE_SECONDS = 2.0
TICKER_SECONDS = 0.01  # so slow is each ticker made that a kill strikes into a job
JOB_SECONDS = 60.0
GONE_SECONDS = 60.0
SITE = "BELLWETHER_TEST_SITE"  # in the environment of every process of a site, however far down
CELERY = [
    str(Path(sys.executable).parent / "celery"),
    "-A",
    "jobs.celery_app",
    "worker",
    "--concurrency",
    "2",
    "--without-mingle",
    "--without-gossip",
]
WEB = [GUNICORN, "wsgi:app"]
WORKER = [sys.executable, "worker.py"]
# Python imports a module of this name at its start, in every process of a site. It changes some constants, and makes each ticker slow and
# one of them deadly.
CHANGED_PROGRAM = """
import importlib.abc, importlib.machinery, json, os, signal, sys, time

def change(module):
    for name, value in json.loads(os.environ.get("CONSTANTS", "{}")).get(module.__name__, {}).items():
        setattr(module, name, value)
    if module.__name__ == "features.analyses.bulk":
        analyse = module._analyse_one
        def analyse_slowly(ticker, *given):
            if ticker == os.environ.get("DEADLY_TICKER"):
                os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(float(os.environ["TICKER_SECONDS"]))
            return analyse(ticker, *given)
        module._analyse_one = analyse_slowly

class Changed(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in ("features.analyses.bulk", "jobs.isolated_process", "jobs.supervised_process"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            change(module)
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Changed())
"""


class Site:
    """Real processes over one database. All of them, with all that they start, are known by a mark in their environment."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self.backend, self.folder = backend, folder
        self.mark = uuid.uuid4().hex
        self.servers: list[Server] = []
        self._changed = folder / "changed"
        self._changed.mkdir()
        (self._changed / "sitecustomize.py").write_text(CHANGED_PROGRAM)

    def start(self, command: list[str], **environment: str) -> Server:
        given = {
            SITE: self.mark,
            "PYTHONPATH": str(self._changed),
            "TICKER_SECONDS": str(TICKER_SECONDS),
            "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "WEB_CONCURRENCY": "1",
            "LOCAL_WORKERS": "2",
            **environment,
        }
        self.servers.append(Server(command, production(self.backend, **given), self.folder))
        return self.servers[-1]

    def processes(self, *words: str) -> list[psutil.Process]:
        """Those that live, and have all of some words in their command line."""
        return [process for process in psutil.process_iter() if self._is_ours(process) and set(words) <= set(_command_line(process))]

    def workers(self) -> list[psutil.Process]:
        """The processes of local workers."""
        return self.processes("--process")

    def supervisors(self) -> list[psutil.Process]:
        """The processes of `worker.py` itself."""
        return [process for process in self.processes() if _is_script(process, "worker.py") and "--process" not in _command_line(process)]

    def log(self) -> str:
        return "\n".join(server.log for server in self.servers)

    def stop(self, *servers: Server) -> None:
        """Ask the servers that still run to stop; they end with 0, and leave nobody behind."""
        running = [server for server in servers or self.servers if server.process.poll() is None]
        assert [server.stop() for server in running] == [0] * len(running), self.log()
        if not servers:
            wait_until(lambda: not self.processes(), GONE_SECONDS)

    def end(self) -> None:
        """End everything, by process id."""
        for server in self.servers:
            server.end()
        while left := self.processes():
            for process in left:
                _kill(process)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(SITE) == self.mark and is_alive(process)
        except (psutil.Error, OSError):
            return False


def is_alive(process: psutil.Process) -> bool:
    """Whether it is there, and no mere entry that nobody has collected."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def children_of(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


def wait_until_gone(processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        wait_until(lambda process=process: not is_alive(process), GONE_SECONDS)


def kill(process: psutil.Process | subprocess.Popen[bytes]) -> None:
    """What no process can hear coming."""
    os.kill(process.pid, signal.SIGKILL)
    if isinstance(process, subprocess.Popen):
        process.wait()


# ---- a job ------------------------------------------------------------------------------------------------------------------------


def queue_job(tickers: Collection[str] = TICKERS) -> str:
    """Queue a job as a web process does, waking nobody."""
    with database.transaction() as connection:
        return submit(connection, FIRST_ORG, BulkOrder(tuple(tickers), BulkParams(DEFAULT_STRATEGY))).job.id


def post_job(server: Server, tickers: Collection[str] = TICKERS) -> str:
    """Queue a job over HTTP; the answer must come soon."""
    started = time.monotonic()
    answer = requests.post(server.url("/api/v1/bulk-analyze"), json={"tickers": list(tickers)}, headers=KEY, timeout=60)
    assert answer.status_code == 202, answer.text
    assert time.monotonic() - started < 30
    return str(answer.json()["id"])


def send_message(sender: Celery, job_id: str, times: int = 1) -> None:
    """Wake the Celery workers, as a web process does."""
    for _ in range(times):
        sender.send_task("bellwether.drain", args=[job_id], queue="bellwether", ignore_result=True)


def job_row(job_id: str) -> dict[str, Any]:
    row = database.query_db("SELECT * FROM analysis_jobs WHERE id = :id", {"id": job_id}, one=True)
    assert row is not None
    return dict(row)


def item_rows(job_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = database.query_db("SELECT * FROM analysis_job_items WHERE job_id = :id ORDER BY ticker", {"id": job_id})
    return rows


def result_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = database.query_db("SELECT id, ticker, created_at FROM analysis_results ORDER BY id")
    return rows


def held_by(job_id: str, worker: str) -> list[str]:
    """The tickers that a worker has in hand, by its name."""
    return [row["ticker"] for row in item_rows(job_id) if row["status"] == "processing" and row["worker"] == worker]


def done(job_id: str) -> int:
    """How many items have ended; looks again while the database is away."""
    try:
        row = job_row(job_id)
    except OperationalError:
        return 0
    return int(row["succeeded"] + row["failed"] + row["cancelled"])


def wait_for_progress(job_id: str, items: int = 1) -> None:
    wait_until(lambda: done(job_id) >= items, JOB_SECONDS)


def is_active(job_id: str) -> bool:
    return job_row(job_id)["finished_at"] is None


def wait_until_right(job_id: str, site: Site, tickers: Collection[str] = TICKERS, tries: int | None = None) -> None:
    """Wait for the job's end; everything must have succeeded, each ticker with one result, and the counters agree with the rows."""
    deadline = time.monotonic() + JOB_SECONDS
    while done(job_id) < len(tickers):
        assert time.monotonic() < deadline, f"{job_row(job_id)}\n{site.log()[-20000:]}"
        time.sleep(0.05)
    job, items = job_row(job_id), item_rows(job_id)
    failed = [(item["ticker"], item["tries"], item["error"]) for item in items if item["status"] != "succeeded"]
    assert (job["status"], failed) == ("completed", [])
    assert (job["total"], job["succeeded"], job["failed"], job["cancelled"]) == (len(tickers), len(tickers), 0, 0)
    assert [item["ticker"] for item in items] == sorted(tickers)
    made = [(row["ticker"], row["id"]) for row in result_rows() if row["ticker"] in set(tickers)]
    assert sorted(made) == [(item["ticker"], item["result_id"]) for item in items]
    if tries is not None:
        assert {item["tries"] for item in items} == {tries}


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _is_script(process: psutil.Process, name: str) -> bool:
    return any(Path(word).name == name for word in _command_line(process)[:2])
