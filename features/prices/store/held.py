"""SQL of what tells whether the closes of what is held have changed."""

from __future__ import annotations

import json
from collections.abc import Collection

from database import AnyReader
from models.api_key import SHARED_ORG
from utils.dialects import Variants

# A row begins with its ticker and a space. One value is returned: to fetch a row of each ticker takes several times as long.
_STATE = """
    WITH asked (ticker) AS ({tickers})
    SELECT {array}
    FROM (
        SELECT s.ticker || ' prices ' || {q}(s.org_id) || ',' || {q}(s.sha256) || ',' || {q}(s.name) || ',' || {q}(s.adjusted)
            || ',' || {q}(b.price_basis) AS told
        FROM price_series AS s LEFT JOIN series_basis AS b ON b.org_id = s.org_id AND b.ticker = s.ticker
        WHERE s.ticker IN (SELECT ticker FROM asked) AND s.org_id IN (:org_id, :shared)
        UNION ALL
        SELECT y.ticker || ' facts ' || {q}(y.org_id) || ',' || {q}(y.currency) || ',' || {q}(y.name)
        FROM symbols AS y
        WHERE y.ticker IN (SELECT ticker FROM asked) AND y.org_id IN (:org_id, :shared)
        UNION ALL
        SELECT a.ticker || ' split ' || a.id
        FROM corporate_actions AS a
        WHERE a.ticker IN (SELECT ticker FROM asked) AND a.org_id IN (:org_id, :shared) AND a.kind = 'split'
        ORDER BY told
    ) AS rows
"""
STATE = Variants(
    _STATE.format(tickers="SELECT value FROM json_each(:tickers)", array="json_group_array(told)", q="quote"),
    _STATE.format(
        tickers="SELECT json_array_elements_text(CAST(:tickers AS json))",
        array="CAST(COALESCE(json_agg(told), '[]') AS text)",
        q="quote_nullable",
    ),
)


def state(connection: AnyReader, org_id: int, tickers: Collection[str]) -> str:
    """What differs when the closes, splits or facts of some tickers do: a JSON array of texts, each of which begins with its ticker."""
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    found: str = next(iter(connection.execute(STATE.on(connection), values)))[0]
    return found
