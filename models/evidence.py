"""The record of verdicts: how often each was right, over a ticker's history or over that of a universe."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from models.analysis import Verdict
from models.strategy import BALANCED, Strategy, StrategyName

EVIDENCE = "evidence"  # the kind of job
HORIZONS = (5, 10, 20, 60)  # bars from the entry to the exit
LONGEST_HORIZON = 250
MOST_HORIZONS = 8
RECORD_HORIZON = 20
WARMUP = 400  # bars before a day that counts: with fewer, an earlier start of the history would change verdicts
COST_BP = 20.0  # basis points of a round trip
MOST_COST_BP = 1_000.0
FEWEST_EPISODES = 30  # with fewer, no interval is claimed
LEVEL = 0.95  # of an interval
FAN_DAYS = (1, 2, 3, 5, 10, 15, 20, 30, 40, 60)
FAN_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class EvidenceOrder:
    """What to compute the record of: a ticker and a strategy, at which horizons, after which cost, of days from `start` on, up to `end`."""

    ticker: str
    strategy: Strategy = BALANCED
    horizons: tuple[int, ...] = HORIZONS
    cost_bp: float = COST_BP
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class UniverseOrder:
    """What to compute the record of over many tickers, which were named, or taken from a universe; empty for one."""

    tickers: tuple[str, ...]
    strategy: Strategy = BALANCED
    universe: str | None = None
    horizons: tuple[int, ...] = HORIZONS
    cost_bp: float = COST_BP
    force: bool = False


@dataclass(frozen=True)
class ToldVerdict:
    """What a stored result said of a day, and when it was made."""

    as_of: date
    verdict: Verdict
    created_at: datetime


@dataclass(frozen=True)
class VerdictRecord:
    """The record of a result's verdict on its ticker. Shares are from 0 to 1.

    `base` is the share of all days that would have been right with the same verdict, `lift` is `hit` − `base`. The interval of `hit` is
    a cheap one (Wilson's, on episodes); that of `lift`, by which the sentence judges, is from blocks of days.
    """

    available: Literal[True]
    horizon: int
    verdict: Verdict
    n: int
    episodes: int
    hit: float
    low: float
    high: float
    base: float
    lift: float
    lift_low: float
    lift_high: float
    interval: Literal["wilson_on_episodes"]
    basis: str
    sentence: str


@dataclass(frozen=True)
class NoRecord:
    """Why a verdict has no record, in a sentence."""

    available: Literal[False]
    reason: str


Record = VerdictRecord | NoRecord


@dataclass(frozen=True)
class BaseRate:
    """All days that count, whatever their verdict. `hit` is the share with a return over 0, `fell` with one under 0.

    Returns are fractions after cost, `mean_move` is the mean of their absolute values before cost.
    """

    n: int
    hit: float
    fell: float
    mean: float
    median: float
    mean_move: float


@dataclass(frozen=True)
class Half:
    """One half of the days that count, by time; null where the verdict has no day in it, or no direction."""

    first: date
    last: date
    n: int
    episodes: int
    hit: float | None
    base: float | None
    lift: float | None
    mean: float | None
    excess: float | None


@dataclass(frozen=True)
class LiveRecord:
    """What stored results said at the time, of days since the engine's version was released and with an outcome."""

    since: date
    n: int
    episodes: int
    hit: float | None
    mean: float


@dataclass(frozen=True)
class VerdictEvidence:
    """One verdict at one horizon. Null where the verdict has no day; `hit` and `lift` also of Hold, which names no direction.

    `lift` is against the share of all days that were right with the same sign. Intervals are null with `too_few` episodes.
    """

    verdict: Verdict
    n: int
    episodes: int
    hit: float | None
    hit_low: float | None
    hit_high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    mean: float | None
    median: float | None
    excess: float | None
    excess_low: float | None
    excess_high: float | None
    worst: float | None
    best: float | None
    mean_move: float | None
    halves: tuple[Half, ...]
    live: LiveRecord | None
    too_few: bool
    sentence: str


@dataclass(frozen=True)
class HorizonEvidence:
    """All verdicts at one horizon of `h` bars; `block_days` is the length of a block of the bootstrap, in bars."""

    h: int
    block_days: int
    base: BaseRate
    verdicts: tuple[VerdictEvidence, ...]


@dataclass(frozen=True)
class FanLine:
    """Quantiles of the returns before cost, by the days of the fan: one list per quantile. `verdict` is null for all days."""

    verdict: Verdict | None
    n: int
    quantiles: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Fan:
    """How returns spread with the days after an entry, by verdict; only verdicts that have days."""

    days: tuple[int, ...]
    quantiles: tuple[float, ...]
    lines: tuple[FanLine, ...]


@dataclass(frozen=True)
class Interval:
    """How intervals were computed; `block` is in horizons."""

    method: str
    block: int
    repetitions: int
    seed: int
    level: float


@dataclass(frozen=True)
class Evidence:
    """The record of each verdict of a strategy on one ticker. `days` is the number of bars read, `first` and `last` theirs.

    A horizon without a day that counts is left out; `note` says why.
    """

    ticker: str
    strategy: StrategyName
    basis: str
    first: date
    last: date
    days: int
    warmup: int
    cost_bp: float
    start: date | None
    note: str | None
    horizons: tuple[HorizonEvidence, ...]
    fan: Fan
    interval: Interval
    definitions: dict[str, str]
    fingerprint: str
    strategy_version: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class DecileEvidence:
    """A tenth of the days of a universe by score. `hit` is the share with a return over 0 after cost, `excess` over the ticker's mean."""

    decile: int
    low_score: float
    high_score: float
    n: int
    hit: float
    hit_low: float | None
    hit_high: float | None
    mean: float
    excess: float
    excess_low: float | None
    excess_high: float | None


@dataclass(frozen=True)
class UniverseVerdict:
    """A verdict over a universe; `lift` and `excess` are against each ticker's own days. Null as in `VerdictEvidence`."""

    verdict: Verdict
    n: int
    episodes: int
    tickers: int
    hit: float | None
    hit_low: float | None
    hit_high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    mean: float | None
    excess: float | None
    excess_low: float | None
    excess_high: float | None
    too_few: bool


@dataclass(frozen=True)
class UniverseBase:
    """All days of a universe that count."""

    n: int
    hit: float
    fell: float
    mean: float


@dataclass(frozen=True)
class UniverseHorizon:
    """A universe at one horizon."""

    h: int
    base: UniverseBase
    deciles: tuple[DecileEvidence, ...]
    verdicts: tuple[UniverseVerdict, ...]


@dataclass(frozen=True)
class BeatHold:
    """On how many tickers a backtest of the strategy ended above buy-and-hold, after costs."""

    tickers: int
    beat: int
    sentence: str


@dataclass(frozen=True)
class UniverseEvidence:
    """The calibration of a strategy over a universe. `ended` tickers have no bar in the last 30 days of the others; they count as well."""

    id: str
    job_id: str | None
    strategy: StrategyName
    universe: str | None
    basis: str
    first: date | None
    last: date | None
    tickers: int
    too_short: int
    ended: int
    warmup: int
    cost_bp: float
    horizons: tuple[UniverseHorizon, ...]
    beat: BeatHold
    survivorship: str
    interval: Interval
    definitions: dict[str, str]
    engine_version: str
    created_at: datetime
    finished_at: datetime | None
    strategy_version: int | None = field(default=None, kw_only=True)
