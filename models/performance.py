"""How a portfolio did over a period: returns, gains, risk and the benchmark, each number with its definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.metric import Metric
from models.period import Period
from models.risk import Fall


@dataclass(frozen=True)
class PerformanceOrder:
    """What is asked for. With a `pack`, the digest of a pricing pack, what was answered then is computed again; `ledger` is a version."""

    period: Period
    rate: float = 0.0
    series: bool = True
    pack: str | None = None
    ledger: int | None = None


@dataclass(frozen=True)
class PackReference:
    """A pricing pack: the prices and rates that an answer was computed from, kept under their digest."""

    day: date
    digest: str


@dataclass(frozen=True)
class MoneyWeightedReturn:
    """The money-weighted return: a year, unless not `annualised`. There may be a reason beside a value, too."""

    value: float | None
    definition: str
    annualised: bool
    reason: str | None


@dataclass(frozen=True)
class HoldingPerformance:
    """What a ticker did for the portfolio; without a ticker, what cash did. `contribution` is its gain over the average capital.

    `start` and `end` are values, `bought` is what came to it less what left it: so end − start − bought is what prices and rates did.
    """

    ticker: str | None
    start: float
    end: float
    bought: float
    local: float
    currency: float
    interaction: float
    dividends: float
    interest: float
    fees: float
    taxes: float
    gain: float
    contribution: float | None


@dataclass(frozen=True)
class Attribution:
    """What the gain came from, in all and by holding. `definitions` are of the names that both have."""

    local: float
    currency: float
    interaction: float
    holdings: tuple[HoldingPerformance, ...]
    definitions: dict[str, str]


@dataclass(frozen=True)
class BenchmarkPerformance:
    """What the portfolio is measured against, in the base currency, on the same days; without values, the reason."""

    reference: str
    kind: str | None
    name: str | None
    currency: str | None
    first_day: date | None
    last_day: date | None
    days: int
    total_return: float | None
    metrics: dict[str, Metric]
    reason: str | None


@dataclass(frozen=True)
class PerformanceSeries:
    """Lines by day, in the base currency: value, what was paid in less what was paid out, and the time-weighted return since the first day.

    `benchmark` is its return since then; null before it has values.
    """

    days: tuple[date, ...]
    value: tuple[float, ...]
    invested: tuple[float, ...]
    twr: tuple[float, ...]
    benchmark: tuple[float | None, ...] | None


@dataclass(frozen=True)
class Span:
    """Days from one to another, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class SilentPrice:
    """A ticker that is held at its last close, which is older than a week."""

    ticker: str
    last_day: date


@dataclass(frozen=True)
class Remarks:
    """What to know of the numbers.

    `keeps_cash` is false where the ledger has neither deposits nor withdrawals: then purchases count as paid in on their day. `unvalued`
    are days that have no value, because something had no price or no rate. `without_capital` are days that have no return, because
    nothing was there. Tickers `without_prices` count at what was last paid for them.
    """

    keeps_cash: bool
    lowest_cash: float
    unvalued: tuple[Span, ...]
    without_capital: tuple[date, ...]
    without_prices: tuple[str, ...]
    silent: tuple[SilentPrice, ...]


@dataclass(frozen=True)
class Performance:
    """How a portfolio did from the value of one day to that of another, in its base currency. `days` is the number of daily returns."""

    portfolio_id: str
    ledger_version: int
    packs: tuple[PackReference, ...]
    currency: str
    period: str
    first_day: date
    last_day: date
    days: int
    start_value: float
    end_value: float
    flows: float
    twr: Metric
    mwr: MoneyWeightedReturn
    dietz: Metric
    gain: dict[str, Metric]
    attribution: Attribution
    risk: dict[str, Metric] | None
    drawdown: Fall | None
    benchmark: BenchmarkPerformance | None
    remarks: Remarks
    series: PerformanceSeries | None
