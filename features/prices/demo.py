"""Demo tickers with made-up prices, for trying the service out.

They are shared prices of the provider "demo". Prices of any other provider are never overwritten or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from database import Database
from features.prices import store as price_store
from features.prices.providers.demo import NAME, DemoProvider, ticker_of, title_of
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, SeriesDescription, SeriesHead, head_of
from utils.clock import now

BATCH = 50  # series a transaction: 9 MB of 13 years, soon written, so that nobody else waits long for the write lock


@dataclass
class LoadReport:
    """What became of each ticker; `skipped` are those that have real prices."""

    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """How many tickers were looked at."""
        return self.new + self.replaced + self.unchanged + self.skipped


def load(database: Database, provider: DemoProvider, count: int, progress: Callable[[int], None] = lambda done: None) -> LoadReport:
    """Store the demo tickers 1 to `count`, writing only what differs from what is stored; `progress` is told how many are done."""
    report = LoadReport()
    for first in range(1, count + 1, BATCH):
        # Made before the write lock is taken.
        made = list(_make(provider, range(first, min(first + BATCH, count + 1))))
        with database.transaction() as connection:
            stored = price_store.digests(connection, SHARED_ORG, [head.ticker for head, _ in made])
            for head, packed in made:
                former = stored.get(head.ticker)
                if former == (head.provider, head.sha256):
                    report.unchanged += 1
                elif not price_store.save_over_same_provider(connection, head, packed, now()):
                    report.skipped += 1
                elif former is None:
                    report.new += 1
                else:
                    report.replaced += 1
        progress(report.total)
    return report


def remove(database: Database) -> int:
    """Delete every demo series, and nothing else: results made from them stay. How many there were."""
    total = 0
    while True:
        with database.transaction() as connection:
            deleted = price_store.delete_of_provider(connection, SHARED_ORG, NAME, BATCH)
        if not deleted:
            return total
        total += deleted


def _make(provider: DemoProvider, numbers: range) -> Iterator[tuple[SeriesHead, PackedBars]]:
    for number in numbers:
        packed = provider.packed(number)
        description = SeriesDescription(SHARED_ORG, ticker_of(number), title_of(number), provider.name, provider.adjusted)
        yield head_of(description, packed), packed
