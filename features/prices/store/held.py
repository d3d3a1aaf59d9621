"""SQL of what tells whether the closes of what is held have changed."""

from __future__ import annotations

import json
from collections.abc import Collection

from database import AnyReader
from models.api_key import SHARED_ORG
from utils.dialects import of_listed

# The organization's own series comes after the shared one, and so replaces it in a dict by ticker.
_VERSIONS = """
    SELECT s.ticker, s.org_id, s.sha256, s.name, s.adjusted, b.price_basis
    FROM price_series AS s LEFT JOIN series_basis AS b ON b.org_id = s.org_id AND b.ticker = s.ticker
    WHERE s.ticker IN {tickers} AND s.org_id IN (:org_id, :shared)
    ORDER BY s.org_id
"""
VERSIONS = of_listed(_VERSIONS, "tickers")


def versions(connection: AnyReader, org_id: int, tickers: Collection[str]) -> dict[str, tuple[object, ...]]:
    """What differs when a series does, by ticker: whose it is, its digest, what is told of it, its basis; none without prices."""
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    return {row[0]: tuple(row[1:]) for row in connection.execute(VERSIONS.on(connection), values)}
