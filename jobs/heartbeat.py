"""The heartbeat of a worker: extends the lease of its current chunk."""

from __future__ import annotations

import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from jobs.claims import extend_lease
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

BEATS_PER_LEASE = 3


class Heartbeat:
    """Extends the lease of one chunk at a time, BEATS_PER_LEASE times a lease.

    It has a thread of its own, so that a long computation keeps its claim; a process that hangs or is suspended loses it.
    """

    def __init__(self, database: Database, lease_seconds: float) -> None:
        self._database = database
        self._lease_seconds = lease_seconds
        self._token: str | None = None
        self._is_lost = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, token: str) -> None:
        """Begin to extend the lease of the chunk with this token."""
        self._is_lost = False
        self._token = token
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Stop extending the lease, because the chunk has ended."""
        self._token = None

    @property
    def is_lost(self) -> bool:
        """Whether the claim of the current chunk was lost."""
        return self._is_lost

    def stop(self) -> None:
        """Stop the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._ended.wait(self._lease_seconds / BEATS_PER_LEASE):
            token = self._token
            if token is None:
                continue
            try:
                held = extend_lease(self._database, token, self._lease_seconds)
            except SQLAlchemyError as error:
                log.warning("heartbeat missed", chunk=token, reason=reason_of(error))
                continue
            except Exception:
                # The thread must live on: it serves every later chunk.
                log.exception("heartbeat missed", chunk=token)
                continue
            if not held and self._token == token:
                self._is_lost = True
