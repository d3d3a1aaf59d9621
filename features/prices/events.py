"""The events of prices: what was stored, a split that a provider reports, and series that nobody brings up to date."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.prices.providers.demo import NAME as DEMO
from features.prices.providers.sample import SampleProvider
from features.prices.store import listing as listing_store
from infrastructure.exchanges import Expectations
from infrastructure.outbox import record, unknown
from models.corporate_action import ActionKind, CorporateAction
from models.event import EventType, NewEvent
from models.price_series import PackedBars, SeriesHead
from utils.clock import iso, now

NEWS_FOR = timedelta(days=7)  # before the newest stored day: older splits of a first history are no news
LATE_AFTER = timedelta(days=7)  # no series is stale within a week
BATCH = 500


@dataclass(frozen=True)
class Stored:
    """What was stored of a ticker: from where, what became of the series, and how many days are new or have another close."""

    source: str
    outcome: str
    added: int
    changed: int


def tell_of_prices(connection: Connection, head: SeriesHead, packed: PackedBars, stored: Stored) -> None:
    """Write that the prices of a ticker changed, within the transaction that stores them."""
    newest, before = packed.rows(len(packed) - 1, len(packed)).bars()[0], packed.rows(max(len(packed) - 2, 0), len(packed) - 1).bars()
    data = {
        "ticker": head.ticker,
        "source": stored.source,
        "outcome": stored.outcome,
        "last_day": newest.day,
        "close": newest.close,
        "high": newest.high,
        "low": newest.low,
        "previous_close": before[0].close if before else None,
        "added": stored.added,
        "changed": stored.changed,
    }
    record(connection, head.org_id, [NewEvent(EventType.PRICES_REFRESHED, f"prices:{head.ticker}:{iso(now())}", head.ticker, data)])


def tell_of_splits(connection: Connection, former: SeriesHead, actions: Iterable[CorporateAction], source: str) -> None:
    """Write the splits among the reported actions that came about the time of the newest stored day or later, each once."""
    since = former.last_day - NEWS_FOR
    splits = [action for action in actions if action.kind is ActionKind.SPLIT and action.effective_day >= since]
    if splits:
        record(connection, former.org_id, [_split(former.ticker, action, source) for action in splits])


def _split(ticker: str, action: CorporateAction, source: str) -> NewEvent:
    data = {"ticker": ticker, "effective_day": action.effective_day, "ratio": action.ratio, "source": source}
    return NewEvent(EventType.SPLIT_DETECTED, f"split:{ticker}:{action.effective_day}:{action.ratio:g}", ticker, data)


def tell_of_stale_prices(database: Database, moment: datetime | None = None) -> int:
    """Write an event for each series that has become stale, once for its newest day; return how many. Those that came along are none."""
    moment = moment or now()
    expectations, told = Expectations(moment), 0
    for heads in _pages_of_old(database, moment - LATE_AFTER):
        for org_id in sorted({head.org_id for head in heads}):
            told += _tell_of_stale(database, org_id, [head for head in heads if head.org_id == org_id], expectations)
    return told


def _pages_of_old(database: Database, before: datetime) -> Iterator[list[SeriesHead]]:
    after = (-1, "")
    while True:
        with database.read() as connection:
            heads = listing_store.list_old_heads(connection, (SampleProvider.name, DEMO), before.date(), after, BATCH)
        yield heads
        if len(heads) < BATCH:
            return
        after = heads[-1].org_id, heads[-1].ticker


def _tell_of_stale(database: Database, org_id: int, heads: Sequence[SeriesHead], expectations: Expectations) -> int:
    events = []
    for head in heads:
        expected = expectations.of(head.ticker, head.exchange)
        if expected.is_stale(head.last_day):
            days = expected.calendar.trading_days(head.last_day, expected.newest)
            data = {"ticker": head.ticker, "last_day": head.last_day, "expected_day": expected.newest, "days": days}
            events.append(NewEvent(EventType.PRICES_STALE, f"stale:{head.ticker}:{head.last_day}", head.ticker, data))
    with database.read() as connection:
        events = unknown(connection, org_id, events)
    if not events:
        return 0
    with database.transaction() as connection:
        return record(connection, org_id, events)
