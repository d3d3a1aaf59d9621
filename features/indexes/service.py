"""Makes, changes and reads rule-based indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from unicodedata import normalize

from sqlalchemy import Connection

from database import AnyReader, Database
from features.indexes.computing import Computed, check_caps, compute, next_reference_day
from features.indexes.levels import Levels
from features.indexes.loading import Material, Wanted, candidates_of, load_material
from features.indexes.members import calendar_of, currency_of
from features.indexes.publishing import FIRST, prepare, publish, standing_of
from features.indexes.scoring import strategies_of
from features.indexes.store import index as index_store
from features.indexes.store import published as published_store
from features.indexes.store.index import Change
from features.prices import service as prices
from features.strategies.service import finder
from infrastructure.audit import note
from infrastructure.feature import Universes
from models.index import MOST_INDEXES, Index, IndexRevision, IndexRules, IndexVersion, Rebalancing
from models.index_errors import FixedRule, IndexChanged, IndexExists, IndexNotFound, RevisionNotFound, TooManyIndexes
from utils.clock import now, today
from utils.ids import is_id, new_id

__all__ = [
    "Drafted", "IndexChanges", "absent_indexes", "calendar_of", "change", "create", "currency_of", "delete", "draft", "find",
    "find_levels", "line_holding", "list_indexes", "list_ledger", "list_revisions", "list_versions", "names_of", "update", "whole_ledger",
    "with_warnings",
]  # fmt: skip

FIXED = ("base", "start", "currency")  # rules that cannot change
TRIES = 5


@dataclass(frozen=True)
class Drafted:
    """An index as it would be by some rules: computed, and not stored."""

    version: IndexVersion
    material: Material
    computed: Computed


@dataclass(frozen=True)
class IndexChanges:
    """Changes of an index: its name, where it is not None, what becomes of its rules, and the version that is changed; None for any."""

    name: str | None = None
    rules: Callable[[IndexRules], IndexRules] = lambda rules: rules
    version: int | None = None
    by: str = ""  # who changes it


def draft(database: Database, org_id: int, rules: IndexRules, universes: Universes, by: str = "") -> Drafted:
    """Compute an index by rules.

    Raises IndexInvalid, TickerNotFound, RateNotFound, UniverseNotFound, StrategyUnknown, StrategyArchived or PricesDamaged.
    """
    version = IndexVersion(1, None, rules, now(), by)
    material = _material(database, org_id, version, universes, None)
    return Drafted(version, material, compute(material, [version]))


def create(connection: Connection, org_id: int, name: str, drafted: Drafted, most: int = MOST_INDEXES) -> Index:
    """Store a drafted index with all that is computed of it. Raises IndexExists or TooManyIndexes."""
    index_store.lock_indexes(connection, org_id)
    if index_store.count(connection, org_id) >= most:
        raise TooManyIndexes(most)
    index_id, version = new_id(), drafted.version
    standing = standing_of(drafted.computed, drafted.material, version, 1)
    if not index_store.insert(connection, org_id, (index_id, name, _key(name)), version, standing):
        raise IndexExists(name)
    key = (org_id, index_id, 1)
    published_store.save_levels(connection, key, drafted.computed.levels, FIRST, version.created_at)
    published_store.insert_lines(connection, key, drafted.computed.ledger, version.created_at)
    note(connection, target=f"indexes/{index_id}")
    return find(connection, org_id, index_id)


def find(connection: AnyReader, org_id: int, index_id: str) -> Index:
    """One index as it stands. Raises IndexNotFound."""
    found = index_store.find(connection, org_id, index_id) if is_id(index_id) else None
    if found is None:
        raise IndexNotFound
    return found


def names_of(connection: AnyReader, org_id: int, ids: Iterable[str]) -> dict[str, str]:
    """The names of those of some ids that are indexes of an organization."""
    return index_store.names_of(connection, org_id, list(filter(is_id, ids)))


def with_warnings(connection: Connection, org_id: int, indexes: Iterable[Index], universes: Universes) -> list[Index]:
    """Indexes, with a note where the universe of their members is gone, so that they are published no further."""
    indexes = list(indexes)
    named = {name for index in indexes if (name := index.rules.members.universe) is not None}
    gone = {name for name in named if not prices.has_universe(connection, org_id, name, universes)}
    return [_with_warning(index) if index.rules.members.universe in gone else index for index in indexes]


def _with_warning(index: Index) -> Index:
    name = index.rules.members.universe
    note = f"The universe '{name}' of its members is gone, so that nothing more is published: change the rules to name another one."
    return replace(index, notes=(*index.notes, note))


def absent_indexes(connection: AnyReader, org_id: int, index_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The places among some ids, as `indexes.0`, that name no index of an organization, each with a sentence."""
    for number, index_id in enumerate(index_ids):
        try:
            find(connection, org_id, index_id)
        except IndexNotFound as error:
            yield f"indexes.{number}", str(error)


def list_indexes(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Index]:
    """Indexes in the order in which they were made, after an id."""
    return index_store.list_indexes(connection, org_id, after, limit)


def change(database: Database, org_id: int, index_id: str, changes: IndexChanges, universes: Universes) -> Index:
    """Rename an index, or give it other rules from the first reference day after its last published day on.

    What is published stays. Raises IndexNotFound, IndexExists, IndexChanged, FixedRule, or as `draft`.
    """
    with database.reader() as connection:
        index = find(connection, org_id, index_id)
    if changes.version is not None and changes.version != index.version:
        raise IndexChanged
    rules, material = changes.rules(index.rules), None
    if rules != index.rules:
        for name in FIXED:
            if getattr(rules, name) != getattr(index.rules, name):
                raise FixedRule(name)
        version = IndexVersion(index.version + 1, index.last_day, rules, now(), changes.by)
        material = _material(database, org_id, version, universes, index.rules)
    for _ in range(TRIES):
        with database.transaction() as connection:
            changed = _change(connection, org_id, replace(index, rules=rules), changes, material)
            if changed is not None:
                return changed
    raise IndexChanged


def _change(connection: Connection, org_id: int, wanted: Index, changes: IndexChanges, material: Material | None) -> Index | None:
    """Store changes of an index, with other rules where there is material for them; None where somebody publishes it at the same time.

    The rules hold after what is published by now. Raises IndexNotFound, IndexExists or IndexChanged.
    """
    index_store.lock_indexes(connection, org_id)
    former = find(connection, org_id, wanted.id)
    if former.version != wanted.version:
        raise IndexChanged
    name = former.name if changes.name is None else changes.name
    if index_store.has_name(connection, org_id, _key(name), former.id):
        raise IndexExists(name)
    stored = Change(name, _key(name), IndexVersion(former.version, None, former.rules, now(), changes.by), former, now())
    if material is not None:
        version = IndexVersion(former.version + 1, former.last_day, wanted.rules, now(), changes.by)
        following = next_reference_day(material, wanted.rules.rebalance, former.last_day)
        stored = replace(stored, version=version, notes=material.notes, next_reference_day=following)
    if not index_store.change(connection, org_id, former.id, stored):
        return None
    changed = find(connection, org_id, former.id)
    note(connection, before=_told(former), after=_told(changed))
    return changed


def update(database: Database, org_id: int, index_id: str, universes: Universes) -> Index:
    """Publish what is new of an index. Raises IndexNotFound, IndexChanged, or as `draft`."""
    for _ in range(TRIES):
        publication = prepare(database, org_id, index_id, universes)
        with database.transaction() as connection:
            if publish(connection, org_id, publication):
                return find(connection, org_id, index_id)
    raise IndexChanged


def delete(connection: Connection, org_id: int, index_id: str) -> None:
    """Delete an index with all that was published of it. Raises IndexNotFound."""
    note(connection, before=_told(find(connection, org_id, index_id)))
    index_store.delete(connection, org_id, index_id)


def find_levels(connection: AnyReader, org_id: int, index_id: str, revision: int | None = None) -> tuple[Index, Levels, str]:
    """An index, its published levels, by default of the newest revision, and their digest. Raises IndexNotFound or RevisionNotFound."""
    index = find(connection, org_id, index_id)
    found = published_store.load_levels(connection, org_id, index_id, revision or index.revision)
    if found is None:
        raise RevisionNotFound(revision or index.revision, index.revision)
    return index, *found


def list_ledger(connection: AnyReader, key: tuple[int, str, int], before: int, limit: int) -> list[Rebalancing]:
    """Rebalancings of a revision, named by organization, index and number, newest first."""
    return published_store.page_of_ledger(connection, key, before, limit)


def whole_ledger(connection: AnyReader, org_id: int, index: Index) -> Sequence[Rebalancing]:
    """All rebalancings of the newest revision of an index, oldest first."""
    return published_store.load_ledger(connection, org_id, index.id, index.revision)


def line_holding(connection: AnyReader, key: tuple[int, str, int], day: date) -> Rebalancing | None:
    """The rebalancing that holds at the close of a day; None before the first."""
    return published_store.line_holding(connection, key, day)


def list_versions(connection: AnyReader, org_id: int, index_id: str) -> Sequence[IndexVersion]:
    """The rules of an index through time, oldest first. Raises IndexNotFound."""
    find(connection, org_id, index_id)
    return index_store.list_versions(connection, org_id, index_id)


def list_revisions(connection: AnyReader, org_id: int, index_id: str, limit: int) -> Sequence[IndexRevision]:
    """What was published of an index by computation, newest first. Raises IndexNotFound."""
    find(connection, org_id, index_id)
    return published_store.list_revisions(connection, org_id, index_id, limit)


def _material(database: Database, org_id: int, version: IndexVersion, universes: Universes, former: IndexRules | None) -> Material:
    """What new rules need. All that they name, and former ones did not, must be there."""
    rules = version.rules
    for strategy_id in set(strategies_of(rules)) - set(() if former is None else strategies_of(former)):
        finder(database, org_id)(strategy_id)
    required = set(rules.members.tickers) - set(() if former is None else former.members.tickers)
    present = candidates_of(database, org_id, rules, universes)
    material = load_material(database, org_id, Wanted(present, (), [version], today(), required, former is not None))
    if former is None or _capped(rules) != _capped(former):
        check_caps(material, rules)
    return material


def _capped(rules: IndexRules) -> tuple[object, ...]:
    """The rules on which it depends whether caps can hold."""
    return rules.single_cap, rules.group_cap, rules.groups, rules.members.tickers, rules.members.universe


def _key(name: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())


def _told(index: Index) -> dict[str, object]:
    return {"name": index.name, "rules": index.rules}
