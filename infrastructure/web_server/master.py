"""What gunicorn's master process does for this service besides looking after its workers.

It keeps `worker.py` beside the web processes, gives each worker a slot whose files it counts in, and ends once.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from infrastructure import worker_slots
from infrastructure.temporary_folder import remove_folders_of
from utils.logger import route_through_root

log = structlog.get_logger(__name__)


class PipedLogger(Logger):
    """gunicorn's own lines through our log; the application logs requests."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's handlers off again."""
        super().setup(cfg)
        route_through_root("gunicorn.error", "gunicorn.access")


class Supervised(Protocol):
    """A child process that its parent restarts when it dies; see jobs/supervised_process.py."""

    def check(self) -> None:
        """Start it if it is not running."""

    def ask_to_stop(self) -> None:
        """Begin to stop it."""

    def stop(self) -> None:
        """Stop it and wait."""


@dataclass
class _State:
    """What one server has going on. A reload reads gunicorn.conf.py again and makes other hooks; the server stays the same."""

    supervised: Supervised | None = None
    owns_folder: bool = False
    slots: weakref.WeakKeyDictionary[Any, int] = field(default_factory=weakref.WeakKeyDictionary)  # by worker


_states: weakref.WeakKeyDictionary[Any, _State] = weakref.WeakKeyDictionary()  # by server


class Master:
    """The hooks of a master process. gunicorn.conf.py names them; `server` is gunicorn's Arbiter, `worker` one of its workers."""

    def __init__(self, shared_folder: Path, make_supervised: Callable[[], Supervised] | None) -> None:
        """`shared_folder` is for the files that workers share; `make_supervised` makes the child to keep, None to keep none."""
        self._folder, self._make_supervised = shared_folder, make_supervised

    def when_ready(self, server: Any) -> None:
        """Begin, now that the port is this server's: another that found it taken must not touch the first one's files."""
        state = _state_of(server)
        try:
            worker_slots.make_empty(self._folder)
            state.owns_folder = True
        except OSError as error:
            # The service goes on.
            log.error("workers count for themselves", folder=str(self._folder), reason=str(error))
        server.reap_workers = halting_once(server.reap_workers)
        if self._make_supervised is not None:
            state.supervised = self._make_supervised()
            self._supervise_from_its_loop(server, state.supervised)

    def pre_fork(self, server: Any, worker: Any) -> None:
        """Give the worker the lowest free slot."""
        slots = _state_of(server).slots
        slots[worker] = worker_slots.lowest_free(slots[other] for other in server.WORKERS.values() if other in slots)

    def slot_of(self, server: Any, worker: Any) -> int | None:
        """The slot whose files a worker counts in; None where nothing can be shared."""
        return _state_of(server).slots[worker] if self._folder.is_dir() else None

    def child_exit(self, server: Any, worker: Any) -> None:
        """Remove what a worker that has ended showed of itself."""
        worker_slots.forget_gauges(self._folder, _state_of(server).slots[worker])
        remove_folders_of(worker.pid)

    def on_reload(self, server: Any) -> None:
        """A reload (HUP) is for new code and settings: the supervised child gets them, too, being started again."""
        supervised = _state_of(server).supervised
        if supervised is not None:
            supervised.ask_to_stop()

    def on_exit(self, server: Any) -> None:
        """Leave nothing behind."""
        if _state_of(server).owns_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _supervise_from_its_loop(server: Any, supervised: Supervised) -> None:
        """Check the child whenever gunicorn checks its workers: a thread in a process that forks could be holding a lock."""
        manage_workers, stop = server.manage_workers, server.stop

        def manage_all() -> None:
            manage_workers()
            supervised.check()

        def stop_all(graceful: bool = True) -> None:
            supervised.ask_to_stop()
            stop(graceful)
            supervised.stop()

        server.manage_workers, server.stop = manage_all, stop_all


def _state_of(server: Any) -> _State:
    return _states.setdefault(server, _State())


def halting_once(reap_workers: Callable[[], None]) -> Callable[[], None]:
    """Gunicorn ends with the first worker that cannot start; a second one would end its ending, with a traceback."""
    is_halting = False

    def reap() -> None:
        nonlocal is_halting
        try:
            reap_workers()
        except HaltServer:
            if not is_halting:
                is_halting = True
                raise

    return reap
