"""A process of its own for tickers whose worker was lost: whatever kills it there kills nobody else, and only that counts against a ticker.

`python -m jobs.cell` is the process: requests come on its standard input, outcomes go to its standard output. What its end says of the
ticker that it ran, alone, while its worker lived:

- **It was the ticker** when the process died of what only it can do to itself: a crash (SIGSEGV, SIGABRT …), an exit, or the signal that
  the kernel sends when an analysis has used LONGEST_ANALYSIS seconds of CPU time. A ticker that does so TRIES times in a row fails.
- **It says little** when somebody else sent the signal (SIGKILL, SIGTERM, SIGINT, SIGHUP …; of SIGKILL the kernel, too, when memory is
  short), or when no answer came for LONGEST_WAIT seconds: the process may have been suspended, or starved, or the database silent. The
  ticker is run again after a pause, which doubles up to LONGEST_PAUSE. Only one that ends so MOST_KILLS times, as far as this worker has
  seen, fails: one that eats all memory ends some day, and an innocent one would have to be struck in each of the few milliseconds that
  it runs, for minutes.
- **It says nothing** when the process did not come to the ticker: it cannot be started, died before it was asked, or has no database.
  However often that happens, the ticker is run again later.

A worker that dies itself says nothing either: no number of its deaths fails a ticker. Time that the machine, or the process, is suspended
for is no CPU time.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

import database
from config import Settings
from features.analyses.bulk import analyse_many, read_params
from models.job import Fault, Outcome
from utils.logger import configure_logging

log = structlog.get_logger(__name__)

ROOT = Path(__file__).parent.parent
TRIES = 2
LONGEST_ANALYSIS = 30.0  # seconds of CPU time; one that takes longer hangs
LONGEST_START = LONGEST_WAIT = 60.0  # seconds, until it is ready, and for an answer
MOST_KILLS = 10
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
KILLS_REMEMBERED = 10_000
LOOK_FOR_STOP_EVERY = 0.2  # seconds
LENGTH_BYTES = 8
READY = "ready"
CRASHES = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGABRT,
    signal.SIGSYS,
    signal.SIGTRAP,
    signal.SIGPROF,  # the timer of CPU time
}
OOM_SCORE = Path("/proc/self/oom_score_adj")  # Linux; the highest goes first when memory is short
HIGHEST_OOM_SCORE = "1000"

Work = tuple[int, str, str]  # organization, parameters, ticker


class IsolationStopped(Exception):
    """The worker was told to stop: the ticker's outcome is not known."""


class _RunLater(Exception):
    def __init__(self, pause: float) -> None:
        super().__init__(f"run again in {pause:g} s")
        self.pause = pause


class IsolationStruck(_RunLater):
    """The process was killed by somebody else, or silent for too long: this ticker is to be run again in `pause` seconds."""


class IsolationUnavailable(_RunLater):
    """No process can be started, or it has no database: all tickers that are to run alone are to be run in `pause` seconds."""


class _Crashed(Exception):
    """The process died of what the ticker did; the message says how."""


class _Struck(Exception):
    """The process was killed by somebody else, or silent, in the middle of the ticker; the message says how."""


class _Absent(Exception):
    """The process did not come to the ticker; the message says why."""


class StrikeCounts:
    """How often the process was struck at each ticker. One for all cells of a worker process."""

    def __init__(self) -> None:
        self._counts: dict[Work, int] = {}

    def add(self, work: Work) -> int:
        """How often it was, with this time."""
        count = self._counts.pop(work, 0) + 1
        self._counts[work] = count
        if len(self._counts) > KILLS_REMEMBERED:
            del self._counts[next(iter(self._counts))]
        return count

    def forget(self, work: Work) -> None:
        """The ticker has an outcome."""
        self._counts.pop(work, None)


class IsolatedProcess:
    """Runs one ticker at a time in a process that it starts when needed."""

    def __init__(self, kills: StrikeCounts) -> None:
        self._kills = kills
        self._absences = 0  # one after the other
        self._absent_until = 0.0  # by the monotonic clock
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, org_id: int, params: str, ticker: str, stop: threading.Event) -> Outcome:
        """The ticker's outcome; a fault when it killed its process. Raises IsolationStopped, IsolationStruck or IsolationUnavailable."""
        work = org_id, params, ticker
        if (left := self._absent_until - time.monotonic()) > 0:
            raise IsolationUnavailable(left)
        try:
            outcome = self._run(work, stop)
        except _Absent as error:
            self._absences += 1
            pause = pause_after(self._absences)
            self._absent_until = time.monotonic() + pause
            log.warning("no process for single tickers, they are run later", reason=str(error), pause=pause)
            raise IsolationUnavailable(pause) from error
        except _Struck as error:
            self._absences = 0
            kills = self._kills.add(work)
            if kills < MOST_KILLS:
                pause = pause_after(kills)
                log.warning("a ticker's process was killed, it is run again", ticker=ticker, reason=str(error), kills=kills, pause=pause)
                raise IsolationStruck(pause) from error
            log.warning("a ticker's process was killed too often", ticker=ticker, reason=str(error), kills=kills)
            outcome = _fault(kills, str(error))
        self._absences = 0
        self._kills.forget(work)
        return outcome

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _run(self, work: Work, stop: threading.Event) -> Outcome:
        reason = ""
        for _ in range(TRIES):
            try:
                return self._ask(work, stop)
            except _Crashed as error:
                reason = str(error)
                log.warning("a ticker killed its process", ticker=work[2], reason=reason)
        return _fault(TRIES, reason)

    def _ask(self, work: Work, stop: threading.Event) -> Outcome:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start(stop)
        assert process.stdin is not None
        try:
            _send(process.stdin, work)
        except BrokenPipeError as error:
            raise _Absent(f"it ended before it was asked: {_end_of(self._bury(process))}") from error
        try:
            answer: Outcome | str = self._answer(process, stop, LONGEST_WAIT)
        except EOFError as error:
            status = self._bury(process)
            is_crash = status >= 0 or -status in CRASHES
            raise (_Crashed if is_crash else _Struck)(_end_of(status)) from error
        except TimeoutError as error:
            raise _Struck(str(error)) from error
        if isinstance(answer, str):
            raise _Absent(f"it has no database: {answer}")
        return answer

    def _start(self, stop: threading.Event) -> subprocess.Popen[bytes]:
        # In the worker's own folder, which a relative DATA_DIR is relative to.
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        # Python answers SIGINT with a traceback until `main` says otherwise.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "jobs.isolated_process"],
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                process_group=0,  # out of the reach of Ctrl-C in a terminal: it ends with its worker
            )
        except OSError as error:
            raise _Absent(f"it cannot be started: {error}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            assert self._answer(process, stop, LONGEST_START) == READY
        except EOFError as error:
            raise _Absent(f"it ended while it started: {_end_of(self._bury(process))}") from error
        except TimeoutError as error:
            raise _Absent(f"it does not start: {error}") from error
        return process

    def _answer(self, process: subprocess.Popen[bytes], stop: threading.Event, longest: float) -> Any:
        """What it says next. Raises EOFError when it has ended; it is ended when the worker is to stop, or when it says nothing."""
        answers = process.stdout
        assert answers is not None
        deadline = time.monotonic() + longest

        def wait() -> None:
            while not select.select([answers], [], [], LOOK_FOR_STOP_EVERY)[0]:
                if stop.is_set():
                    self.close()
                    raise IsolationStopped
                if time.monotonic() > deadline:
                    self.close()
                    raise TimeoutError(f"no answer within {longest:g} s")

        return _receive(answers, wait)

    def _bury(self, process: subprocess.Popen[bytes]) -> int:
        """The exit status of a process that has ended."""
        status = process.wait()
        self.close()
        return status


def pause_after(times: int) -> float:
    """Seconds to leave alone what went wrong so many times."""
    return float(min(FIRST_PAUSE * 2 ** min(times - 1, 16), LONGEST_PAUSE))


def main() -> int:
    """Answer requests until there are no more, or nobody is there to hear the answer."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with suppress(OSError):
        OOM_SCORE.write_text(HIGHEST_OOM_SCORE)  # before its worker
    # What others print must not end up among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    settings = Settings.load()
    configure_logging(settings.log_level, as_json=settings.log_as_json)
    database.configure(settings)
    with suppress(EOFError, BrokenPipeError):  # its worker is gone
        _send(answers, READY)
        while True:
            work = _receive(requests)
            signal.setitimer(signal.ITIMER_PROF, LONGEST_ANALYSIS)
            answer = _analyse(*work)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _send(answers, answer)
    return 0


def _analyse(org_id: int, params: str, ticker: str) -> Outcome | str:
    """The outcome, or what is wrong with the database."""
    try:
        ((_, outcome),) = analyse_many(org_id, read_params(params), [ticker])
    except SQLAlchemyError as error:
        # The database's trouble, not the ticker's.
        return database.reason_of(error)
    return outcome


def _fault(times: int, reason: str) -> Fault:
    return Fault("worker_lost", f"The process that analysed it alone ended {times} times: {reason}. The other tickers are not affected.")


def _end_of(status: int) -> str:
    if status == -signal.SIGPROF:
        return f"more than {LONGEST_ANALYSIS:g} s of CPU time"
    return f"signal {-status}" if status < 0 else f"exit code {status}"


def _send(pipe: IO[bytes], message: Any) -> None:
    raw = pickle.dumps(message)
    raw = len(raw).to_bytes(LENGTH_BYTES, "little") + raw
    while raw:
        raw = raw[pipe.write(raw) :]


def _receive(pipe: IO[bytes], wait: Callable[[], None] = lambda: None) -> Any:
    """The next message. `wait` is called before each read; raises EOFError where the other end was closed, even within a message."""
    length = int.from_bytes(_read(pipe, LENGTH_BYTES, wait), "little")
    # Both ends are this very program; nobody else can write here.
    return pickle.loads(_read(pipe, length, wait))  # noqa: S301  # nosec B301


def _read(pipe: IO[bytes], length: int, wait: Callable[[], None]) -> bytes:
    parts = b""
    while len(parts) < length:
        wait()
        part = pipe.read(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


if __name__ == "__main__":
    sys.exit(main())
