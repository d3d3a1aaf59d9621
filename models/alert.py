"""Alerts: the rules, where each of them stands with each ticker, and what was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from models.analysis import Verdict


class AlertKind(StrEnum):
    """What a rule watches."""

    VERDICT_CHANGED = "verdict_changed"
    PRICE_CROSSED = "price_crossed"
    PLAN_TOUCHED = "plan_touched"
    RECORD_BELOW = "record_below"
    PRICES_STALE = "prices_stale"
    JOB_FAILED = "job_failed"
    SCHEDULE_MISSED = "schedule_missed"
    WEIGHT_ABOVE = "weight_above"
    DRAWDOWN_BEYOND = "drawdown_beyond"
    REBALANCING_DUE = "rebalancing_due"


OF_RESULTS = frozenset({AlertKind.VERDICT_CHANGED, AlertKind.PLAN_TOUCHED, AlertKind.RECORD_BELOW})  # they name strategies
OF_PORTFOLIOS = frozenset({AlertKind.WEIGHT_ABOVE, AlertKind.DRAWDOWN_BEYOND})
OF_OWNED = OF_PORTFOLIOS | {AlertKind.REBALANCING_DUE}
OF_TICKERS = OF_RESULTS | {AlertKind.PRICE_CROSSED, AlertKind.PRICES_STALE}


class StateName(StrEnum):
    """Where a rule stands: `pending` waits for its days, `recovering` is back at the threshold but not beyond the dead band."""

    NORMAL = "normal"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no_data"


class FiredBy(StrEnum):
    """Why an alert was written: what the rule watches came about, or there is nothing to watch any more."""

    CONDITION = "condition"
    NO_DATA = "no_data"


VERDICT_ORDER = (Verdict.STRONG_SELL, Verdict.SELL, Verdict.HOLD, Verdict.BUY, Verdict.STRONG_BUY)
VERDICT_BOUNDS = (-0.6, -0.2, 0.2, 0.6)  # between them


@dataclass(frozen=True)
class RuleDraft:
    """What a person says of a rule.

    `tickers` and `universe` are both None where it watches no tickers; `strategies` is empty where it watches no results.
    """

    name: str
    on: AlertKind
    conditions: Mapping[str, Any]
    universe: str | None = None
    tickers: tuple[str, ...] | None = None
    strategies: tuple[str, ...] = ()
    for_days: int = 0
    channels: tuple[str, ...] = ()
    digest: bool = True
    enabled: bool = True


@dataclass(frozen=True)
class AlertRule:
    """A stored rule. Each change adds 1 to its version."""

    id: str
    org_id: int
    draft: RuleDraft
    version: int
    created_at: datetime
    created_by: str | None
    changed_at: datetime
    changed_by: str | None


@dataclass(frozen=True)
class StateKey:
    """Of which rule and of what: a ticker (else a kind of job, a schedule, a portfolio or a holding), by which strategy ("" for none)."""

    rule_id: str
    subject: str
    strategy: str = ""


@dataclass(frozen=True)
class Standing:
    """Where a rule stands with a ticker, and what it remembers of it.

    `zone` is where the value counts as being, `seen` where it was seen last; a value passes from one zone to another. `came_from` is the
    zone before, `armed` whether the value has been beyond the dead band since. `base` is the last value seen in `zone`. `candidate_since`
    is the day of the first of the values in a row that would fire. `fired` says whether the rule fired when `zone` was entered. `memory`
    is what kinds of rules remember beside: the plan, the splits since the rule was made.
    """

    state: StateName = StateName.NORMAL
    since: date | None = None
    day: date | None = None
    value: float | None = None
    zone: int | None = None
    seen: int | None = None
    came_from: int | None = None
    armed: bool = False
    base: float | None = None
    candidate_since: date | None = None
    fired: bool = False
    result_id: str | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alert:
    """What was told, or is to be: in the inbox, and by the channels of its rule. `ticker` is None of what is about none.

    `data` has what it was and is, and what to look at. `told_at` is None while it waits to be told with others.
    """

    id: str
    org_id: int
    rule_id: str
    rule_name: str
    on: AlertKind
    fired_by: FiredBy
    subject: str
    ticker: str | None
    day: date
    message: str
    data: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None = None
    told_at: datetime | None = None
