"""Tickers whose worker was lost: they run alone, and only what they do there to their own process counts against them."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from kit.jobs import SAMPLE, item_rows, job_row, queue, run_jobs, working
from kit.paths import ROOT
from kit.servers import wait_until
from kit.support import MASTER_KEY, SECRET_KEY, Backend, Client
from sqlalchemy.exc import SQLAlchemyError

from jobs import claims as job_work
from jobs import executor
from jobs import isolated_process as cell
from jobs import service as job_service
from jobs.isolated_process import MOST_KILLS, StrikeCounts, pause_after

NOISE = "noise on standard output"
SUSPENDED = "first_time() and os.kill(os.getpid(), signal.SIGSTOP)"
SILENT = "first_time() and time.sleep(600)"
# A cell in which something happens at the start, and in which one ticker does something of its own.
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
{start}
from jobs import isolated_process as cell
cell.LONGEST_ANALYSIS = {cpu_seconds}
def first_time():
    try:
        Path({flag!r}).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
analyse = cell.analyse_many
def analyse_many(org_id, params, tickers):
    print({noise!r})
    if {ticker!r} in tickers:
        {deed}
    return analyse(org_id, params, tickers)
cell.analyse_many = analyse_many
sys.exit(cell.main())
"""


class Cells:
    """The processes that cells start in this test."""

    def __init__(self, folder: Path) -> None:
        self.script, self.stderr, self.flag = folder / "cell.py", folder / "stderr", folder / "flag"
        self.started: list[subprocess.Popen[bytes]] = []
        self.on_start: Callable[[subprocess.Popen[bytes]], object] = lambda process: None
        self.does()

    def does(self, ticker: str = "", deed: str = "pass", start: str = "pass", cpu_seconds: float = 30.0) -> None:
        """What they do from now on at the start, and at a ticker."""
        given = {"root": str(ROOT), "flag": str(self.flag), "noise": NOISE, "ticker": ticker, "deed": deed, "start": start}
        self.script.write_text(SCRIPT.format(cpu_seconds=cpu_seconds, **given))

    def start(self, command: list[str], **more: Any) -> subprocess.Popen[bytes]:
        assert command == [sys.executable, "-m", "jobs.isolated_process"]
        with self.stderr.open("ab") as stderr:
            process = subprocess.Popen([sys.executable, str(self.script)], stderr=stderr, **more)
        self.started.append(process)
        self.on_start(process)
        return process

    def words(self) -> set[str]:
        """What they said on their standard error."""
        return set(self.stderr.read_text().splitlines())


@pytest.fixture
def cells(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cells]:
    given = {
        "DATABASE_URL": backend.url,
        "ENVIRONMENT": "test",
        "DATA_DIR": str(tmp_path),
        "MASTER_API_KEY": MASTER_KEY,
        "SECRET_KEY": SECRET_KEY,
    }
    for name, value in {**given, "LOG_LEVEL": "error"}.items():
        monkeypatch.setenv(name, value)
    made = Cells(tmp_path)
    monkeypatch.setattr(cell, "subprocess", SimpleNamespace(Popen=made.start, PIPE=subprocess.PIPE))
    yield made
    for process in made.started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put off is run again at once, and less often."""
    monkeypatch.setattr(cell, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(cell, "MOST_KILLS", 4)


def lose_a_worker(*tickers: str) -> str:
    """A job whose items were all in the hands of a worker that died."""
    job_id = queue(*tickers)
    job_work.claim_chunk("dead", 100, 60)
    job_work.release_worker("dead")
    return job_id


def run_to_the_end(*job_ids: str) -> None:
    """Run what is queued, and what was put off, until the jobs have ended."""
    with working() as worker:
        for _ in range(100):
            worker.drain()
            job_work.rescue_expired()
            if all(job_row(job_id)["finished_at"] for job_id in job_ids):
                return
    raise AssertionError([(job_row(job_id), item_rows(job_id)) for job_id in job_ids])


def codes(job_id: str) -> dict[str, str]:
    """Of the items that failed."""
    return {ticker: row["error_code"] for ticker, row in item_rows(job_id).items() if row["error_code"]}


def statuses(job_id: str) -> dict[str, str]:
    return {ticker: row["status"] for ticker, row in item_rows(job_id).items()}


def assert_all_succeeded(job_id: str) -> None:
    rows = item_rows(job_id)
    assert {row["status"] for row in rows.values()} == {"succeeded"}, codes(job_id)
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": len(rows), "failed": 0, "cancelled": 0}.items()


# ---- what counts against a ticker -------------------------------------------------------------------------------------------------


def test_suspects_run_in_a_process_of_their_own(client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = lose_a_worker(*SAMPLE, "NOPE")
    monkeypatch.setattr(executor, "analyse_many", lambda *_: pytest.fail("a suspect ran among others"))
    run_jobs()
    assert len(cells.started) == 1  # one after the other in the same
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 5, "failed": 1}.items()
    rows = item_rows(job_id)
    assert {row["tries"] for row in rows.values()} == {2}
    assert rows["NOPE"]["error_code"] == "ticker_not_found"
    assert len(client.get("/results").json["items"]) == 5


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        pytest.param("os._exit(9)", "exit code 9", id="exits"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11", id="crashes"),
        pytest.param("os.abort()", "signal 6", id="aborts"),
        pytest.param("while True: pass", "more than 1 s of CPU time", id="hangs"),
    ],
)
def test_only_the_ticker_that_kills_its_process_twice_fails(
    client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch, deed: str, words: str
) -> None:
    monkeypatch.setattr(cell, "LONGEST_ANALYSIS", 1.0)
    cells.does("FB", deed, cpu_seconds=1.0)
    job_id = lose_a_worker("AAPL", "FB", "GOOG")
    run_jobs()
    assert codes(job_id) == {"FB": "worker_lost"}
    assert words in item_rows(job_id)["FB"]["error"]
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2, "failed": 1}.items()
    assert len(cells.started) == 3


def test_a_ticker_whose_process_dies_once_is_run_again(client: Client, cells: Cells) -> None:
    cells.does("FB", "first_time() and os._exit(9)")
    job_id = lose_a_worker("FB", "AAPL")
    run_jobs()
    assert cells.flag.exists()
    assert_all_succeeded(job_id)


@pytest.mark.parametrize(
    "deed",
    [
        *(
            pytest.param(f"first_time() and os.kill(os.getpid(), signal.{name})", id=name)
            for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
        ),
        pytest.param(SUSPENDED, id="suspended"),
        pytest.param(SILENT, id="silent"),
    ],
)
def test_a_ticker_whose_process_was_struck_from_outside_is_run_again_later(
    client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """Its neighbours meanwhile."""
    if deed in (SUSPENDED, SILENT):
        monkeypatch.setattr(cell, "LONGEST_WAIT", 3.0)
    cells.does("FB", deed)
    job_id = lose_a_worker("AAPL", "FB", "GOOG")
    with working() as worker:
        worker.run_chunk()
        assert statuses(job_id) == {"AAPL": "succeeded", "FB": "processing", "GOOG": "succeeded"}
        assert worker.run_chunk() == 0
        assert wait_until(job_work.rescue_expired) == {job_id}
        worker.run_chunk()
    assert_all_succeeded(job_id)
    assert item_rows(job_id)["FB"]["tries"] == 3


@pytest.mark.usefixtures("at_once")
def test_a_ticker_that_is_always_killed_fails_in_the_end(client: Client, cells: Cells) -> None:
    """As one does that needs all memory: the kernel sends it SIGKILL, and the signal says not from whom it comes."""
    cells.does("FB", "os.kill(os.getpid(), signal.SIGKILL)")
    job_id = lose_a_worker("AAPL", "FB", "GOOG")
    run_to_the_end(job_id)
    assert codes(job_id) == {"FB": "worker_lost"}
    assert f"ended {cell.MOST_KILLS} times: signal 9" in item_rows(job_id)["FB"]["error"]
    assert item_rows(job_id)["FB"]["tries"] == cell.MOST_KILLS + 1
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2, "failed": 1}.items()


def test_a_ticker_must_be_struck_each_time_for_minutes_to_fail() -> None:
    pauses = [pause_after(times) for times in range(1, MOST_KILLS)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert sorted(pauses) == pauses
    assert max(pauses) == pause_after(10**6) == 30
    assert sum(pauses) > 120


def test_kills_are_counted_by_ticker_until_it_has_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    kills, one, other = StrikeCounts(), (1, "{}", "AAPL"), (2, "{}", "AAPL")
    assert [kills.add(one), kills.add(one), kills.add(other)] == [1, 2, 1]
    kills.forget(one)
    kills.forget((1, "{}", "FB"))
    assert [kills.add(one), kills.add(other)] == [1, 2]
    monkeypatch.setattr(cell, "KILLS_REMEMBERED", 2)
    kills.add((1, "{}", "FB"))
    assert [kills.add(other), kills.add(one)] == [3, 1]  # the one that was struck least lately is forgotten


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "start",
    [
        pytest.param("sys.exit(3)", id="exits"),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", id="crashes"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", id="killed"),
        pytest.param("os.environ['DATABASE_URL'] = 'postgresql://u:p@127.0.0.1:1/x'", id="has no database"),
        pytest.param(None, id="cannot be started"),
    ],
)
def test_a_process_that_does_not_come_to_the_ticker_says_nothing_about_it(
    client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch, start: str | None
) -> None:
    """However often. Other jobs go on, and once it can run, everything succeeds."""
    if start is None:
        monkeypatch.setattr(cells, "on_start", lambda process: (process.kill(), process.communicate(), refuse_to_start()))
    else:
        cells.does(start=start)
    job_id = lose_a_worker("AAPL", "FB", "GOOG")
    with working() as worker:
        for number in range(cell.MOST_KILLS + 1):
            worker.drain()
            assert len(cells.started) > (0 if start is not None and "DATABASE_URL" in start else number)
            assert set(statuses(job_id).values()) == {"processing"}
            job_work.rescue_expired()
        other = queue("MSFT")
        worker.drain()
        assert_all_succeeded(other)
    cells.does()
    cells.on_start = lambda process: None
    run_to_the_end(job_id)
    assert_all_succeeded(job_id)


def refuse_to_start() -> None:
    raise BlockingIOError(11, "Resource temporarily unavailable")


def test_one_attempt_to_start_is_for_all_tickers(client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "FIRST_PAUSE", 30.0)
    cells.does(start="sys.exit(3)")
    job_id = lose_a_worker(*(f"A{number}" for number in range(50)))  # more than a chunk
    with working() as worker:
        worker.drain()
    assert set(statuses(job_id).values()) == {"processing"}
    assert len(cells.started) == 1


@pytest.mark.usefixtures("at_once")
def test_a_process_that_was_killed_while_it_waited_is_started_again(client: Client, cells: Cells) -> None:
    job_id = lose_a_worker("AAPL")
    with working() as worker:
        worker.drain()
        cells.started[0].kill()
        next_id = lose_a_worker("FB")
        wait_until(lambda: [worker.drain(), job_work.rescue_expired(), job_row(next_id)["finished_at"]][-1])
    assert_all_succeeded(job_id)
    assert_all_succeeded(next_id)
    assert len(cells.started) == 2


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_database_that_is_away_from_the_worker_too_fails_no_ticker(client: Client, cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    cells.does("AAPL", "os.environ.get('X') or os.kill(os.getpid(), signal.SIGKILL)")
    job_id = lose_a_worker("AAPL")
    with working() as worker, suppress(SQLAlchemyError):
        monkeypatch.setattr(job_work, "put_off", refuse_to_write)
        worker.run_chunk()
    assert item_rows(job_id)["AAPL"]["status"] == "processing"


def refuse_to_write(*_: object) -> None:
    raise SQLAlchemyError("away")


def test_a_worker_that_is_told_to_stop_gives_back_the_ticker_that_runs_alone(client: Client, cells: Cells) -> None:
    cells.does("FB", SILENT)
    job_id, stop = lose_a_worker("GOOG", "AAPL", "FB"), threading.Event()  # the one that was in hand is the last now
    with working(stop=stop) as worker:
        thread = threading.Thread(target=worker.run_chunk)
        thread.start()
        wait_until(cells.flag.exists)
        stop.set()
        thread.join()
    assert statuses(job_id) == {"AAPL": "succeeded", "FB": "queued", "GOOG": "queued"}
    assert {row["tries"] for row in item_rows(job_id).values() if row["status"] == "queued"} == {1}
    run_jobs()
    assert_all_succeeded(job_id)


def test_what_was_put_off_ends_with_its_cancelled_job(client: Client, cells: Cells) -> None:
    cells.does("FB", "os.kill(os.getpid(), signal.SIGKILL)")
    job_id = lose_a_worker("AAPL", "FB")
    with working() as worker:
        worker.run_chunk()
        job_service.cancel(1, job_id)
        wait_until(job_work.rescue_expired)
    assert statuses(job_id) == {"AAPL": "succeeded", "FB": "cancelled"}
    assert job_row(job_id).items() >= {"status": "cancelled", "succeeded": 1, "cancelled": 1}.items()
