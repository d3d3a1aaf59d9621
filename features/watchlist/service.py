"""Follows tickers, and changes what the watchlist says of them and where they stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from features.analyses import service as analyses
from features.prices import service as prices
from features.watchlist.store import watchlist as watchlist_store
from features.watchlist.store.watchlist import follows_ending
from models.errors import WatchlistAnchorNotFound, WatchlistItemExists, WatchlistItemNotFound
from models.watchlist import AddedTicker, AddOutcome, NewItem, WatchlistItem
from utils.clock import now

__all__ = ["Changes", "add", "add_many", "change", "find", "follows_ending", "remove"]

GAP = 1024  # between neighbours, so that ten moves to the same place change one row each


@dataclass(frozen=True)
class Changes:
    """Changes of an item; a field that is not named in `fields` stays. `after` is the ticker to stand behind; None is the first place."""

    fields: frozenset[str]
    name: str | None = None
    notes: str | None = None
    after: str | None = None


def find(connection: Connection, org_id: int, ticker: str) -> WatchlistItem:
    """A followed ticker. Raises WatchlistItemNotFound."""
    item = watchlist_store.find(connection, org_id, ticker)
    if item is None:
        raise WatchlistItemNotFound(ticker)
    return item


def add(connection: Connection, org_id: int, ticker: str, name: str | None, notes: str | None) -> WatchlistItem:
    """Follow a ticker, at the end of the order by hand. Without a name it gets that of its stored prices. Raises WatchlistItemExists."""
    watchlist_store.lock_order(connection, org_id)
    series = prices.find_head(connection, org_id, ticker) if name is None else None
    new = NewItem(ticker, name if series is None else series.name, notes, now())
    if not watchlist_store.insert(connection, org_id, {_end(connection, org_id): new}):
        raise WatchlistItemExists(ticker)
    return find(connection, org_id, ticker)


def add_many(connection: Connection, org_id: int, tickers: Sequence[str], notes: str | None, *, needs_prices: bool) -> list[AddedTicker]:
    """Follow tickers in this order, each once however often it is named; with `needs_prices` only those that have stored prices."""
    watchlist_store.lock_order(connection, org_id)
    wanted = list(dict.fromkeys(tickers))
    followed = watchlist_store.find_tickers(connection, org_id, wanted)
    heads = prices.find_heads(connection, org_id, wanted)

    def outcome_of(ticker: str) -> AddOutcome:
        if ticker in followed:
            return AddOutcome.ALREADY
        return AddOutcome.NO_PRICES if needs_prices and ticker not in heads else AddOutcome.ADDED

    outcomes = {ticker: outcome_of(ticker) for ticker in wanted}
    names = {ticker: head.name for ticker, head in heads.items()}
    moment, end = now(), _end(connection, org_id)
    new = [NewItem(ticker, names.get(ticker), notes, moment) for ticker, outcome in outcomes.items() if outcome is AddOutcome.ADDED]
    watchlist_store.insert(connection, org_id, {end + GAP * number: item for number, item in enumerate(new)})
    return [AddedTicker(ticker, names.get(ticker), outcome, ticker in heads) for ticker, outcome in outcomes.items()]


def change(connection: Connection, org_id: int, ticker: str, changes: Changes) -> WatchlistItem:
    """Change an item's texts and place. Raises WatchlistItemNotFound, or WatchlistAnchorNotFound for an `after` that is not followed."""
    watchlist_store.lock_order(connection, org_id)
    item = find(connection, org_id, ticker)
    texts = {field: getattr(changes, field) for field in ("name", "notes") if field in changes.fields}
    if texts:
        watchlist_store.update_texts(connection, org_id, replace(item, **texts))
    if "after" in changes.fields and changes.after != ticker:
        _move(connection, org_id, ticker, changes.after)
    return find(connection, org_id, ticker)


def remove(connection: Connection, org_id: int, ticker: str) -> None:
    """Stop following a ticker. Raises WatchlistItemNotFound."""
    if not watchlist_store.delete(connection, org_id, ticker):
        raise WatchlistItemNotFound(ticker)
    analyses.forget_failures(connection, org_id, ticker)


def _end(connection: Connection, org_id: int) -> int:
    last = watchlist_store.last_position(connection, org_id)
    return GAP if last is None else last + GAP


def _move(connection: Connection, org_id: int, ticker: str, after: str | None) -> None:
    position = _place_behind(connection, org_id, ticker, after)
    if position is None:
        watchlist_store.renumber(connection, org_id, GAP)
        position = _place_behind(connection, org_id, ticker, after)
        assert position is not None, "there is room behind every item after renumbering"
    watchlist_store.update_position(connection, org_id, ticker, position)


def _place_behind(connection: Connection, org_id: int, ticker: str, after: str | None) -> int | None:
    """A position behind `after` and before what follows it; None when there is no room. Raises WatchlistAnchorNotFound."""
    anchor = None if after is None else watchlist_store.find(connection, org_id, after)
    if after is not None and anchor is None:
        raise WatchlistAnchorNotFound(after)
    following = watchlist_store.position_behind(connection, org_id, anchor, ticker)
    if anchor is None:
        return GAP if following is None else following - GAP
    if following is None:
        return anchor.position + GAP
    middle = (anchor.position + following) // 2
    return middle if anchor.position < middle < following else None
