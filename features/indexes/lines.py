"""The daily values of an index, for whatever measures them."""

from __future__ import annotations

from database import AnyReader
from features.indexes.members import currency_of
from features.indexes.service import find_levels
from infrastructure.value_lines import LineKind, ValueLine
from models.index_errors import IndexNotFound


def index_line(connection: AnyReader, org_id: int, index_id: str) -> ValueLine | None:
    """The published levels of an index with distributions, in its currency; None where there is no such index."""
    try:
        index, levels, digest = find_levels(connection, org_id, index_id)
    except IndexNotFound:
        return None
    currency = currency_of(connection, org_id, index)
    return ValueLine(index.id, LineKind.INDEX, index.name, currency, levels.days, levels.total, True, digest)
