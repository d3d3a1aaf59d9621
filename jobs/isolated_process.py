"""A process of its own for keys whose worker was lost: whatever kills it there kills nobody else, and only that counts against a key.

The process is `python worker.py --isolated`: requests come on its standard input, outcomes go to its standard output. Its end says
something about the key that it ran, alone, while its worker lived. The limits are those of the key's kind (jobs/kind.py):

- **It was the key** when the process died of what only it can do to itself: a crash (SIGSEGV, SIGABRT …), an exit, or the signal that
  the kernel sends when the key has used `cpu_seconds` of CPU time. A key that does so `crashes` times in a row fails.
- **It says little** when somebody else sent the signal (SIGKILL, SIGTERM, SIGINT, SIGHUP …; of SIGKILL the kernel, too, when memory is
  short), or when no answer came for `answer_seconds`: the process may have been suspended, or starved, or the database silent. This is a
  strike. The key is run again after a pause, which doubles up to `longest_pause`. Only one that is struck `strikes` times, as far as this
  worker process has seen, fails: one that eats all memory ends some day, and an innocent one would have to be struck in each of the few
  milliseconds that it runs, for minutes.
- **It says nothing** when the process did not come to the key: it cannot be started, died before it was asked, or has no database.
  However often that happens, the key is run again later.

A worker that dies itself says nothing either: no number of its deaths fails a key. Time that the machine, or the process, is suspended
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

from database import Database
from jobs.kind import IsolationLimits, JobKinds
from jobs.supervised_process import SCRIPT
from models.job import Fault, Outcome, Work
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

ISOLATED = "--isolated"  # the argument of worker.py
STRIKES_REMEMBERED = 10_000
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


class IsolationStopped(Exception):
    """The worker was told to stop: the key's outcome is not known."""


class _RunLater(Exception):
    def __init__(self, pause: float) -> None:
        super().__init__(f"run again in {pause:g} s")
        self.pause = pause


class IsolationStruck(_RunLater):
    """The process was killed by somebody else, or silent for too long: this key is to be run again in `pause` seconds."""


class IsolationUnavailable(_RunLater):
    """No process can be started, or it has no database: all keys that are to run alone are to be run in `pause` seconds."""


class _Crashed(Exception):
    """The process died of what the key did; the message says how."""


class _Struck(Exception):
    """The process was killed by somebody else, or silent, in the middle of the key; the message says how."""


class _Absent(Exception):
    """The process did not come to the key; the message says why."""


class StrikeCounts:
    """How often the isolated process was struck at each key. One for all executors of a worker process; thread-safe."""

    def __init__(self, remembered: int = STRIKES_REMEMBERED) -> None:
        """Counts of no more than `remembered` keys are kept."""
        self._remembered = remembered
        self._lock = threading.Lock()
        self._counts: dict[tuple[Work, str], int] = {}

    def add(self, work: Work, key: str) -> int:
        """How often it was, with this time."""
        with self._lock:
            count = self._counts.pop((work, key), 0) + 1
            self._counts[work, key] = count
            if len(self._counts) > self._remembered:
                del self._counts[next(iter(self._counts))]
            return count

    def forget(self, work: Work, key: str) -> None:
        """The key has an outcome."""
        with self._lock:
            self._counts.pop((work, key), None)


class IsolatedProcess:
    """Runs one key at a time in a process that it starts when needed."""

    def __init__(self, strikes: StrikeCounts) -> None:
        self._strikes = strikes
        self._absences = 0  # one after the other
        self._absent_until = 0.0  # by the monotonic clock
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        """The key's outcome; a fault when it killed its process. Raises IsolationStopped, IsolationStruck or IsolationUnavailable."""
        if (left := self._absent_until - time.monotonic()) > 0:
            raise IsolationUnavailable(left)
        try:
            outcome = self._run(work, key, limits, stop)
        except _Absent as error:
            self._absences += 1
            pause = limits.pause_after(self._absences)
            self._absent_until = time.monotonic() + pause
            log.warning("no isolated process, keys are run later", reason=str(error), pause=pause)
            raise IsolationUnavailable(pause) from error
        except _Struck as error:
            self._absences = 0
            strikes = self._strikes.add(work, key)
            if strikes < limits.strikes:
                pause = limits.pause_after(strikes)
                log.warning("isolated process struck, the key is run again", item=key, reason=str(error), strikes=strikes, pause=pause)
                raise IsolationStruck(pause) from error
            log.warning("isolated process struck too often at a key", item=key, reason=str(error), strikes=strikes)
            outcome = _fault(strikes, str(error))
        self._absences = 0
        self._strikes.forget(work, key)
        return outcome

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _run(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        reason = ""
        for _ in range(limits.crashes):
            try:
                return self._ask(work, key, limits, stop)
            except _Crashed as error:
                reason = str(error)
                log.warning("a key killed its process", item=key, reason=reason)
        return _fault(limits.crashes, reason)

    def _ask(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start(limits, stop)
        assert process.stdin is not None
        try:
            _send(process.stdin, (work, key))
        except BrokenPipeError as error:
            raise _Absent(f"it ended before it was asked: {_end_of(self._bury(process), limits)}") from error
        try:
            answer: Outcome | str = self._answer(process, stop, limits.answer_seconds)
        except EOFError as error:
            status = self._bury(process)
            is_crash = status >= 0 or -status in CRASHES
            raise (_Crashed if is_crash else _Struck)(_end_of(status, limits)) from error
        except TimeoutError as error:
            raise _Struck(str(error)) from error
        if isinstance(answer, str):
            raise _Absent(f"it cannot run the key: {answer}")
        return answer

    def _start(self, limits: IsolationLimits, stop: threading.Event) -> subprocess.Popen[bytes]:
        # Python answers SIGINT with a traceback until `serve` says otherwise.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            # In the worker's own folder, which a relative DATA_DIR is relative to.
            process = self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), ISOLATED],
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
            assert self._answer(process, stop, limits.start_seconds) == READY
        except EOFError as error:
            raise _Absent(f"it ended while it started: {_end_of(self._bury(process), limits)}") from error
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


# ---- the process itself -----------------------------------------------------------------------------------------------------------


class IsolatedServer:
    """The process's own side: answers requests on standard input, until there are no more or nobody is there to hear the answer."""

    def __init__(self) -> None:
        """Takes over standard input and output; to be made before anything else of the program prints."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        with suppress(OSError):
            OOM_SCORE.write_text(HIGHEST_OOM_SCORE)  # before its worker
        # What others print must not end up among the answers.
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._requests = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)

    def serve(self, database: Database, kinds: JobKinds) -> None:
        """Answer requests."""
        with suppress(EOFError, BrokenPipeError):  # its worker is gone
            _send(self._answers, READY)
            while True:
                work, key = _receive(self._requests)
                _send(self._answers, _run_key(database, kinds, work, key))


def _run_key(database: Database, kinds: JobKinds, work: Work, key: str) -> Outcome | str:
    """The outcome, or what keeps this process from running the key."""
    kind = kinds.find(work.kind)
    if kind is None:
        return f"it does not know the kind of job {work.kind!r}"
    kind.prepare()
    signal.setitimer(signal.ITIMER_PROF, kind.limits.cpu_seconds)
    try:
        outcomes = dict(kind.run(database, work.org_id, kind.read_params(work.params), [key]))
        outcome: Outcome = outcomes.get(key, kind.unexpected)
    except SQLAlchemyError as error:
        # The database's trouble, not the key's.
        return f"it has no database: {reason_of(error)}"
    except Exception:
        log.exception("run failed", kind=work.kind, item=key)
        return kind.unexpected
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return outcome


def _fault(times: int, reason: str) -> Fault:
    return Fault("worker_lost", f"The process that ran it alone ended {times} times: {reason}. The other items are not affected.")


def _end_of(status: int, limits: IsolationLimits) -> str:
    if status == -signal.SIGPROF:
        return f"more than {limits.cpu_seconds:g} s of CPU time"
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
