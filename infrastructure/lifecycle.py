"""Starts the parts of a process in order and stops them in reverse order, even when a part fails or hangs."""

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
    """A part of a process. When an optional part cannot start, that is logged and the process runs without it."""

    name: str
    start: Callable[[], object] = _nothing
    stop: Callable[[], object] = _nothing
    is_optional: bool = False
    stop_seconds: float = STOP_SECONDS


class Lifecycle:
    """The parts of a process, in the order in which they start."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        self._started: list[Step] = []
        self._lock = threading.Lock()

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the steps, in starting order."""
        return tuple(step.name for step in self._steps)

    def start(
        self,
        may_fail: Callable[[str, Exception], bool] = lambda part, error: False,
        replacements: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """Start every part. When a required part fails, stop the parts that have started and raise its error.

        `may_fail(part, error)` decides whether to go on without a required part. `replacements` are called in place of the `start` of the
        parts that they name.
        """
        for step in self._steps:
            started = perf_counter()
            try:
                (replacements or {}).get(step.name, step.start)()
            except Exception as error:
                if step.is_optional or may_fail(step.name, error):
                    log.error("part not started, going on without it", part=step.name, reason=explain(error))
                    continue
                self.stop()
                raise
            self._started.append(step)
            log.debug("part started", part=step.name, ms=round(1000 * (perf_counter() - started), 1))

    def stop(self) -> None:
        """Stop the started parts in reverse order. A part that fails or exceeds its `stop_seconds` does not keep others from stopping."""
        while (step := self._next_to_stop()) is not None:
            # A daemon thread, so that a part that hangs does not hold up the end of the process.
            thread = threading.Thread(target=_stop_part, args=(step,), name=f"stop-{step.name}", daemon=True)
            thread.start()
            thread.join(step.stop_seconds)
            if thread.is_alive():
                log.error("part did not stop in time", part=step.name, seconds=step.stop_seconds)

    def _next_to_stop(self) -> Step | None:
        with self._lock:
            return self._started.pop() if self._started else None


def _stop_part(step: Step) -> None:
    try:
        step.stop()
    except Exception as error:  # noqa: BLE001 — the other parts must still be stopped
        log.error("part failed to stop", part=step.name, reason=explain(error))
