"""Schemas of the evidence of a ticker."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from api.schemas import CSV, IsoDate, Query, RootAnswer, not_below
from features.strategies.schemas import StrategyId
from features.strategies.service import Finder
from models.evidence import COST_BP, HORIZONS, LONGEST_HORIZON, MOST_COST_BP, MOST_HORIZONS, Evidence, EvidenceOrder
from utils.api_utils import LONGEST_ECHO

_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_ONE_HORIZON = "(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|250)"
_PATTERN = {"pattern": f"^{_ONE_HORIZON}(?:,{_ONE_HORIZON}){{0,{MOST_HORIZONS - 1}}}$"}


def _checked(text: str) -> str:
    words = text.split(",")
    for word in words:
        if not _NUMBER.fullmatch(word) or int(word) > LONGEST_HORIZON:
            raise ValueError(f"a horizon is a number of days from 1 to {LONGEST_HORIZON}, not {word[:LONGEST_ECHO]!r}")
    if len(set(words)) > MOST_HORIZONS:
        raise ValueError(f"there may be {MOST_HORIZONS} horizons, not {len(set(words))}")
    return text


def horizons_of(text: str) -> tuple[int, ...]:
    """The horizons of a checked text, ascending, each once."""
    return tuple(sorted(set(map(int, text.split(",")))))


# A validator, because the message of a refused pattern is hard to read; the OpenAPI document has the pattern.
HorizonsText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_checked), Field(json_schema_extra=_PATTERN)]
CostBp = Annotated[float, Field(ge=0, le=MOST_COST_BP)]


class EvidenceQuery(Query):
    """The strategy, the horizons and the cost, and the days."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    horizons: HorizonsText = Field(
        ",".join(map(str, HORIZONS)),
        description=f"Trading days from the entry to the exit, comma-separated: up to {MOST_HORIZONS}, of 1 to {LONGEST_HORIZON}.",
    )
    cost_bp: CostBp = Field(COST_BP, description="What a round trip costs, in basis points.")
    start: IsoDate | None = Field(None, description="First day whose verdict counts. The bars before it are read as well.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day that is read: nothing after it is known.")

    def order(self, ticker: str, find: Finder) -> EvidenceOrder:
        """The query as an order for a ticker. Raises as `find`."""
        return EvidenceOrder(ticker, find(self.strategy), horizons_of(self.horizons), self.cost_bp, self.start, self.end)


class EvidenceAnswer(RootAnswer[Evidence]):
    """The record of each verdict of a strategy on a ticker."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]
