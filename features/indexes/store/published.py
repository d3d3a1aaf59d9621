"""SQL of what was published of indexes: levels by revision, and the ledger of rebalancings."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from database import AnyReader
from features.indexes.levels import Levels
from models.index import IndexPosition, IndexRevision, Rebalancing, RebalancingKind
from utils.json_text import dump

_COLUMNS_OF_LEVELS = 3  # days and two levels
_ROWS_AT_ONCE = 200

SAVE = text(
    """
    INSERT INTO index_revisions (org_id, index_id, revision, why, created_at, first_day, last_day, digest, data)
    VALUES (:org_id, :index_id, :revision, :why, :created_at, :first_day, :last_day, :digest, :data)
    ON CONFLICT (index_id, revision) DO UPDATE SET
        last_day = excluded.last_day, digest = excluded.digest, data = excluded.data
    """
)


def save_levels(connection: Connection, key: tuple[int, str, int], levels: Levels, why: str, moment: datetime) -> None:
    """Store the levels of a revision, named by organization, index and number; `why` and `moment` are of its first storing."""
    days = levels.days.astype("datetime64[D]").astype("<i8")
    data = days.tobytes() + levels.price.astype("<f8").tobytes() + levels.total.astype("<f8").tobytes()
    org_id, index_id, revision = key
    values = {"org_id": org_id, "index_id": index_id, "revision": revision, "why": why, "created_at": moment, "data": data}
    values |= {"first_day": levels.days[0].item(), "last_day": levels.days[-1].item(), "digest": hashlib.sha256(data).hexdigest()}
    connection.execute(SAVE, values)


LOAD = text("SELECT data, digest FROM index_revisions WHERE org_id = :org_id AND index_id = :index_id AND revision = :revision")


def load_levels(connection: AnyReader, org_id: int, index_id: str, revision: int) -> tuple[Levels, str] | None:
    """The levels of a revision, and their digest."""
    row = connection.execute(LOAD, {"org_id": org_id, "index_id": index_id, "revision": revision}).first()
    if row is None:
        return None
    columns = np.frombuffer(bytes(row[0]), dtype="<f8").reshape(_COLUMNS_OF_LEVELS, -1)
    return Levels(columns[0].view("<i8").astype("datetime64[D]"), columns[1], columns[2]), row[1]


LIST_REVISIONS = text(
    """
    SELECT revision, why, created_at, first_day, last_day, digest
    FROM index_revisions
    WHERE org_id = :org_id AND index_id = :index_id
    ORDER BY revision DESC
    LIMIT :limit
    """
)


def list_revisions(connection: AnyReader, org_id: int, index_id: str, limit: int) -> list[IndexRevision]:
    """The newest revisions of an index, newest first."""
    return [IndexRevision(*row) for row in connection.execute(LIST_REVISIONS, {"org_id": org_id, "index_id": index_id, "limit": limit})]


FORGET_LINES = text("DELETE FROM index_rebalancings WHERE org_id = :org_id AND index_id = :index_id AND revision <= :last")
FORGET_REVISIONS = text("DELETE FROM index_revisions WHERE org_id = :org_id AND index_id = :index_id AND revision <= :last")


def forget_revisions(connection: Connection, org_id: int, index_id: str, last: int) -> None:
    """Remove the revisions of an index up to one, with their ledgers."""
    for statement in (FORGET_LINES, FORGET_REVISIONS):
        connection.execute(statement, {"org_id": org_id, "index_id": index_id, "last": last})


INSERT_LINE = text(
    """
    INSERT INTO index_rebalancings (
        org_id, index_id, revision, number, day, reference_day, kind, why, version, level, divisor_before, divisor_after, turnover, cost,
        tickers, positions, left_out, created_at
    )
    VALUES (
        :org_id, :index_id, :revision, :number, :day, :reference_day, :kind, :why, :version, :level, :divisor_before, :divisor_after,
        :turnover, :cost, :tickers, :positions, :left_out, :created_at
    )
    """
)


def insert_lines(connection: Connection, key: tuple[int, str, int], lines: Sequence[Rebalancing], moment: datetime) -> None:
    """Add lines to the ledger of a revision, named as for `save_levels`."""
    org_id, index_id, revision = key
    of = {"org_id": org_id, "index_id": index_id, "revision": revision, "created_at": moment}
    for begin in range(0, len(lines), _ROWS_AT_ONCE):
        connection.execute(INSERT_LINE, [{**_row_of(line), **of} for line in lines[begin : begin + _ROWS_AT_ONCE]])


_LINE = "number, day, reference_day, kind, why, version, level, divisor_before, divisor_after, turnover, cost, tickers, positions, left_out"
LEDGER = text(
    f"""
    SELECT {_LINE}
    FROM index_rebalancings
    WHERE org_id = :org_id AND index_id = :index_id AND revision = :revision
    ORDER BY number
    """
)


def load_ledger(connection: AnyReader, org_id: int, index_id: str, revision: int) -> tuple[Rebalancing, ...]:
    """The whole ledger of a revision, oldest first."""
    rows = connection.execute(LEDGER, {"org_id": org_id, "index_id": index_id, "revision": revision})
    return tuple(map(_line, rows))


PAGE = text(
    f"""
    SELECT {_LINE}
    FROM index_rebalancings
    WHERE org_id = :org_id AND index_id = :index_id AND revision = :revision AND number < :before
    ORDER BY number DESC
    LIMIT :limit
    """
)


def page_of_ledger(connection: AnyReader, key: tuple[int, str, int], before: int, limit: int) -> list[Rebalancing]:
    """Lines of the ledger of a revision before a number, newest first."""
    org_id, index_id, revision = key
    values = {"org_id": org_id, "index_id": index_id, "revision": revision, "before": before, "limit": limit}
    return [_line(row) for row in connection.execute(PAGE, values)]


HOLDING = text(
    f"""
    SELECT {_LINE}
    FROM index_rebalancings
    WHERE org_id = :org_id AND index_id = :index_id AND revision = :revision AND day <= :day
    ORDER BY number DESC
    LIMIT 1
    """
)


def line_holding(connection: AnyReader, key: tuple[int, str, int], day: object) -> Rebalancing | None:
    """The line that holds at the close of a day; None before the first."""
    org_id, index_id, revision = key
    row = connection.execute(HOLDING, {"org_id": org_id, "index_id": index_id, "revision": revision, "day": day}).first()
    return None if row is None else _line(row)


def _row_of(line: Rebalancing) -> dict[str, Any]:
    columns = np.array([[each.before, each.after, each.quantity] for each in line.positions], dtype="<f8").reshape(-1, 3).T
    left_out: defaultdict[str, list[str]] = defaultdict(list)
    for ticker, why in line.left_out.items():
        left_out[why].append(ticker)
    values = {name: value for name, value in vars(line).items() if name not in ("positions", "left_out")}
    tickers = dump([each.ticker for each in line.positions]).decode()
    return {**values, "tickers": tickers, "positions": columns.tobytes(), "left_out": dump(left_out).decode()}


def _line(row: Sequence[Any]) -> Rebalancing:
    columns = np.frombuffer(bytes(row[12]), dtype="<f8").reshape(3, -1).tolist()
    positions = tuple(IndexPosition(*each) for each in zip(json.loads(row[11]), *columns, strict=True))
    left_out = {ticker: why for why, tickers in json.loads(row[13]).items() for ticker in tickers}
    return Rebalancing(
        number=row[0],
        day=row[1],
        reference_day=row[2],
        kind=RebalancingKind(row[3]),
        why=row[4],
        version=row[5],
        level=row[6],
        divisor_before=row[7],
        divisor_after=row[8],
        turnover=row[9],
        cost=row[10],
        positions=positions,
        left_out=dict(sorted(left_out.items())),
    )
