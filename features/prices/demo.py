"""Demo tickers with generated prices, for trying the service out.

They are shared series of the provider "demo". Series of other providers are never overwritten or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from database import Database
from features.prices.providers.demo import NAME, DemoProvider, ticker_of, title_of
from features.prices.store import series as series_store
from infrastructure.sql.batches import delete_in_batches
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, SeriesDescription, SeriesHead, head_of
from utils.clock import now

BATCH = 50  # series per transaction: 9 MB for 13 years each, so that the write lock is not held for long


@dataclass
class LoadReport:
    """The number of tickers by outcome; `skipped` have prices of another provider."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """The number of tickers handled."""
        return self.new + self.replaced + self.unchanged + self.skipped


def load(database: Database, provider: DemoProvider, count: int, progress: Callable[[int], None] = lambda done: None) -> LoadReport:
    """Store the demo tickers 1 to `count`; series that are stored unchanged are not written. `progress` is called with the number done."""
    report = LoadReport()
    for first in range(1, count + 1, BATCH):
        # Generated before the transaction, which holds the write lock.
        batch = list(_generate(provider, range(first, min(first + BATCH, count + 1))))
        with database.transaction() as connection:
            stored = series_store.digests(connection, SHARED_ORG, [head.ticker for head, _ in batch])
            for head, packed in batch:
                former = stored.get(head.ticker)
                if former == (head.provider, head.sha256):
                    report.unchanged += 1
                elif not series_store.save_over_same_provider(connection, head, packed, now()):
                    report.skipped += 1
                elif former is None:
                    report.new += 1
                else:
                    report.replaced += 1
        progress(report.total)
    return report


def remove(database: Database) -> int:
    """Delete every demo series and return their number. Results computed from them stay."""
    return delete_in_batches(
        database, lambda connection, limit: series_store.delete_of_provider(connection, SHARED_ORG, NAME, limit), BATCH
    )


def _generate(provider: DemoProvider, numbers: range) -> Iterator[tuple[SeriesHead, PackedBars]]:
    for number in numbers:
        packed = provider.packed(number)
        description = SeriesDescription(SHARED_ORG, ticker_of(number), title_of(number), provider.name, provider.adjusted, provider.bases)
        yield head_of(description, packed), packed
