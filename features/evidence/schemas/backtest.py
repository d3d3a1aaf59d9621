"""Schemas of backtests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.schemas import CSV, Answer, Body, IsoDate, Page, PageQuery, RootAnswer, Selection, Ticker, UniverseName, not_below
from features.analyses.schemas.analysis import IndicatorKey, StrategyOptions
from features.evidence.backtest_orders import write_order
from features.evidence.schemas.evidence import CostBp
from features.strategies.schemas import PinnedStrategy, StrategyId
from features.strategies.service import Finder
from jobs.schemas import JobAnswer
from models.analysis import DEFAULT_CAPITAL, Side
from models.backtest import (
    LEAST_CAPITAL,
    MOST_CAPITAL,
    MOST_COMPARED,
    MOST_SLIPPAGE_BP,
    BacktestOrder,
    BacktestParams,
    BacktestRules,
    BulkBacktest,
    ExitReason,
    Sides,
)
from models.evidence import COST_BP

SideName = Literal["long", "long_short"]
SlippageBp = Annotated[float, Field(ge=0, le=MOST_SLIPPAGE_BP)]
Capital = Annotated[float, Field(ge=LEAST_CAPITAL, le=MOST_CAPITAL)]


class _Costs(Body):
    """What is equal for all that are compared."""

    cost_bp: CostBp = Field(COST_BP, description="What a purchase and a sale cost together, in basis points of the traded value.")
    slippage_bp: SlippageBp = Field(0.0, description="How much worse than the price each fill is, in basis points.")
    capital: Capital = Field(DEFAULT_CAPITAL, description="The capital at the start; every position takes all of it.")
    start: IsoDate | None = Field(None, description="First day whose verdict is traded. The bars before it are read as well.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day that is read: nothing after it is known.")


class _Trading(StrategyOptions):
    """What is traded and how."""

    side: SideName = Field("long", description="`long_short`: a Sell also sells short.")
    stops: bool = Field(True, description="Whether the stop and the target of each trade count; without, only verdicts end a trade.")


def _order(trading: _Trading, costs: _Costs, find: Finder) -> BacktestOrder:
    rules = BacktestRules(costs.cost_bp, costs.slippage_bp, Sides(trading.side), trading.stops, costs.capital)
    return BacktestOrder(trading.resolved(find), trading.overrides(), rules, costs.start, costs.end)


_NULL = {"type": "null"}
# Exactly one of the three.
_ONE_OF_THREE: dict[str, Any] = {
    "if": {"required": ["ticker"], "properties": {"ticker": {"type": "string"}}},
    "then": {"properties": {"tickers": _NULL, "universe": _NULL}},
    "else": {
        "if": {"required": ["tickers"], "properties": {"tickers": {"type": "array"}}},
        "then": {"properties": {"universe": _NULL}},
        "else": {"required": ["universe"], "properties": {"universe": {"type": "string"}}},
    },
}


class _OneOrMany(Selection):
    """One ticker, or many: a list or a universe."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_THREE)

    ticker: Ticker | None = Field(None, description="In place of `tickers` and `universe`: one ticker, which is answered at once.")
    force: bool = Field(False, description="Of many tickers: queue a job even if one that does the same is active.")

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.ticker is not None) + (self.tickers is not None) + (self.universe is not None) != 1:
            raise ValueError("give one of ticker, tickers and universe")
        return self


class BacktestRequest(_Trading, _Costs, _OneOrMany):
    """One ticker to backtest, or many: a list or a universe."""

    def order(self, find: Finder) -> BacktestOrder:
        """How to backtest each ticker. Raises as `find`."""
        return _order(self, self, find)

    def bulk(self, find: Finder) -> BulkBacktest:
        """The request as one for a job. Raises as `find`."""
        return BulkBacktest(self.named(), BacktestParams(self.order(find), self.universe), self.force)


class ParameterSet(_Trading):
    """One of the sets to compare."""


class CompareRequest(_Costs, _OneOrMany):
    """One ticker or many, and the sets of parameters to compare on each at the same costs."""

    sets: Annotated[list[ParameterSet], Field(min_length=1, max_length=MOST_COMPARED)] = Field(
        description="The sets; each counts as a trial, once however often it is tried."
    )

    def orders(self, find: Finder) -> list[BacktestOrder]:
        """The sets as orders. Raises as `find`."""
        return [_order(one, self, find) for one in self.sets]

    def bulk(self, find: Finder) -> list[BulkBacktest]:
        """The sets as a request for a job each; equal ones once. Raises as `find`."""
        orders = {write_order(order): order for order in self.orders(find)}
        return [BulkBacktest(self.named(), BacktestParams(order, self.universe), self.force) for order in orders.values()]


class MetricAnswer(Answer):
    """A number and how it is defined."""

    value: float | None = Field(description="Null where it has no value, such as a ratio to no loss at all.")
    definition: str = Field(description="How it is computed, in a sentence.")


class BenchmarkAnswer(Answer):
    """Buy-and-hold over the same days, with the cost of one purchase."""

    metrics: dict[str, MetricAnswer] = Field(description="What it came to, by name.")


class ParametersAnswer(Answer):
    """The rules of the verdicts, with every default filled in."""

    strategy: StrategyId
    strategy_version: int | None = Field(None, description="The version of the strategy, where it is one of your own.")
    weights: dict[str, float] = Field(description="How much each indicator counts: its own weight × its category's.")
    indicators: list[IndicatorKey] = Field(description="The indicators that were used.")
    stop_percent: float = Field(description="The least distance of the stop, in percent of the entry.")
    reward_risk: float
    max_position_percent: float = Field(description="Of the plans of analyses; a backtest's positions take all capital.")


class BacktestTrade(Answer):
    """One position. Prices are adjusted and include slippage."""

    model_config = ConfigDict(populate_by_name=True)

    side: Side = Field(description="What it gains from: rising prices (`long`) or falling ones (`short`).")
    entry_day: date = Field(description="The day at whose open it was entered.")
    entry_price: float = Field(description="The price of the entry.")
    exit_day: date = Field(description="The day on which it was left; of one that is still open, the last.")
    exit_price: float = Field(description="The price at which it was left; of one that is still open, the last close.")
    size: float = Field(description="In shares.")
    reason: ExitReason = Field(description="Why it ended: a verdict, its stop, its target, the loss of all capital; `end` is still open.")
    bars: int = Field(description="Trading days from the entry to the exit.")
    profit: float = Field(description="After costs.")
    is_open: bool = Field(alias="open", description="Whether it is still held at the last close. It is then neither a win nor a loss.")
    net_return: float = Field(alias="return", description="The profit as a fraction of the capital before.")


class BacktestEquity(Answer):
    """The equity at each close from the first that counts on, and that of buy-and-hold."""

    dates: list[date] = Field(description="The days, oldest first; the other lists have a number for each.")
    values: list[float] = Field(description="The equity.")
    benchmark: list[float] = Field(description="The equity of buy-and-hold.")
    drawdown: list[float] = Field(description="The fall from the highest equity so far, as a fraction: 0 or negative.")
    benchmark_drawdown: list[float] = Field(description="The same of buy-and-hold.")


class BacktestRulesAnswer(Answer):
    """How it traded."""

    cost_bp: float = Field(description="What a purchase and a sale cost together, in basis points of the traded value.")
    slippage_bp: float = Field(description="How much worse than the price each fill was, in basis points.")
    side: SideName = Field(description="`long_short`: a Sell also sold short.")
    stops: bool = Field(description="Whether the stop and the target of each trade counted.")
    capital: float = Field(description="The capital at the start.")


class BacktestAnswer(Answer):
    """What following a strategy's verdicts on a ticker would have earned."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    id: str
    created_at: datetime
    ticker: str
    strategy: StrategyId
    basis: str = Field(description="In which sense the rules were not fitted to this history, in words.")
    parameters: ParametersAnswer = Field(description="The rules of the verdicts, with every default filled in.")
    rules: BacktestRulesAnswer = Field(description="How it traded.")
    start: date | None = Field(description="The first day that was asked for; null for none.")
    first: date = Field(description="The day of the first close whose verdict counts.")
    last: date
    days: int = Field(description="Closes from `first` to `last`.")
    metrics: dict[str, MetricAnswer] = Field(description="What it came to, by name; each number with its definition.")
    benchmark: BenchmarkAnswer = Field(description="Buy-and-hold over the same days.")
    exposure: MetricAnswer = Field(description="How much of the time a position was held.")
    turnover: MetricAnswer = Field(description="How much was traded.")
    assumptions: list[str] = Field(description="What it assumes, in sentences with the figures used.")
    fingerprint: str
    trials: int = Field(description="How many sets of parameters you have tried on the ticker, this one included.")
    deflated_sharpe: MetricAnswer = Field(description="What the Sharpe ratio is worth after so many trials: a probability.")
    equity: BacktestEquity
    trades: list[BacktestTrade] = Field(description="The trades, oldest first.")


class BacktestFiguresAnswer(Answer):
    """One backtest of a list."""

    id: str
    ticker: str
    strategy: StrategyId
    first: date = Field(description="The day of the first close whose verdict counts.")
    last: date
    total_return: float = Field(description="The last equity over the first, minus 1.")
    benchmark_return: float = Field(description="The same of buy-and-hold.")
    sharpe: float | None = Field(description="The Sharpe ratio; null where the equity never moved.")
    max_drawdown: float = Field(description="The deepest fall of the equity, as a negative fraction.")
    trades: int = Field(description="The number of trades.")
    fingerprint: str
    created_at: datetime


class BacktestPage(Page):
    """A page of backtests, newest first."""

    items: list[BacktestFiguresAnswer]


class BacktestsQuery(PageQuery):
    """A page of backtests, and of which ticker."""

    ticker: Ticker | None = Field(None, description="Only those of this ticker.")


class BacktestJobParams(Answer):
    """The parameters of the request."""

    universe: UniverseName | None = Field(description="Where the tickers were taken from; null when they were named.")
    strategy: StrategyId
    own_strategy: PinnedStrategy | None = Field(None, description="The strategy as it was at the submission, where it is one of your own.")
    weights: dict[str, float] | None = Field(description="Weights that replace the strategy's, by indicator or category; null for none.")
    indicators: list[IndicatorKey] | None = Field(description="The indicators to use; null for all twelve.")
    reward_risk: float | None = Field(description="Target distance ÷ stop distance; null for the strategy's.")
    cost_bp: float = Field(description="What a purchase and a sale cost together, in basis points of the traded value.")
    slippage_bp: float = Field(description="How much worse than the price each fill is, in basis points.")
    side: SideName = Field(description="`long_short`: a Sell also sells short.")
    stops: bool = Field(description="Whether the stop and the target of each trade count.")
    capital: float = Field(description="The capital at the start.")
    start: date | None = Field(description="First day whose verdict is traded; null for none.")
    end: date | None = Field(description="Last day that is read; null for the newest.")


class BacktestJobAnswer(JobAnswer):
    """A job that backtests tickers. The outcome of an item is `ahead` of buy-and-hold or `behind`, its result the id of the backtest."""

    kind: Literal["backtest"]
    params: BacktestJobParams  # type: ignore[assignment]


class ActiveBacktestJobAnswer(BacktestJobAnswer):
    """An active job that does the same as the request."""

    deduplicated: Literal[True]


class CompareJobsAnswer(Answer):
    """A job of backtests for each set, in the order of the request; of equal sets one."""

    items: list[BacktestJobAnswer]


class BacktestOrJobAnswer(RootAnswer[BacktestAnswer | ActiveBacktestJobAnswer]):
    """The backtest of one ticker; of many, an active job that does the same as the request."""


class ComparedSetAnswer(Answer):
    """One of several sets of parameters."""

    strategy: StrategyId
    parameters: ParametersAnswer = Field(description="The rules of the verdicts, with every default filled in.")
    side: SideName = Field(description="`long_short`: a Sell also sold short.")
    stops: bool = Field(description="Whether the stop and the target of each trade counted.")
    metrics: dict[str, MetricAnswer] = Field(description="What it came to, by name; each number with its definition.")
    exposure: MetricAnswer = Field(description="How much of the time a position was held.")
    turnover: MetricAnswer = Field(description="How much was traded.")
    deflated_sharpe: MetricAnswer = Field(description="What the Sharpe ratio is worth after so many trials: a probability.")
    is_ahead: bool = Field(description="Whether it ended above buy-and-hold.")


class LuckTestAnswer(Answer):
    """Whether luck alone explains the best of several sets, by resampling the days in blocks."""

    p_value: float = Field(description="White's reality check: how often luck makes a best set that is as good, from 0 to 1.")
    hansen_p_value: float = Field(description="Hansen's test of superior predictive ability, which poor sets do not weaken.")
    days: int = Field(description="Daily returns that were resampled.")
    block: int = Field(description="The length of a block, in days.")
    repetitions: int = Field(description="How often they were resampled.")
    seed: int = Field(description="Of the random numbers; the same question has the same one.")
    sentence: str = Field(description="What that means, in words.")


class ComparisonAnswer(Answer):
    """Sets of parameters beside each other and beside buy-and-hold."""

    ticker: str
    first: date = Field(description="The day of the first close whose verdict counts.")
    last: date
    days: int = Field(description="Closes from `first` to `last`.")
    sets: list[ComparedSetAnswer] = Field(description="The sets, in the order of the request.")
    benchmark: BenchmarkAnswer = Field(description="Buy-and-hold over the same days.")
    trials: int = Field(description="How many sets of parameters you have tried on the ticker, these included.")
    luck: LuckTestAnswer | None = Field(description="Whether luck alone explains the best of them; null where that cannot be judged.")
    assumptions: list[str] = Field(description="What all of them assume, in sentences with the figures used.")


class ComparisonOrJobsAnswer(RootAnswer[ComparisonAnswer | CompareJobsAnswer]):
    """The sets beside each other; of many tickers the jobs, where none of them is new."""


class BacktestPath(Answer):
    """The id of a backtest in a path."""

    backtest_id: str = Field(description="The `id` of a backtest.")
