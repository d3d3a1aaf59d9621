"""Events: what happened, told to the features and to callers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """The types of the service's own events."""

    VERDICT_CHANGED = "result.verdict_changed"
    JOB_FINISHED = "job.finished"
    RUN_FINISHED = "run.finished"
    PRICES_REFRESHED = "prices.refreshed"
    SPLIT_DETECTED = "prices.split_detected"
    PRICES_STALE = "prices.stale"
    WATCHLIST_CHANGED = "watchlist.changed"
    SCHEDULE_MISSED = "schedule.missed"
    ALERT_FIRED = "alert.fired"
    CHANNEL_DISABLED = "channel.disabled"
    INDEX_REBALANCED = "index.rebalanced"
    INDEX_REBALANCING_DUE = "index.rebalancing_due"
    PORTFOLIO_VALUED = "portfolio.valued"
    PORTFOLIO_DRAWDOWN = "portfolio.drawdown"


OWN_SUBJECTS = tuple(sorted({each.partition(".")[0] for each in EventType}))  # what the types of callers do not begin with


@dataclass(frozen=True)
class NewEvent:
    """An event to be written.

    `key` names what happened: a second event of the organization with the same key is not written. `subject` is what it is about: a ticker,
    the id of a job. `data` must be JSON.
    """

    type: str
    key: str
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    created_by: str | None = None


@dataclass(frozen=True)
class Event:
    """A stored event. Events are told in the order of their positions, which are given when they are."""

    id: str
    org_id: int
    type: str
    subject: str | None
    key: str
    data: Mapping[str, Any]
    created_at: datetime
    created_by: str | None
    position: int | None
