"""Runs a bulk analysis that brings the prices of each ticker up to date first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from database import Database
from features.analyses.bulk_run import analyse_many
from features.prices.fetching import SharedRefresher, refresh_each
from models.bulk_analysis import Analysed, BulkParams, RefreshNote
from models.job import Fault, Later
from models.series_fetch import Refreshed


def refresh_and_analyse(
    database: Database, refresher: SharedRefresher, order: tuple[int, BulkParams], tickers: Sequence[str]
) -> Iterator[tuple[str, Analysed | Fault | Later]]:
    """Yield the outcome of each ticker, one after the other; `order` is the organization's id and the parameters.

    One whose prices cannot be refreshed is analysed as they are; without any, its outcome is the provider's fault.
    """
    org_id, params = order
    for ticker, refreshed in refresh_each(database, refresher, org_id, tickers):
        if isinstance(refreshed, Later):
            yield ticker, refreshed
            continue
        for key, outcome in analyse_many(database, org_id, params, [ticker]):
            if isinstance(outcome, Analysed):
                yield key, replace(outcome, refresh=_note_of(refreshed))
            else:
                yield key, refreshed if isinstance(refreshed, Fault) else outcome


def _note_of(refreshed: Refreshed | Fault) -> RefreshNote:
    return RefreshNote(None, refreshed.message) if isinstance(refreshed, Fault) else RefreshNote(refreshed.outcome.value)
