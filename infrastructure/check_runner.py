"""Runs health checks concurrently, each with a time limit. Concurrent requests for a check share one run.

A check that hangs occupies one thread, not one per request: while it hangs, further requests fail at once; they succeed once it returns.
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


class CheckTimeout(Exception):
    """The call did not return in time."""


class BackgroundCall(Generic[Value]):
    """One call in a thread of its own, running or ended."""

    def __init__(self, call: Callable[[], Value], name: str) -> None:
        self.started = time.monotonic()
        self.ended: float | None = None
        self._call, self._done = call, threading.Event()
        self._value: Value | None = None
        self._error: Exception | None = None
        # Not a pool's thread: a call that hangs must not block others, and a daemon thread does not keep the process from ending.
        threading.Thread(target=self._work, name=f"check-{name}", daemon=True).start()

    @property
    def seconds(self) -> float:
        """How long the call took, or has taken so far."""
        return (self.ended or time.monotonic()) - self.started

    def value(self, seconds: float) -> Value:
        """Wait up to `seconds` for the value. Raises CheckTimeout, or what the call raised."""
        if not self._done.wait(max(0.0, seconds)):
            raise CheckTimeout
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
    """A call that concurrent callers share: one runs at a time, and its value is reused for `fresh_seconds`."""

    def __init__(self, name: str, call: Callable[[], Value], fresh_seconds: float) -> None:
        self._name, self._call, self._fresh_seconds = name, call, fresh_seconds
        self._lock = threading.Lock()
        self._latest: BackgroundCall[Value] | None = None

    def run(self) -> BackgroundCall[Value]:
        """The call that is running, or the last one if it is fresh, or else a new one."""
        with self._lock:
            call = self._latest
            if call is None or (call.ended is not None and time.monotonic() - call.ended >= self._fresh_seconds):
                call = self._latest = BackgroundCall(self._call, self._name)
            return call

    def value(self, limit: float) -> Value:
        """The value of the call. Raises CheckTimeout when the call has taken `limit` seconds: at once while an earlier call hangs."""
        call = self.run()
        return call.value(limit - call.seconds)


class CheckRunner:
    """Runs probes; concurrent reports share the runs."""

    def __init__(self, probes: Iterable[Probe], limit: float, fresh_seconds: float = 0.0) -> None:
        """`limit` is in seconds, for each check and for a whole report; for `fresh_seconds` see SharedCall."""
        self._probes = {probe.name: probe for probe in probes}
        self._limit = limit
        self._calls = {name: SharedCall(name, partial(_look, probe), fresh_seconds) for name, probe in self._probes.items()}

    def report(self, names: Iterable[str] | None = None) -> HealthReport:
        """Run probes (all, unless `names` is given) concurrently; a probe runs after those that it needs."""
        deadline = time.monotonic() + self._limit
        probes = list(self._probes.values() if names is None else map(self._probes.__getitem__, names))
        calls = {probe.name: self._calls[probe.name].run() for probe in probes if not probe.needs}
        checks: dict[str, Check] = {}

        def collect(probe: Probe) -> Check:
            if probe.name not in checks:
                checks[probe.name] = self._collect(probe, calls[probe.name], deadline)
            return checks[probe.name]

        def start(probe: Probe) -> None:
            """Start a probe after those that it needs, wherever they stand in the list; skip it when one of them failed."""
            if probe.name in calls or probe.name in checks:
                return
            needed = [self._probes[name] for name in probe.needs]
            for other in needed:
                start(other)
            failed = [other.name for other in needed if collect(other).state in (CheckState.CRITICAL, CheckState.SKIPPED)]
            if failed:
                checks[probe.name] = _check(probe, skipped(f"Not checked: see {failed[0]}."), 0.0)
            else:
                calls[probe.name] = self._calls[probe.name].run()

        for probe in probes:
            start(probe)
        return HealthReport(tuple(map(collect, probes)))

    def _collect(self, probe: Probe, call: BackgroundCall[Finding], deadline: float) -> Check:
        try:
            finding = call.value(min(deadline - time.monotonic(), self._limit - call.seconds))
        except CheckTimeout:
            log.warning("health check does not answer", check=probe.name, seconds=round(call.seconds, 1))
            finding = bad("It did not answer in time.", probe.remedy)
        return _check(probe, finding, call.seconds)


def _look(probe: Probe) -> Finding:
    try:
        return probe.look()
    except Exception as error:  # noqa: BLE001 — any error is a finding
        # The reason names hosts and files: it goes to the log, not into the report.
        log.warning("health check failed", check=probe.name, reason=_reason(error))
        if isinstance(error, SQLAlchemyError):
            explanation = explanation_of(error)
            return bad(explanation.found, explanation.remedy or probe.remedy)
        message = "It cannot be reached" if _is_network_error(error) else "It failed"
        return bad(f"{message} ({type(error).__name__}).", probe.remedy)


def _reason(error: Exception) -> str:
    """The error in one line, for the log. Of an unknown error the class alone: its text may quote a URL with a password."""
    if isinstance(error, SQLAlchemyError):
        return reason_of(error)
    if _is_network_error(error):
        return str(error).strip().split("\n")[0]
    return type(error).__name__


def _is_network_error(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.startswith("redis.")  # redis is imported only where it is configured


def _check(probe: Probe, finding: Finding, seconds: float) -> Check:
    state = finding.state
    if state is CheckState.CRITICAL and not probe.is_critical:
        state = CheckState.WARNING
    return Check(probe.name, state, probe.is_critical, finding.found, finding.remedy, round(1000 * seconds, 2))
