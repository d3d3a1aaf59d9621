"""Workers that are lost with their tickers, and how the isolated process ends with its worker."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import psutil
import pytest
from kit.jobs import SAMPLE, item_rows, job_row, queue, run_jobs, working
from kit.servers import wait_until
from kit.support import Client
from test_isolated_process import NOISE, ROOT, Cells, assert_all_succeeded, lose_a_worker, statuses
from test_isolated_process import at_once as at_once  # noqa: PLC0414 — a fixture
from test_isolated_process import cells as cells  # noqa: PLC0414 — a fixture

import database
from features.analyses.bulk import write_params
from jobs import claims as job_work
from jobs import isolated_process as cell
from jobs.isolated_process import IsolatedProcess, StrikeCounts
from models.job import BulkParams

# ---- workers that are lost --------------------------------------------------------------------------------------------------------


def test_no_number_of_lost_workers_fails_a_ticker(client: Client, cells: Cells) -> None:
    job_id = queue(*SAMPLE)
    for number in range(60):
        assert job_work.claim_chunk(f"dead {number}", 100, 60)
        if number % 2:
            assert job_work.release_worker(f"dead {number}") == {job_id}
        else:
            expire_leases()
            assert job_work.rescue_expired() == {job_id}
    run_jobs()
    assert_all_succeeded(job_id)
    assert {row["tries"] for row in item_rows(job_id).values()} == {61}


def expire_leases() -> None:
    database.execute_db("UPDATE analysis_job_items SET lease_expires_at = '2026-01-01T00:00:00.000000Z' WHERE claim_token IS NOT NULL")


class WorkerKilled(BaseException):
    """Ends a worker in the middle of what it does."""


def test_a_worker_is_lost_with_the_ticker_in_hand_alone(client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known before is stored; items of the same ticker in other jobs are not taken for it, and the counters agree."""
    first, second = lose_a_worker("AAPL", "FB", "GOOG"), lose_a_worker("IBM", "FB", "GOOG")
    fresh = queue("GOOG", "IBM")
    run, ran = IsolatedProcess.run, []

    def die_at_the_third(self: IsolatedProcess, org_id: int, params: str, ticker: str, stop: threading.Event) -> Any:
        if len(ran) == 2:
            raise WorkerKilled
        ran.append(ticker)
        return run(self, org_id, params, ticker, stop)

    monkeypatch.setattr(IsolatedProcess, "run", die_at_the_third)
    with working("killed") as worker, suppress(WorkerKilled):
        worker.run_chunk()
    assert statuses(fresh) == {"GOOG": "succeeded", "IBM": "succeeded"}
    known = [(job_id, ticker) for job_id in (first, second) for ticker, status in statuses(job_id).items() if status == "succeeded"]
    assert len(known) == len(ran) == 2
    for job_id in (first, second, fresh):
        assert job_row(job_id)["succeeded"] == sum(status == "succeeded" for status in statuses(job_id).values())
    monkeypatch.setattr(IsolatedProcess, "run", run)
    job_work.release_worker("killed")
    run_jobs()
    for job_id in (first, second, fresh):
        assert_all_succeeded(job_id)


# ---- the end of the process -------------------------------------------------------------------------------------------------------


def raw(message: Any) -> bytes:
    body = pickle.dumps(message)
    return len(body).to_bytes(cell.LENGTH_BYTES, "little") + body


PARAMS = write_params(BulkParams("balanced"))
WORK = raw((1, PARAMS, "AAPL"))


@pytest.mark.parametrize(
    ("sent", "is_heard", "end", "status"),
    [
        pytest.param(b"", True, None, 0, id="between two requests"),
        pytest.param(WORK[:4], True, None, 0, id="within a request's length"),
        pytest.param(WORK[:-1], True, None, 0, id="within a request"),
        pytest.param(b"", False, None, 0, id="before it is ready"),
        pytest.param(WORK, False, None, 0, id="in the middle of an analysis"),
        pytest.param(b"", True, signal.SIGINT, -signal.SIGINT, id="Ctrl-C while it waits"),
        pytest.param(WORK, True, signal.SIGINT, -signal.SIGINT, id="Ctrl-C in the middle of an analysis"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_it_ends_without_a_word_when_its_worker_is_gone(
    cells: Cells, sent: bytes, is_heard: bool, end: signal.Signals | None, status: int
) -> None:
    cells.does("AAPL", f"Path({str(cells.flag)!r}).touch(); time.sleep(0.3)")
    process = cells.start([sys.executable, "-m", "jobs.isolated_process"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    assert process.stdin is not None
    assert process.stdout is not None
    if sent or is_heard:
        assert process.stdout.read(len(raw(cell.READY))) == raw(cell.READY)
    process.stdin.write(sent)
    if sent == WORK:
        wait_until(cells.flag.exists)
    if not is_heard:
        process.stdout.close()
    if end is None:
        process.stdin.close()
    else:
        process.send_signal(end)
    assert process.wait(60) == status
    assert cells.words() <= {NOISE}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_ctrl_c_while_it_starts_ends_it_without_a_word(cells: Cells) -> None:
    cells.on_start = lambda process: process.send_signal(signal.SIGINT)
    with pytest.raises(cell.IsolationUnavailable):
        IsolatedProcess(StrikeCounts()).run(1, PARAMS, "AAPL", threading.Event())
    assert [process.returncode for process in cells.started] == [-signal.SIGINT]
    assert cells.words() == set()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


OUTLIVE_PARENT = """
def outlive_parent(flag):
    parent = os.getppid()
    flag.write_text(str(os.getpid()))
    while os.getppid() == parent:
        time.sleep(0.02)
"""
# A worker whose cell runs the script.
WORKER = """
import sys, threading
sys.path.insert(0, {root!r})
from jobs import isolated_process as cell
from types import SimpleNamespace
import subprocess
def start(command, **more):
    return subprocess.Popen([sys.executable, {script!r}], **more)
cell.subprocess = SimpleNamespace(Popen=start, PIPE=subprocess.PIPE)
cell.IsolatedProcess(cell.StrikeCounts()).run(1, {params!r}, "AAPL", threading.Event())
"""


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_cell_ends_without_a_word_when_its_worker_is_killed(cells: Cells) -> None:
    cells.does("AAPL", f"outlive_parent(Path({str(cells.flag)!r}))", start=OUTLIVE_PARENT)
    script = WORKER.format(root=str(ROOT), script=str(cells.script), params=PARAMS)
    with cells.stderr.open("wb") as stderr:
        worker = subprocess.Popen([sys.executable, "-c", script], stderr=stderr, stdout=stderr)
    wait_until(lambda: cells.flag.exists() and cells.flag.read_text())
    alone = psutil.Process(int(cells.flag.read_text()))
    worker.kill()
    worker.wait()
    wait_until(lambda: not alone.is_running() or alone.status() == psutil.STATUS_ZOMBIE)
    assert cells.words() == {NOISE}
