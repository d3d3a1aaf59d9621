"""What a sender tells of an attempt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from models.message import Attempt, AttemptOutcome

LONGEST_ERROR = 500


@dataclass(frozen=True)
class Sent:
    """An attempt, and what follows from it.

    - `gone`: the receiver wants nothing more; the channel is switched off.
    - `final`: another attempt would be refused as well.
    - `retry_after`: the seconds that the receiver asks to wait.
    """

    attempt: Attempt
    gone: bool = False
    final: bool = False
    retry_after: float | None = None


@dataclass(frozen=True)
class Stopwatch:
    """Notes attempts with the milliseconds since it was made."""

    moment: datetime
    started: float

    @classmethod
    def start(cls, moment: datetime) -> Stopwatch:
        """One that runs."""
        return cls(moment, time.monotonic())

    def note(self, outcome: AttemptOutcome, code: int | None = None, error: str | None = None, answer: str | None = None) -> Attempt:
        """The attempt, as it ended."""
        spent = round(1000 * (time.monotonic() - self.started))
        told = None if error is None else error[:LONGEST_ERROR]
        return Attempt(self.moment, outcome, spent, code, told, answer)
