"""Keeps pricing packs: stores what an answer was computed from, finds it again, and deletes what has been kept long enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from database import AnyReader, Database
from features.portfolios.packing import Pack, PricedLine
from features.portfolios.store import pack as pack_store
from features.portfolios.store.pack import LineRow
from models.performance import PackReference
from models.performance_errors import PackNotFound
from models.pricing_pack import KEPT_FOR, MOST_PACKS, PackedLine, PricingPack
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant


@dataclass(frozen=True)
class StoredPack:
    """A pack, and what it is made of."""

    pack: PricingPack
    lines: tuple[PackedLine, ...]


def keep(database: Database, org_id: int, pack: Pack) -> PackReference:
    """Store a pack unless it is stored: of each line only what its newest revision does not have."""
    with database.reader() as reader:
        if pack_store.exists(reader, org_id, pack.digest):
            return PackReference(pack.day, pack.digest)
    moment = now()
    with database.bookkeeping() as connection:
        pack_store.hold(connection, org_id)
        newest = pack_store.newest_lines(connection, org_id)
        rows = [(line, *_row(line, newest.get((line.kind, line.name)))) for line in pack.lines]
        pack_store.save_lines(connection, org_id, (row for _, row, _ in rows), moment)
        pack_store.save_parts(connection, org_id, ((row, *part) for line, row, since in rows for part in line.parts(since)))
        stored = PricingPack(new_id(), pack.digest, pack.day, None, len(rows), moment)
        contents = [(row.kind, row.name, row.revision, row.rows, row.sha256, *line.last) for line, row, _ in rows]
        pack_store.insert(connection, org_id, stored, pack.covers, dump(contents).decode())
    return PackReference(pack.day, pack.digest)


def _row(line: PricedLine, stored: LineRow | None) -> tuple[LineRow, int]:
    """The revision of a line, and its first row that is not stored."""
    row = LineRow(line.kind, line.name, 1, line.head, len(line), line.digest)
    if stored is None:
        return row, 0
    if stored.head == line.head and stored.rows <= len(line) and line.until(stored.rows).digest == stored.sha256:
        return row._replace(revision=stored.revision), stored.rows
    return row._replace(revision=stored.revision + 1), 0


def find(connection: AnyReader, org_id: int, day: date, digest: str | None) -> StoredPack:
    """A pack of a day, by default the newest. Raises PackNotFound."""
    found = pack_store.find_of_day(connection, org_id, day) if digest is None else pack_store.find(connection, org_id, digest)
    if found is None or found[0].day != day:
        raise PackNotFound(digest)
    return _stored(*found)


def list_packs(connection: AnyReader, org_id: int, before: tuple[date, str], limit: int) -> list[PricingPack]:
    """Packs, the newest day first, before a day and an id."""
    return pack_store.list_packs(connection, org_id, before, limit)


def read(connection: AnyReader, org_id: int, digest: str) -> tuple[PricingPack, Iterable[PricedLine]]:
    """A pack and its lines. Raises PackNotFound."""
    found = pack_store.find(connection, org_id, digest)
    if found is None:
        raise PackNotFound(digest)
    stored = _stored(*found)
    parts = pack_store.read_lines(connection, org_id, [(line.kind, line.name, line.revision) for line in stored.lines])
    return stored.pack, [
        PricedLine.of_parts((line.kind, line.name, parts[key][0]), parts[key][1], line.rows)
        for line in stored.lines
        for key in ((line.kind, line.name, line.revision),)
    ]


def _stored(pack: PricingPack, contents: str) -> StoredPack:
    lines = (
        PackedLine(kind, name, revision, rows, digest, None if last_day is None else date.fromisoformat(last_day), value)
        for kind, name, revision, rows, digest, last_day, value in parse_tolerant(contents)
    )
    return StoredPack(pack, tuple(lines))


def prune_packs(database: Database, most: int = MOST_PACKS, kept_for: timedelta = KEPT_FOR) -> int:
    """Delete packs that are older than they are kept, and all but the newest ones of an organization; return how many."""
    with database.reader() as reader:
        organizations = pack_store.organizations(reader)
    deleted, until = 0, now() - kept_for
    for org_id in organizations:
        with database.transaction() as connection:
            pack_store.hold(connection, org_id)
            deleted += pack_store.prune(connection, org_id, until, most)
    return deleted
