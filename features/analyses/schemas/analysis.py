"""Schemas of requests for analyses."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from typing_extensions import TypeAliasType

from api.schemas import Body, IsoDate, Selection, SomeTickers, Ticker
from features.strategies.schemas import CategoryWeights, IndicatorWeights, Percent, RewardRisk, StrategyId
from features.strategies.service import Finder
from models.analysis import DEFAULT_CAPITAL, DEFAULT_RISK_PERCENT, AnalysisOrder, Overrides, Sizing
from models.bulk_analysis import BulkOrder, BulkParams
from models.indicator import INDICATORS, VOTING_KEYS
from models.own_strategy import NothingVotes
from models.strategy import STRATEGIES, Strategy

# Literals, because the OpenAPI document lists their values; a test compares them with the models.
IndicatorKey = TypeAliasType(
    "IndicatorKey",
    Literal["rsi", "stochastic", "cci", "williams_r", "macd", "adx", "psar", "ema_cross", "bollinger", "atr", "obv", "cmf"],
)


def _all_different(keys: list[str]) -> list[str]:
    if len(set(keys)) != len(keys):
        raise ValueError("each indicator may be named once")
    return keys


Indicators = Annotated[
    list[IndicatorKey],
    Field(min_length=1, max_length=12, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_all_different),
]


class Weights(CategoryWeights, IndicatorWeights):
    """Weights of indicators and categories, each replacing the strategy's; an indicator's and its category's are multiplied."""


class StrategyOptions(Body):
    """The strategy, and changes to its rules."""

    strategy: StrategyId = Field("balanced", description="See GET /strategies.")
    reward_risk: RewardRisk | None = Field(None, description="Target distance ÷ stop distance.")
    weights: Weights | None = Field(None, description="Replace the strategy's weights.")
    indicators: Indicators | None = Field(
        None,
        validate_default=True,
        description="The indicators to use, at least one of which votes with a weight above 0; `atr` never votes. Default: all twelve.",
    )

    @field_validator("indicators")
    @classmethod
    def check_that_one_votes(cls, indicators: list[IndicatorKey] | None, known: ValidationInfo) -> list[IndicatorKey] | None:
        """Without a vote there is no verdict, and the score would be 0 whatever the prices are."""
        voting = [key for key in VOTING_KEYS if indicators is None or key in indicators]
        if not voting:
            raise ValueError(
                f"None of these indicators votes, so there would be no verdict. Add at least one of {', '.join(VOTING_KEYS)}; "
                f"{', '.join(INDICATORS.keys() - VOTING_KEYS)} does not vote."
            )
        if known.data.get("strategy") in STRATEGIES and known.data.get("weights") is not None:
            weights = STRATEGIES[known.data["strategy"]].weights(known.data["weights"].model_dump(exclude_none=True))
            if not any(weights[key] for key in voting):
                raise ValueError(f"No indicator would vote: the weight of {', '.join(voting)} is 0. Give at least one a weight above 0.")
        return indicators

    def resolved(self, find: Finder) -> Strategy:
        """The strategy. Raises as `find`, or NothingVotes where the options leave an organization's own no vote."""
        strategy, overrides = find(self.strategy), self.overrides()
        if strategy.version is not None:
            weights = strategy.weights(overrides.weights)
            if not any(weights[key] for key in VOTING_KEYS if overrides.indicators is None or key in overrides.indicators):
                raise NothingVotes
        return strategy

    def overrides(self) -> Overrides:
        """The options that change the rules."""
        return Overrides(
            weights=(self.weights.model_dump(exclude_none=True) or None) if self.weights else None,
            reward_risk=self.reward_risk,
            indicators=None if self.indicators is None else tuple(self.indicators),
        )


class AnalysisOptions(StrategyOptions):
    """The strategy, changes to its rules, the size of the position, and the day."""

    capital: Annotated[float, Field(gt=0, le=1e12)] | None = Field(None, description="Capital for the position size. Default: 100,000.")
    risk_percent: Percent | None = Field(None, description="The largest loss at the stop, in percent of capital. Default: 2.")
    max_position_percent: Percent | None = Field(None, description="The largest position, in percent of capital. Default: the strategy's.")
    as_of: IsoDate | None = Field(None, description="Analyse as if this were the newest day; later prices are not used.")

    def overrides(self) -> Overrides:
        """The options that change the result."""
        return replace(super().overrides(), as_of=self.as_of)

    def sizing(self) -> Sizing:
        """The options that change only the size of the position."""
        return Sizing(
            capital=DEFAULT_CAPITAL if self.capital is None else self.capital,
            risk_percent=DEFAULT_RISK_PERCENT if self.risk_percent is None else self.risk_percent,
            max_position_percent=self.max_position_percent,
        )


class AnalyzeRequest(AnalysisOptions):
    """One ticker to analyse."""

    ticker: Ticker

    def order(self, find: Finder) -> AnalysisOrder:
        """The request as an order to the service. Raises as `resolved`."""
        return AnalysisOrder(self.ticker, self.resolved(find), self.overrides(), self.sizing())


class RerunRequest(Selection):
    """Whose superseded results are to be run again: those of a list or of a universe, or all."""


class BulkAnalyzeRequest(SomeTickers, AnalysisOptions):
    """Many tickers to analyse: a list or a universe."""

    force: bool = Field(False, description="Queue a job even if one that does the same is active.")
    refresh: bool = Field(
        False,
        description="Bring the prices of each ticker up to date first, as POST /refresh does. One that no provider can serve is analysed "
        "with the prices that are stored; `facts.refresh` of its item tells why.",
    )

    def order(self, find: Finder) -> BulkOrder:
        """The request as an order to the service. Raises as `resolved`."""
        params = BulkParams(self.resolved(find), self.overrides(), self.sizing(), self.universe, self.refresh)
        return BulkOrder(self.named(), params, self.force)
