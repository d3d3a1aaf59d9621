"""Asks the providers what a text stands for, where nothing is stored of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from database import Database
from features.prices.providers.base import Patience
from features.prices.symbols import cleaned
from infrastructure.cache import Cache
from models.cache import Region
from models.provider import Listing, ProviderError
from utils.json_text import dump, parse_tolerant

if TYPE_CHECKING:
    from features.prices.registry import Configured

log = structlog.get_logger(__name__)

MOST_LISTINGS = 20
KEPT_SECONDS = 86_400.0
KEPT_AFTER_FAILURE = 60.0  # so that a provider that is away is not asked at each key
# Somebody is waiting, and can go on without.
PATIENCE = Patience(connect=2.0, read=3.0, answer=4.0, attempts=1)


def listings_of(settings: Settings, database: Database, cache: Cache, text: str) -> list[Listing]:
    """The tickers that the first provider that knows any lists for a text, the likeliest first; none without a provider.

    Each question costs a call of the provider's budget; answers are kept for a day. A provider that fails, or whose budget is used up, is
    passed over.
    """
    text = " ".join(text.split()).lower()
    if not text or not settings.price_providers:
        return []
    key = f"{','.join(settings.price_providers)}:{text}"
    kept = cache.get(Region.LISTINGS, key)
    if kept is None:
        kept = cache.once(Region.LISTINGS, key, lambda: _ask_and_keep(settings, database, cache, (key, text)))
    return [Listing(**listing) for listing in parse_tolerant(kept)]


def _ask_and_keep(settings: Settings, database: Database, cache: Cache, question: tuple[str, str]) -> bytes:
    key, text = question
    listings, has_failed = _ask(settings, database, text)
    kept = dump([vars(listing) for listing in listings])
    cache.put(Region.LISTINGS, key, kept, KEPT_AFTER_FAILURE if has_failed and not listings else KEPT_SECONDS)
    return kept


def _ask(settings: Settings, database: Database, text: str) -> tuple[list[Listing], bool]:
    """The listings, and whether a provider failed."""
    from features.prices.registry import configured  # noqa: PLC0415 — every web process loads this module, and few ask a provider

    ends_at, has_failed = time.monotonic() + PATIENCE.answer, False
    with configured(settings, database, PATIENCE) as asked:
        for each in asked:
            try:
                found = _search(each, text)
            except ProviderError as error:
                has_failed = True
                log.warning("search failed", provider=each.provider.name, fault=error.fault.value, reason=str(error))
            except SQLAlchemyError as error:
                # Its calls cannot be counted, so that it must not be asked; what is stored was read.
                log.warning("search not counted", provider=each.provider.name, error=type(error).__name__)
                return [], True
            else:
                if found:
                    return found, has_failed
            if time.monotonic() > ends_at:
                break
    return [], has_failed


def _search(asked: Configured, text: str) -> list[Listing]:
    """What one provider lists, unless it is left alone. Raises ProviderError."""
    return asked.ask(lambda: list(islice(_distinct(asked.provider.search(text)), MOST_LISTINGS)))


def _distinct(listings: list[Listing]) -> Iterator[Listing]:
    seen = set()
    for listing in map(cleaned, listings):
        if listing is not None and listing.ticker not in seen:
            seen.add(listing.ticker)
            yield listing
