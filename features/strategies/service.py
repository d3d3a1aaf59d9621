"""Finds strategies by id for an organization, and stores its own: a change of the rules makes a new version, which results name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import AnyReader, Database
from features.strategies import store
from infrastructure.audit import note
from models.own_strategy import (
    LONGEST_ID,
    MOST_STRATEGIES,
    NothingVotes,
    OwnStrategy,
    StrategyArchived,
    StrategyBuiltIn,
    StrategyDraft,
    StrategyExists,
    StrategyNotFound,
    StrategyRules,
    StrategyUnknown,
    StrategyVersion,
    TooManyStrategies,
    id_of_name,
)
from models.strategy import STRATEGIES, Strategy
from utils.clock import now
from utils.database_errors import reason_of, refuses_writes

log = structlog.get_logger(__name__)

__all__ = [
    "Finder", "change_strategy", "create_strategy", "find_each", "find_own", "finder", "finder_within", "known_finder", "list_own",
    "names_of", "remove_strategy", "require_known", "through_time", "usable",
]  # fmt: skip

MOST_VERSIONS = 50  # that one strategy shows
# The strategy of an id, for something new. Raises StrategyUnknown or StrategyArchived.
Finder: TypeAlias = Callable[[str], Strategy]


def finder(database: Database, org_id: int) -> Finder:
    """Finds strategies for an organization. Built-in ones cost nothing, each of its own a read."""

    def find(strategy_id: str) -> Strategy:
        if strategy_id in STRATEGIES:
            return STRATEGIES[strategy_id]
        with database.reader() as connection:
            own = _usable(connection, org_id, strategy_id)
        if own.used_at is None:
            _note_use(database, org_id, strategy_id)
        return own.strategy

    return find


def known_finder(database: Database, org_id: int) -> Finder:
    """Finds strategies for reading what is stored: archived ones as well. Raises StrategyUnknown."""

    def find(strategy_id: str) -> Strategy:
        if strategy_id in STRATEGIES:
            return STRATEGIES[strategy_id]
        with database.reader() as connection:
            own = store.find(connection, org_id, strategy_id)
            if own is None:
                raise _unknown(connection, org_id, strategy_id)
        return own.strategy

    return find


def finder_within(connection: Connection, org_id: int) -> Finder:
    """The same within the caller's transaction."""

    def find(strategy_id: str) -> Strategy:
        if strategy_id in STRATEGIES:
            return STRATEGIES[strategy_id]
        own = _usable(connection, org_id, strategy_id)
        if own.used_at is None:
            store.mark_used(connection, org_id, strategy_id, now())
        return own.strategy

    return find


def find_each(connection: Connection, org_id: int, strategy_ids: Iterable[str]) -> list[Strategy]:
    """Several strategies, within the caller's transaction. Raises StrategyUnknown or StrategyArchived."""
    return list(map(finder_within(connection, org_id), strategy_ids))


def require_known(connection: AnyReader, org_id: int, strategy_id: str | None) -> None:
    """Raise StrategyUnknown where there is no such strategy; archived ones are known. None is any."""
    if strategy_id is not None and strategy_id not in STRATEGIES and store.find(connection, org_id, strategy_id) is None:
        raise _unknown(connection, org_id, strategy_id)


def usable(connection: AnyReader, org_id: int) -> list[Strategy]:
    """The built-in strategies, then the organization's own by name, without archived ones."""
    own = [each.strategy for each in store.list_strategies(connection, org_id) if each.archived_at is None]
    return [*STRATEGIES.values(), *own]


def list_own(connection: AnyReader, org_id: int) -> list[OwnStrategy]:
    """The organization's own by name; archived ones as well."""
    return store.list_strategies(connection, org_id)


def names_of(connection: AnyReader, org_id: int, strategy_ids: Iterable[str]) -> dict[str, str]:
    """The names of some strategies by id; built-in ones cost nothing, and one that there is not is called by its id."""
    ids = set(strategy_ids)
    own = {} if ids <= STRATEGIES.keys() else {each.strategy.id: each.strategy.name for each in list_own(connection, org_id)}
    return {one: STRATEGIES[one].name if one in STRATEGIES else own.get(one, one) for one in ids}


def find_own(connection: AnyReader, org_id: int, strategy_id: str) -> tuple[OwnStrategy, list[StrategyVersion]]:
    """One of the organization's own, with its newest versions. Raises StrategyNotFound."""
    return _own(connection, org_id, strategy_id), store.list_versions(connection, org_id, strategy_id, MOST_VERSIONS)


def through_time(connection: AnyReader, org_id: int, strategy_id: str) -> list[tuple[datetime, Strategy]]:
    """A strategy in all its versions, oldest first, each with when it became one; archived ones as well. Raises StrategyUnknown."""
    if strategy_id in STRATEGIES:
        return [(datetime.min.replace(tzinfo=UTC), STRATEGIES[strategy_id])]
    own = store.find(connection, org_id, strategy_id)
    if own is None:
        raise _unknown(connection, org_id, strategy_id)
    versions = reversed(store.list_versions(connection, org_id, strategy_id, own.strategy.version or MOST_VERSIONS))
    return [
        (each.created_at, replace(own.strategy, version=each.version, since=each.created_at.date(), **each.rules._asdict()))
        for each in versions
    ]


def create_strategy(
    connection: Connection, org_id: int, draft: StrategyDraft, strategy_id: str | None = None, most: int = MOST_STRATEGIES
) -> OwnStrategy:
    """Store a strategy within the caller's transaction, under an id or under one that its name gives.

    Raises StrategyBuiltIn, StrategyExists, TooManyStrategies or NothingVotes.
    """
    store.lock_strategies(connection, org_id)
    if strategy_id is not None and strategy_id in STRATEGIES:
        raise StrategyBuiltIn(strategy_id)
    former = None if strategy_id is None else store.find(connection, org_id, strategy_id)
    if former is not None:
        raise StrategyExists(former.strategy.id, is_archived=former.archived_at is not None)
    if store.count(connection, org_id) >= most:
        raise TooManyStrategies(most)
    moment = now()
    strategy = _strategy(strategy_id or _free_id(connection, org_id, draft.name), draft, 1, moment)
    store.insert(connection, org_id, strategy, moment)
    note(connection, target=f"strategies/{strategy.id}", after=strategy)
    return _own(connection, org_id, strategy.id)


def change_strategy(connection: Connection, org_id: int, strategy_id: str, draft: StrategyDraft) -> OwnStrategy:
    """Replace a strategy within the caller's transaction, and take it out of the archive. Other rules make a new version.

    Raises StrategyBuiltIn, StrategyNotFound or NothingVotes.
    """
    store.lock_strategies(connection, org_id)
    former = _own(connection, org_id, strategy_id).strategy
    assert former.version is not None
    moment = now()
    changed = _strategy(strategy_id, draft, former.version + 1, moment)
    if StrategyRules.of(changed) == StrategyRules.of(former):
        changed = replace(changed, version=former.version, since=former.since)
    else:
        store.insert_version(connection, org_id, changed, moment)
    store.update(connection, org_id, changed, moment)
    note(connection, before=former, after=changed)
    return _own(connection, org_id, strategy_id)


def remove_strategy(connection: Connection, org_id: int, strategy_id: str) -> None:
    """Delete a strategy within the caller's transaction, or archive it where something was asked for by it.

    Raises StrategyBuiltIn or StrategyNotFound.
    """
    store.lock_strategies(connection, org_id)
    former = _own(connection, org_id, strategy_id)
    if not store.delete_unused(connection, org_id, strategy_id):
        store.archive(connection, org_id, strategy_id, now())
    note(connection, before=former.strategy)


def _own(connection: AnyReader, org_id: int, strategy_id: str) -> OwnStrategy:
    if strategy_id in STRATEGIES:
        raise StrategyBuiltIn(strategy_id)
    own = store.find(connection, org_id, strategy_id)
    if own is None:
        raise StrategyNotFound
    return own


def _usable(connection: AnyReader, org_id: int, strategy_id: str) -> OwnStrategy:
    own = store.find(connection, org_id, strategy_id)
    if own is None:
        raise _unknown(connection, org_id, strategy_id)
    if own.archived_at is not None:
        raise StrategyArchived(strategy_id)
    return own


def _unknown(connection: AnyReader, org_id: int, strategy_id: str) -> StrategyUnknown:
    return StrategyUnknown(strategy_id, [strategy.id for strategy in usable(connection, org_id)])


def _note_use(database: Database, org_id: int, strategy_id: str) -> None:
    """Once per strategy. Where the database refuses writes, nothing can be stored by the strategy either."""
    try:
        with database.bookkeeping() as connection:
            store.mark_used(connection, org_id, strategy_id, now())
    except SQLAlchemyError as error:
        if not refuses_writes(error):
            raise
        log.warning("use of a strategy not noted", strategy=strategy_id, reason=reason_of(error))


def _strategy(strategy_id: str, draft: StrategyDraft, version: int, moment: datetime) -> Strategy:
    """The draft as a strategy. Raises NothingVotes."""
    suits = f"Made from {STRATEGIES[draft.base].name}."
    rules = draft.rules()._asdict()
    strategy = Strategy(strategy_id, draft.name, draft.description, suits, version=version, since=moment.date(), **rules)
    if not any(strategy.weights().values()):
        raise NothingVotes
    return strategy


def _free_id(connection: AnyReader, org_id: int, name: str) -> str:
    """An id that a name gives and nothing has."""
    wanted, number = id_of_name(name), 1
    found = wanted
    while found in STRATEGIES or store.find(connection, org_id, found) is not None:
        number += 1
        ending = f"-{number}"
        found = wanted[: LONGEST_ID - len(ending)] + ending
    return found
