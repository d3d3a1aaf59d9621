"""Health: what a check looks at, what it found, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """How it stands with what was looked at."""

    OK = "ok"
    WARNING = "warning"  # somebody should see to it; the service works
    CRITICAL = "critical"  # the service cannot do its work
    SKIPPED = "skipped"  # not in use here, or not to be seen while something else is wrong


@dataclass(frozen=True)
class Finding:
    """What was found, in a sentence, and what to do about it where that is something."""

    state: CheckState
    found: str
    remedy: str | None = None


@dataclass(frozen=True)
class Probe:
    """A question to the surroundings.

    `look` finds the answer and may raise; `remedy` is for when it does, or does not come back. Trouble with what is not critical is a
    warning. A probe whose `needs` (names of others) are in trouble is skipped: it would only say the same again. Those that decide
    readiness say together whether traffic should come to this process.
    """

    name: str
    look: Callable[[], Finding]
    remedy: str
    is_critical: bool = True
    needs: tuple[str, ...] = ()
    decides_readiness: bool = False


@dataclass(frozen=True)
class Check:
    """One probe's answer, and how long it took in milliseconds."""

    name: str
    state: CheckState
    is_critical: bool
    found: str
    remedy: str | None
    duration_ms: float


@dataclass(frozen=True)
class HealthReport:
    """Checks taken together."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing critical was found."""
        return not any(check.state is CheckState.CRITICAL for check in self.checks)

    @property
    def has_warnings(self) -> bool:
        """Whether somebody should look at something."""
        return any(check.state is CheckState.WARNING for check in self.checks)


def good(found: str) -> Finding:
    """All is well."""
    return Finding(CheckState.OK, found)


def doubtful(found: str, remedy: str) -> Finding:
    """It works, and should be seen to."""
    return Finding(CheckState.WARNING, found, remedy)


def bad(found: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(CheckState.CRITICAL, found, remedy)


def skipped(why: str) -> Finding:
    """It was not looked at."""
    return Finding(CheckState.SKIPPED, why)
