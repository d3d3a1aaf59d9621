"""Rule-based indexes: their rules, and what was published of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from models.analysis import Verdict
from models.strategy import StrategyName

INDEX_REBALANCING = "index_rebalancing"
MOST_INDEXES = 100  # of an organization
MOST_MEMBERS = 1_000  # of an index
REVISIONS_KEPT = 50  # of an index, the newest ones
BY_SECTOR = "sector"


class Rebalance(StrEnum):
    """How often the weights are set anew: after the last trading day of each such period."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class WeightingMethod(StrEnum):
    """What the weights follow."""

    CAP = "cap"
    EQUAL = "equal"
    INVERSE_VOLATILITY = "inverse_volatility"
    EQUAL_RISK = "equal_risk"
    MOMENTUM = "momentum"
    SCORE = "score"
    CUSTOM = "custom"
    BLEND = "blend"


class IndexVariant(StrEnum):
    """Without distributions, or with them reinvested in the whole index."""

    PRICE = "price"
    TOTAL = "total"


@dataclass(frozen=True)
class FreeShares:
    """The shares of a company as of the day on which they were given, and the part of them that is traded freely."""

    shares: float
    free_float: float = 1.0


@dataclass(frozen=True)
class MethodAndInputs:
    """What weights follow, and what the method needs: `lookback` and `skip` in trading days, the strategy whose score counts.

    `weights` and `shares` are by ticker; `given_on` is the day of which the shares are, which older rules do not tell.
    """

    method: WeightingMethod = WeightingMethod.EQUAL
    lookback: int = 252
    skip: int = 21
    strategy: StrategyName = "balanced"
    weights: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, FreeShares] = field(default_factory=dict)
    given_on: date | None = None


@dataclass(frozen=True)
class BlendPart(MethodAndInputs):
    """A part of a blend, and its share of it. The shares of all parts are taken in proportion."""

    share: float = 1.0


@dataclass(frozen=True)
class IndexWeighting(MethodAndInputs):
    """What the weights of an index follow; a blend has parts."""

    parts: tuple[BlendPart, ...] = ()

    def leaves(self) -> tuple[MethodAndInputs, ...]:
        """The weighting itself, or the parts of a blend."""
        return self.parts if self.method is WeightingMethod.BLEND else (self,)


@dataclass(frozen=True)
class IndexScreen:
    """Members only as long as a strategy's verdict is one of these on the reference day, from closes up to it."""

    strategy: StrategyName
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class IndexMembership:
    """What may be a member: tickers or a universe, and of these what a screen lets pass."""

    tickers: tuple[str, ...] = ()
    universe: str | None = None
    screen: IndexScreen | None = None


@dataclass(frozen=True)
class IndexRules:
    """The rules of an index.

    `groups` is BY_SECTOR, or the group of each ticker. `cost_bp` is what trading costs, in basis points of what is bought and sold.
    `notice_days` is how many trading days before a reference day it is told of.
    """

    members: IndexMembership
    weighting: IndexWeighting = IndexWeighting()
    rebalance: Rebalance = Rebalance.MONTHLY
    base: float = 100.0
    start: date | None = None
    single_cap: float | None = None
    group_cap: float | None = None
    groups: Mapping[str, str] | str = BY_SECTOR
    currency: str | None = None
    cost_bp: float = 10.0
    notice_days: int = 3


class RebalancingKind(StrEnum):
    """What set the weights of an index anew: its beginning, its calendar, a member without prices, or that nothing could be held."""

    START = "start"
    REBALANCING = "rebalancing"
    REMOVAL = "removal"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class IndexPosition:
    """A member at a rebalancing: its weights before and after, and the quantity that is held from then on."""

    ticker: str
    before: float
    after: float
    quantity: float


@dataclass(frozen=True)
class Rebalancing:
    """A line of the ledger: from the close of `day` on, by closes up to `reference_day`.

    `divisor_after` makes the level the same before and after. `turnover` is half of the sum of all changes of weights, and `cost` a
    fraction of the value, which the level does not have in it. `left_out` says by ticker why it is not a member.
    """

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
    positions: tuple[IndexPosition, ...]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Index:
    """An index as it stands. `revision` counts how often what was published was computed anew, `version` its rules.

    `published` is the number of days with a level, from `first_day` to `last_day`; the levels are those of the last one, and `members` are
    held then. `looked_at` is when somebody last looked for what is new.
    """

    id: str
    name: str
    rules: IndexRules
    version: int
    revision: int
    published: int
    first_day: date
    last_day: date
    level: float
    total_level: float
    members: int
    next_reference_day: date
    notes: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    looked_at: datetime


@dataclass(frozen=True)
class IndexVersion:
    """The rules from a reference day on."""

    version: int
    since: date | None
    rules: IndexRules
    created_at: datetime
    created_by: str


@dataclass(frozen=True)
class IndexRevision:
    """What was published, as one computation: why it was made, and when."""

    revision: int
    why: str
    created_at: datetime
    first_day: date
    last_day: date
    digest: str
