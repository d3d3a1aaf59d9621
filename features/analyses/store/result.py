"""SQL of the stored results, one per fingerprint."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from infrastructure.sql.superseded import SUPERSEDED
from models.analysis import Verdict
from models.evidence import ToldVerdict
from models.result import HistoryFilter, NewResult, ResultBrief, ResultSummary, StoredResult
from utils.dialects import execute_rows, many_rows, one_row

_STORED = "r.id, r.ticker, r.strategy, r.as_of, r.fingerprint, r.parameters, r.body"
_SUMMARY = f"""r.id, r.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, r.fingerprint, r.created_at,
    {SUPERSEDED}"""

FIND = text(f"SELECT {_STORED} FROM analysis_results AS r WHERE r.id = :id AND r.org_id = :org_id")


def find(connection: AnyReader, org_id: int, result_id: str) -> StoredResult | None:
    """One result by id."""
    row = connection.execute(FIND, {"id": result_id, "org_id": org_id}).first()
    return None if row is None else StoredResult.from_row(row)


# The busiest read: only the columns that an answer needs.
FIND_BODY = text("SELECT fingerprint, body, ticker, created_at FROM analysis_results WHERE id = :id AND org_id = :org_id")


def find_body(connection: AnyReader, org_id: int, result_id: str) -> tuple[str, str, str, datetime] | None:
    """The fingerprint, the JSON, the ticker and the moment of one result."""
    row = connection.execute(FIND_BODY, {"id": result_id, "org_id": org_id}).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


FIND_SUPERSEDED = text(f"SELECT {SUPERSEDED} FROM analysis_results AS r WHERE r.id = :id AND r.org_id = :org_id")


def is_superseded(connection: AnyReader, org_id: int, result_id: str) -> bool:
    """Whether the history that a result was computed from was replaced as one since."""
    row = connection.execute(FIND_SUPERSEDED, {"id": result_id, "org_id": org_id}).first()
    return row is not None and bool(row[0])


# The result of the same work, and the id of the latest result of its ticker and strategy.
FIND_BY_FINGERPRINT = text(
    f"""
    SELECT {_STORED}, l.result_id
    FROM analysis_results AS r
    LEFT JOIN latest_results AS l ON l.org_id = r.org_id AND l.ticker = r.ticker AND l.strategy = r.strategy
    WHERE r.org_id = :org_id AND r.fingerprint = :fingerprint
    """
)


def find_by_fingerprint(connection: AnyReader, org_id: int, fingerprint: str) -> tuple[StoredResult, bool] | None:
    """The result of the same work, and whether it is the latest of its ticker and strategy."""
    row = connection.execute(FIND_BY_FINGERPRINT, {"org_id": org_id, "fingerprint": fingerprint}).first()
    return None if row is None else (StoredResult.from_row(row[:-1]), row[-1] == row[0])


# Which of several fingerprints are stored, and whether each result is the latest of its ticker and strategy.
FIND_FINGERPRINTS = text(
    """
    SELECT r.fingerprint, r.id = l.result_id
    FROM analysis_results AS r
    LEFT JOIN latest_results AS l ON l.org_id = r.org_id AND l.ticker = r.ticker AND l.strategy = r.strategy
    WHERE r.org_id = :org_id AND r.fingerprint IN :fingerprints
    """
).bindparams(bindparam("fingerprints", expanding=True))


def find_fingerprints(connection: Connection, org_id: int, fingerprints: Collection[str]) -> dict[str, bool]:
    """Which of some fingerprints are stored, and whether each is the latest result of its ticker and strategy."""
    if not fingerprints:
        return {}
    rows = connection.execute(FIND_FINGERPRINTS, {"org_id": org_id, "fingerprints": list(fingerprints)})
    return {row[0]: bool(row[1]) for row in rows}


FIND_BRIEFS = text(
    """
    SELECT fingerprint, id, strategy, verdict, score, close, as_of, strategy_version
    FROM analysis_results
    WHERE org_id = :org_id AND fingerprint IN :fingerprints
    """
).bindparams(bindparam("fingerprints", expanding=True))


def find_briefs(connection: Connection, org_id: int, fingerprints: Collection[str]) -> dict[str, ResultBrief]:
    """The main values of the results that have some fingerprints, by fingerprint."""
    if not fingerprints:
        return {}
    rows = connection.execute(FIND_BRIEFS, {"org_id": org_id, "fingerprints": list(fingerprints)})
    return {row[0]: ResultBrief(*row[1:]) for row in rows}


# The columns of a new result with their types.
_COLUMNS = {
    "id": "text", "org_id": "bigint", "ticker": "text", "strategy": "text", "as_of": "date", "bars": "bigint", "close": "float8",
    "score": "float8", "verdict": "text", "signal": "text", "fingerprint": "text", "parameters": "text", "body": "text",
    "created_at": "timestamptz", "engine_version": "text", "strategy_version": "bigint",
}  # fmt: skip
_INTO, _CONFLICT = "INSERT INTO analysis_results", "ON CONFLICT (org_id, fingerprint) DO NOTHING"
INSERT = text(one_row(_INTO, _COLUMNS, _CONFLICT))
INSERT_ROWS = many_rows(_INTO, _COLUMNS, _CONFLICT)


def insert(connection: Connection, org_id: int, new: NewResult) -> bool:
    """Store a result unless its fingerprint is stored already; return whether it was stored."""
    return connection.execute(INSERT, _row_of(org_id, new)).rowcount == 1


def insert_many(connection: Connection, results: Collection[tuple[int, NewResult]]) -> int:
    """Store results, each with its organization, unless their fingerprints are stored already; return how many were stored."""
    # In one order, so that two writers of the same results cannot deadlock.
    ordered = sorted(results, key=lambda pair: pair[1].result.fingerprint)
    return execute_rows(connection, INSERT_ROWS, [_row_of(org_id, new) for org_id, new in ordered])


# Newest first; the id breaks ties between results created at the same moment.
HISTORY_FIRST = text(
    f"""
    SELECT {_SUMMARY}
    FROM analysis_results AS r
    WHERE r.org_id = :org_id AND r.ticker = :ticker AND r.strategy = COALESCE(:strategy, r.strategy)
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
    """
)
HISTORY_AFTER = text(
    f"""
    SELECT {_SUMMARY}
    FROM analysis_results AS r
    WHERE r.org_id = :org_id AND r.ticker = :ticker AND r.strategy = COALESCE(:strategy, r.strategy)
        AND (r.created_at, r.id) < (:created_at, :id)
    ORDER BY r.created_at DESC, r.id DESC
    LIMIT :limit
    """
)


def history(
    connection: Connection, org_id: int, wanted: HistoryFilter, limit: int, before: tuple[datetime, str] | None = None
) -> list[ResultSummary]:
    """Results, newest first; `before` is the (created_at, id) of the last result of the page before."""
    parameters = {"org_id": org_id, **vars(wanted), "limit": limit}
    if before is None:
        rows = connection.execute(HISTORY_FIRST, parameters)
    else:
        rows = connection.execute(HISTORY_AFTER, {**parameters, "created_at": before[0], "id": before[1]})
    return [ResultSummary.from_row(row) for row in rows]


# By the day, and of one day the first first.
FIND_TOLD = text(
    f"""
    SELECT r.as_of, r.verdict, r.created_at
    FROM analysis_results AS r
    WHERE r.org_id = :org_id AND r.ticker = :ticker AND r.strategy = :strategy AND r.parameters = :parameters
        AND r.engine_version = :engine_version AND NOT {SUPERSEDED}
    ORDER BY r.as_of, r.created_at
    """
)


def find_told(connection: AnyReader, org_id: int, ticker: str, wanted: Mapping[str, str]) -> list[ToldVerdict]:
    """What a ticker's results said by day that have the `strategy`, `parameters` and `engine_version` wanted and are not superseded."""
    rows = connection.execute(FIND_TOLD, {"org_id": org_id, "ticker": ticker, **wanted})
    return [ToldVerdict(as_of, Verdict(verdict), created_at) for as_of, verdict, created_at in rows]


CROWDED = text("SELECT org_id, ticker FROM analysis_results GROUP BY org_id, ticker HAVING count(*) > :keep")


def crowded_tickers(connection: Connection, keep: int) -> list[tuple[int, str]]:
    """Organizations and tickers with more than `keep` results."""
    return [(row[0], row[1]) for row in connection.execute(CROWDED, {"keep": keep})]


# Results older than the oldest one to keep, in the order of the history, except those that the screener shows.
DELETE_BEYOND = text(
    """
    DELETE FROM analysis_results WHERE id IN (
        SELECT r.id
        FROM analysis_results AS r
        WHERE r.org_id = :org_id AND r.ticker = :ticker
            AND (r.created_at, r.id) < (
                SELECT k.created_at, k.id
                FROM analysis_results AS k
                WHERE k.org_id = :org_id AND k.ticker = :ticker
                ORDER BY k.created_at DESC, k.id DESC
                LIMIT 1 OFFSET :oldest_to_keep
            )
            AND NOT EXISTS (SELECT 1 FROM latest_results AS l WHERE l.result_id = r.id)
        LIMIT :limit
    )
    """
)


def delete_beyond(connection: Connection, org_id: int, ticker: str, keep: int, limit: int) -> int:
    """Delete up to `limit` results of a ticker beyond its newest `keep`, except those that the screener shows; return how many."""
    values = {"org_id": org_id, "ticker": ticker, "oldest_to_keep": keep - 1, "limit": limit}
    return connection.execute(DELETE_BEYOND, values).rowcount


def _row_of(org_id: int, new: NewResult) -> dict[str, object]:
    result = new.result
    return {
        "id": result.id,
        "org_id": org_id,
        "ticker": result.ticker,
        "strategy": result.strategy,
        "as_of": result.as_of,
        "bars": result.bars,
        "close": result.close,
        "score": result.score,
        "verdict": str(result.verdict),
        "signal": str(result.signal),
        "fingerprint": result.fingerprint,
        "parameters": new.parameters,
        "body": new.body,
        "created_at": result.created_at,
        "engine_version": result.provenance.engine_version,
        "strategy_version": result.provenance.strategy_version,
    }
