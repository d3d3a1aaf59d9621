"""Refreshes the prices of many tickers as a job: resolves them, tells when it will be done, and runs its items."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from database import Database
from features.prices.refresh import MustWait, Refresher, RefreshFailed
from features.prices.refresh_jobs import RefreshParams, new_refresh
from features.prices.registry import Configured
from features.prices.store import series as series_store
from features.prices.universes import tickers_to_work_on
from infrastructure.feature import Universes
from jobs.service import Submission, enqueue
from models.api_key import SHARED_ORG
from models.job import Fault, Later, Stored
from models.series_fetch import PRICE_REFRESH, Refreshed, RefreshOrder, RefreshOutcome
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump

_CHANGES = {RefreshOutcome.NEW, RefreshOutcome.EXTENDED, RefreshOutcome.REPLACED}


def submit(connection: Connection, org_id: int, order: RefreshOrder, universes: Universes, providers: Sequence[Configured]) -> Submission:
    """Queue a refresh within the caller's transaction, or return the active job for the same tickers.

    Raises UniverseNotFound or NothingToAnalyse.
    """
    tickers = order.tickers or tickers_to_work_on(connection, org_id, order.universe or "", universes)
    params = {"universe": order.universe, "force": order.force}
    dedupe_key = hashlib.sha256(dump([sorted(tickers), params, PRICE_REFRESH])).hexdigest()
    # As the budget is now: what other jobs do meanwhile is not known.
    expected_at = now() + timedelta(seconds=providers[0].budget.forecast(_calls_for(connection, tickers, providers[0])))
    return enqueue(connection, org_id, new_refresh(tickers, RefreshParams(order.universe, order.force, expected_at), dedupe_key))


Outcome = Refreshed | Fault | Later


def refresh_each(
    database: Database, refresher: Refresher, org_id: int, tickers: Sequence[str], *, force: bool
) -> Iterator[tuple[str, Outcome]]:
    """Yield what became of each ticker; `Later` where the calls to its provider are used up."""
    with database.read() as connection:
        heads = series_store.find_heads(connection, org_id, tickers)
    for ticker in tickers:
        head = heads.get(ticker)
        if head is not None and head.org_id == org_id:
            yield ticker, Refreshed(ticker, RefreshOutcome.OWN, head.provider, head.bars, head.last_day)
            continue
        try:
            yield ticker, refresher.refresh(ticker, force=force, told=head.exchange if head is not None else None)
        except RefreshFailed as error:
            yield ticker, Fault(error.code, str(error))
        except MustWait as error:
            yield ticker, error.later


def stored_of(outcomes: Mapping[str, Refreshed]) -> dict[str, Stored]:
    """What a job keeps of refreshed tickers. Their prices are stored already: an item that runs twice finds them current."""
    return {ticker: Stored(new_id(), one.outcome.value, one.outcome in _CHANGES, facts_of(one)) for ticker, one in outcomes.items()}


def facts_of(refreshed: Refreshed) -> dict[str, Any]:
    """The values that are shown of a refreshed ticker."""
    return {
        "provider": refreshed.provider,
        "bars": refreshed.bars,
        "last": refreshed.last_day.isoformat(),
        "added": refreshed.added,
        "changed": refreshed.changed,
        "reason": refreshed.reason,
        "provisional": refreshed.provisional,
    }


def _calls_for(connection: Connection, tickers: Sequence[str], configured: Configured) -> int:
    stored = series_store.find_heads(connection, SHARED_ORG, tickers)
    days = (stored[ticker].last_day if ticker in stored else None for ticker in tickers)
    return sum(map(configured.provider.cost, days))
