"""SQL of the overview: a page of the watchlist with latest results and newest closes, in one statement."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.overview import LatestVerdict, OverviewItem, PreviousVerdict
from models.recent_closes import RecentCloses, change_percent

# The organization's own series (o) hides the shared one (s): both are read, and `_item_from_row` chooses.
LIST = text(
    """
    SELECT
        w.ticker, w.name, w.notes,
        r.id, r.as_of, r.close, r.score, r.verdict, r.signal, r.strategy, r.created_at, l.analysed_at,
        p.score, p.verdict, p.as_of,
        o.last_day, o.closes, o.last_close,
        s.last_day, s.closes, s.last_close
    FROM watchlist_items AS w
    LEFT JOIN latest_results AS l ON l.org_id = w.org_id AND l.ticker = w.ticker AND l.strategy = :strategy
    LEFT JOIN analysis_results AS r ON r.id = l.result_id
    LEFT JOIN analysis_results AS p ON p.id = l.previous_id
    LEFT JOIN recent_closes AS o ON o.org_id = w.org_id AND o.ticker = w.ticker
    LEFT JOIN recent_closes AS s ON s.org_id = :shared AND s.ticker = w.ticker
    WHERE w.org_id = :org_id AND w.ticker > :after
    ORDER BY w.ticker
    LIMIT :limit
    """
)
# Where the columns of each joined table stand in a row.
_LATEST, _PREVIOUS, _OWN, _SHARED = slice(3, 12), slice(12, 15), slice(15, 18), slice(18, 21)


def list_items(connection: AnyReader, org_id: int, strategy: str, after: str, limit: int) -> list[OverviewItem]:
    """Watchlist items by ticker, after `after`, with their latest and previous result of a strategy and their newest closes."""
    values = {"org_id": org_id, "shared": SHARED_ORG, "strategy": strategy, "after": after, "limit": limit}
    return [_item_from_row(row) for row in connection.execute(LIST, values)]


def _item_from_row(row: Any) -> OverviewItem:
    latest, previous = row[_LATEST], row[_PREVIOUS]
    last_day, closes, last_close = row[_SHARED] if row[_OWN][0] is None else row[_OWN]
    prices = [] if last_day is None else RecentCloses(bytes(closes), bytes(last_close)).prices()
    return OverviewItem(
        ticker=row[0],
        name=row[1],
        notes=row[2],
        latest=None if latest[0] is None else LatestVerdict(*latest),
        previous=None if previous[0] is None else PreviousVerdict(*previous),
        closes=prices,
        change_percent=change_percent(prices),
        last_day=last_day,
    )
