"""Remembers what sources and universes tell of tickers beside their prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from features.prices.store import symbol as symbol_store
from infrastructure.market_names import mic_of
from models.provider import LONGEST, Listing
from models.ticker import normalize_ticker
from utils.clock import now

_LONGEST_SOURCE = 60


def remember(connection: Connection, org_id: int, listings: Iterable[Listing], source: str) -> int:
    """Store what listings tell, within the caller's transaction; return how many tickers are told more of than before.

    `org_id` is that of an organization for its own facts, or SHARED_ORG for those of a provider. A fact that a listing does not have
    stays as it is known. A listing that is told twice counts as one; what is no ticker and what is no text is left out.
    """
    known: dict[str, Listing] = {}
    for listing in map(cleaned, listings):
        if listing is not None:
            former = known.get(listing.ticker)
            known[listing.ticker] = listing if former is None else _joined(listing, former)
    # Without a fact there is nothing to keep. In order, so that two transactions lock the rows in the same one.
    told = [known[ticker] for ticker in sorted(known) if any(getattr(known[ticker], fact) for fact in LONGEST)]
    return symbol_store.save(connection, org_id, told, source[:_LONGEST_SOURCE], now())


def cleaned(listing: Listing) -> Listing | None:
    """A listing as it can be stored and shown; None for what is no ticker.

    It has a valid ticker in upper case, texts of one line, and the code of its exchange in place of a known name.
    """
    try:
        ticker = normalize_ticker(listing.ticker)
    except (ValueError, AttributeError):
        return None
    told = Listing.told(ticker, **{fact: getattr(listing, fact) for fact in LONGEST})
    return replace(told, exchange=mic_of(told.exchange) or told.exchange) if told.exchange is not None else told


def _joined(later: Listing, former: Listing) -> Listing:
    facts = {fact: getattr(later, fact) or getattr(former, fact) for fact in LONGEST}
    return Listing(later.ticker, **facts)
