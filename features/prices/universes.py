"""Universes: the built-in ones, which features read, and those that an organization stores, replaced as one."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from database import AnyReader, Database
from features.prices.store import symbol as symbol_store
from features.prices.store import universe as universe_store
from features.prices.symbols import cleaned, remember
from infrastructure.audit import note
from infrastructure.feature import Universes
from models.errors import NothingToAnalyse
from models.provider import Listing
from models.symbol import NOTHING_KNOWN, Facts
from models.universe import BUILT_IN, TooManyUniverses, Universe, UniverseBuiltIn, UniverseNotFound, is_built_in
from utils.clock import now
from utils.json_text import dump

MOST_UNIVERSES = 100  # of an organization


@dataclass(frozen=True)
class Member:
    """A ticker of a universe, whether it has stored prices, and what is known of it."""

    ticker: str
    stored: bool
    facts: Facts


def resolve_universe(connection: Connection, org_id: int, name: str, built_in: Universes) -> Sequence[str]:
    """The tickers of a universe, ascending; of a built-in one there may be none. Raises UniverseNotFound.

    `built_in` are those of the application: `services().universes`.
    """
    may_be_empty = name in built_in
    tickers = built_in.read(connection, org_id, name) if may_be_empty else universe_store.list_tickers(connection, org_id, name)
    if tickers is None or not (tickers or may_be_empty):
        raise _not_found(connection, org_id, name)
    return tickers


def tickers_to_work_on(connection: Connection, org_id: int, name: str, built_in: Universes) -> Sequence[str]:
    """The tickers of a universe, at least one. Raises UniverseNotFound or NothingToAnalyse."""
    tickers = resolve_universe(connection, org_id, name, built_in)
    if not tickers:
        raise NothingToAnalyse(name)
    return tickers


def require_universe(connection: Connection, org_id: int, name: str, built_in: Universes) -> None:
    """Raise UniverseNotFound where there is no such universe."""
    if not has_universe(connection, org_id, name, built_in):
        raise _not_found(connection, org_id, name)


def has_universe(connection: Connection, org_id: int, name: str, built_in: Universes) -> bool:
    """Whether there is such a universe."""
    if name in BUILT_IN:
        return True
    return (built_in.read(connection, org_id, name) if name in built_in else universe_store.find(connection, org_id, name)) is not None


def absent_universe(connection: Connection, org_id: int, name: str | None, built_in: Universes) -> Iterator[tuple[str, str]]:
    """`universe` and a sentence, where one is named that there is not; nothing else. For `Capability.absent`."""
    try:
        if name is not None:
            require_universe(connection, org_id, name, built_in)
    except UniverseNotFound as error:
        yield "universe", str(error)


def list_all(connection: Connection, org_id: int, built_in: Universes) -> list[Universe]:
    """The built-in universes, then the stored ones by name."""
    ours = [Universe(name, len(read(connection, org_id)), built_in=True, updated_at=None) for name, read in built_in.single.items()]
    return [*ours, *universe_store.list_universes(connection, org_id)]


def find_universe(connection: Connection, org_id: int, name: str, built_in: Universes) -> tuple[Universe, list[str]]:
    """A universe and its tickers, ascending. Raises UniverseNotFound."""
    tickers = sorted(resolve_universe(connection, org_id, name, built_in))
    found = None if name in built_in else universe_store.find(connection, org_id, name)
    universe = found[0] if found is not None else Universe(name, len(tickers), built_in=name in built_in, updated_at=None)
    return universe, tickers


def count_with_prices(connection: Connection, org_id: int, tickers: Sequence[str]) -> int:
    """How many of some tickers have stored prices."""
    return len(universe_store.with_prices(connection, org_id, tickers))


def members(connection: Connection, org_id: int, tickers: Sequence[str], after: str, limit: int) -> list[Member]:
    """What is known of up to `limit` tickers of an ascending list, after `after`."""
    begin = bisect_right(tickers, after)
    shown = tickers[begin : begin + limit]
    stored = universe_store.with_prices(connection, org_id, shown)
    facts = symbol_store.find(connection, org_id, shown)
    return [Member(ticker, ticker in stored, facts.get(ticker, NOTHING_KNOWN)) for ticker in shown]


def replace_universe(database: Database, org_id: int, name: str, listings: Sequence[Listing], most: int = MOST_UNIVERSES) -> bool:
    """Store a universe of distinct tickers as one, and remember what its listings tell; return whether there was none of this name.

    The same again changes nothing. Raises UniverseBuiltIn or TooManyUniverses.
    """
    if is_built_in(name):
        raise UniverseBuiltIn(name)
    told = sorted((listing for listing in map(cleaned, listings) if listing is not None), key=lambda listing: listing.ticker)
    sha256 = hashlib.sha256(dump([vars(listing) for listing in told])).hexdigest()
    with database.transaction() as connection:
        universe_store.lock_universes(connection, org_id)
        former = universe_store.find(connection, org_id, name)
        if former is None and universe_store.count(connection, org_id) >= most:
            raise TooManyUniverses(most)
        remember(connection, org_id, told, f"universe:{name}")
        if former is None or former[1] != sha256:
            universe = Universe(name, len(told), built_in=False, updated_at=now())
            universe_store.replace(connection, org_id, universe, [listing.ticker for listing in told], sha256)
        before = None if former is None else {"tickers": former[0].tickers}
        note(connection, before=before)
    return former is None


def delete_universe(database: Database, org_id: int, name: str) -> None:
    """Delete a universe; what is known of its tickers stays. Raises UniverseBuiltIn or UniverseNotFound."""
    if is_built_in(name):
        raise UniverseBuiltIn(name)
    with database.transaction() as connection:
        universe_store.lock_universes(connection, org_id)
        former = universe_store.find(connection, org_id, name)
        if former is None or not universe_store.delete(connection, org_id, name):
            raise _not_found(connection, org_id, name)
        note(connection, before={"tickers": former[0].tickers})


def _not_found(connection: AnyReader, org_id: int, name: str) -> UniverseNotFound:
    return UniverseNotFound(name, [universe.name for universe in universe_store.list_universes(connection, org_id)])
