"""The watch lists of an organization: the default one, which it always has, and up to a hundred with a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from unicodedata import normalize

from sqlalchemy import Connection

from database import AnyReader
from features.analyses import service as analyses
from features.watchlist.store import named_list as list_store
from features.watchlist.store import watchlist as item_store
from models.errors import DefaultWatchlistStays, TooManyWatchlists, WatchlistExists, WatchlistNotFound, WatchlistPlaceNotFound
from models.watchlist import DEFAULT_LIST, DEFAULT_NAME, ListKey, NamedList, Watchlist
from utils.clock import now
from utils.ids import is_id, new_id

MOST_LISTS = 100  # of an organization, beside the default one


@dataclass(frozen=True)
class ListChanges:
    """Changes of a list. A name of None stays; `after` is the list to stand behind, DEFAULT_LIST for the first place."""

    name: str | None = None
    after: str | None = None


def require(connection: AnyReader, key: ListKey) -> None:
    """Raises WatchlistNotFound for a list that the organization does not have."""
    if not key.is_default:
        _find(connection, key)


def all_lists(connection: AnyReader, org_id: int, ticker: str | None = None) -> list[Watchlist]:
    """All lists in their order, the default one first; each says whether a ticker is on it."""
    count, has_ticker = list_store.count_default(connection, org_id, ticker)
    default = Watchlist(DEFAULT_LIST, DEFAULT_NAME, True, count, has_ticker, None, None)
    return [default, *list_store.list_all(connection, org_id, ticker)]


def find(connection: AnyReader, key: ListKey, ticker: str | None = None) -> Watchlist:
    """One list. Raises WatchlistNotFound."""
    for each in all_lists(connection, key.org_id, ticker):
        if each.id == key.list_id:
            return each
    raise WatchlistNotFound(key.list_id)


def tickers_of(connection: Connection, org_id: int, list_id: str) -> list[str] | None:
    """The tickers of a list, ascending; None for a list that the organization does not have."""
    try:
        require(connection, ListKey(org_id, list_id))
    except WatchlistNotFound:
        return None
    return item_store.list_tickers(connection, org_id, list_id)


def create(connection: Connection, org_id: int, name: str, most: int = MOST_LISTS) -> Watchlist:
    """Make an empty list, behind the others. Raises WatchlistExists or TooManyWatchlists."""
    item_store.lock_lists(connection, org_id)
    others = list_store.list_ids(connection, org_id)
    if len(others) >= most:
        raise TooManyWatchlists(most)
    moment = now()
    new = NamedList(new_id(), name, len(others) + 1, moment, moment)
    if not list_store.insert(connection, org_id, new, _free_key(name)):
        raise WatchlistExists(name)
    list_store.update_order(connection, org_id, [*others, new.id])
    return find(connection, ListKey(org_id, new.id))


def change(connection: Connection, key: ListKey, changes: ListChanges) -> Watchlist:
    """Rename or move a list. Raises WatchlistNotFound, WatchlistExists, WatchlistPlaceNotFound, or DefaultWatchlistStays."""
    if key.is_default:
        raise DefaultWatchlistStays
    item_store.lock_lists(connection, key.org_id)
    stored = _find(connection, key)
    if changes.name is not None and changes.name != stored.name:
        renamed = replace(stored, name=changes.name, updated_at=now())
        if not list_store.rename(connection, key.org_id, renamed, _free_key(changes.name)):
            raise WatchlistExists(changes.name)
    if changes.after is not None and changes.after != key.list_id:
        _move(connection, key, changes.after)
    return find(connection, key)


def delete(connection: Connection, key: ListKey) -> None:
    """Delete a list with its items. Raises WatchlistNotFound or DefaultWatchlistStays."""
    if key.is_default:
        raise DefaultWatchlistStays
    item_store.lock_lists(connection, key.org_id)
    if not is_id(key.list_id) or not list_store.delete(connection, key.org_id, key.list_id):
        raise WatchlistNotFound(key.list_id)
    analyses.forget_unfollowed_failures(connection, key.org_id)


def _find(connection: AnyReader, key: ListKey) -> NamedList:
    found = list_store.find(connection, key.org_id, key.list_id) if is_id(key.list_id) else None
    if found is None:
        raise WatchlistNotFound(key.list_id)
    return found


def _free_key(name: str) -> str:
    """A name as it is compared, so that no two lists look alike. Raises WatchlistExists for that of the default list."""
    key = _key(name)
    if key == _key(DEFAULT_NAME):
        raise WatchlistExists(name)
    return key


def _key(name: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())


def _move(connection: Connection, key: ListKey, after: str) -> None:
    order = [list_id for list_id in list_store.list_ids(connection, key.org_id) if list_id != key.list_id]
    if after != DEFAULT_LIST and after not in order:
        raise WatchlistPlaceNotFound
    place = 0 if after == DEFAULT_LIST else order.index(after) + 1
    list_store.update_order(connection, key.org_id, [*order[:place], key.list_id, *order[place:]])
