"""SQL of the overview: a page of a watch list with latest results and newest closes, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from database import AnyReader
from features.watchlist.store.watchlist import OfList
from infrastructure.exchanges import Expectations
from infrastructure.sql.exchange import told_exchange, told_name
from infrastructure.sql.superseded import LATEST_SUPERSEDED
from models.api_key import SHARED_ORG
from models.failure import AnalysisFailure
from models.overview import LatestVerdict, OverviewFilter, OverviewItem, PreviousVerdict, VerdictChange
from models.recent_closes import RecentCloses, change_percent
from models.watchlist import ListKey

# The organization's own series (o) hides the shared one (s): both are read, and `item_from_row` chooses.
_SELECT = f"""
    SELECT
        w.ticker, {told_name("w.ticker", "w.name")}, w.notes, w.position,
        r.id, r.as_of, r.close, r.score, r.verdict, r.signal, r.strategy, r.created_at, l.analysed_at, {LATEST_SUPERSEDED},
        p.score, p.verdict, p.as_of,
        l.former_verdict, l.verdict_since, l.verdict_since_day,
        o.last_day, o.closes, o.last_close,
        s.last_day, s.closes, s.last_close,
        {told_exchange("w.ticker")}
    FROM {{items}} AS w
    LEFT JOIN latest_results AS l ON l.org_id = w.org_id AND l.ticker = w.ticker AND l.strategy = :strategy
    LEFT JOIN analysis_results AS r ON r.id = l.result_id
    LEFT JOIN analysis_results AS p ON p.id = l.previous_id
    LEFT JOIN recent_closes AS o ON o.org_id = w.org_id AND o.ticker = w.ticker
    LEFT JOIN recent_closes AS s ON s.org_id = :shared AND s.ticker = w.ticker
    LEFT JOIN series_fetches AS f ON f.org_id = :shared AND f.ticker = w.ticker
    WHERE w.{{of_list}}
"""
# Where the columns of each joined table stand in a row.
_LATEST, _PREVIOUS, _CHANGE, _OWN, _SHARED = slice(4, 14), slice(14, 17), slice(17, 20), slice(20, 23), slice(23, 26)
_EXCHANGE = 26
_CHANGED = " AND l.former_verdict IS NOT NULL AND l.verdict_since >= :changed_since"
_AFTER_TICKER = " AND w.ticker > :ticker ORDER BY w.ticker LIMIT :limit"
# Both parts of the position of the page before, because several items may have one position.
_AFTER_POSITION = " AND (w.position, w.ticker) > (:position, :ticker) ORDER BY w.position, w.ticker LIMIT :limit"

# By the order, and by whether only changed verdicts are listed.
LISTS = {
    ("ticker", False): OfList(f"{_SELECT}{_AFTER_TICKER}"),
    ("ticker", True): OfList(f"{_SELECT}{_CHANGED}{_AFTER_TICKER}"),
    ("position", False): OfList(f"{_SELECT}{_AFTER_POSITION}"),
    ("position", True): OfList(f"{_SELECT}{_CHANGED}{_AFTER_POSITION}"),
}
# Where the first page begins: before every ticker, and before every position.
_BEGINNING: dict[str, dict[str, Any]] = {"ticker": {"ticker": ""}, "position": {"position": -(2**63), "ticker": ""}}


def list_rows(connection: AnyReader, key: ListKey, order: OverviewFilter, after: list[Any] | None, limit: int) -> list[Any]:
    """Rows of items for `item_from_row`; `after` is the `place` of the last item of the page before."""
    names = _BEGINNING[order.sort]
    values = {**vars(key), "shared": SHARED_ORG, "strategy": order.strategy, "changed_since": order.changed_since, "limit": limit}
    values |= names if after is None else dict(zip(names, after, strict=True))
    return list(connection.execute(LISTS[order.sort, order.changed_since is not None].on(key), values))


def place(sort: str, last: OverviewItem) -> list[Any]:
    """Where the list goes on behind an item."""
    return [getattr(last, name) for name in _BEGINNING[sort]]


def item_from_row(row: Any, failures: Mapping[str, AnalysisFailure], expectations: Expectations) -> OverviewItem:
    """An item beside what can be expected now; `failures` are those that stand, by ticker."""
    latest = None if row[_LATEST][0] is None else _latest(*row[_LATEST])
    last_day, closes, last_close = row[_SHARED] if row[_OWN][0] is None else row[_OWN]
    prices = [] if last_day is None else RecentCloses(bytes(closes), bytes(last_close)).prices()
    freshness = expectations.of(row[0], row[_EXCHANGE]).freshness_of(last_day)
    former = row[_CHANGE][0]
    # A process of an older version, during a deploy, replaces a verdict without noting what it was.
    has_changed = latest is not None and former is not None and former != latest.verdict
    return OverviewItem(
        ticker=row[0],
        name=row[1],
        notes=row[2],
        position=row[3],
        latest=latest,
        previous=None if row[_PREVIOUS][0] is None else PreviousVerdict(*row[_PREVIOUS]),
        change=VerdictChange(*row[_CHANGE]) if has_changed else None,
        failure=failures.get(row[0]),
        closes=prices,
        change_percent=change_percent(prices),
        last_day=last_day,
        freshness=freshness,
        is_old=freshness.state == "stale",
        is_outdated=latest is not None and last_day is not None and latest.as_of < last_day,
    )


def _latest(*columns: Any) -> LatestVerdict:
    return LatestVerdict(*(*columns[:-1], bool(columns[-1])))  # SQLite has no booleans
