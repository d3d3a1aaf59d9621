"""Stored results, each once per fingerprint; and the latest per ticker and strategy, kept as results are written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.result import AnalysisResult, ResultFilter, ResultSummary, StoredResult

_STORED = "r.id, r.ticker, r.strategy, r.as_of, r.fingerprint, r.parameters, r.body"
_SUMMARY = "r.id, r.ticker, r.strategy, r.as_of, r.bars, r.close, r.score, r.verdict, r.signal, r.fingerprint, r.created_at"

FIND = text(f"SELECT {_STORED} FROM analysis_results AS r WHERE r.id = :id AND r.org_id = :org_id")
# The least that sending a result takes: it is the busiest read.
FIND_BODY = text("SELECT fingerprint, body FROM analysis_results WHERE id = :id AND org_id = :org_id")
# The same work done before, and whether it is what the screener shows now.
FIND_BY_FINGERPRINT = text(
    f"SELECT {_STORED}, l.result_id FROM analysis_results AS r LEFT JOIN latest_results AS l "
    "ON l.org_id = r.org_id AND l.ticker = r.ticker AND l.strategy = r.strategy "
    "WHERE r.org_id = :org_id AND r.fingerprint = :fingerprint"
)
INSERT = text(
    "INSERT INTO analysis_results "
    "(id, org_id, ticker, strategy, as_of, bars, close, score, verdict, signal, fingerprint, parameters, body, created_at) "
    "VALUES (:id, :org_id, :ticker, :strategy, :as_of, :bars, :close, :score, :verdict, :signal, "
    ":fingerprint, :parameters, :body, :created_at) "
    "ON CONFLICT (org_id, fingerprint) DO NOTHING"
)
# Never goes back in time, whichever of two writers comes last.
MARK_LATEST = text(
    "INSERT INTO latest_results (org_id, ticker, strategy, result_id, score, verdict, analysed_at) "
    "SELECT r.org_id, r.ticker, r.strategy, r.id, r.score, r.verdict, :analysed_at "
    "FROM analysis_results AS r WHERE r.org_id = :org_id AND r.fingerprint = :fingerprint "
    "ON CONFLICT (org_id, ticker, strategy) DO UPDATE SET result_id = excluded.result_id, score = excluded.score, "
    "verdict = excluded.verdict, analysed_at = excluded.analysed_at WHERE latest_results.analysed_at <= excluded.analysed_at"
)
# Newest first; the id breaks ties between results of one moment.
HISTORY_FIRST = text(
    f"SELECT {_SUMMARY} FROM analysis_results AS r WHERE r.org_id = :org_id AND r.ticker = :ticker "
    "ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"
)
HISTORY_AFTER = text(
    f"SELECT {_SUMMARY} FROM analysis_results AS r WHERE r.org_id = :org_id AND r.ticker = :ticker "
    "AND (r.created_at, r.id) < (:created_at, :id) ORDER BY r.created_at DESC, r.id DESC LIMIT :limit"
)

# What the screener may be sorted by: the columns, all in one direction so that one row comparison finds the next page.
_ORDERS = {
    "score": (("l.score", "l.ticker", "l.strategy"), "ASC", ">"),
    "-score": (("l.score", "l.ticker", "l.strategy"), "DESC", "<"),
    "ticker": (("l.ticker", "l.strategy"), "ASC", ">"),
    "-ticker": (("l.ticker", "l.strategy"), "DESC", "<"),
}
_POSITION_PARAMETERS = ("position_0", "position_1", "position_2")


def find(connection: Connection, org_id: int, result_id: str) -> StoredResult | None:
    """One result by id."""
    row = connection.execute(FIND, {"id": result_id, "org_id": org_id}).first()
    return None if row is None else StoredResult(*row)


def find_body(connection: AnyReader, org_id: int, result_id: str) -> tuple[str, str] | None:
    """The fingerprint and the JSON of one result."""
    row = connection.execute(FIND_BODY, {"id": result_id, "org_id": org_id}).first()
    return None if row is None else (row[0], row[1])


def find_by_fingerprint(connection: AnyReader, org_id: int, fingerprint: str) -> tuple[StoredResult, bool] | None:
    """The result of the same work, and whether it is the latest of its ticker and strategy."""
    row = connection.execute(FIND_BY_FINGERPRINT, {"org_id": org_id, "fingerprint": fingerprint}).first()
    return None if row is None else (StoredResult(*row[:7]), row[7] == row[0])


def insert(connection: Connection, org_id: int, result: AnalysisResult, parameters: str, body: str) -> bool:
    """Store a result, with its parameters and its whole as JSON, unless its fingerprint is stored already; whether it was stored."""
    inserted = connection.execute(
        INSERT,
        {
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
            "parameters": parameters,
            "body": body,
            "created_at": result.created_at,
        },
    )
    return inserted.rowcount == 1


def mark_latest(connection: Connection, org_id: int, fingerprint: str, analysed_at: datetime) -> None:
    """Make the result with this fingerprint the latest of its ticker and strategy, unless a newer one is."""
    connection.execute(MARK_LATEST, {"org_id": org_id, "fingerprint": fingerprint, "analysed_at": analysed_at})


def history(
    connection: Connection, org_id: int, ticker: str, limit: int, before: tuple[datetime, str] | None = None
) -> list[ResultSummary]:
    """A ticker's results, newest first; `before` is the (created_at, id) of the last one seen."""
    if before is None:
        rows = connection.execute(HISTORY_FIRST, {"org_id": org_id, "ticker": ticker, "limit": limit})
    else:
        parameters = {"org_id": org_id, "ticker": ticker, "limit": limit, "created_at": before[0], "id": before[1]}
        rows = connection.execute(HISTORY_AFTER, parameters)
    return [ResultSummary(*row) for row in rows]


def latest(
    connection: Connection, org_id: int, wanted: ResultFilter, limit: int, after: list[str | float] | None = None
) -> list[ResultSummary]:
    """The latest result of each ticker and strategy; `after` is the sort position of the last one seen, see `position`."""
    columns, direction, comparison = _ORDERS[wanted.sort]
    conditions = ["l.org_id = :org_id"]
    parameters: dict[str, object] = {"org_id": org_id, "limit": limit}
    for column, operator, name, value in (
        ("l.verdict", "=", "verdict", wanted.verdict),
        ("l.strategy", "=", "strategy", wanted.strategy),
        ("l.score", ">=", "min_score", wanted.min_score),
    ):
        if value is not None:
            conditions.append(f"{column} {operator} :{name}")
            parameters[name] = value
    if after is not None:
        names = _POSITION_PARAMETERS[: len(columns)]
        conditions.append(f"({', '.join(columns)}) {comparison} ({', '.join(f':{name}' for name in names)})")
        parameters.update(zip(names, after, strict=True))
    statement = text(
        f"SELECT {_SUMMARY} FROM latest_results AS l JOIN analysis_results AS r ON r.id = l.result_id "
        f"WHERE {' AND '.join(conditions)} ORDER BY {', '.join(f'{column} {direction}' for column in columns)} LIMIT :limit"
    )
    return [ResultSummary(*row) for row in connection.execute(statement, parameters)]


def position(sort: str, last: ResultSummary) -> list[str | float]:
    """Where a result stands in an order: what `latest` continues from."""
    return [getattr(last, column.removeprefix("l.")) for column in _ORDERS[sort][0]]
