"""Reads the screener's list."""

from __future__ import annotations

from sqlalchemy import Connection

from features.analyses.store import screener as screener_store
from features.prices import service as prices
from infrastructure.feature import Universes
from models.screen import ResultFilter, ScreenedResult


def first_page(
    connection: Connection, org_id: int, wanted: ResultFilter, universes: Universes, limit: int
) -> tuple[list[ScreenedResult], int]:
    """The first results of a filter in its order, and how many match in all. Raises UniverseNotFound."""
    prices.require_universe(connection, org_id, wanted.universe, universes)
    rows = screener_store.list_latest(connection, org_id, wanted, limit)
    return [listed.result for listed in rows], screener_store.count_latest(connection, org_id, wanted)
