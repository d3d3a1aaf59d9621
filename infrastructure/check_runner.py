"""Running checks: each in its own time and within a limit, and never twice at once, however many ask.

A check that hangs (a frozen server answers nothing, and refuses nothing either) keeps one thread, not one for every request that asks: who
asks meanwhile is told at once that it does not answer, and hears of the recovery as soon as the call comes back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Generic, TypeVar, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from models.health import Check, CheckState, Finding, HealthReport, Probe, bad, skipped
from utils.database_errors import explanation_of, reason_of

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


class Unanswered(Exception):
    """It did not answer in time."""


class Run(Generic[Value]):
    """One call under way, or over."""

    def __init__(self, call: Callable[[], Value], name: str) -> None:
        self.started = time.monotonic()
        self.ended: float | None = None
        self._call, self._done = call, threading.Event()
        self._value: Value | None = None
        self._error: Exception | None = None
        # A thread of its own: one that hangs must not take the place of another in a pool, nor keep the process from ending.
        threading.Thread(target=self._work, name=f"check-{name}", daemon=True).start()

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (self.ended or time.monotonic()) - self.started

    def value(self, seconds: float) -> Value:
        """What it came to, waiting for up to `seconds`. Raises Unanswered, or what the call raised."""
        if not self._done.wait(max(0.0, seconds)):
            raise Unanswered
        if self._error is not None:
            raise self._error
        return cast(Value, self._value)

    def _work(self) -> None:
        try:
            self._value = self._call()
        except Exception as error:  # noqa: BLE001 — passed on to those who wait for the value
            self._error = error
        finally:
            self.ended = time.monotonic()
            self._done.set()


class SharedCall(Generic[Value]):
    """A call whose runs are shared by all who ask: one at a time, and what it came to is good for `fresh_seconds`."""

    def __init__(self, name: str, call: Callable[[], Value], fresh_seconds: float) -> None:
        self._name, self._call, self._fresh_seconds = name, call, fresh_seconds
        self._lock = threading.Lock()
        self._run: Run[Value] | None = None

    def run(self) -> Run[Value]:
        """The run under way, or the last one if it is fresh, or else a new one."""
        with self._lock:
            run = self._run
            if run is None or (run.ended is not None and time.monotonic() - run.ended >= self._fresh_seconds):
                run = self._run = Run(self._call, self._name)
            return run

    def value(self, limit: float) -> Value:
        """What it comes to. Raises Unanswered once a run has taken `limit` seconds, so at once while an earlier one hangs."""
        run = self.run()
        return run.value(limit - run.seconds)


class CheckRunner:
    """Probes with their shared runs."""

    def __init__(self, probes: Iterable[Probe], limit: float, fresh_seconds: float = 0.0) -> None:
        """`limit` is in seconds, for each check and for a whole report; `fresh_seconds` as in SharedCall."""
        self._probes = {probe.name: probe for probe in probes}
        self._limit = limit
        self._calls = {name: SharedCall(name, partial(_look, probe), fresh_seconds) for name, probe in self._probes.items()}

    def report(self, names: Iterable[str] | None = None) -> HealthReport:
        """Ask some of the probes (all unless named), side by side; a probe comes after those that it needs, wherever those stand."""
        deadline = time.monotonic() + self._limit
        asked = list(self._probes.values() if names is None else map(self._probes.__getitem__, names))
        runs = {probe.name: self._calls[probe.name].run() for probe in asked if not probe.needs}
        checks: dict[str, Check] = {}

        def collect(probe: Probe) -> Check:
            begin(probe)
            if probe.name not in checks:
                checks[probe.name] = self._collect(probe, runs[probe.name], deadline)
            return checks[probe.name]

        def begin(probe: Probe) -> None:
            if probe.name in runs or probe.name in checks:
                return
            lacking = [name for name in probe.needs if collect(self._probes[name]).state in (CheckState.CRITICAL, CheckState.SKIPPED)]
            if lacking:
                checks[probe.name] = _check(probe, skipped(f"Not looked at: see {lacking[0]}."), 0.0)
            else:
                runs[probe.name] = self._calls[probe.name].run()

        for probe in asked:
            begin(probe)
        return HealthReport(tuple(map(collect, asked)))

    def _collect(self, probe: Probe, run: Run[Finding], deadline: float) -> Check:
        try:
            finding = run.value(min(deadline - time.monotonic(), self._limit - run.seconds))
        except Unanswered:
            log.warning("health check does not answer", check=probe.name, seconds=round(run.seconds, 1))
            finding = bad("It did not answer in time.", probe.remedy)
        return _check(probe, finding, run.seconds)


def _look(probe: Probe) -> Finding:
    try:
        return probe.look()
    except Exception as error:  # noqa: BLE001 — whatever it is, it is what the check found
        # The reason names hosts and files: it goes to the log, not to whoever asks.
        log.warning("health check failed", check=probe.name, reason=_reason(error))
        if isinstance(error, SQLAlchemyError):
            explanation = explanation_of(error)
            return bad(explanation.found, explanation.remedy or probe.remedy)
        found = "It cannot be reached" if _is_of_the_network(error) else "It failed"
        return bad(f"{found} ({type(error).__name__}).", probe.remedy)


def _reason(error: Exception) -> str:
    """What is wrong in one line, for the log. Of what nobody foresaw the kind alone: a text about a URL may quote its password."""
    if isinstance(error, SQLAlchemyError):
        return reason_of(error)
    if _is_of_the_network(error):
        return str(error).strip().split("\n")[0]
    return type(error).__name__


def _is_of_the_network(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.startswith("redis.")  # not imported where there is none


def _check(probe: Probe, finding: Finding, seconds: float) -> Check:
    state = finding.state
    if state is CheckState.CRITICAL and not probe.is_critical:
        state = CheckState.WARNING
    return Check(probe.name, state, probe.is_critical, finding.found, finding.remedy, round(1000 * seconds, 2))
