"""Splits and dividends of a ticker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ActionKind(StrEnum):
    """What a company did."""

    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True)
class CorporateAction:
    """An action from the day on which prices are without it. A split 3:2 has numerator 3 and denominator 2, a dividend a percentage."""

    effective_day: date
    kind: ActionKind
    numerator: int | None = None
    denominator: int | None = None
    percent: float | None = None

    @property
    def sentence(self) -> str:
        """The action in words."""
        size = f"{self.numerator}:{self.denominator}" if self.kind is ActionKind.SPLIT else f"{self.percent:.3g} %"
        return f"{self.kind.value} {size} effective {self.effective_day}"
