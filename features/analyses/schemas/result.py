"""Schemas of results, their lists and their flips."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from api.schemas import CSV, DEFAULT_LIMIT, LARGEST_LIMIT, PLAIN_TEXT, Answer, Page, PageQuery, Query, RootAnswer
from features.analyses.schemas.analysis import StrategyId, UniverseName
from models.flip import NextClose
from models.result import AnalysisResult, ResultFilter, ResultSummary

ResultsSort = TypeAliasType("ResultsSort", Literal["score", "-score", "ticker", "-ticker"])


class ResultAnswer(RootAnswer[AnalysisResult]):
    """An explained verdict."""


class ResultPage(Page):
    """A page of results."""

    items: list[ResultSummary]


class LatestPage(ResultPage):
    """A page of the latest results."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]


class FlipsAnswer(Answer):
    """What an unchanged next close gives, and the nearest next closes above and below that give another verdict than that."""

    result_id: str
    ticker: str
    close: float = Field(description="The newest close of the result.")
    verdict: str = Field(description="The verdict of the result.")
    unchanged: NextClose = Field(description="If the next day closes where the newest did; `turns` are from the result's votes.")
    above: NextClose | None = Field(description="`turns` are from the votes at the unchanged close. Null where no verdict changes.")
    below: NextClose | None = Field(description="As `above`.")
    searched_percent: float = Field(description="How far from the close was searched, in percent of it.")


class HistoryQuery(PageQuery):
    """The strategy and page of a ticker's results."""

    strategy: StrategyId | None = Field(None, description="Only results by this strategy.")


class ResultsFilterQuery(Query):
    """The filter and order of the latest results."""

    verdict: Literal["Strong Buy", "Buy", "Hold", "Sell", "Strong Sell"] | None = None
    strategy: StrategyId | None = None
    signal: Literal["BUY", "SELL", "HOLD"] | None = None
    min_score: float | None = Field(None, ge=-1, le=1)
    max_score: float | None = Field(None, ge=-1, le=1)
    universe: UniverseName = Field("all", description="Every ticker, or those on the watchlist.")
    q: str = Field("", max_length=20, pattern=PLAIN_TEXT, description="Start of the ticker, in any case.")
    sort: ResultsSort = Field("-score", description="`-` for descending.")

    def filter(self) -> ResultFilter:
        """The query as a filter of the store."""
        return ResultFilter(
            verdict=self.verdict,
            strategy=self.strategy,
            min_score=self.min_score,
            sort=self.sort,
            max_score=self.max_score,
            signal=self.signal,
            prefix=self.q.upper(),
            watched_only=self.universe == "watchlist",
        )


class ResultsQuery(ResultsFilterQuery):
    """The filter, order and page of the latest results."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before.")
