"""Follows tickers on the lists of an organization, and changes what a list says of them and where they stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from sqlalchemy import Connection

from features.analyses import service as analyses
from features.prices import service as prices
from features.watchlist import lists
from features.watchlist.store import watchlist as watchlist_store
from features.watchlist.store.watchlist import follows_ending
from infrastructure.outbox import record
from models.errors import WatchlistAnchorNotFound, WatchlistItemExists, WatchlistItemNotFound
from models.event import EventType, NewEvent
from models.watchlist import AddedTicker, AddOutcome, ListKey, NewItem, WatchlistItem
from utils.clock import now
from utils.ids import new_id

__all__ = ["Changes", "add", "add_items", "add_many", "change", "find", "follows_ending", "list_items", "path_of", "remove"]

GAP = 1024  # between neighbours, so that ten moves to the same place change one row each


@dataclass(frozen=True)
class Changes:
    """Changes of an item; a field that is not named in `fields` stays. `after` is the ticker to stand behind; None is the first place."""

    fields: frozenset[str]
    name: str | None = None
    notes: str | None = None
    after: str | None = None


def path_of(key: ListKey, ticker: str) -> str:
    """The path of an item in the API."""
    items = "/api/v1/watchlist" if key.is_default else f"/api/v1/watchlists/{key.list_id}/items"
    return f"{items}/{quote(ticker, safe='')}"


def list_items(connection: Connection, key: ListKey, after: str, limit: int) -> list[WatchlistItem]:
    """Items by ticker, after `after`. Raises WatchlistNotFound."""
    lists.require(connection, key)
    return watchlist_store.list_items(connection, key, after, limit)


def find(connection: Connection, key: ListKey, ticker: str) -> WatchlistItem:
    """A ticker on a list. Raises WatchlistNotFound or WatchlistItemNotFound."""
    lists.require(connection, key)
    return _find(connection, key, ticker)


def add(connection: Connection, key: ListKey, ticker: str, name: str | None, notes: str | None) -> WatchlistItem:
    """Follow a ticker, at the end of the order by hand. Without a name it gets that of its stored prices.

    Raises WatchlistNotFound or WatchlistItemExists.
    """
    _lock(connection, key)
    series = prices.find_head(connection, key.org_id, ticker) if name is None else None
    new = NewItem(ticker, name if series is None else series.name, notes, now())
    if not watchlist_store.insert(connection, key, {_end(connection, key): new}):
        raise WatchlistItemExists(ticker, path_of(key, ticker))
    _tell_of_change(connection, key, added=[ticker])
    return _find(connection, key, ticker)


def add_many(connection: Connection, key: ListKey, tickers: Sequence[str], notes: str | None, *, needs_prices: bool) -> list[AddedTicker]:
    """Follow tickers in this order, each once however often it is named; with `needs_prices` only those that have stored prices.

    Raises WatchlistNotFound.
    """
    _lock(connection, key)
    wanted = list(dict.fromkeys(tickers))
    followed = watchlist_store.find_tickers(connection, key, wanted)
    heads = prices.find_heads(connection, key.org_id, wanted)

    def outcome_of(ticker: str) -> AddOutcome:
        if ticker in followed:
            return AddOutcome.ALREADY
        return AddOutcome.NO_PRICES if needs_prices and ticker not in heads else AddOutcome.ADDED

    outcomes = {ticker: outcome_of(ticker) for ticker in wanted}
    names = {ticker: head.name for ticker, head in heads.items()}
    moment, end = now(), _end(connection, key)
    new = [NewItem(ticker, names.get(ticker), notes, moment) for ticker, outcome in outcomes.items() if outcome is AddOutcome.ADDED]
    watchlist_store.insert(connection, key, {end + GAP * number: item for number, item in enumerate(new)})
    if new:
        _tell_of_change(connection, key, added=[item.ticker for item in new])
    return [AddedTicker(ticker, names.get(ticker), outcome, ticker in heads) for ticker, outcome in outcomes.items()]


def add_items(connection: Connection, key: ListKey, items: Sequence[NewItem]) -> set[str]:
    """Follow tickers with names, notes and times of their own, in this order; what is on the list stays as it is. Return what was added.

    No two items are of one ticker. Raises WatchlistNotFound.
    """
    _lock(connection, key)
    tickers = [item.ticker for item in items]
    followed = watchlist_store.find_tickers(connection, key, tickers)
    heads = prices.find_heads(connection, key.org_id, tickers)
    new = [item for item in items if item.ticker not in followed]
    named = [replace(item, name=heads[item.ticker].name) if item.name is None and item.ticker in heads else item for item in new]
    end = _end(connection, key)
    watchlist_store.insert(connection, key, {end + GAP * number: item for number, item in enumerate(named)})
    added = [item.ticker for item in new]
    if added:
        _tell_of_change(connection, key, added=added)
    return set(added)


def change(connection: Connection, key: ListKey, ticker: str, changes: Changes) -> WatchlistItem:
    """Change an item's texts and place. Raises WatchlistAnchorNotFound for an `after` that is not on the list, or as `find`."""
    _lock(connection, key)
    item = _find(connection, key, ticker)
    texts = {field: getattr(changes, field) for field in ("name", "notes") if field in changes.fields}
    if texts:
        watchlist_store.update_texts(connection, key, replace(item, **texts))
    if "after" in changes.fields and changes.after != ticker:
        _move(connection, key, ticker, changes.after)
    return _find(connection, key, ticker)


def remove(connection: Connection, key: ListKey, ticker: str) -> None:
    """Take a ticker off a list. Raises WatchlistNotFound or WatchlistItemNotFound."""
    _lock(connection, key)
    if not watchlist_store.delete(connection, key, ticker):
        raise WatchlistItemNotFound(ticker)
    analyses.forget_failures(connection, key.org_id, ticker)
    _tell_of_change(connection, key, removed=[ticker])


def _tell_of_change(connection: Connection, key: ListKey, added: Sequence[str] = (), removed: Sequence[str] = ()) -> None:
    data = {"list": key.list_id, "added": added, "removed": removed}
    record(connection, key.org_id, [NewEvent(EventType.WATCHLIST_CHANGED, f"watchlist:{new_id()}", key.list_id, data)])


def _lock(connection: Connection, key: ListKey) -> None:
    """Hold the lists against other writers. Raises WatchlistNotFound."""
    watchlist_store.lock_lists(connection, key.org_id)
    lists.require(connection, key)


def _find(connection: Connection, key: ListKey, ticker: str) -> WatchlistItem:
    item = watchlist_store.find(connection, key, ticker)
    if item is None:
        raise WatchlistItemNotFound(ticker)
    return item


def _end(connection: Connection, key: ListKey) -> int:
    last = watchlist_store.last_position(connection, key)
    return GAP if last is None else last + GAP


def _move(connection: Connection, key: ListKey, ticker: str, after: str | None) -> None:
    position = _place_behind(connection, key, ticker, after)
    if position is None:
        watchlist_store.renumber(connection, key, GAP)
        position = _place_behind(connection, key, ticker, after)
        assert position is not None, "there is room behind every item after renumbering"
    watchlist_store.update_position(connection, key, ticker, position)


def _place_behind(connection: Connection, key: ListKey, ticker: str, after: str | None) -> int | None:
    """A position behind `after` and before what follows it; None when there is no room. Raises WatchlistAnchorNotFound."""
    anchor = None if after is None else watchlist_store.find(connection, key, after)
    if after is not None and anchor is None:
        raise WatchlistAnchorNotFound(after)
    following = watchlist_store.position_behind(connection, key, anchor, ticker)
    if anchor is None:
        return GAP if following is None else following - GAP
    if following is None:
        return anchor.position + GAP
    middle = (anchor.position + following) // 2
    return middle if anchor.position < middle < following else None
