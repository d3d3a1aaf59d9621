"""Results, their list, and what would change one."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, RootModel

from models.flip import Flip
from models.result import AnalysisResult, ResultFilter, ResultSummary
from schemas.analysis import StrategyId
from schemas.base import Page, PageQuery


class ResultAnswer(RootModel[AnalysisResult]):
    """An explained verdict."""


class ResultPage(Page):
    """A page of results."""

    items: list[ResultSummary]


class FlipsAnswer(BaseModel):
    """The nearest next-day closes above and below at which the verdict changes; null where it holds as far as was searched."""

    result_id: str
    ticker: str
    close: float
    verdict: str
    above: Flip | None
    below: Flip | None
    searched_percent: float = Field(description="How far from the close was searched.")


class ResultsQuery(PageQuery):
    """Which of the latest results."""

    verdict: Literal["Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"] | None = None
    strategy: StrategyId | None = None
    min_score: float | None = Field(None, ge=-1, le=1)
    sort: Literal["score", "-score", "ticker", "-ticker"] = Field("-score", description="`-` for descending.")

    def filter(self) -> ResultFilter:
        """What the store is asked for."""
        return ResultFilter(self.verdict, self.strategy, self.min_score, self.sort)
