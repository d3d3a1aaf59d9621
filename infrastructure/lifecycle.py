"""Starting parts in one order and stopping them in the reverse, whatever any of them does."""

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
    """One part: how it starts and stops. An optional part that cannot start is logged and done without."""

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
        """The names of the steps, in their order."""
        return tuple(step.name for step in self._steps)

    def start(
        self,
        may_fail: Callable[[str, Exception], bool] = lambda part, error: False,
        instead: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        """Start every part. A part that is needed and cannot start ends this: what had started is stopped, and its error is raised.

        `may_fail` is given the name of such a part and its error, and says whether to go on all the same. `instead` has other ways to start
        some parts, by name.
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
        """Stop what was started, the last first. No part keeps another from being stopped: not by failing, nor by hanging."""
        while (step := self._next_to_stop()) is not None:
            # A thread of its own, which the process does not wait for at its end.
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
