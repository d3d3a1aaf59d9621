"""Prices and rates of a day, for what is held then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import prod

import numpy as np

from analysis.held import HeldCloses
from database import AnyReader
from features.currencies.service import RateLine, rates_between
from features.prices import service as prices
from infrastructure.exchanges import Expectations
from models.corporate_action import Split
from models.currency import major_of
from models.fx_errors import RateNotFound
from models.holding import Quote
from models.symbol import NOTHING_KNOWN
from utils.clock import now

TOLD_EARLIER = timedelta(days=10)  # than merging dates a split


def quotes_on(
    connection: AnyReader, org_id: int, tickers: Collection[str], day: date, splits: Mapping[str, Sequence[Split]]
) -> dict[str, Quote]:
    """The closes of some tickers on a day or the last one before it; those that have none are missing. Raises PricesDamaged.

    `splits` are those that the ledger was booked with.
    """
    expected = Expectations(now(), day)
    exchanges = {ticker: facts.exchange for ticker, facts in prices.known_facts(connection, org_id, tickers).items()}
    found = {}
    for ticker, held in prices.held_closes_of(connection, org_id, tickers).items():
        bar = int(np.searchsorted(held.days, np.datetime64(day), side="right")) - 1
        if bar >= 0:
            freshness = expected.of(ticker, exchanges.get(ticker, NOTHING_KNOWN.exchange)).freshness_of(held.days[bar].item())
            found[ticker] = _quote(held, bar, day, splits.get(ticker, ()), (freshness.state, freshness.trading_days_behind or 0))
    return found


def _quote(held: HeldCloses, bar: int, day: date, splits: Sequence[Split], freshness: tuple[str, int]) -> Quote:
    former = None
    if bar > 0:
        before: date = held.days[bar - 1].item()
        later = prod(split.ratio for split in splits if before < split.day <= day)
        former = _exact(held, before, splits) / Decimal(repr(later))
    bar_day: date = held.days[bar].item()
    doubt = None
    if held.parted is not None and held.parted.day is not None and held.parted.day <= bar_day:
        doubt = None if any(split.day == held.parted.day for split in splits) else held.parted.message
    return Quote(
        held.ticker, held.name, held.currency, _exact(held, day, splits), bar_day, former, *freshness, doubt, _untold(held, splits)
    )


def _untold(held: HeldCloses, splits: Sequence[Split]) -> Split | None:
    """The split that merging prices has found, unless the ledger tells of it."""
    found = held.untold
    if found is None or any(split.ratio == found.ratio and split.day >= found.day - TOLD_EARLIER for split in splits):
        return None
    return found


def _exact(held: HeldCloses, day: date, splits: Sequence[Split]) -> Decimal:
    return Decimal(repr(float(held.on(np.array([day], "datetime64[D]"), splits)[0])))


@dataclass(frozen=True)
class Conversion:
    """The rate of a currency into the base currency on a day; None with the reason."""

    rate: Decimal | None
    reason: str | None = None

    def of(self, amount: Decimal) -> Decimal | None:
        """An amount in the base currency."""
        return None if self.rate is None else amount * self.rate


class Conversions:
    """The rates of currencies into a base currency on a day; each is read once. Minor units are currencies of their own."""

    def __init__(self, connection: AnyReader, org_id: int, base_currency: str, day: date) -> None:
        self._connection, self._org_id, self._base, self._day = connection, org_id, base_currency, day
        self._known: dict[str, Conversion] = {}

    def into_base(self, currency: str) -> Conversion:
        """The rate of a currency."""
        if currency not in self._known:
            self._known[currency] = self._find(currency)
        return self._known[currency]

    def _find(self, currency: str) -> Conversion:
        major, units = major_of(currency)
        if major == self._base:
            return Conversion(Decimal(1) / units)
        try:
            line: RateLine = rates_between(self._connection, self._org_id, currency, self._base)
        except RateNotFound as error:
            return Conversion(None, str(error))
        found = line.at(self._day)
        return Conversion(None if found.value is None else Decimal(repr(found.value)), found.reason)
