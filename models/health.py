"""Health checks and what they found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One check: whether all is well, what was found, what to do if it is not, and how long it took in milliseconds."""

    name: str
    ok: bool
    found: str
    remedy: str | None
    duration_ms: float


@dataclass(frozen=True)
class HealthReport:
    """Checks taken together."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check is."""
        return all(check.ok for check in self.checks)
