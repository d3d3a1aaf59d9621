"""The isolated process of a worker. It runs keys whose earlier worker was lost, so that a crash harms no other key.

The process is `python worker.py --isolated`: it reads requests from its standard input and writes outcomes to its standard output. It runs
one key at a time, so its end while the worker lives says something about that key. The limits are those of the key's kind (jobs/kind.py):

- **A crash** is the key's fault: the process died of a signal that only it causes (SIGSEGV, SIGABRT …), exited, or got the signal that the
  kernel sends when the key has used `cpu_seconds` of CPU time. A key that crashes `crashes` times in a row fails.
- **A strike** proves little: another process sent the signal (SIGKILL, SIGTERM, SIGINT, SIGHUP …; the kernel sends SIGKILL when memory is
  short), or no answer came within `answer_seconds`, perhaps because the process was suspended, had no CPU time or waited for the database.
  The key is run again after a pause, which doubles up to `longest_pause`. It fails after `strikes` strikes in this worker process. So a
  key that exhausts the memory fails eventually, while a harmless key, which runs for a few milliseconds, would have to be hit in each of
  its runs for minutes.
- **Unavailability** says nothing about the key: the process cannot be started, died before the request, or has no database. The key is run
  again later, without a limit.

The death of the worker itself says nothing either, and no number of its deaths fails a key. CPU time does not include the time for which
the machine or the process is suspended.
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
from dataclasses import dataclass
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
MAX_STRIKE_COUNTS = 10_000
STOP_CHECK_SECONDS = 0.2
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
    signal.SIGPROF,  # the limit of CPU time
}
OOM_SCORE = Path("/proc/self/oom_score_adj")  # Linux; when memory is short, the highest score is killed first
MAX_OOM_SCORE = "1000"


class IsolationStopped(Exception):
    """The worker is stopping; the key has no outcome."""


class _RunLater(Exception):
    def __init__(self, pause: float) -> None:
        super().__init__(f"run again in {pause:g} s")
        self.pause = pause


class IsolationInterrupted(_RunLater):
    """The process was killed from outside, or did not answer in time. The key is to be run again in `pause` seconds."""


class IsolationUnavailable(_RunLater):
    """The process cannot be started, or has no database. No key can be run by it for `pause` seconds."""


class _Crashed(Exception):
    """The key crashed the process. The message is the cause."""


class _Interrupted(Exception):
    """The process was killed from outside, or did not answer in time, while it ran the key. The message is the cause."""


class _Unavailable(Exception):
    """The process did not run the key. The message is the cause."""


class StrikeCounts:
    """The number of strikes of each key, shared by all executors of a worker process. Thread-safe."""

    def __init__(self, max_keys: int = MAX_STRIKE_COUNTS) -> None:
        """Counts `max_keys` keys; beyond that, it drops the key whose last strike is the oldest."""
        self._max_keys = max_keys
        self._lock = threading.Lock()
        self._counts: dict[tuple[Work, str], int] = {}

    def add(self, work: Work, key: str) -> int:
        """Count a strike; return the number of strikes of the key."""
        with self._lock:
            count = self._counts.pop((work, key), 0) + 1
            self._counts[work, key] = count
            if len(self._counts) > self._max_keys:
                del self._counts[next(iter(self._counts))]
            return count

    def forget(self, work: Work, key: str) -> None:
        """Drop the count of a key, because it has an outcome."""
        with self._lock:
            self._counts.pop((work, key), None)


class IsolatedProcess:
    """Runs one key at a time in a child process, which it starts when needed."""

    def __init__(self, strikes: StrikeCounts) -> None:
        self._strikes = strikes
        self._times_unavailable = 0  # in a row
        self._unavailable_until = 0.0  # by the monotonic clock
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        """Run a key and return its outcome, which is a Fault when it exceeds the limits.

        Raises IsolationStopped, IsolationInterrupted or IsolationUnavailable.
        """
        if (wait := self._unavailable_until - time.monotonic()) > 0:
            raise IsolationUnavailable(wait)
        try:
            outcome = self._run(work, key, limits, stop)
        except _Unavailable as error:
            self._times_unavailable += 1
            pause = limits.pause_after(self._times_unavailable)
            self._unavailable_until = time.monotonic() + pause
            log.warning("no isolated process, keys are run later", reason=str(error), pause=pause)
            raise IsolationUnavailable(pause) from error
        except _Interrupted as error:
            self._times_unavailable = 0
            strikes = self._strikes.add(work, key)
            if strikes < limits.strikes:
                pause = limits.pause_after(strikes)
                log.warning("isolated process interrupted, the key is run again", item=key, reason=str(error), strikes=strikes, pause=pause)
                raise IsolationInterrupted(pause) from error
            log.warning("isolated process interrupted too often, the key fails", item=key, reason=str(error), strikes=strikes)
            outcome = _fault(strikes, str(error))
        self._times_unavailable = 0
        self._strikes.forget(work, key)
        return outcome

    def close(self) -> None:
        """Kill the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _run(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        reason = ""
        for _ in range(limits.crashes):
            try:
                return self._run_once(work, key, limits, stop)
            except _Crashed as error:
                reason = str(error)
                log.warning("a key killed its process", item=key, reason=reason)
        return _fault(limits.crashes, reason)

    def _run_once(self, work: Work, key: str, limits: IsolationLimits, stop: threading.Event) -> Outcome:
        process = self._process
        if process is None or process.poll() is not None:
            self.close()  # closes the pipes of a process that has ended
            process = self._start(limits, stop)
        assert process.stdin is not None
        try:
            _send(process.stdin, (work, key))
        except BrokenPipeError as error:
            raise _Unavailable(f"it ended before it was asked: {_end_of(self._reap(process), limits)}") from error
        try:
            answer: Outcome | _Refusal = self._answer(process, stop, limits.answer_seconds)
        except EOFError as error:
            status = self._reap(process)
            is_crash = status >= 0 or -status in CRASHES
            raise (_Crashed if is_crash else _Interrupted)(_end_of(status, limits)) from error
        except TimeoutError as error:
            raise _Interrupted(str(error)) from error
        if isinstance(answer, _Refusal):
            raise _Unavailable(f"it cannot run the key: {answer.reason}")
        return answer

    def _start(self, limits: IsolationLimits, stop: threading.Event) -> subprocess.Popen[bytes]:
        # Blocked until IsolatedServer restores the default action: before that, Python answers SIGINT with a traceback.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            # In the worker's working directory, because a relative DATA_DIR is relative to it.
            process = self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), ISOLATED],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                process_group=0,  # not reached by Ctrl-C in a terminal: it ends with its worker
            )
        except OSError as error:
            raise _Unavailable(f"it cannot be started: {error}") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        try:
            assert self._answer(process, stop, limits.start_seconds) == READY
        except EOFError as error:
            raise _Unavailable(f"it ended while it started: {_end_of(self._reap(process), limits)}") from error
        except TimeoutError as error:
            raise _Unavailable(f"it does not start: {error}") from error
        return process

    def _answer(self, process: subprocess.Popen[bytes], stop: threading.Event, timeout: float) -> Any:
        """The next message of the process. Raises EOFError when it has ended.

        Kills it and raises IsolationStopped when `stop` is set, or TimeoutError after `timeout` seconds.
        """
        answers = process.stdout
        assert answers is not None
        deadline = time.monotonic() + timeout

        def wait() -> None:
            while not select.select([answers], [], [], STOP_CHECK_SECONDS)[0]:
                if stop.is_set():
                    self.close()
                    raise IsolationStopped
                if time.monotonic() > deadline:
                    self.close()
                    raise TimeoutError(f"no answer within {timeout:g} s")

        return _receive(answers, wait)

    def _reap(self, process: subprocess.Popen[bytes]) -> int:
        """Return the exit status of a process that has ended, and release it."""
        status = process.wait()
        self.close()
        return status


# ---- in the isolated process ------------------------------------------------------------------------------------------------------


class IsolatedServer:
    """Answers requests on standard input, until the worker closes a pipe."""

    def __init__(self) -> None:
        """Takes over standard input and output. Create it before anything else in the process prints."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        with suppress(OSError):
            OOM_SCORE.write_text(MAX_OOM_SCORE)  # killed before its worker
        # Standard output becomes standard error, so that no other output mixes with the answers.
        self._answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        self._requests = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)

    def serve(self, database: Database, kinds: JobKinds) -> None:
        """Answer requests until the worker has ended."""
        threading.Thread(target=self._end_with_worker, name="end-with-worker", daemon=True).start()
        with suppress(EOFError, BrokenPipeError):  # the worker has ended
            _send(self._answers, READY)
            while True:
                work, key = _receive(self._requests)
                _send(self._answers, _run_key(database, kinds, work, key))

    def _end_with_worker(self) -> None:
        """End this process when the worker has ended: a key that hangs would otherwise keep it alive for ever."""
        poll = select.poll()
        poll.register(self._requests.fileno(), 0)  # of the events that are always reported: the other end was closed
        poll.poll()
        os._exit(0)


@dataclass(frozen=True)
class _Refusal:
    """Why an isolated process cannot run a key. A type of its own, because an outcome may be anything that a kind stores."""

    reason: str


def _run_key(database: Database, kinds: JobKinds, work: Work, key: str) -> Outcome | _Refusal:
    """The outcome of a key, or why this process cannot run it."""
    kind = kinds.find(work.kind)
    if kind is None:
        return _Refusal(f"it does not know the kind of job {work.kind!r}")
    kind.prepare()
    signal.setitimer(signal.ITIMER_PROF, kind.limits.cpu_seconds)
    try:
        outcomes = dict(kind.run(database, work.org_id, kind.read_params(work.params), [key]))
        outcome: Outcome = outcomes.get(key, kind.unexpected)
    except SQLAlchemyError as error:
        # Not the fault of the key.
        return _Refusal(f"it has no database: {reason_of(error)}")
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
    """The next message. Calls `wait` before each read. Raises EOFError when the other end was closed, also within a message."""
    length = int.from_bytes(_read(pipe, LENGTH_BYTES, wait), "little")
    # Both ends are this program, and nothing else can write to the pipe.
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
