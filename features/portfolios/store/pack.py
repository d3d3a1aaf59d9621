"""SQL of pricing packs, and of the lines that they are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.pricing_pack import PricingPack
from utils.dialects import Variants, execute_rows, many_rows

_PACKS_LOCK = 0x7061636B
_COLUMNS = "id, digest, day, supersedes, lines, created_at"


class LineRow(NamedTuple):
    """A stored line without its rows."""

    kind: str
    name: str
    revision: int
    head: str
    rows: int
    sha256: str


def hold(connection: Connection, org_id: int) -> None:
    """Let nobody else store packs of an organization until the transaction ends."""
    hold_lock(connection, _PACKS_LOCK, str(org_id))


EXISTS = text("SELECT 1 FROM pricing_packs WHERE org_id = :org_id AND digest = :digest")


def exists(connection: AnyReader, org_id: int, digest: str) -> bool:
    """Whether a pack is stored."""
    return next(iter(connection.execute(EXISTS, {"org_id": org_id, "digest": digest})), None) is not None


NEWEST_LINES = text(
    """
    SELECT l.kind, l.name, l.revision, l.head, l.rows, l.sha256
    FROM priced_lines AS l
    WHERE l.org_id = :org_id AND l.revision = (
        SELECT max(n.revision) FROM priced_lines AS n WHERE n.org_id = l.org_id AND n.kind = l.kind AND n.name = l.name
    )
    """
)


def newest_lines(connection: AnyReader, org_id: int) -> dict[tuple[str, str], LineRow]:
    """The newest revision of each line of an organization, by kind and name."""
    rows = (LineRow(*row) for row in connection.execute(NEWEST_LINES, {"org_id": org_id}))
    return {(row.kind, row.name): row for row in rows}


_LINE = {
    "org_id": "bigint", "kind": "text", "name": "text", "revision": "bigint", "head": "text", "rows": "bigint", "sha256": "text",
    "used_at": "timestamptz",
}  # fmt: skip
SAVE_LINES = many_rows(
    "INSERT INTO priced_lines",
    _LINE,
    """
    ON CONFLICT (org_id, kind, name, revision) DO UPDATE SET
        rows = excluded.rows, sha256 = excluded.sha256, used_at = excluded.used_at
    """,
)


def save_lines(connection: Connection, org_id: int, lines: Iterable[LineRow], moment: datetime) -> None:
    """Store lines, or how many rows they have now, and that they are used."""
    execute_rows(connection, SAVE_LINES, [{**line._asdict(), "org_id": org_id, "used_at": moment} for line in lines])


SAVE_PART = text(
    """
    INSERT INTO priced_line_parts (org_id, kind, name, revision, part, data)
    VALUES (:org_id, :kind, :name, :revision, :part, :data)
    ON CONFLICT (org_id, kind, name, revision, part) DO UPDATE SET data = excluded.data
    """
)


def save_parts(connection: Connection, org_id: int, parts: Iterable[tuple[LineRow, int, bytes]]) -> None:
    """Store parts of lines, each with its number."""
    rows = [
        {"org_id": org_id, "kind": line.kind, "name": line.name, "revision": line.revision, "part": part, "data": data}
        for line, part, data in parts
    ]
    if rows:
        connection.execute(SAVE_PART, rows)


NEWEST_OF_DAY = text(
    """
    SELECT digest
    FROM pricing_packs
    WHERE org_id = :org_id AND day = :day AND covers = :covers
    ORDER BY id DESC
    LIMIT 1
    """
)
INSERT = text(
    """
    INSERT INTO pricing_packs (org_id, digest, id, day, covers, supersedes, lines, contents, created_at)
    VALUES (:org_id, :digest, :id, :day, :covers, :supersedes, :lines, :contents, :created_at)
    ON CONFLICT (org_id, digest) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, pack: PricingPack, covers: str, contents: str) -> None:
    """Add a pack; it supersedes the newest of its day that covers the same."""
    values = {**vars(pack), "org_id": org_id, "covers": covers, "contents": contents}
    former = connection.execute(NEWEST_OF_DAY, values).scalar_one_or_none()
    connection.execute(INSERT, {**values, "supersedes": former})


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM pricing_packs
    WHERE org_id = :org_id AND (day < :day OR (day = :day AND id < :id))
    ORDER BY day DESC, id DESC
    LIMIT :limit
    """
)


def list_packs(connection: AnyReader, org_id: int, before: tuple[date, str], limit: int) -> list[PricingPack]:
    """Packs, the newest day first, before a day and an id."""
    values = {"org_id": org_id, "day": before[0], "id": before[1], "limit": limit}
    return [PricingPack(*row) for row in connection.execute(LIST, values)]


FIND = text(
    f"""
    SELECT {_COLUMNS}, contents
    FROM pricing_packs
    WHERE org_id = :org_id AND digest = :digest
    """
)
FIND_OF_DAY = text(
    f"""
    SELECT {_COLUMNS}, contents
    FROM pricing_packs
    WHERE org_id = :org_id AND day = :day
    ORDER BY id DESC
    LIMIT 1
    """
)


def find(connection: AnyReader, org_id: int, digest: str) -> tuple[PricingPack, str] | None:
    """A pack and its contents."""
    return _found(connection.execute(FIND, {"org_id": org_id, "digest": digest}))


def find_of_day(connection: AnyReader, org_id: int, day: date) -> tuple[PricingPack, str] | None:
    """The newest pack of a day and its contents."""
    return _found(connection.execute(FIND_OF_DAY, {"org_id": org_id, "day": day}))


def _found(rows: Iterable[Sequence[Any]]) -> tuple[PricingPack, str] | None:
    row = next(iter(rows), None)
    return None if row is None else (PricingPack(*row[:-1]), row[-1])


# The lines are one JSON array of arrays: SQLite limits the number of parameters.
HEADS = Variants(
    """
    SELECT l.kind, l.name, l.revision, l.head
    FROM json_each(:lines) AS e JOIN priced_lines AS l
        ON l.org_id = :org_id AND l.kind = json_extract(e.value, '$[0]') AND l.name = json_extract(e.value, '$[1]')
        AND l.revision = json_extract(e.value, '$[2]')
    """,
    """
    SELECT l.kind, l.name, l.revision, l.head
    FROM json_array_elements(CAST(:lines AS json)) AS e (value) JOIN priced_lines AS l
        ON l.org_id = :org_id AND l.kind = e.value->>0 AND l.name = e.value->>1 AND l.revision = CAST(e.value->>2 AS bigint)
    """,
)
PARTS = Variants(
    """
    SELECT p.kind, p.name, p.revision, p.data
    FROM json_each(:lines) AS e JOIN priced_line_parts AS p
        ON p.org_id = :org_id AND p.kind = json_extract(e.value, '$[0]') AND p.name = json_extract(e.value, '$[1]')
        AND p.revision = json_extract(e.value, '$[2]')
    ORDER BY p.kind, p.name, p.revision, p.part
    """,
    """
    SELECT p.kind, p.name, p.revision, p.data
    FROM json_array_elements(CAST(:lines AS json)) AS e (value) JOIN priced_line_parts AS p
        ON p.org_id = :org_id AND p.kind = e.value->>0 AND p.name = e.value->>1 AND p.revision = CAST(e.value->>2 AS bigint)
    ORDER BY p.kind, p.name, p.revision, p.part
    """,
)
LineKey = tuple[str, str, int]  # kind, name and revision


def read_lines(connection: AnyReader, org_id: int, lines: Sequence[LineKey]) -> dict[LineKey, tuple[str, list[bytes]]]:
    """The heads of some lines, and their parts in order."""
    values = {"org_id": org_id, "lines": json.dumps(lines)}
    found: dict[LineKey, tuple[str, list[bytes]]] = {}
    for kind, name, revision, head in connection.execute(HEADS.on(connection), values):
        found[kind, name, revision] = (head, [])
    for kind, name, revision, data in connection.execute(PARTS.on(connection), values):
        found[kind, name, revision][1].append(bytes(data))
    return found


ORGANIZATIONS = text("SELECT DISTINCT org_id FROM pricing_packs")


def organizations(connection: AnyReader) -> list[int]:
    """The organizations that have packs."""
    return [row[0] for row in connection.execute(ORGANIZATIONS, {})]


AGE_OF_NTH = text("SELECT created_at FROM pricing_packs WHERE org_id = :org_id ORDER BY created_at DESC LIMIT 1 OFFSET :most")
OLDEST = text("SELECT created_at FROM pricing_packs WHERE org_id = :org_id ORDER BY created_at LIMIT 1")
PRUNE_PACKS = text("DELETE FROM pricing_packs WHERE org_id = :org_id AND created_at <= :until")
# A pack has marked its lines as used when it was stored.
PRUNE_LINES = text("DELETE FROM priced_lines WHERE org_id = :org_id AND used_at < :oldest")
PRUNE_ALL_LINES = text("DELETE FROM priced_lines WHERE org_id = :org_id")


def prune(connection: Connection, org_id: int, until: datetime, most: int) -> int:
    """Delete the packs up to a moment and all but the newest ones, and the lines that no other pack has; return how many packs."""
    nth = connection.execute(AGE_OF_NTH, {"org_id": org_id, "most": most}).scalar_one_or_none()
    deleted = connection.execute(PRUNE_PACKS, {"org_id": org_id, "until": until if nth is None else max(nth, until)}).rowcount
    if deleted:
        oldest = connection.execute(OLDEST, {"org_id": org_id}).scalar_one_or_none()
        if oldest is None:
            connection.execute(PRUNE_ALL_LINES, {"org_id": org_id})
        else:
            connection.execute(PRUNE_LINES, {"org_id": org_id, "oldest": oldest})
    return deleted
