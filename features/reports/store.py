"""What reports read: a ticker's latest result, and a job's items beside their results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from database import AnyReader
from models.job_state import ItemStatus
from models.result import ResultSummary, StoredResult

FIND_LATEST = text(
    "SELECT r.id, r.ticker, r.strategy, r.as_of, r.fingerprint, r.parameters, r.body "
    "FROM latest_results AS l JOIN analysis_results AS r ON r.id = l.result_id "
    "WHERE l.org_id = :org_id AND l.ticker = :ticker AND l.strategy = :strategy"
)
# A page of a ticker's results by a strategy whose day lies in a period, newest first, and whether nothing but the bars sets each apart from
# another.
LIST_PERIOD = text(
    "SELECT r.id, r.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, r.fingerprint, r.created_at, "
    "r.parameters = :parameters FROM analysis_results AS r "
    "WHERE r.org_id = :org_id AND r.ticker = :ticker AND r.strategy = :strategy AND r.as_of BETWEEN :start AND :end "
    "AND (r.created_at, r.id) < (:created_at, :id) ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"
)
_ENDED = ", ".join(f"'{status}'" for status in (ItemStatus.SUCCEEDED, ItemStatus.FAILED, ItemStatus.CANCELLED))
# A page of a job's items that ended, in order; a result that retention has removed leaves its item without one.
LIST_ENDED_ITEMS = text(
    "SELECT i.key, i.status, i.tries, i.result_id, i.error_code, i.error, r.as_of, r.close, r.score, r.verdict, r.signal, r.body "
    "FROM analysis_job_items AS i LEFT JOIN analysis_results AS r ON r.id = i.result_id AND r.org_id = :org_id "
    f"WHERE i.job_id = :job_id AND i.status IN ({_ENDED}) AND i.key > :after ORDER BY i.key LIMIT :limit"
)
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ResultLine:
    """Of a result, what a job's report has in one line; `body` is the whole as JSON."""

    as_of: date
    close: float
    score: float
    verdict: str
    signal: str
    body: str


@dataclass(frozen=True)
class EndedItem:
    """An item of a job that ended; `result` is None unless it succeeded and its result is still stored."""

    ticker: str
    status: ItemStatus
    tries: int
    result_id: str | None
    error_code: str | None
    error: str | None
    result: ResultLine | None


def find_latest(connection: AnyReader, org_id: int, ticker: str, strategy: str) -> StoredResult | None:
    """The latest result of a ticker by a strategy."""
    row = connection.execute(FIND_LATEST, {"org_id": org_id, "ticker": ticker, "strategy": strategy}).first()
    return None if row is None else StoredResult(*row)


def list_period(
    connection: AnyReader,
    org_id: int,
    like: StoredResult,
    period: tuple[date | None, date | None],
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[ResultSummary, bool]]:
    """Results of the same ticker and strategy, newest first, and whether each has the same parameters.

    Both days of the period are included, None for no bound; `before` is the (created_at, id) of the last one seen.
    """
    created_at, result_id = before or (LATEST, "")
    values = {
        "org_id": org_id,
        "ticker": like.ticker,
        "strategy": like.strategy,
        "parameters": like.parameters,
        "start": period[0] or date.min,
        "end": period[1] or date.max,
        "created_at": created_at,
        "id": result_id,
        "limit": limit,
    }
    return [(ResultSummary(*row[:-1]), bool(row[-1])) for row in connection.execute(LIST_PERIOD, values)]


def list_ended_items(connection: AnyReader, org_id: int, job_id: str, after: str, limit: int) -> list[EndedItem]:
    """Items of an organization's job that ended, by ticker after `after`."""
    rows = connection.execute(LIST_ENDED_ITEMS, {"org_id": org_id, "job_id": job_id, "after": after, "limit": limit})
    return [_item_from_row(row) for row in rows]


def _item_from_row(row: Any) -> EndedItem:
    ticker, status, tries, result_id, error_code, error, *result = row
    line = None if result[0] is None else ResultLine(*result)
    return EndedItem(ticker, ItemStatus(status), tries, result_id, error_code, error, line)
