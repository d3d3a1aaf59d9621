"""The hooks of gunicorn's master process: it supervises `worker.py`, and assigns each web worker a slot for its metrics files."""

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
from infrastructure.web_server.arrivals import end_arrivals
from utils.logger import route_through_root

log = structlog.get_logger(__name__)


class PipedLogger(Logger):
    """Sends gunicorn's log through ours; the application logs requests."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers."""
        super().setup(cfg)
        route_through_root("gunicorn.error", "gunicorn.access")


class Supervised(Protocol):
    """A child process that its parent restarts when it dies; see jobs/supervised_process.py."""

    def check(self) -> None:
        """Start the process if it does not run."""

    def note_end(self) -> None:
        """Keep the exit status of the process if it has ended."""

    def ask_to_stop(self) -> None:
        """Send the stop signal."""

    def stop(self) -> None:
        """Stop the process and wait for its end."""


@dataclass
class _State:
    """The state of one server. A reload reads gunicorn.conf.py again and makes new hooks for the same server."""

    supervised: Supervised | None = None
    owns_folder: bool = False
    slots: weakref.WeakKeyDictionary[Any, int] = field(default_factory=weakref.WeakKeyDictionary)  # by worker


_states: weakref.WeakKeyDictionary[Any, _State] = weakref.WeakKeyDictionary()  # by server


class Master:
    """The hooks of a master process. gunicorn.conf.py names them; `server` is gunicorn's Arbiter, `worker` one of its workers."""

    def __init__(self, shared_folder: Path, make_supervised: Callable[[], Supervised] | None) -> None:
        """`shared_folder` holds the files that workers share; `make_supervised` makes the child to supervise, if any."""
        self._folder, self._make_supervised = shared_folder, make_supervised

    def when_ready(self, server: Any) -> None:
        """Set up, after the server has bound its port: a second server on the same port must not touch the files of the first."""
        state = _state_of(server)
        try:
            worker_slots.make_empty(self._folder)
            state.owns_folder = True
        except OSError as error:
            log.error("workers count for themselves", folder=str(self._folder), reason=str(error))
        server.reap_workers = halting_once(server.reap_workers)
        server.stop = ending_arrivals(server)
        if self._make_supervised is not None:
            state.supervised = self._make_supervised()
            self._supervise_from_its_loop(server, state.supervised)

    def pre_fork(self, server: Any, worker: Any) -> None:
        """Give the worker the lowest free slot."""
        slots = _state_of(server).slots
        slots[worker] = worker_slots.lowest_free(slots[other] for other in server.WORKERS.values() if other in slots)

    def slot_of(self, server: Any, worker: Any) -> int | None:
        """The slot of a worker's metrics files; None without a shared folder."""
        return _state_of(server).slots[worker] if self._folder.is_dir() else None

    def child_exit(self, server: Any, worker: Any) -> None:
        """Remove the gauges and temporary folders of a worker that has ended."""
        worker_slots.forget_gauges(self._folder, _state_of(server).slots[worker])
        remove_folders_of(worker.pid)

    def on_reload(self, server: Any) -> None:
        """Stop the supervised child on a reload (HUP); it starts again with the new code and settings."""
        supervised = _state_of(server).supervised
        if supervised is not None:
            supervised.ask_to_stop()

    def on_exit(self, server: Any) -> None:
        """Remove the shared folder."""
        if _state_of(server).owns_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _supervise_from_its_loop(server: Any, supervised: Supervised) -> None:
        """Check the child whenever gunicorn checks its workers. A thread would not be safe: it might hold a lock during a fork."""
        manage_workers, reap_workers, stop = server.manage_workers, server.reap_workers, server.stop

        def manage_all() -> None:
            manage_workers()
            supervised.check()

        def reap_all() -> None:
            supervised.note_end()  # before gunicorn, which reaps every child and drops the status of this one
            reap_workers()

        def stop_all(graceful: bool = True) -> None:
            supervised.ask_to_stop()
            stop(graceful)
            supervised.stop()

        server.manage_workers, server.reap_workers, server.stop = manage_all, reap_all, stop_all


def _state_of(server: Any) -> _State:
    return _states.setdefault(server, _State())


def ending_arrivals(server: Any) -> Callable[..., None]:
    """Wrap the server's `stop`, so that no connection arrives between the last that a worker accepts and the listener's end."""
    stop = server.stop

    def end_arrivals_and_stop(graceful: bool = True) -> None:
        is_only_owner = server.reexec_pid == server.master_pid == 0 and not server.systemd
        if is_only_owner:
            end_arrivals(listener.sock for listener in server.LISTENERS)
        stop(graceful)

    return end_arrivals_and_stop


def halting_once(reap_workers: Callable[[], None]) -> Callable[[], None]:
    """Wrap `reap_workers` so that only the first HaltServer is raised: a second one would interrupt the shutdown with a traceback."""
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
