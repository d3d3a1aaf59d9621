"""Helpers of the chaos tests: a site of real processes, jobs on it, and the checks of a job at its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import requests
from celery import Celery
from sqlalchemy.exc import OperationalError

import database
import db_migrations
from features.analyses.bulk import submit
from features.prices.demo import load
from features.prices.providers.demo import DemoProvider, ticker_of
from infrastructure.feature import Universes
from jobs.claims import Claimant, claim_chunk, release_worker
from jobs.service import enqueue
from kit.databases import Backend
from kit.paths import ROOT, WITH_KIT
from kit.servers import GUNICORN, KEY, Server, production, wait_until
from kit.support import settings_for
from kit.trial import TrialParams, create_table, new_trial
from models.api_key import FIRST_ORG
from models.bulk_analysis import BulkOrder, BulkParams
from models.job import Lane
from models.strategy import DEFAULT_STRATEGY, STRATEGIES

TICKERS = [ticker_of(number) for number in range(1, 501)]
BARS = 260
LEASE_SECONDS = 2.0
KEY_SECONDS = 0.02  # how long each key takes: slow enough for a kill to hit a running job
JOB_SECONDS = 180.0
GONE_SECONDS = 60.0
SITE = "BELLWETHER_TEST_SITE"  # in the environment of every process of a site, with all descendants
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
NETWORK_CELERY = [*CELERY[:4], "-Q", "bellwether.network", "--pool", "threads", "--concurrency", "8", *CELERY[6:]]
WEB = [GUNICORN, "wsgi:app"]
WORKER = [sys.executable, "worker.py"]
WORKER_OF_TRIALS = [sys.executable, str(ROOT / "tests" / "kit" / "trial_worker.py")]  # restarts its children sooner


class Site:
    """Real processes that use the database of this process.

    A mark in their environment identifies them and all their descendants.
    """

    def __init__(self, backend: Backend, folder: Path) -> None:
        self.backend, self.folder = backend, folder
        self.mark = uuid.uuid4().hex
        self.servers: list[Server] = []
        create_table(database.current())

    def start(self, command: list[str], **environment: str) -> Server:
        variables = {
            SITE: self.mark,
            "EXTRA_FEATURES": "kit.trial",
            "PYTHONPATH": WITH_KIT,
            "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
            "WEB_CONCURRENCY": "1",
            "LOCAL_WORKERS": "2",
            **environment,
        }
        self.servers.append(Server(command, production(self.backend, **variables), self.folder))
        return self.servers[-1]

    def processes(self, *words: str) -> list[psutil.Process]:
        """The live processes of the site that have all of these words in their command line."""
        return [process for process in psutil.process_iter() if self._is_ours(process) and set(words) <= set(_command_line(process))]

    def workers(self) -> list[psutil.Process]:
        """The processes of local workers in the lane `cpu`."""
        return self.processes("--process", "cpu")

    def supervisors(self) -> list[psutil.Process]:
        """The processes of `worker.py` itself."""
        return [process for process in self.processes() if _is_supervisor(process)]

    def log(self) -> str:
        return "\n".join(server.log for server in self.servers)

    def stop(self, *servers: Server) -> None:
        """Stop these servers, by default all. Checks that each exits with 0, and that no process is left when all are stopped."""
        running = [server for server in servers or self.servers if server.process.poll() is None]
        assert [server.stop() for server in running] == [0] * len(running), self.log()
        if not servers:
            wait_until(lambda: not self.processes(), GONE_SECONDS)

    def end(self) -> None:
        """Kill all processes of the site."""
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
    """Whether the process exists and is no zombie."""
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
    """Send SIGKILL, and wait for the end of a process that this one has started."""
    os.kill(process.pid, signal.SIGKILL)
    if isinstance(process, subprocess.Popen):
        process.wait()


# ---- prices ----------------------------------------------------------------------------------------------------------------------


def fill(url: str, folder: Path) -> None:
    """Migrate an empty database and load the demo tickers."""
    database.configure(settings_for(url, folder))
    db_migrations.up()
    load_demo()
    database.close()


def load_demo() -> None:
    load(database.current(), DemoProvider(date(2026, 1, 2), BARS), len(TICKERS))


# ---- a job ------------------------------------------------------------------------------------------------------------------------


def queue_job(keys: Collection[str] = TICKERS, seconds: float = KEY_SECONDS, lane: Lane = Lane.CPU, **more: Any) -> str:
    """Queue a trial job as a web process does, but wake no worker."""
    with database.transaction() as connection:
        return enqueue(connection, FIRST_ORG, new_trial(tuple(keys), TrialParams(seconds, **more), lane)).job.id


def queue_analyses(tickers: Collection[str] = TICKERS, strategy: str = DEFAULT_STRATEGY) -> str:
    """Queue a job of real analyses as a web process does, but wake no worker."""
    with database.transaction() as connection:
        return submit(connection, FIRST_ORG, BulkOrder(tuple(tickers), BulkParams(STRATEGIES[strategy]), force=True), Universes()).job.id


def post_job(server: Server, keys: Collection[str] = TICKERS, seconds: float = KEY_SECONDS) -> str:
    """Queue a trial job over HTTP. Checks that the response arrives within 30 seconds."""
    return _post(server, "/api/v1/trials", {"keys": list(keys), "seconds": seconds})


def post_analyses(server: Server, tickers: Collection[str] = TICKERS) -> str:
    """Queue a job of real analyses over HTTP. Checks that the response arrives within 30 seconds."""
    return _post(server, "/api/v1/bulk-analyze", {"tickers": list(tickers)})


def _post(server: Server, path: str, order: dict[str, Any]) -> str:
    started = time.monotonic()
    answer = requests.post(server.url(path), json=order, headers=KEY, timeout=60)
    assert answer.status_code == 202, answer.text
    assert time.monotonic() - started < 30
    return str(answer.json()["id"])


def lose_worker() -> None:
    """Claim the queued items for a worker, and release them as if it had died."""
    assert claim_chunk(database.current(), Claimant("dead", Lane.CPU, 60.0), 1000)
    release_worker(database.current(), "dead")


def send_message(sender: Celery, job_id: str, times: int = 1, lane: str = "cpu") -> None:
    """Wake the Celery workers, as a web process does."""
    for _ in range(times):
        sender.send_task("bellwether.drain", args=[job_id, lane], queue=f"bellwether.{lane}", ignore_result=True)


def job_row(job_id: str) -> dict[str, Any]:
    row = database.query_db("SELECT * FROM analysis_jobs WHERE id = :id", {"id": job_id}, one=True)
    assert row is not None
    return dict(row)


def item_rows(job_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = database.query_db("SELECT * FROM analysis_job_items WHERE job_id = :id ORDER BY key", {"id": job_id})
    return rows


def result_rows() -> list[dict[str, Any]]:
    """The results that jobs of both kinds have stored."""
    rows: list[dict[str, Any]] = database.query_db(
        "SELECT id, ticker AS key FROM analysis_results UNION ALL SELECT id, key FROM trial_results ORDER BY id"
    )
    return rows


def held_by(job_id: str, worker: str) -> list[str]:
    """The keys of a job that the worker with this name has claimed."""
    return [row["key"] for row in item_rows(job_id) if row["status"] == "processing" and row["worker"] == worker]


def done(job_id: str) -> int:
    """How many items of a job have ended. Returns 0 while the database is unreachable."""
    try:
        row = job_row(job_id)
    except OperationalError:
        return 0
    return int(row["succeeded"] + row["failed"] + row["cancelled"])


def wait_for_progress(job_id: str, items: int = 1) -> None:
    wait_until(lambda: done(job_id) >= items, JOB_SECONDS)


def is_active(job_id: str) -> bool:
    return job_row(job_id)["finished_at"] is None


def wait_until_right(job_id: str, site: Site, keys: Collection[str] = TICKERS, tries: int | None = None) -> None:
    """Wait for the end of a job. Checks that each key succeeded with one result, and that the counters agree with the rows."""
    deadline = time.monotonic() + JOB_SECONDS
    while done(job_id) < len(keys):
        assert time.monotonic() < deadline, f"{job_row(job_id)}\n{site.log()[-20000:]}"
        time.sleep(0.05)
    job, items = job_row(job_id), item_rows(job_id)
    failed = [(item["key"], item["tries"], item["error"]) for item in items if item["status"] != "succeeded"]
    assert (job["status"], failed) == ("completed", [])
    assert (job["total"], job["succeeded"], job["failed"], job["cancelled"]) == (len(keys), len(keys), 0, 0)
    assert [item["key"] for item in items] == sorted(keys)
    stored = {row["id"]: row["key"] for row in result_rows()}
    assert [stored.get(item["result_id"]) for item in items] == [item["key"] for item in items]
    # Each stored result belongs to an item, of this job or another. So none was stored twice.
    assert stored.keys() <= {row["result_id"] for row in database.query_db("SELECT result_id FROM analysis_job_items")}
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


def _is_supervisor(process: psutil.Process) -> bool:
    words = _command_line(process)
    is_script = any(Path(word).name in ("worker.py", "trial_worker.py") for word in words[:2])
    return is_script and not {"--process", "--isolated"} & set(words)
