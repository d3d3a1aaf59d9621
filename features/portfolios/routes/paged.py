"""Pages of what is computed from a ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from api.paging import page, read_cursor
from api.schemas import PageQuery
from features.portfolios.schemas.holding import told
from models.portfolio import Portfolio


def paged(rows: Sequence[Any], portfolio: Portfolio, query: PageQuery, scope: Sequence[Any]) -> dict[str, Any]:
    """A page of what is computed: its cursor counts rows, and holds for one version of the portfolio."""
    scope = [*scope, portfolio.id, portfolio.version]
    position = read_cursor(query.cursor, scope)
    first = position[0] if position else 0
    shown = list(enumerate(rows[first : first + query.limit + 1], first + 1))
    items, next_cursor = page(shown, query.limit, scope, lambda last: [last[0]])
    return {"items": [told(row) for _, row in items], "next_cursor": next_cursor, "version": portfolio.version}
