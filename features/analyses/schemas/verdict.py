"""Schemas of the verdicts of all strategies."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from api.schemas import Answer
from features.analyses.verdicts import StrategyVerdict


class VerdictsAnswer(Answer):
    """What each strategy says of a ticker's newest bar, in the order of GET /strategies."""

    ticker: str
    as_of: date = Field(description="The day of the newest bar.")
    close: float = Field(description="Its close.")
    items: list[StrategyVerdict]
