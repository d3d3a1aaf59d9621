"""Publishes indexes: what is new since the last time, or another revision of all where prices were corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from database import Database
from features.indexes.calendars import Published
from features.indexes.computing import Computed, compute, extend, is_due, next_reference_day
from features.indexes.loading import Material, Wanted, candidates_of, listed, load_material
from features.indexes.remembered import gone_from, with_gone
from features.indexes.scoring import strategies_of
from features.indexes.store import index as index_store
from features.indexes.store import published as published_store
from features.indexes.store.index import Standing
from infrastructure.feature import Universes
from infrastructure.outbox import record
from models.errors import BellwetherError
from models.event import EventType, NewEvent
from models.index import REVISIONS_KEPT, Index, IndexVersion, Rebalancing, RebalancingKind
from models.index_errors import IndexNotFound
from utils.clock import now, today
from utils.ids import is_id

ANEW = "All levels and weights were computed anew, with the members of each day."
FIRST = "The index was made."
MOST_EVENTS = 10  # of rebalancings that one publication tells of


@dataclass(frozen=True)
class Publication:
    """What is to be published of an index: its levels, the ledger, and how many lines of it are published already."""

    index: Index
    standing: Standing
    computed: Computed
    published_lines: int
    why: str
    is_due: bool

    @property
    def is_revision(self) -> bool:
        """Whether levels that were published are published anew."""
        return self.standing.revision != self.index.revision

    @property
    def is_news(self) -> bool:
        """Whether there are days that are not published."""
        return self.is_revision or self.standing.published > self.index.published

    @property
    def new_lines(self) -> Sequence[Rebalancing]:
        """The lines of the ledger that are not published."""
        return self.computed.ledger[0 if self.is_revision else self.published_lines :]


def standing_of(computed: Computed, material: Material, version: IndexVersion, revision: int) -> Standing:
    """What a row says of an index as computed."""
    levels = computed.levels
    first_day, last_day = levels.days[0].item(), levels.days[-1].item()
    return Standing(
        revision=revision,
        published=len(levels),
        first_day=first_day,
        last_day=last_day,
        level=float(levels.price[-1]),
        total_level=float(levels.total[-1]),
        members=computed.holding,
        next_reference_day=next_reference_day(material, version.rules.rebalance, last_day),
        notes=material.notes,
    )


def prepare(database: Database, org_id: int, index_id: str, universes: Universes) -> Publication:
    """Compute what is to be published of an index. Where that fails, the index says why, and has been looked at.

    Raises IndexNotFound, IndexInvalid, TickerNotFound, RateNotFound, UniverseNotFound or PricesDamaged.
    """
    try:
        return _prepare(database, org_id, index_id, universes)
    except IndexNotFound:
        raise
    except BellwetherError as error:
        with database.bookkeeping() as connection:
            index_store.note_failure(connection, org_id, index_id, str(error), now())
        raise


def _prepare(database: Database, org_id: int, index_id: str, universes: Universes) -> Publication:
    with database.reader() as connection:
        index = index_store.find(connection, org_id, index_id) if is_id(index_id) else None
        if index is None:
            raise IndexNotFound
        versions = index_store.list_versions(connection, org_id, index_id)
        stored = published_store.load_levels(connection, org_id, index_id, index.revision)
        ledger = published_store.load_ledger(connection, org_id, index_id, index.revision)
    assert stored is not None, "an index is stored with its levels"
    published = Published(stored[0], ledger)
    present = candidates_of(database, org_id, index.rules, universes)
    wanted = Wanted(present, published.former_members, versions, today(), is_stored=True, since=published.last_day)
    material = load_material(database, org_id, wanted)
    computed, revision, why = extend(with_gone(material, published), versions, published), index.revision, FIRST
    if computed is None:
        if any(strategies_of(version.rules) for version in versions):
            material = load_material(database, org_id, replace(wanted, since=None))
        whole = with_gone(material, published)
        computed, revision, why = compute(whole, versions, published), index.revision + 1, _why(gone_from(whole, published))
    standing = standing_of(computed, material, versions[-1], revision)
    due = is_due(material, index.rules, standing.last_day, standing.next_reference_day)
    return Publication(index, standing, computed, len(ledger), why, due)


def _why(gone: Sequence[str]) -> str:
    """Why all is computed anew, where members are gone of which nothing is known any more."""
    return f"There are no prices of {listed(gone)} any more. {ANEW}" if gone else f"Prices of published days were corrected. {ANEW}"


def publish(connection: Connection, org_id: int, publication: Publication, moment: datetime | None = None) -> bool:
    """Store a publication and its events within the caller's transaction, whole; return whether nobody else was quicker.

    With nothing new only the time of the look changes.
    """
    moment = moment or now()
    index, standing = publication.index, publication.standing
    if not index_store.publish(connection, org_id, (index, index.published), standing, moment):
        return False
    key = (org_id, index.id, standing.revision)
    if publication.is_revision:
        published_store.forget_revisions(connection, org_id, index.id, standing.revision - REVISIONS_KEPT)
    if publication.is_news:
        published_store.save_levels(connection, key, publication.computed.levels, publication.why, moment)
    published_store.insert_lines(connection, key, publication.new_lines, moment)
    record(connection, org_id, _events(publication))
    return True


def _events(publication: Publication) -> list[NewEvent]:
    index, standing = publication.index, publication.standing
    told = [line for line in publication.new_lines if line.kind is not RebalancingKind.START and line.day > index.last_day]
    events = [
        NewEvent(
            EventType.INDEX_REBALANCED,
            f"index-rebalanced:{index.id}:{line.kind}:{line.day}",
            index.id,
            {
                "index": index.name,
                "day": line.day,
                "reference_day": line.reference_day,
                "kind": line.kind,
                "why": line.why,
                "turnover": line.turnover,
                "cost": line.cost,
                "members": sum(1 for each in line.positions if each.after > 0),
                "level": line.level,
            },
        )
        for line in told[-MOST_EVENTS:]
    ]
    if publication.is_due:
        day = standing.next_reference_day
        data = {"index": index.name, "reference_day": day, "rebalance": index.rules.rebalance, "last_day": standing.last_day}
        events.append(NewEvent(EventType.INDEX_REBALANCING_DUE, f"index-due:{index.id}:{day}", index.id, data))
    return events
