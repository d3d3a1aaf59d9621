"""Starts the parts of a process in order and stops them in reverse order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import structlog

from utils.start_errors import explain

log = structlog.get_logger(__name__)

STOP_SECONDS = 5.0


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Step:
    """One part: how it starts and stops. When an optional part fails to start, the process runs without it."""

    name: str
    start: Callable[[], object] = _nothing
    stop: Callable[[], object] = _nothing
    is_optional: bool = False
    stop_seconds: float = STOP_SECONDS


class Lifecycle:
    """The parts of a process, in their start order."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        self._started: list[Step] = []
        self._lock = threading.Lock()

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the steps, in order."""
        return tuple(step.name for step in self._steps)

    def start(
        self,
        may_fail: Callable[[str, Exception], bool] = lambda part, error: False,
        instead: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """Start every part. When a required part fails, stop the started ones and raise its error.

        `may_fail` gets the name and the error of a failed required part, and returns whether to continue without it. `instead` replaces the
        start functions of some parts, by name.
        """
        for step in self._steps:
            started = perf_counter()
            try:
                (instead or {}).get(step.name, step.start)()
            except Exception as error:
                if step.is_optional or may_fail(step.name, error):
                    log.error("part not started, going on without it", part=step.name, reason=explain(error))
                    continue
                self.stop()
                raise
            self._started.append(step)
            log.debug("part started", part=step.name, ms=round(1000 * (perf_counter() - started), 1))

    def stop(self) -> None:
        """Stop the started parts, last first. A part that fails or hangs does not keep the others from being stopped."""
        while (step := self._next_to_stop()) is not None:
            # A daemon thread: the process does not wait for it at exit.
            stopping = threading.Thread(target=_stop_one, args=(step,), name=f"stop-{step.name}", daemon=True)
            stopping.start()
            stopping.join(step.stop_seconds)
            if stopping.is_alive():
                log.error("part did not stop in time", part=step.name, seconds=step.stop_seconds)

    def _next_to_stop(self) -> Step | None:
        with self._lock:
            return self._started.pop() if self._started else None


def _stop_one(step: Step) -> None:
    try:
        step.stop()
    except Exception as error:  # noqa: BLE001 — the others must still be stopped
        log.error("part failed to stop", part=step.name, reason=explain(error))
