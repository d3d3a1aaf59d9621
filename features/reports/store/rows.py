"""SQL of the reports: a ticker's latest result, its results of a period, and a job's ended items with their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from database import AnyReader
from infrastructure.sql.superseded import SUPERSEDED
from models.api_key import SHARED_ORG
from models.job_state import ItemStatus
from models.result import ResultSummary, StoredResult

FIND_LATEST = text(
    f"""
    SELECT
        r.id, r.ticker, r.strategy, r.as_of, r.fingerprint, r.parameters, r.body,
        l.former_verdict, l.verdict_since_day, {SUPERSEDED}
    FROM latest_results AS l
    JOIN analysis_results AS r ON r.id = l.result_id
    WHERE l.org_id = :org_id AND l.ticker = :ticker AND l.strategy = :strategy
    """
)


@dataclass(frozen=True)
class Latest:
    """The latest result of a ticker by a strategy, the verdict before the present one, and the day since when it holds.

    `superseded`: its prices were replaced as one since.
    """

    stored: StoredResult
    former_verdict: str | None
    since: date | None
    superseded: bool


def find_latest(connection: AnyReader, org_id: int, ticker: str, strategy: str) -> Latest | None:
    """The latest result of a ticker by a strategy."""
    row = connection.execute(FIND_LATEST, {"org_id": org_id, "ticker": ticker, "strategy": strategy}).first()
    return None if row is None else Latest(StoredResult.from_row(row[:-3]), row[-3], row[-2], bool(row[-1]))


@dataclass(frozen=True)
class HistoryQuery:
    """Results of the ticker and strategy of `latest`, with `as_of` from `start` to `end`, both included; None for no bound."""

    org_id: int
    latest: StoredResult
    start: date | None = None
    end: date | None = None


# A page of results, newest first, and whether each has the parameters of the latest result.
LIST_PERIOD = text(
    f"""
    SELECT
        r.id, r.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, r.fingerprint, r.created_at,
        {SUPERSEDED},
        r.parameters = :parameters
    FROM analysis_results AS r
    WHERE r.org_id = :org_id AND r.ticker = :ticker AND r.strategy = :strategy
        AND r.as_of BETWEEN :start AND :end
        AND (r.created_at, r.id) < (:created_at, :id)
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
    """
)
_AFTER_ALL = (datetime.max.replace(tzinfo=UTC), "")


def list_period(
    connection: AnyReader, query: HistoryQuery, before: tuple[datetime, str] | None, limit: int
) -> list[tuple[ResultSummary, bool]]:
    """Results, newest first, and whether each has the parameters of the latest result.

    `before` is the (created_at, id) of the last result of the page before.
    """
    created_at, result_id = before or _AFTER_ALL
    values = {
        "org_id": query.org_id,
        "ticker": query.latest.ticker,
        "strategy": query.latest.strategy,
        "parameters": query.latest.parameters,
        "start": query.start or date.min,
        "end": query.end or date.max,
        "created_at": created_at,
        "id": result_id,
        "limit": limit,
    }
    return [(ResultSummary.from_row(row[:-1]), bool(row[-1])) for row in connection.execute(LIST_PERIOD, values)]


@dataclass(frozen=True)
class ResultLine:
    """The part of a result that a job's report shows in one line; `body` is the whole result as JSON.

    `superseded`: its prices were replaced as one since.
    """

    as_of: date
    close: float
    score: float
    verdict: str
    signal: str
    body: str
    superseded: bool


@dataclass(frozen=True)
class EndedItem:
    """An ended item of a job; `result` is None unless the item succeeded and its result is still stored.

    `name` is the company's, and `before` the verdict of the result before by the same parameters; None where there is none.
    """

    ticker: str
    name: str | None
    before: str | None
    status: ItemStatus
    tries: int
    result_id: str | None
    error_code: str | None
    error: str | None
    result: ResultLine | None


_ENDED = ", ".join(f"'{status}'" for status in (ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED))
# A page of a job's ended items by ticker. A verdict of before the prices were replaced as one is not compared with one of after it. An item
# whose result was deleted by retention stays in the list, without a result. An organization's own series hides the shared one, but not its
# name.
LIST_ENDED_ITEMS = text(
    f"""
    SELECT
        i.key,
        COALESCE(
            (SELECT n.name FROM price_series AS n WHERE n.org_id = :org_id AND n.ticker = i.key),
            (SELECT n.name FROM price_series AS n WHERE n.org_id = :shared AND n.ticker = i.key)
        ),
        (
            SELECT p.verdict
            FROM analysis_results AS p
            WHERE p.org_id = r.org_id AND p.ticker = r.ticker AND (p.created_at, p.id) < (r.created_at, r.id)
                AND p.strategy = r.strategy AND p.parameters = r.parameters
                AND NOT EXISTS (
                    SELECT 1
                    FROM series_fetches AS f
                    WHERE f.org_id = :shared AND f.ticker = p.ticker AND f.replaced_at > p.created_at AND f.replaced_at <= r.created_at
                )
            ORDER BY p.created_at DESC, p.id DESC
            LIMIT 1
        ),
        i.status, i.tries, i.result_id, i.error_code, i.error,
        r.as_of, r.close, r.score, r.verdict, r.signal, r.body,
        {SUPERSEDED}
    FROM analysis_job_items AS i
    LEFT JOIN analysis_results AS r ON r.id = i.result_id AND r.org_id = :org_id
    WHERE i.job_id = :job_id AND i.status IN ({_ENDED}) AND i.key > :after
    ORDER BY i.key
    LIMIT :limit
    """
)


def list_ended_items(connection: AnyReader, org_id: int, job_id: str, after: str, limit: int) -> list[EndedItem]:
    """Ended items of an organization's job by ticker, after `after`."""
    rows = connection.execute(LIST_ENDED_ITEMS, {"org_id": org_id, "shared": SHARED_ORG, "job_id": job_id, "after": after, "limit": limit})
    return [_item_from_row(row) for row in rows]


def _item_from_row(row: Sequence[Any]) -> EndedItem:
    ticker, name, before, status, tries, result_id, error_code, error, *result, superseded = row
    line = None if result[0] is None else ResultLine(*[*result, bool(superseded)])
    return EndedItem(ticker, name, before, ItemStatus(status), tries, result_id, error_code, error, line)
