"""SQL of the answers of a step that is done for each of several items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from utils.dialects import execute_rows, many_rows
from utils.json_text import parse_tolerant

INSERT = many_rows(
    "INSERT INTO pipeline_items",
    {"run_id": "text", "position": "bigint", "item": "bigint", "answer": "text", "reason": "text"},
    "ON CONFLICT DO NOTHING",
)


def insert_many(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store answers or reasons of items, each once."""
    execute_rows(connection, INSERT, rows)


LIST = text("SELECT item, answer, reason FROM pipeline_items WHERE run_id = :run_id AND position = :position ORDER BY item")


def list_items(connection: AnyReader, run_id: str, position: int) -> dict[int, tuple[Any, str | None]]:
    """What became of each item that has an outcome: its answer, or the reason why it has none."""
    rows = connection.execute(LIST, {"run_id": run_id, "position": position})
    return {item: (None if answer is None else parse_tolerant(answer), reason) for item, answer, reason in rows}


SIZE = text("SELECT COALESCE(sum(length(answer)), 0) FROM pipeline_items WHERE run_id = :run_id AND position = :position")


def stored_size(connection: AnyReader, run_id: str, position: int) -> int:
    """About how many bytes the answers of the items have."""
    rows = connection.execute(SIZE, {"run_id": run_id, "position": position})
    return sum(int(row[0]) for row in rows)


DELETE = text("DELETE FROM pipeline_items WHERE run_id = :run_id AND position = :position")


def delete(connection: Connection, run_id: str, position: int) -> None:
    """Remove the answers of items, once they are one answer."""
    connection.execute(DELETE, {"run_id": run_id, "position": position})
