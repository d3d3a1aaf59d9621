"""The interface of fetching for other features, beside `service`, which is that of stored prices. It loads no client of a provider."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from database import Database
from features.prices.flags import FETCHES
from features.prices.on_demand import OnDemand
from features.prices.refreshers import SharedRefresher

if TYPE_CHECKING:
    from features.prices.refreshing import Outcome

__all__ = ["FETCHES", "OnDemand", "SharedRefresher", "refresh_each"]


def refresh_each(database: Database, refresher: SharedRefresher, org_id: int, tickers: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
    """Bring the prices of tickers up to date, one after the other; yield what became of each as soon as it is stored."""
    from features.prices.refreshing import refresh_each as each  # noqa: PLC0415 — it loads the clients of the providers

    return each(database, refresher.of(database), org_id, tickers, force=False)
