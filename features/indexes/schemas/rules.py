"""Schemas of the rules of an index, as they come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Body, Counted, Currency, IsoDate, SomeTickers, Ticker
from features.indexes.service import IndexChanges
from features.strategies.schemas import StrategyId
from models.analysis import Verdict
from models.index import (
    BY_SECTOR,
    MOST_MEMBERS,
    BlendPart,
    FreeShares,
    IndexMembership,
    IndexRules,
    IndexScreen,
    IndexWeighting,
    MethodAndInputs,
    Rebalance,
    WeightingMethod,
)
from utils.clock import today

MOST_PARTS = 5
LONGEST_LOOKBACK = 2_520  # trading days: ten years
FEWEST_RETURNS = 20
EARLIEST = date(1900, 1, 1)
IndexName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]
GroupName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]
IndexMethod = TypeAliasType("IndexMethod", Annotated[WeightingMethod, Field(strict=False)])
IndexRebalance = TypeAliasType("IndexRebalance", Annotated[Rebalance, Field(strict=False)])
ScreenedVerdict = TypeAliasType("ScreenedVerdict", Annotated[Verdict, Field(strict=False)])
Positive = Annotated[float, Field(gt=0, le=1e15)]


def _not_too_early(day: date) -> date:
    if day < EARLIEST:
        raise ValueError(f"the first day is {EARLIEST} at the earliest")
    return day


StartDay = Annotated[IsoDate, AfterValidator(_not_too_early)]
# What each method needs; what another one needs is refused with it, so that nobody believes that it counts.
_NEEDS = {
    WeightingMethod.CAP: {"shares"},
    WeightingMethod.EQUAL: set(),
    WeightingMethod.INVERSE_VOLATILITY: {"lookback"},
    WeightingMethod.EQUAL_RISK: {"lookback"},
    WeightingMethod.MOMENTUM: {"lookback", "skip"},
    WeightingMethod.SCORE: {"strategy"},
    WeightingMethod.CUSTOM: {"weights"},
    WeightingMethod.BLEND: {"parts"},
}
_NO_SHARES = (
    "Market capitalisations need the number of shares of each member, which no provider of prices tells: give `shares` by ticker, or "
    "choose another method."
)


class SharesBody(Body):
    """The shares of a company."""

    shares: Positive = Field(description="How many there are today. Splits after today are applied to them.")
    free_float: float = Field(1.0, gt=0, le=1, description="The part of them that is traded freely.")


class OneWeightingBody(Body):
    """What weights follow."""

    method: IndexMethod = Field(
        WeightingMethod.EQUAL,
        description="`cap`: closes times free shares, as given in `shares`. `equal`. `inverse_volatility`: 1 / volatility of `lookback` "
        "returns. `equal_risk`: each member has the same part of the risk by their shrunk covariance. `momentum`: the return from "
        "`lookback` to `skip` days before, what is not positive gets nothing. `score`: a strategy's score, likewise. "
        "`custom`: `weights`. `blend`: `parts`.",
    )
    lookback: int = Field(252, ge=FEWEST_RETURNS, le=LONGEST_LOOKBACK, description="Trading days that are looked back.")
    skip: int = Field(21, ge=0, lt=LONGEST_LOOKBACK, description="The newest of these trading days, which momentum leaves out.")
    strategy: StrategyId = Field("balanced", description="Whose score counts.")
    weights: dict[Ticker, Annotated[float, Field(ge=0, le=1e9)]] = Field(
        default_factory=dict, max_length=MOST_MEMBERS, description="Weights by ticker, taken in proportion."
    )
    shares: dict[Ticker, SharesBody] = Field(
        default_factory=dict, max_length=MOST_MEMBERS, description="The shares of companies by ticker."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needed = _NEEDS[self.method]
        for field in sorted({"lookback", "skip", "strategy", "weights", "shares", "parts"} & self.model_fields_set - needed):
            raise ValueError(f"{field} means nothing for {self.method}; leave it out")
        if self.method is WeightingMethod.CAP and not self.shares:
            raise ValueError(_NO_SHARES)
        if self.method is WeightingMethod.CUSTOM and not any(self.weights.values()):
            raise ValueError("give `weights` by ticker, one above 0 at least")
        if "skip" in needed and self.skip >= self.lookback:
            raise ValueError("skip lies below lookback")
        return self

    def leaf(self) -> dict[str, Any]:
        """The fields of a weighting. Shares are of today."""
        shares = {ticker: FreeShares(body.shares, body.free_float) for ticker, body in self.shares.items()}
        names = ("method", "lookback", "skip", "strategy")
        inputs = {"weights": dict(self.weights), "shares": shares, "given_on": today() if shares else None}
        return {**{name: getattr(self, name) for name in names}, **inputs}


class PartBody(OneWeightingBody):
    """A part of a blend."""

    share: float = Field(1.0, gt=0, le=1e6, description="Its share of the blend, in proportion to those of the other parts.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.method is WeightingMethod.BLEND:
            raise ValueError("a part of a blend is no blend itself")
        return self


class WeightingBody(OneWeightingBody):
    """What the weights of an index follow."""

    parts: list[PartBody] = Field(default_factory=list, max_length=MOST_PARTS, description="The parts of a blend.")

    @model_validator(mode="after")
    def _has_parts(self) -> Self:
        if self.method is WeightingMethod.BLEND and not self.parts:
            raise ValueError("a blend has parts")
        return self

    def weighting(self) -> IndexWeighting:
        """The body as a weighting."""
        return IndexWeighting(**self.leaf(), parts=tuple(BlendPart(**part.leaf(), share=part.share) for part in self.parts))


class ScreenBody(Body):
    """Which verdicts let a ticker be a member."""

    strategy: StrategyId = Field("balanced", description="Whose verdict counts, on each reference day from the closes up to it.")
    verdicts: list[ScreenedVerdict] = Field(min_length=1, max_length=len(Verdict), description="The verdicts that pass.")


class MembersBody(SomeTickers):
    """Who may be a member: tickers or a universe, and of these those that a screen lets pass."""

    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=MOST_MEMBERS)] | None = Field(
        None, description="Each counts once, however often it is named."
    )
    screen: ScreenBody | None = Field(None, description="Members only while the verdict is one of these. Null for all.")

    def membership(self) -> IndexMembership:
        """The body as a membership."""
        screen = None if self.screen is None else IndexScreen(self.screen.strategy, tuple(dict.fromkeys(self.screen.verdicts)))
        return IndexMembership(tuple(sorted(self.named())), self.universe, screen)


class _Groups(Body):
    """The rules that an index can have, all of which have defaults."""

    single_cap: float | None = Field(None, gt=0, le=1, description="The most that a member weighs at a rebalancing. Null for no cap.")
    group_cap: float | None = Field(None, gt=0, le=1, description="The most that the members of a group weigh together. Null for no cap.")
    groups: dict[Ticker, GroupName] | None = Field(
        None, max_length=MOST_MEMBERS, description="The group of each ticker, for `group_cap`. Null for its sector, where that is known."
    )
    cost_bp: float = Field(10.0, ge=0, le=1_000, description="What trading costs, in basis points of what is bought and sold.")
    notice_days: int = Field(3, ge=0, le=20, description="Trading days before a reference day on which the next rebalancing is told of.")


class RulesBody(_Groups):
    """The rules of an index."""

    members: MembersBody = Field(description="Who may be a member.")
    weighting: WeightingBody = Field(default_factory=WeightingBody, description="What the weights follow.")
    rebalance: IndexRebalance = Field(Rebalance.MONTHLY, description="After the last trading day of which period the weights are set anew.")
    base: float = Field(100.0, ge=1e-3, le=1e9, description="The level at the first close.")
    start: StartDay | None = Field(
        None, description="The first day, or the first after it on which a member can be held. Null: the earliest."
    )
    currency: Currency | None = Field(None, description="Into which closes are converted. Null: that of all members, unconverted.")

    def rules(self) -> IndexRules:
        """The body as rules."""
        return IndexRules(
            members=self.members.membership(),
            weighting=self.weighting.weighting(),
            rebalance=self.rebalance,
            base=self.base,
            start=self.start,
            single_cap=self.single_cap,
            group_cap=self.group_cap,
            groups=BY_SECTOR if self.groups is None else dict(self.groups),
            currency=self.currency,
            cost_bp=self.cost_bp,
            notice_days=self.notice_days,
        )


class NewIndexRequest(RulesBody):
    """An index to make."""

    name: IndexName = Field(description="Unique within the organization, in capitals or not.")


class IndexChangeRequest(_Groups):
    """Changes of an index; what is left out stays. New rules hold from the first reference day on that no published day follows."""

    name: IndexName | None = Field(None, description="Unique within the organization, in capitals or not.")
    members: MembersBody | None = Field(None, description="Who may be a member.")
    weighting: WeightingBody | None = Field(None, description="What the weights follow.")
    rebalance: IndexRebalance | None = Field(None, description="After the last trading day of which period the weights are set anew.")
    version: Counted | None = Field(None, description="The version that is changed; 409 where another one holds by now.")

    def changes(self, by: str) -> IndexChanges:
        """The request as changes for the service, and who makes them."""
        return IndexChanges(self.name, self._apply, self.version, by)

    def _apply(self, rules: IndexRules) -> IndexRules:
        sent: dict[str, Any] = {name: getattr(self, name) for name in _Groups.model_fields if name in self.model_fields_set}
        if "groups" in sent:
            sent["groups"] = BY_SECTOR if self.groups is None else dict(self.groups)
        if self.members is not None:
            sent["members"] = self.members.membership()
        if self.weighting is not None:
            sent["weighting"] = self.weighting.weighting()
        if self.rebalance is not None:
            sent["rebalance"] = self.rebalance
        return replace(rules, **sent)


__all__ = ["IndexChangeRequest", "MethodAndInputs", "NewIndexRequest", "RulesBody"]
