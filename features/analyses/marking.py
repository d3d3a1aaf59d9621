"""Makes results the latest of their tickers and strategies, and writes an event for each verdict that changes thereby."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from features.analyses.store import latest as latest_store
from features.analyses.store.latest import Mark, TurnedVerdict
from infrastructure.outbox import record
from models.event import EventType, NewEvent
from utils.clock import iso


def mark_latest(connection: Connection, marks: Collection[Mark]) -> None:
    """Make results the latest, unless newer ones are. No two are of the same ticker and strategy.

    The first result of a ticker changes no verdict. Nor does one whose prices were replaced as one: the former verdict has then been
    computed again from the new prices (features/analyses/restating.py).
    """
    latest_store.mark_latest(connection, marks)
    for org_id in sorted({mark.org_id for mark in marks}):
        fingerprints = [mark.fingerprint for mark in marks if mark.org_id == org_id]
        turned = latest_store.find_turned(connection, org_id, fingerprints)
        if turned:
            record(connection, org_id, [_event(one) for one in turned])


def _event(turned: TurnedVerdict) -> NewEvent:
    has_record = turned.record_n is not None
    data = {
        "ticker": turned.ticker,
        "strategy": turned.strategy,
        "from": turned.was,
        "to": turned.verdict,
        "score": turned.score,
        "previous_score": turned.previous_score,
        "close": turned.close,
        "as_of": turned.as_of,
        "result_id": turned.result_id,
        "record": {"hit": turned.record_hit, "lift": turned.record_lift, "n": turned.record_n} if has_record else None,
    }
    key = f"verdict:{turned.ticker}:{turned.strategy}:{turned.result_id}:{iso(turned.since)}"
    return NewEvent(EventType.VERDICT_CHANGED, key, turned.ticker, data)
