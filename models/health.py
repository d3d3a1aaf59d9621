"""Health checks: probes, their findings, and reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARNING = "warning"  # the service works, but somebody should act
    CRITICAL = "critical"  # the service does not work
    SKIPPED = "skipped"  # not in use here, or it depends on another check that failed


@dataclass(frozen=True)
class Finding:
    """An outcome in a sentence, and what to do about it, if anything."""

    state: CheckState
    found: str
    remedy: str | None = None


@dataclass(frozen=True)
class Probe:
    """A check that can be run.

    `look` returns the finding and may raise; `remedy` is for when it raises or does not return in time. A probe that is not critical never
    gives more than a warning. A probe is skipped while one that it `needs` (by name) is critical or skipped. The probes that decide
    readiness tell whether this process should get traffic.
    """

    name: str
    look: Callable[[], Finding]
    remedy: str
    is_critical: bool = True
    needs: tuple[str, ...] = ()
    decides_readiness: bool = False


@dataclass(frozen=True)
class Check:
    """The finding of a probe, and its duration in milliseconds."""

    name: str
    state: CheckState
    is_critical: bool
    found: str
    remedy: str | None
    duration_ms: float


@dataclass(frozen=True)
class HealthReport:
    """The results of several checks."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether no check is critical."""
        return not any(check.state is CheckState.CRITICAL for check in self.checks)

    @property
    def has_warnings(self) -> bool:
        """Whether any check is a warning."""
        return any(check.state is CheckState.WARNING for check in self.checks)


def good(found: str) -> Finding:
    """A finding of the state OK."""
    return Finding(CheckState.OK, found)


def doubtful(found: str, remedy: str) -> Finding:
    """A finding of the state WARNING."""
    return Finding(CheckState.WARNING, found, remedy)


def bad(found: str, remedy: str) -> Finding:
    """A finding of the state CRITICAL."""
    return Finding(CheckState.CRITICAL, found, remedy)


def skipped(reason: str) -> Finding:
    """A finding of the state SKIPPED."""
    return Finding(CheckState.SKIPPED, reason)
