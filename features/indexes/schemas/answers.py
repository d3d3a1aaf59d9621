"""Schemas of what is asked of indexes, and of the answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import CSV, Answer, Body, Currency, IsoDate, LineReference, Page, PageQuery, Query, RootAnswer, not_below
from models.index import REVISIONS_KEPT, Index, IndexRevision, IndexRules, IndexVariant, IndexVersion, RebalancingKind
from models.metric import Metric

MOST_MONEY = 1e15


class IndexPath(BaseModel):
    """The id of an index in a path."""

    index_id: str = Field(description="The `id` of an index.")


class RevisionQuery(Query):
    """Which computation is asked for."""

    revision: int | None = Field(None, ge=1, le=1_000_000, description=f"By default the newest one. The newest {REVISIONS_KEPT} are kept.")


class LevelsQuery(RevisionQuery):
    """The days and the variant of an index."""

    variant: IndexVariant = Field(
        IndexVariant.PRICE, description="`price`: without distributions. `total`: with them reinvested in the whole index."
    )
    start: IsoDate | None = Field(None, description="The first day.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="The last day.")


class AllocationsQuery(RevisionQuery):
    """The day of which the weights are asked."""

    day: IsoDate | None = Field(None, description="By default the newest published day. Another day counts as the last one before it.")


class RebalancesQuery(PageQuery, RevisionQuery):
    """A page of the ledger."""


class IndexCompareQuery(Query):
    """What an index is held against, over which days."""

    other: LineReference = Field(alias="with", description="A ticker, or the id of an index or a portfolio.")
    variant: IndexVariant = Field(IndexVariant.TOTAL, description="Of the index. Another index counts with distributions.")
    start: IsoDate | None = Field(None, description="The first day.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="The last day.")
    rate: float = Field(0.0, ge=0, le=1, description="Yearly interest without risk, as a fraction: 0.03 is 3 %.")
    series: bool = Field(False, description="Add the lines by day, both 1 on the first one.")


class SimulateRequest(Body):
    """What is invested, and from when on."""

    amount: float = Field(gt=0, le=MOST_MONEY, description="What is invested at the close of the first day.")
    start: IsoDate | None = Field(None, description="The first day. By default that of the index.")
    currency: Currency | None = Field(None, description="The currency of the amount. By default that of the index.")
    variant: IndexVariant = Field(IndexVariant.TOTAL, strict=False, description="Whether distributions are reinvested.")
    costs: bool = Field(True, description="Whether what the first purchase and rebalancings cost is taken off.")


class IndexAnswer(RootAnswer[Index]):
    """An index as it stands."""


class IndexPage(Page):
    """A page of indexes, in the order in which they were made."""

    items: list[Index]


class IndexLevel(Answer):
    """The level of an index at the close of a day."""

    day: date
    value: float


class LevelsAnswer(Answer):
    """The published levels of an index by day."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    index_id: str
    name: str
    variant: IndexVariant
    revision: int
    currency: str | None
    base: float
    items: list[IndexLevel]
    next_cursor: None


class Allocation(Answer):
    """A member of an index on a day. `target` is its weight at the last rebalancing, `drift` the difference to its weight now."""

    ticker: str
    name: str | None
    sector: str | None
    target: float
    weight: float
    drift: float
    quantity: float
    close: float


class AllocationsAnswer(Answer):
    """The members of an index at the close of a day, the heaviest first.

    `quantity` is for an index of 1,000,000 at `since`, in shares as of the newest close.
    """

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    day: date
    since: date
    reference_day: date | None
    revision: int
    items: list[Allocation]
    left_out: dict[str, str]
    notes: list[str] = Field(description="Of which members the weight could not be followed since the rebalancing.")
    next_cursor: None


class RebalancedPosition(Answer):
    """A member at a rebalancing: its weights before and after, and what is held from then on."""

    ticker: str
    before: float
    after: float
    quantity: float


class RebalancingAnswer(Answer):
    """A line of the ledger: what was changed at the close of `day` by what was known at that of `reference_day`, and why."""

    number: int
    day: date
    reference_day: date | None
    kind: RebalancingKind
    why: str
    version: int
    level: float
    divisor_before: float
    divisor_after: float
    turnover: float
    cost: float
    positions: list[RebalancedPosition]
    left_out: dict[str, str]


class RebalancesPage(Page):
    """A page of the ledger of an index, newest first."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    revision: int
    next_reference_day: date
    items: list[RebalancingAnswer]


class SimulatedDay(Answer):
    """What has become of an amount at the close of a day."""

    day: date
    value: float


class SimulationAnswer(Answer):
    """What has become of an amount, by day, in a currency; `costs` is what the first purchase and rebalancings cost, in that currency."""

    amount: float
    currency: str | None
    variant: IndexVariant
    first_day: date
    last_day: date
    value: float
    gain: float
    costs: float
    metrics: dict[str, Metric]
    items: list[SimulatedDay]
    notes: list[str]
    next_cursor: None


class ComparedLine(Answer):
    """One of two that are held against each other: its numbers over the days that both have."""

    reference: str
    kind: str
    name: str | None
    currency: str | None
    adjusted: bool
    metrics: dict[str, Metric]


class ComparedSeries(Answer):
    """Both lines by day."""

    days: list[date]
    index: list[float]
    other: list[float]


class IndexComparisonAnswer(Answer):
    """An index beside something else over the days that both have. `beside` are its numbers against the other one."""

    first_day: date
    last_day: date
    days: int
    rate: float
    index: ComparedLine
    other: ComparedLine
    beside: dict[str, Metric]
    notes: list[str]
    series: ComparedSeries | None


class IndexPreviewAnswer(Answer):
    """An index as it would be: computed, and not stored."""

    rules: IndexRules
    first_day: date
    last_day: date
    level: float
    total_level: float
    members: int
    next_reference_day: date
    turnover_per_year: float | None
    notes: list[str]
    latest: RebalancingAnswer
    items: list[IndexLevel]
    next_cursor: None


class VersionsAnswer(Page):
    """The rules of an index through time, oldest first; `next_cursor` is always null."""

    items: list[IndexVersion]


class RevisionsAnswer(Page):
    """What was published of an index, one item for each computation, newest first; `next_cursor` is always null."""

    items: list[IndexRevision]
