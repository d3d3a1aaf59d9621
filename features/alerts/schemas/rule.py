"""Schemas of alert rules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, LongPageQuery, Page, Ticker, UniverseName, whole
from features.strategies.schemas import StrategyId
from models.alert import OF_PORTFOLIOS, OF_RESULTS, OF_TICKERS, AlertKind, AlertRule, RuleDraft
from models.analysis import VerdictName
from utils.ids import is_id

# Literals, because the OpenAPI document lists their values; a test compares them with the models.
AlertKindName = TypeAliasType(
    "AlertKindName",
    Literal[
        "verdict_changed",
        "price_crossed",
        "plan_touched",
        "record_below",
        "prices_stale",
        "job_failed",
        "schedule_missed",
        "weight_above",
        "drawdown_beyond",
        "rebalancing_due",
    ],
)
StateId = TypeAliasType("StateId", Literal["normal", "pending", "firing", "recovering", "no_data"])
NoData = TypeAliasType("NoData", Literal["tell", "quiet"])
MOST_NAMED = 500  # tickers of a rule
MOST_CHANNELS = 20
MOST_DAYS = 250
_OF_VALUES = OF_PORTFOLIOS | {AlertKind.VERDICT_CHANGED, AlertKind.PRICE_CROSSED, AlertKind.RECORD_BELOW}  # which can stay so for days

Days = Annotated[int, BeforeValidator(whole, json_schema_input_type=Annotated[int, Field(ge=0, le=MOST_DAYS)])]
RuleName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PLAIN_TEXT)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN_TEXT)]
_NO_DATA = "What is done once a ticker has no new prices any more: `tell` writes one alert, `quiet` none."


class VerdictConditions(Body):
    """When a change of a verdict fires."""

    on: Literal["verdict_changed"] = "verdict_changed"
    from_: Annotated[list[VerdictName], Field(min_length=1, max_length=5)] | None = Field(
        None, alias="from", description="The verdicts before; null for any."
    )
    to: Annotated[list[VerdictName], Field(min_length=1, max_length=5)] | None = Field(
        None, description="The verdicts after; null for any."
    )
    min_score_change: float = Field(0.0, ge=0, le=2, description="The least move of the score from where it stood before.")
    dead_band: float = Field(
        0.05, ge=0, le=1, description="How far the score must go beyond a threshold, on either side, before it can pass it back."
    )
    no_data: NoData = Field("tell", description=_NO_DATA)

    @model_validator(mode="after")
    def _can_fire(self) -> Self:
        if self.from_ and self.to and len(set(self.from_) | set(self.to)) == 1:
            raise ValueError("from and to are the same verdict, so nothing could ever change; name others, or leave one out")
        return self


class PriceConditions(Body):
    """When a close that crosses a level fires. The level follows later splits."""

    on: Literal["price_crossed"] = "price_crossed"
    level: float = Field(gt=0, le=1e9, description="The price, as traded.")
    direction: Literal["up", "down", "either"] = Field("either", description="`up` fires above the level, `down` below it.")
    dead_band: float = Field(
        1.0, ge=0, le=50, description="Percent of the level that the close must go beyond it before it can cross it back."
    )
    no_data: NoData = Field("tell", description=_NO_DATA)


class PlanConditions(Body):
    """When prices that reach a level of the latest plan fire."""

    on: Literal["plan_touched"] = "plan_touched"
    levels: Annotated[list[Literal["entry", "stop", "target"]], Field(min_length=1, max_length=3)] = Field(
        ["entry", "stop", "target"], description="Which levels are watched."
    )
    no_data: NoData = Field("tell", description=_NO_DATA)


class RecordConditions(Body):
    """When a record that falls below a threshold fires: either a share of verdicts that were right, or its lift."""

    on: Literal["record_below"] = "record_below"
    horizon: Literal[20] = Field(20, description="The bars after which a verdict is judged: those of the record of results.")
    hit: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="The share of verdicts that were right, from 0 to 1.")
    lift: Annotated[float, Field(ge=-1, le=1)] | None = Field(None, description="That share less the one of any day.")
    dead_band: float = Field(0.02, ge=0, le=1, description="How far the value must go beyond the threshold before it can pass it back.")
    no_data: NoData = Field("tell", description=_NO_DATA)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.hit is None) == (self.lift is None):
            raise ValueError("give either hit or lift")
        return self


class StaleConditions(Body):
    """When prices that are behind fire."""

    on: Literal["prices_stale"] = "prices_stale"
    trading_days: Days = Field(5, ge=1, le=250, description="Trading days of the exchange that the newest price is behind.")


class JobConditions(Body):
    """When a job fires that failed, or enough of whose items did."""

    on: Literal["job_failed"] = "job_failed"
    kinds: Annotated[list[Words], Field(min_length=1, max_length=50)] | None = Field(None, description="Kinds of job; null for any.")
    min_failed_percent: float = Field(50.0, ge=0, le=100, description="The least share of failed items, in percent, of a job that ended.")


class ScheduleConditions(Body):
    """When a missed time of a schedule fires."""

    on: Literal["schedule_missed"] = "schedule_missed"
    schedules: Annotated[list[Words], Field(min_length=1, max_length=100)] | None = Field(None, description="Their ids; null for any.")


class _PortfolioConditions(Body):
    """Which portfolios are watched."""

    portfolios: Annotated[list[Words], Field(min_length=1, max_length=100)] | None = Field(None, description="Their ids; null for any.")


class WeightConditions(_PortfolioConditions):
    """When a holding fires that takes more of its portfolio than it may."""

    on: Literal["weight_above"] = "weight_above"
    percent: float = Field(gt=0, le=100, description="The most of the portfolio's value that a holding may take, in percent.")
    dead_band: float = Field(1.0, ge=0, le=50, description="Percentage points that the weight must fall below it before it fires again.")


class DrawdownConditions(_PortfolioConditions):
    """When a portfolio fires that has fallen from its highest value."""

    on: Literal["drawdown_beyond"] = "drawdown_beyond"
    percent: float = Field(gt=0, le=100, description="How far it may fall from its highest value, in percent, deposits apart.")
    dead_band: float = Field(1.0, ge=0, le=50, description="Percentage points that it must recover beyond it before it fires again.")


class RebalancingConditions(Body):
    """When an index fires whose rebalancing is due."""

    on: Literal["rebalancing_due"] = "rebalancing_due"
    indexes: Annotated[list[Words], Field(min_length=1, max_length=100)] | None = Field(None, description="Their ids; null for any.")


Conditions: TypeAlias = Annotated[
    VerdictConditions
    | PriceConditions
    | PlanConditions
    | RecordConditions
    | StaleConditions
    | JobConditions
    | ScheduleConditions
    | WeightConditions
    | DrawdownConditions
    | RebalancingConditions,
    Field(discriminator="on"),
]


class NewAlertRuleRequest(Body):
    """A rule to store or to try."""

    name: RuleName = Field(description="What the rule is called in the inbox and in messages.")
    on: AlertKindName = Field(description="What the rule watches.")
    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=MOST_NAMED)] | None = Field(
        None, description="The tickers that are watched; none for jobs and schedules."
    )
    universe: UniverseName | None = Field(None, description="In place of `tickers`: what is on it when something happens is watched.")
    strategy: StrategyId | Annotated[list[StrategyId], Field(min_length=1, max_length=10)] | None = Field(
        None, description="One or several, for what watches results; by default `balanced`."
    )
    conditions: Conditions = Field(description="When it fires, by what it watches.")
    for_days: Days = Field(0, ge=0, le=MOST_DAYS, description="Trading days that it must stay so before it is told.")
    channels: Annotated[list[Words], Field(max_length=MOST_CHANNELS)] = Field([], description="Ids of channels, beside the inbox.")
    digest: bool = Field(True, description="Whether alerts are gathered into one message at the end of a run, or sent one by one.")
    enabled: bool = Field(True, description="Whether the rule is evaluated.")

    @model_validator(mode="before")
    @classmethod
    def _conditions_are_of_on(cls, told: Any) -> Any:
        """Let `on` choose the schema of the conditions, which need not repeat it."""
        if isinstance(told, dict) and isinstance(told.get("on"), str):
            conditions = told.get("conditions", {})
            if isinstance(conditions, dict):
                return {**told, "conditions": {"on": told["on"], **conditions}}
        return told

    @field_validator("channels")
    @classmethod
    def _ids(cls, channels: list[str]) -> list[str]:
        if not all(map(is_id, channels)):
            raise ValueError("name channels by their ids; see GET /api/v1/channels")
        return list(dict.fromkeys(channels))

    @model_validator(mode="after")
    def _fits(self) -> Self:
        kind = AlertKind(self.on)
        if self.conditions.on != self.on:
            raise ValueError(f"the conditions are those of {self.conditions.on}, but on is {self.on}")
        if self.tickers is not None and self.universe is not None:
            raise ValueError("give either tickers or a universe, not both")
        if kind in OF_TICKERS and self.tickers is None and self.universe is None:
            raise ValueError("give either tickers or a universe")
        if kind not in OF_TICKERS and (self.tickers is not None or self.universe is not None):
            raise ValueError(f"{self.on} watches no tickers: leave out tickers and universe")
        if kind not in OF_RESULTS and self.strategy is not None:
            raise ValueError(f"{self.on} watches no results: leave out strategy")
        if kind not in _OF_VALUES and self.for_days:
            raise ValueError(f"{self.on} is told at once: leave out for_days")
        return self

    def draft(self) -> RuleDraft:
        """The rule."""
        strategies: tuple[str, ...] = ()
        if AlertKind(self.on) in OF_RESULTS:
            named = [self.strategy or "balanced"] if not isinstance(self.strategy, list) else self.strategy
            strategies = tuple(dict.fromkeys(named))
        return RuleDraft(
            name=self.name,
            on=AlertKind(self.on),
            conditions=self.conditions.model_dump(mode="json", by_alias=True, exclude={"on"}, exclude_none=True),
            universe=self.universe,
            tickers=None if self.tickers is None else tuple(dict.fromkeys(self.tickers)),
            strategies=strategies,
            for_days=self.for_days,
            channels=tuple(self.channels),
            digest=self.digest,
            enabled=self.enabled,
        )


class AlertRuleChangeRequest(Body):
    """Changes of a rule; what is left out stays. What a rule watches (`on`) stays as well."""

    name: RuleName | None = Field(None, description="What the rule is called.")
    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=MOST_NAMED)] | None = Field(
        None, description="In place of what there was."
    )
    universe: UniverseName | None = Field(None, description="In place of what there was.")
    strategy: StrategyId | Annotated[list[StrategyId], Field(min_length=1, max_length=10)] | None = Field(
        None, description="One or several."
    )
    conditions: dict[str, Any] | None = Field(None, description="All conditions: they replace those of before.")
    for_days: Annotated[Days, Field(ge=0, le=MOST_DAYS)] | None = Field(None, description="Trading days that it must stay so.")
    channels: Annotated[list[Words], Field(max_length=MOST_CHANNELS)] | None = Field(None, description="Ids of channels.")
    digest: bool | None = Field(None, description="Whether alerts are gathered into one message.")
    enabled: bool | None = Field(None, description="Whether the rule is evaluated. One that is switched on begins anew.")

    def applied_to(self, rule: AlertRule) -> dict[str, Any]:
        """The changed rule as a request for a new one, which is yet to be validated."""
        draft, changes = rule.draft, self.model_dump(exclude_none=True)
        conditions = {name: value for name, value in draft.conditions.items() if name != "given_on"}
        whole = {
            "name": draft.name,
            "on": str(draft.on),
            "conditions": conditions,
            "for_days": draft.for_days,
            "channels": list(draft.channels),
            "digest": draft.digest,
            "enabled": draft.enabled,
            "strategy": list(draft.strategies) or None,
            "tickers": None if draft.tickers is None else list(draft.tickers),
            "universe": draft.universe,
        }
        if "tickers" in changes or "universe" in changes:
            whole |= {"tickers": None, "universe": None}
        return {name: value for name, value in {**whole, **changes}.items() if value is not None}


class AlertRulePath(Answer):
    """The id of a rule in a path."""

    rule_id: str = Field(description="The `id` of an alert rule.")


class StateCounts(Answer):
    """How many tickers of a rule are in each state."""

    normal: int = Field(
        description="Where nothing has fired since the rule began, or it is no longer so. What was so then is `normal` too."
    )
    pending: int = Field(description="Where it is so, but not yet for the days that the rule waits.")
    firing: int = Field(description="Where it fired and is still so.")
    recovering: int = Field(description="Where it fired and is back at the threshold, but within the dead band.")
    no_data: int = Field(description="Where there are no new prices.")


class AlertRuleFault(Answer):
    """What a rule names and is gone, so that it sees or tells nothing there."""

    field: str = Field(description="The field that names it, as in `conditions.portfolios.0`.")
    message: str = Field(description="What is gone, and what to do.")


class AlertRuleAnswer(Answer):
    """A rule, with a sentence that says what it does, and how many of its tickers are in each state."""

    id: str
    name: str = Field(description="What it is called in the inbox and in messages.")
    on: AlertKindName = Field(description="What it watches.")
    universe: str | None = Field(description="The universe whose tickers are watched; null where they are named, or none is.")
    tickers: list[str] | None = Field(description="The tickers that are watched, where they are named.")
    strategy: list[str] | None = Field(description="The strategies whose results are watched; null where none are.")
    conditions: dict[str, Any] = Field(description="When it fires; `given_on` is the day since when a level is meant.")
    for_days: int = Field(description="Trading days that it must stay so before it is told.")
    channels: list[str] = Field(description="Ids of the channels that are told, beside the inbox.")
    digest: bool = Field(description="Whether alerts are gathered into one message at the end of a run.")
    enabled: bool = Field(description="Whether it is evaluated.")
    sentence: str = Field(description="What the rule does, in plain English, and what of it is gone.")
    faults: list[AlertRuleFault] = Field(description="What it names and is gone: a universe, portfolios, indexes, schedules, channels.")
    states: StateCounts = Field(description="How many of its tickers are in each state.")
    version: int = Field(description="1, and one more with each change.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that made it.")
    changed_at: datetime = Field(description="When it was last changed.")
    changed_by: str | None = Field(description="The id of the key or the person that changed it last.")


class AlertRulePage(Page):
    """A page of rules, in the order in which they were made."""

    items: list[AlertRuleAnswer]


class StatesQuery(LongPageQuery):
    """Which states of a rule."""

    state: StateId | None = Field(None, description="Only those in this state.")


class AlertStateAnswer(Answer):
    """Where a rule stands with one ticker, or with what else it watches."""

    ticker: str = Field(description="The ticker; else the kind of job, or the id of the schedule, the portfolio, its holding or the index.")
    name: str = Field(description="What it is called: the ticker, `Growth: AAPL` of a holding, the name of a portfolio or an index.")
    link: str | None = Field(description="The page that shows it; null of jobs and schedules, and of what is gone.")
    strategy: str | None = Field(description="The strategy whose results are watched; null where none are.")
    state: StateId = Field(description="Where the rule stands with it.")
    since: date | None = Field(description="The day on which that began.")
    day: date | None = Field(description="The day of the last value.")
    value: float | None = Field(description="The last value: a score, a close, a record, days or percent.")
    holds: bool | None = Field(description="Whether the last value meets the condition, told or not; null where one value cannot tell.")


class AlertStatePage(Page):
    """A page of states, by ticker."""

    items: list[AlertStateAnswer]


class PresentAnswer(Answer):
    """What a rule sees now of a ticker, a portfolio or an index."""

    ticker: str = Field(description="The ticker; of a portfolio or an index its id.")
    name: str = Field(description="What it is called: the ticker, or the name of the portfolio or the index.")
    link: str = Field(description="The page that shows it; of a holding that of its portfolio.")
    strategy: str | None = Field(description="The strategy whose result it is; null of prices and of what one owns.")
    day: date | None = Field(description="The day of the value; null without one.")
    value: float | None = Field(description="A score, a close, a record, percent, or days; null where there is none.")
    says: str = Field(description="The same in words.")
    holds: bool | None = Field(description="Whether the condition is met already; null where a single moment cannot tell.")


class PreviewAnswer(Answer):
    """What a rule would see now. It tells of changes: what is met already is not told."""

    sentence: str = Field(description="What the rule does, in plain English.")
    watches: Literal["ticker", "holding", "portfolio", "index"] = Field(description="What it watches.")
    tickers: int = Field(description="How many tickers it watches; or holdings, portfolios or indexes.")
    holding: int = Field(description="Of how many the condition is met already.")
    without_data: int = Field(description="Of how many there is nothing to watch yet.")
    items: list[PresentAnswer] = Field(description="The first 50, those that meet the condition before the others.")


class TryRequest(Body):
    """How a rule is to be tried."""

    send: bool = Field(False, description="Whether its channels get a message that says that it is a test.")


class TriedAnswer(Answer):
    """What a rule sees now, and the deliveries of the message that tries its channels."""

    preview: PreviewAnswer = Field(description="What the rule sees now.")
    deliveries: list[str] | None = Field(description="Their ids; null where nothing was to be sent.")
