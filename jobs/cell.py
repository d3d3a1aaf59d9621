"""A process of its own for tickers whose worker was lost: whatever kills it there kills nobody else, and only that counts against a ticker.

A worker that is killed from outside says nothing about the tickers that it had in hand; a cell that dies while its worker lives on does.
So a random kill never fails an innocent ticker, however often it strikes. `python -m jobs.cell` is the process: requests come on its
standard input, outcomes go to its standard output.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

import database
from config import Settings
from models.job import Fault, Outcome
from services.bulk_analysis import analyse_many, read_params
from utils.logger import configure_logging

log = structlog.get_logger(__name__)

ROOT = Path(__file__).parent.parent
TRIES = 2
LONGEST_ANALYSIS = 60.0  # seconds; one that takes longer hangs
LOOK_FOR_STOP_EVERY = 0.2  # seconds
TRY_AGAIN_AFTER = 1.0  # seconds
LENGTH_BYTES = 8


class CellDied(Exception):
    """The process ended, or hung and was ended; the message says how."""


class CellStopped(Exception):
    """The ticker's outcome is not known: the worker was told to stop, or the database is away."""


class Cell:
    """Runs one ticker at a time in a process that it starts when needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, org_id: int, params: str, ticker: str, stop: threading.Event) -> Outcome:
        """The ticker's outcome; a fault when it killed its process twice. Raises CellStopped."""
        reason = ""
        for _ in range(TRIES):
            try:
                return self._ask((org_id, params, ticker), stop)
            except CellDied as error:
                reason = str(error)
                log.warning("a ticker killed its process", ticker=ticker, reason=reason)
        return Fault(
            "worker_lost", f"The process that analysed it alone ended {TRIES} times: {reason}. The other tickers are not affected."
        )

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, request: tuple[int, str, str], stop: threading.Event) -> Outcome:
        process = self._process
        if process is None or process.poll() is not None:
            # In the worker's own folder, which a relative DATA_DIR is relative to.
            path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "jobs.cell"],
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                process_group=0,  # out of the reach of Ctrl-C in a terminal: it ends with its worker
            )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            _send(process.stdin, request)
            self._wait_for_answer(process.stdout, stop)
            answer: Outcome | str = _receive(process.stdout)
        except (EOFError, BrokenPipeError) as error:
            status = process.wait()
            self.close()
            raise CellDied(f"signal {-status}" if status < 0 else f"exit code {status}") from error
        if isinstance(answer, str):
            log.warning("the database is away from a cell", reason=answer)
            stop.wait(TRY_AGAIN_AFTER)
            raise CellStopped
        return answer

    def _wait_for_answer(self, answers: IO[bytes], stop: threading.Event) -> None:
        deadline = time.monotonic() + LONGEST_ANALYSIS
        while not select.select([answers], [], [], LOOK_FOR_STOP_EVERY)[0]:
            if stop.is_set():
                self.close()
                raise CellStopped
            if time.monotonic() > deadline:
                self.close()
                raise CellDied(f"it did not answer within {LONGEST_ANALYSIS:.0f} s")


def main() -> int:
    """Answer requests until there are no more."""
    # What others print must not end up among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests = os.fdopen(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    settings = Settings.load()
    configure_logging(settings.log_level, as_json=settings.log_as_json)
    database.configure(settings)
    while True:
        try:
            org_id, params, ticker = _receive(requests)
        except EOFError:
            return 0
        try:
            ((_, outcome),) = analyse_many(org_id, read_params(params), [ticker])
        except SQLAlchemyError as error:
            # The database's trouble, not the ticker's.
            _send(answers, database.reason_of(error))
        else:
            _send(answers, outcome)


def _send(pipe: IO[bytes], message: Any) -> None:
    raw = pickle.dumps(message)
    raw = len(raw).to_bytes(LENGTH_BYTES, "little") + raw
    while raw:
        raw = raw[pipe.write(raw) :]


def _receive(pipe: IO[bytes]) -> Any:
    length = int.from_bytes(_read(pipe, LENGTH_BYTES), "little")
    # Both ends are this very program; nobody else can write here.
    return pickle.loads(_read(pipe, length))  # noqa: S301  # nosec B301


def _read(pipe: IO[bytes], length: int) -> bytes:
    parts = b""
    while len(parts) < length:
        part = pipe.read(length - len(parts))
        if not part:
            raise EOFError
        parts += part
    return parts


if __name__ == "__main__":
    sys.exit(main())
