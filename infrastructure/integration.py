"""What features offer of the outside world: each integration of the installation with the function that tries it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace

from models.integration import Attempted, Integration

PATH = "/api/v1/integrations/{}/test"

# Surrounds one step of what is tried, by the step's name.
Step = Callable[[str], AbstractContextManager[object]]


def unnoticed(_name: str) -> AbstractContextManager[object]:
    """A step of what nobody follows."""
    return nullcontext()


class IntegrationFailed(Exception):
    """The test did not end well. The message is for operators: what was wrong and what to do, without secrets."""


class Steps:
    """The steps of one test, as they are taken. Read by another thread than the one that takes them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: list[Attempted] = []
        self._running: tuple[str, float] | None = None

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """One step: it has failed where the block raises."""
        started = time.monotonic()
        with self._lock:
            self._running = (name, started)
        ok = False
        try:
            yield
            ok = True
        finally:
            with self._lock:
                self._running = None
                self._ended.append(Attempted(name, ok, time.monotonic() - started))

    def so_far(self) -> tuple[Attempted, ...]:
        """The steps that have ended, and the one that has not as one that failed."""
        with self._lock:
            ended, running = tuple(self._ended), self._running
        return ended if running is None else (*ended, Attempted(running[0], False, time.monotonic() - running[1]))


@dataclass(frozen=True)
class Wish:
    """What whoever tests may choose: the ticker that a provider of prices is asked for, and the address that gets an e-mail, if any."""

    ticker: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Connector:
    """An integration of the installation. `look` tells how it stands without calling it.

    `try_it` calls it for real and returns a sentence on what works. It raises IntegrationFailed, or whatever its client does. None where
    there is nothing to call.
    """

    name: str
    look: Callable[[], Integration]
    try_it: Callable[[Step, Wish], str] | None = None

    def integration(self) -> Integration:
        """How it stands, with the path of its test where it can be tested."""
        found = self.look()
        is_testable = self.try_it is not None and found.is_configured
        return replace(found, name=self.name, test=PATH.format(self.name) if is_testable else None)
