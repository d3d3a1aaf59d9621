"""Splits and distributions of a ticker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from models.day_text import day_text

MERGE, UPLOAD, USER = "merge", "upload", "user"  # sources, beside the names of providers
SAME_SPLIT_DAYS = 10  # within which two sources tell of one split
MOST_ACTIONS = 1_000  # of a ticker: quarterly dividends of 250 years


class ActionKind(StrEnum):
    """What a company did."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    CAPITAL_GAIN = "capital_gain"


@dataclass(frozen=True)
class CorporateAction:
    """An action from the day on which prices are without it.

    A split 3:2 has numerator 3 and denominator 2: three shares for two. A distribution has the amount per share, as paid on that day.
    """

    effective_day: date
    kind: ActionKind
    numerator: int | None = None
    denominator: int | None = None
    amount: float | None = None
    currency: str | None = None

    @property
    def ratio(self) -> float:
        """The number of shares that one has become: 1 but for a split."""
        return self.numerator / self.denominator if self.numerator and self.denominator else 1.0

    @property
    def told(self) -> str:
        """The action in words, as it was told: `a split 3:2`, `a dividend of 0.5 USD`."""
        if self.kind is ActionKind.SPLIT:
            return f"a split {self.numerator}:{self.denominator}"
        return f"a {self.kind.value.replace('_', ' ')} of {self.amount:g}{f' {self.currency}' if self.currency else ''}"

    def sentence(self, close_before: float) -> str:
        """The action in words; a distribution in percent of the close before it."""
        size = f"{100 * self.amount / close_before:.3g}%" if self.amount else f"{self.numerator}:{self.denominator}"
        return f"{self.kind.value} {size} effective {day_text(self.effective_day)}"


class Split(NamedTuple):
    """A split from the day on which shares are new ones: `numerator` new ones for `denominator` old ones."""

    day: date
    numerator: int
    denominator: int

    @property
    def ratio(self) -> float:
        """The number of shares that one has become."""
        return self.numerator / self.denominator


@dataclass(frozen=True)
class StoredAction:
    """An action as it is stored; `source` is a provider, or one of MERGE, UPLOAD and USER."""

    id: str
    action: CorporateAction
    source: str
    captured_at: datetime

    def is_same_report(self, other: StoredAction) -> bool:
        """Whether its source tells of the same kind on the same day: only one of them is stored."""
        mine, others = self.action, other.action
        return (mine.effective_day, mine.kind, self.source) == (others.effective_day, others.kind, other.source)
