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
    """Start the application in a worker that has just been forked, however long that takes.

    What is `expected` to keep it from starting is logged, and ends the worker as one that cannot boot.
    """
    started = threading.Event()

    def keep_alive() -> None:
        # Waiting for the database, or for another worker's migration, may take longer than gunicorn's timeout.
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
    # What start-up made stays: without it, every full collection would walk through all of it again.
    gc.collect()
    gc.freeze()


def before_graceful_stop(act: Callable[[], None]) -> None:
    """Act when the worker is asked to stop, before it waits for requests in flight: a stream would use up its whole patience."""
    stop: Any = signal.getsignal(signal.SIGTERM)

    def act_and_stop(number: int, frame: Any) -> None:
        act()
        stop(number, frame)

    signal.signal(signal.SIGTERM, act_and_stop)
    signal.siginterrupt(signal.SIGTERM, False)  # as gunicorn has it: calls of requests in flight go on
