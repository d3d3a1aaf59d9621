"""Schemas of the lines of a chart."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schemas import Answer, IsoDate, Query, each_of, not_below
from features.analyses.series import SeriesOrder
from features.strategies.schemas import StrategyId
from features.strategies.service import Finder
from models.chart import BAR_KEYS, CHART_LINES

_ONE_KEY = f"({'|'.join(CHART_LINES)})"


# A validator, because the message of a refused pattern is hard to read; the OpenAPI document has the pattern.
_PATTERN = {"pattern": f"^{_ONE_KEY}(,{_ONE_KEY})*$"}
Keys = Annotated[str, Field(min_length=1), AfterValidator(each_of(CHART_LINES, "key")), Field(json_schema_extra=_PATTERN)]


class SeriesQuery(Query):
    """The lines, the strategy and the period."""

    keys: Keys = Field(
        ",".join(BAR_KEYS),
        description=f"Comma-separated, of {', '.join(CHART_LINES)}. `bollinger` and `macd` give three lines each.",
    )
    strategy: StrategyId = Field("balanced", description="Whose score; see GET /strategies.")
    start: IsoDate | None = Field(None, description="First day, included.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day, included.")

    def order(self, ticker: str, find: Finder) -> SeriesOrder:
        """The query as an order for a ticker, with each key once. Raises as `find`."""
        return SeriesOrder(ticker, list(dict.fromkeys(self.keys.split(","))), find(self.strategy), self.start, self.end)


class SeriesAnswer(Answer):
    """Lines over the same days. Prices are adjusted so that the newest bar stored keeps its traded price."""

    ticker: str
    dates: list[date]
    series: dict[str, list[float | None]] = Field(description="By line; null where there are not enough bars yet.")
