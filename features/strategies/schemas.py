"""Schemas of strategies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, Page, Query
from models.own_strategy import (
    LONGEST_DESCRIPTION,
    LONGEST_ID,
    LONGEST_NAME,
    STRATEGY_ID,
    WIDEST_STOP_PERCENT,
    OwnStrategy,
    StrategyDraft,
    StrategyVersion,
)
from models.strategy import Strategy as KnownStrategy
from utils.api_utils import LONGEST_ECHO

assert LONGEST_ID <= LONGEST_ECHO

# The id of any strategy. Which there are depends on the organization, so what a request names is looked for once it is known.
StrategyId = TypeAliasType(
    "StrategyId",
    Annotated[str, StringConstraints(pattern=STRATEGY_ID), Field(json_schema_extra={"examples": ["balanced"]})],
)
# A literal, because the OpenAPI document lists its values; a test compares it with the models.
BuiltInStrategy = TypeAliasType("BuiltInStrategy", Literal["balanced", "trend", "reversion", "breakout", "weekly"])
Percent = Annotated[float, Field(gt=0, le=100)]
RewardRisk = Annotated[float, Field(gt=0, le=10)]
Weight = Annotated[float, Field(ge=0, le=100)]
# Without spaces at its ends: two names that look alike would be two strategies.
StrategyTitle = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME, pattern=PLAIN_TEXT)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_DESCRIPTION, pattern=PLAIN_TEXT)]


class IndicatorWeights(Body):
    """How much each indicator counts; what is left out or null counts as in the base."""

    rsi: Weight | None = None
    stochastic: Weight | None = None
    cci: Weight | None = None
    williams_r: Weight | None = None
    macd: Weight | None = None
    adx: Weight | None = None
    psar: Weight | None = None
    ema_cross: Weight | None = None
    bollinger: Weight | None = None
    obv: Weight | None = None
    cmf: Weight | None = None


class CategoryWeights(Body):
    """How much each category counts; what is left out or null counts as in the base."""

    trend: Weight | None = None
    momentum: Weight | None = None
    volatility: Weight | None = None
    volume: Weight | None = None


class StrategyRequest(Body):
    """A strategy to store: what it is made from, and how it differs."""

    name: StrategyTitle = Field(description="What it is called on pages and in reports.")
    description: Description = Field("", description="What leads it, in your words.")
    base: BuiltInStrategy = Field("balanced", description="The built-in strategy whose values hold for all that is left out.")
    indicator_weights: IndicatorWeights = Field(IndicatorWeights(), description="How much each indicator counts.")
    category_weights: CategoryWeights = Field(
        CategoryWeights(), description="How much each category counts; an indicator's weight is multiplied by its category's."
    )
    stop_percent: Annotated[float, Field(gt=0, le=WIDEST_STOP_PERCENT)] | None = Field(
        None, description="The least distance of the stop, in percent of the entry. Null for the base's."
    )
    reward_risk: RewardRisk | None = Field(None, description="Target distance ÷ stop distance. Null for the base's.")
    max_position_percent: Percent | None = Field(None, description="The largest position, in percent of the capital. Null for the base's.")

    def draft(self) -> StrategyDraft:
        """The request for the service."""
        return StrategyDraft(
            name=self.name,
            description=self.description,
            base=self.base,
            indicator_weights=self.indicator_weights.model_dump(exclude_none=True),
            category_weights=self.category_weights.model_dump(exclude_none=True),
            stop_percent=self.stop_percent,
            reward_risk=self.reward_risk,
            max_position_percent=self.max_position_percent,
        )


class NewStrategyRequest(StrategyRequest):
    """A strategy to store, under an id of its own."""

    id: StrategyId | None = Field(None, description="What requests and results name it by, for good. Null for one that the name gives.")


class StrategyPath(BaseModel):
    """The id of a strategy in a path."""

    strategy_id: str = Field(description="The id of a strategy.")


class StrategiesQuery(Query):
    """Which strategies are listed."""

    archived: bool = Field(False, description="Whether archived ones are listed as well.")


class StrategyRulesAnswer(Answer):
    """What results of a strategy depend on."""

    indicator_weights: dict[str, float] = Field(description="How much each indicator counts.")
    category_weights: dict[str, float] = Field(
        description="How much each category counts; an indicator's weight is multiplied by its category's."
    )
    stop_percent: float = Field(description="The least distance of the stop, in percent of the entry.")
    reward_risk: float = Field(description="Target distance ÷ stop distance.")
    max_position_percent: float = Field(description="The largest position, in percent of the capital.")


class Strategy(StrategyRulesAnswer):
    """A strategy: a built-in one, or one of the organization's own in its newest version."""

    id: StrategyId
    name: str
    description: str = Field(description="What leads it.")
    suits: str = Field(description="When it suits, and when it errs; of an own one, what it was made from.")
    base: BuiltInStrategy | None = Field(description="The built-in strategy that an own one was made from.")
    version: int | None = Field(description="Of an own one: 1, and one more with each change of its rules. Null of a built-in one.")
    since: date | None = Field(description="Since when an own one is as it is.")
    archived: bool = Field(description="Whether nothing new can be asked for by it.")


class StrategyVersionAnswer(StrategyRulesAnswer):
    """A version of an own strategy."""

    version: int
    base: BuiltInStrategy = Field(description="The built-in strategy that it was made from.")
    created_at: datetime


class StrategyDetail(Strategy):
    """A strategy with its versions."""

    created_at: datetime | None = Field(description="Null of a built-in one.")
    updated_at: datetime | None = Field(description="When its rules or its words were changed last.")
    versions: list[StrategyVersionAnswer] = Field(description="The newest 50 versions, the newest first; none of a built-in one.")


class StrategyPage(Page):
    """The built-in strategies, then the organization's own by name; `next_cursor` is always null."""

    items: list[Strategy]


class PinnedStrategy(Answer):
    """An own strategy as it was when something was asked for by it; later changes of it do not matter."""

    name: str
    description: str = Field(description="What leads it.")
    suits: str = Field(description="What it was made from.")
    indicator_weights: dict[str, float] = Field(description="How much each indicator counted.")
    category_weights: dict[str, float] = Field(description="How much each category counted.")
    stop_percent: float = Field(description="The least distance of the stop, in percent of the entry.")
    reward_risk: float = Field(description="Target distance ÷ stop distance.")
    max_position_percent: float = Field(description="The largest position, in percent of the capital.")
    version: int = Field(description="Which version it was.")
    since: date = Field(description="Since when it was as it is.")
    base: BuiltInStrategy = Field(description="The built-in strategy that it was made from.")


def strategy_answer(strategy: KnownStrategy, *, is_archived: bool = False) -> dict[str, object]:
    """The JSON object of a strategy."""
    return {**vars(strategy), "archived": is_archived}


def detail_answer(own: OwnStrategy, versions: list[StrategyVersion]) -> dict[str, object]:
    """The JSON object of an own strategy with its versions."""
    told = [{**one.rules._asdict(), "version": one.version, "created_at": one.created_at} for one in versions]
    moments = {"created_at": own.created_at, "updated_at": own.updated_at}
    return {**strategy_answer(own.strategy, is_archived=own.archived_at is not None), **moments, "versions": told}
