"""Schemas of the lines of a chart."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schemas import Answer, IsoDate, Query
from features.analyses.schemas.analysis import StrategyId
from features.analyses.series import SeriesOrder
from models.chart import BAR_KEYS, CHART_LINES

_ONE_KEY = f"({'|'.join(CHART_LINES)})"


def _known(text: str) -> str:
    unknown = [key for key in text.split(",") if key not in CHART_LINES]
    if unknown:
        raise ValueError(f"there is no key {unknown[0][:40]!r}. There are {', '.join(CHART_LINES)}.")
    return text


# A validator, because the message of a refused pattern is hard to read; the OpenAPI document has the pattern.
Keys = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"pattern": f"^{_ONE_KEY}(,{_ONE_KEY})*$"})]


class SeriesQuery(Query):
    """The lines, the strategy and the period."""

    keys: Keys = Field(
        ",".join(BAR_KEYS),
        description=f"Comma-separated, of {', '.join(CHART_LINES)}. `bollinger` and `macd` give three lines each.",
    )
    strategy: StrategyId = Field("balanced", description="Whose score; see GET /strategies.")
    start: IsoDate | None = Field(None, description="First day, included.")
    end: IsoDate | None = Field(None, description="Last day, included.")

    def order(self, ticker: str) -> SeriesOrder:
        """The query as an order for a ticker, with each key once."""
        return SeriesOrder(ticker, list(dict.fromkeys(self.keys.split(","))), self.strategy, self.start, self.end)


class SeriesAnswer(Answer):
    """Lines over the same days. Prices are adjusted so that the newest bar stored keeps its traded price."""

    ticker: str
    dates: list[date]
    series: dict[str, list[float | None]] = Field(description="By line; null where there are not enough bars yet.")
