"""SQL of the former series: what an upload replaced or a deletion removed, one per ticker and owner."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from features.prices.store.series_head import head_from_row
from models.corporate_action import ActionKind, CorporateAction, StoredAction
from models.footing import UNKNOWN, Bases, Basis
from models.price_series import FORMER_KEPT_FOR, FormerPrices, PackedBars, SeriesHead
from utils.clock import iso, parse_iso

_SERIES = "org_id, ticker, name, provider, adjusted, bars, first_day, last_day, sha256, updated_at"
_BASIS = "price_basis, volume_basis, declared_price_basis, declared_volume_basis, steps"
_COLUMNS = f"{_SERIES}, {_BASIS}, actions, deleted, replaced_at, data"

# Copied within the database: the bars are not sent to it once more.
KEEP = text(
    f"""
    INSERT INTO former_series ({_COLUMNS})
    SELECT {", ".join(f"s.{column}" for column in _SERIES.split(", "))}, {", ".join(f"b.{column}" for column in _BASIS.split(", "))},
        :actions, :deleted, :replaced_at, s.data
    FROM price_series AS s
    LEFT JOIN series_basis AS b ON b.org_id = s.org_id AND b.ticker = s.ticker
    WHERE s.org_id = :org_id AND s.ticker = :ticker
    ON CONFLICT (org_id, ticker) DO UPDATE SET
        {", ".join(f"{column} = excluded.{column}" for column in _COLUMNS.split(", ")[2:])}
    """
)


@dataclass(frozen=True)
class Reason:
    """Why a series is kept: it was `deleted` or else replaced, when, and the ticker's actions of then."""

    deleted: bool
    replaced_at: datetime
    actions: Sequence[StoredAction]


def keep(connection: Connection, org_id: int, ticker: str, reason: Reason) -> bool:
    """Keep a copy of an owner's stored series in place of the former one; return whether there was a series."""
    values = {"org_id": org_id, "ticker": ticker, "deleted": reason.deleted, "replaced_at": reason.replaced_at}
    return connection.execute(KEEP, {**values, "actions": _text_of_actions(reason.actions)}).rowcount == 1


@dataclass(frozen=True)
class Kept:
    """A former series as it was stored: head, bars, declared bases, the ticker's actions, and when it was written."""

    head: SeriesHead
    packed: PackedBars
    declared: Bases
    actions: list[StoredAction]
    updated_at: datetime


LOAD = text(f"SELECT {_COLUMNS} FROM former_series WHERE org_id = :org_id AND ticker = :ticker AND replaced_at > :after")


def load(connection: AnyReader, org_id: int, ticker: str, after: datetime) -> Kept | None:
    """The former series of a ticker, if it was replaced after a moment."""
    row = connection.execute(LOAD, {"org_id": org_id, "ticker": ticker, "after": after}).first()
    if row is None:
        return None
    *series, updated_at, price_basis, volume_basis, declared_price, declared_volume, steps, actions, _, _, data = row
    head = head_from_row([*series, price_basis, volume_basis, steps, None])
    declared = UNKNOWN if declared_price is None else Bases(Basis(declared_price), Basis(declared_volume))
    return Kept(head, PackedBars(bytes(data)), declared, _actions_of_text(actions), updated_at)


_EXTENT = "ticker, name, provider, bars, first_day, last_day, replaced_at, deleted"
FIND = text(f"SELECT {_EXTENT} FROM former_series WHERE org_id = :org_id AND ticker = :ticker AND replaced_at > :after")


def find(connection: AnyReader, org_id: int, ticker: str, after: datetime) -> FormerPrices | None:
    """The former series of a ticker without its bars, if it was replaced after a moment."""
    row = connection.execute(FIND, {"org_id": org_id, "ticker": ticker, "after": after}).first()
    return None if row is None else _extent_from_row(row)


LIST = text(
    f"""
    SELECT {_EXTENT}
    FROM former_series
    WHERE org_id = :org_id AND replaced_at > :after AND ticker > :after_ticker
    ORDER BY ticker
    LIMIT :limit
    """
)


def list_former(connection: AnyReader, org_id: int, after: datetime, after_ticker: str, limit: int) -> list[FormerPrices]:
    """Former series that were replaced after a moment, by ticker after `after_ticker`."""
    values = {"org_id": org_id, "after": after, "after_ticker": after_ticker, "limit": limit}
    return [_extent_from_row(row) for row in connection.execute(LIST, values)]


DELETE = text("DELETE FROM former_series WHERE org_id = :org_id AND ticker = :ticker")


def delete(connection: Connection, org_id: int, ticker: str) -> None:
    """Delete the former series of a ticker."""
    connection.execute(DELETE, {"org_id": org_id, "ticker": ticker})


DELETE_BEFORE = text(
    """
    DELETE FROM former_series
    WHERE (org_id, ticker) IN (
        SELECT org_id, ticker
        FROM former_series
        WHERE replaced_at <= :before
        LIMIT :limit
    )
    """
)


def delete_before(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` former series that were replaced up to a moment; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before, "limit": limit}).rowcount


def _extent_from_row(row: Sequence[Any]) -> FormerPrices:
    return FormerPrices(
        ticker=row[0],
        name=row[1],
        provider=row[2],
        bars=row[3],
        first=row[4],
        last=row[5],
        deleted=bool(row[7]),
        replaced_at=row[6],
        kept_until=row[6] + FORMER_KEPT_FOR,
    )


def _text_of_actions(actions: Sequence[StoredAction]) -> str:
    rows = [{**asdict(stored), "captured_at": iso(stored.captured_at)} for stored in actions]
    return json.dumps(rows, default=str, separators=(",", ":"))


def _actions_of_text(text_of: str) -> list[StoredAction]:
    rows = json.loads(text_of)
    return [StoredAction(row["id"], _action(row["action"]), row["source"], parse_iso(row["captured_at"])) for row in rows]


def _action(values: dict[str, Any]) -> CorporateAction:
    return CorporateAction(**values | {"effective_day": date.fromisoformat(values["effective_day"]), "kind": ActionKind(values["kind"])})
