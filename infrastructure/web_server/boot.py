"""How a gunicorn worker starts and stops the application."""

from __future__ import annotations

import gc
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import structlog
from gunicorn.arbiter import Arbiter

from utils.start_errors import explain

log = structlog.get_logger(__name__)

NOTIFY_SECONDS = 1.0


def boot(worker: Any, start: Callable[[], None], expected: tuple[type[Exception], ...]) -> None:
    """Start the application in a newly forked worker, without a time limit.

    An `expected` error is logged and ends the worker with gunicorn's exit code for a failed boot.
    """
    started = threading.Event()

    def keep_alive() -> None:
        # The wait for the database, or for another worker's migration, may exceed gunicorn's timeout.
        while not started.wait(NOTIFY_SECONDS):
            worker.notify()

    threading.Thread(target=keep_alive, name="keep-alive", daemon=True).start()
    try:
        start()
    except expected as error:
        log.error("not started", reason=explain(error))
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    finally:
        started.set()
    # Objects of the start-up live as long as the process: frozen, no garbage collection traverses them.
    gc.collect()
    gc.freeze()


def before_graceful_stop(act: Callable[[], None]) -> None:
    """Call `act` on SIGTERM, before the worker waits for its requests: an open stream would use up the graceful timeout."""
    stop: Any = signal.getsignal(signal.SIGTERM)

    def act_and_stop(number: int, frame: Any) -> None:
        act()
        stop(number, frame)

    signal.signal(signal.SIGTERM, act_and_stop)
    signal.siginterrupt(signal.SIGTERM, False)  # as in gunicorn: system calls of running requests continue
