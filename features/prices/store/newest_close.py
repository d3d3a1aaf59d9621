"""SQL of the newest closes of many tickers, as traded."""

from __future__ import annotations

import struct
from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, bindparam, text

from models.api_key import SHARED_ORG
from models.price_series import ITEM_BYTES

# An organization's own series comes last and hides the shared one.
FIND_NEWEST_CLOSES = text(
    "SELECT ticker, last_day, last_close FROM recent_closes WHERE org_id IN (:org_id, :shared) AND ticker IN :tickers ORDER BY org_id"
).bindparams(bindparam("tickers", expanding=True))


def newest_closes(connection: Connection, org_id: int, tickers: Collection[str]) -> dict[str, tuple[date, float]]:
    """The newest day of some tickers and its close, by ticker; those without prices are missing."""
    if not tickers:
        return {}
    rows = connection.execute(FIND_NEWEST_CLOSES, {"org_id": org_id, "shared": SHARED_ORG, "tickers": list(tickers)})
    return {ticker: (day, struct.unpack("=d", bytes(close))[0]) for ticker, day, close in rows if len(bytes(close)) == ITEM_BYTES}
