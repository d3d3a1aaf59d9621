"""SQL that keeps the latest result per ticker and strategy, with what the screener filters and sorts by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from infrastructure.sql.superseded import LATEST_SUPERSEDED
from models.api_key import SHARED_ORG
from models.result import AnalysisResult
from models.screen import ScreenValues
from utils.dialects import Variants, execute_rows
from utils.json_text import parse_tolerant

# The values of the screener with their types.
_TYPES = {"votes": "text", "record_n": "bigint"}
_VALUES = {field.name: _TYPES.get(field.name, "float8") for field in fields(ScreenValues)}
_NAMES = ", ".join(_VALUES)
# `analysed_at` never goes back, whichever of two writers comes last. The former latest result becomes the previous one. What the verdict
# was, and since when it is another, outlives results with the same verdict. Where an organization's own strategy has another version
# since, nothing is compared: it is as if there had been no result before.
_SAME_VERSION = "COALESCE(latest_results.strategy_version, 0) = COALESCE(excluded.strategy_version, 0)"
_LATEST_CONFLICT = f"""
    ON CONFLICT (org_id, ticker, strategy) DO UPDATE SET
        result_id = excluded.result_id,
        score = excluded.score,
        verdict = excluded.verdict,
        analysed_at = excluded.analysed_at,
        strategy_version = excluded.strategy_version,
        former_verdict = CASE
            WHEN NOT {_SAME_VERSION} THEN NULL
            WHEN latest_results.verdict = excluded.verdict THEN latest_results.former_verdict
            ELSE latest_results.verdict
        END,
        verdict_since = CASE
            WHEN {_SAME_VERSION} AND latest_results.verdict = excluded.verdict THEN latest_results.verdict_since
            ELSE excluded.verdict_since
        END,
        verdict_since_day = CASE
            WHEN {_SAME_VERSION} AND latest_results.verdict = excluded.verdict THEN latest_results.verdict_since_day
            ELSE excluded.verdict_since_day
        END,
        previous_id = CASE
            WHEN latest_results.result_id = excluded.result_id THEN latest_results.previous_id
            WHEN {_SAME_VERSION} THEN latest_results.result_id
        END,
        previous_score = CASE
            WHEN latest_results.result_id = excluded.result_id THEN latest_results.previous_score
            WHEN {_SAME_VERSION} THEN latest_results.score
        END,
        screened_id = excluded.screened_id,
        as_of = excluded.as_of,
        close = excluded.close,
        {", ".join(f"{name} = excluded.{name}" for name in _VALUES)}
    WHERE latest_results.analysed_at <= excluded.analysed_at
"""
_INTO = f"""
    INSERT INTO latest_results (
        org_id, ticker, strategy, strategy_version, result_id, score, verdict, analysed_at, verdict_since, verdict_since_day, screened_id,
        as_of, close, {_NAMES}
    )
"""
_MARK_LATEST = f"""
    {_INTO}
    SELECT
        r.org_id, r.ticker, r.strategy, r.strategy_version, r.id, r.score, r.verdict, :analysed_at, :analysed_at, r.as_of, r.id, r.as_of,
        r.close,
        {", ".join(f":{name}" for name in _VALUES)}
    FROM analysis_results AS r
    WHERE r.org_id = :org_id AND r.fingerprint = :fingerprint
    {_LATEST_CONFLICT}
"""
MARK_LATEST_ROWS = Variants(
    _MARK_LATEST,
    f"""
    {_INTO}
    SELECT
        r.org_id, r.ticker, r.strategy, r.strategy_version, r.id, r.score, r.verdict, m.analysed_at, m.analysed_at, r.as_of, r.id, r.as_of,
        r.close,
        {", ".join(f"m.{name}" for name in _VALUES)}
    FROM unnest(
        CAST(:org_id AS bigint[]), CAST(:fingerprint AS text[]), CAST(:analysed_at AS timestamptz[]),
        {", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _VALUES.items())}
    ) AS m (org_id, fingerprint, analysed_at, {_NAMES})
    JOIN analysis_results AS r ON r.org_id = m.org_id AND r.fingerprint = m.fingerprint
    ORDER BY m.org_id, m.fingerprint
    {_LATEST_CONFLICT}
    """,
)


@dataclass(frozen=True)
class Mark:
    """A result that becomes the latest of its ticker and strategy; `values` is None for one that was stored before."""

    org_id: int
    fingerprint: str
    analysed_at: datetime
    values: ScreenValues | None = None


def mark_latest(connection: Connection, marks: Collection[Mark]) -> None:
    """Make results the latest of their tickers and strategies, unless newer ones are. No two are of the same ticker and strategy.

    The caller tells of verdicts that change thereby: features/analyses/marking.py.
    """
    stored = _values_of(connection, [mark for mark in marks if mark.values is None])
    rows = []
    for mark in sorted(marks, key=lambda mark: (mark.org_id, mark.fingerprint)):
        values = mark.values or stored.get((mark.org_id, mark.fingerprint))
        if values is not None:  # otherwise retention has removed the result meanwhile
            key = {"org_id": mark.org_id, "fingerprint": mark.fingerprint, "analysed_at": mark.analysed_at}
            rows.append({**key, **vars(values)})
    execute_rows(connection, MARK_LATEST_ROWS, rows)


FIND_TURNED = text(
    """
    SELECT
        l.org_id, l.ticker, l.strategy, l.former_verdict, l.verdict, l.score, l.previous_score, l.close, l.as_of, l.result_id,
        l.verdict_since, l.record_hit, l.record_lift, l.record_n
    FROM analysis_results AS r
    JOIN latest_results AS l ON l.org_id = r.org_id AND l.ticker = r.ticker AND l.strategy = r.strategy AND l.result_id = r.id
    WHERE r.org_id = :org_id AND r.fingerprint IN :fingerprints AND l.verdict_since = l.analysed_at AND l.former_verdict <> l.verdict
    ORDER BY l.ticker, l.strategy
    """
).bindparams(bindparam("fingerprints", expanding=True))


@dataclass(frozen=True)
class TurnedVerdict:
    """A latest result whose verdict differs from that of the latest result before it."""

    org_id: int
    ticker: str
    strategy: str
    was: str
    verdict: str
    score: float
    previous_score: float | None
    close: float
    as_of: date
    result_id: str
    since: datetime
    record_hit: float | None
    record_lift: float | None
    record_n: int | None


def find_turned(connection: Connection, org_id: int, fingerprints: Collection[str]) -> list[TurnedVerdict]:
    """Those of the results, by fingerprint, that are the latest and turned the verdict when they became it."""
    rows = connection.execute(FIND_TURNED, {"org_id": org_id, "fingerprints": list(fingerprints)})
    return [TurnedVerdict(*row) for row in rows]


FIND_BODIES = text(
    """
    SELECT fingerprint, body
    FROM analysis_results
    WHERE org_id = :org_id AND fingerprint IN :fingerprints
    """
).bindparams(bindparam("fingerprints", expanding=True))


def _values_of(connection: Connection, marks: Collection[Mark]) -> Mapping[tuple[int, str], ScreenValues]:
    values = {}
    for org_id in {mark.org_id for mark in marks}:
        fingerprints = [mark.fingerprint for mark in marks if mark.org_id == org_id]
        for fingerprint, body in connection.execute(FIND_BODIES, {"org_id": org_id, "fingerprints": fingerprints}):
            values[org_id, fingerprint] = ScreenValues.of_body(parse_tolerant(body))
    return values


# Latest results whose values are of another result or of none: rows from before there were values, and what older code writes during a
# deploy.
FIND_UNSCREENED = text(
    """
    SELECT l.org_id, l.ticker, l.strategy, r.id, r.as_of, r.close, r.body, p.score
    FROM latest_results AS l
    JOIN analysis_results AS r ON r.id = l.result_id
    LEFT JOIN analysis_results AS p ON p.id = l.previous_id
    WHERE l.screened_id IS NULL OR l.screened_id <> l.result_id
    LIMIT :limit
    """
)
# The condition leaves a row alone for which another result became the latest meanwhile.
FILL_IN = text(
    f"""
    UPDATE latest_results SET
        screened_id = :id,
        as_of = :as_of,
        close = :close,
        {", ".join(f"{name} = :{name}" for name in _VALUES)},
        previous_score = COALESCE(:previous_score, previous_score)
    WHERE org_id = :org_id AND ticker = :ticker AND strategy = :strategy AND result_id = :id
    """
)


def fill_in(connection: Connection, limit: int) -> int:
    """Fill in the values of up to `limit` latest results that lack their own; return how many were found."""
    found = [_filled(row) for row in connection.execute(FIND_UNSCREENED, {"limit": limit})]
    if found:
        connection.execute(FILL_IN, found)
    return len(found)


def _filled(row: Any) -> dict[str, Any]:
    org_id, ticker, strategy, result_id, as_of, close, body, score = row
    key = {"org_id": org_id, "ticker": ticker, "strategy": strategy, "id": result_id, "as_of": as_of, "close": close}
    return {**key, "previous_score": score, **vars(ScreenValues.of_body(parse_tolerant(body)))}


FIND_LATEST_VERDICTS = text(
    """
    SELECT ticker, result_id, verdict
    FROM latest_results
    WHERE org_id = :org_id AND strategy = :strategy AND COALESCE(strategy_version, 0) = :version AND ticker IN :tickers
    """
).bindparams(bindparam("tickers", expanding=True))


def find_latest_verdicts(
    connection: Connection, org_id: int, strategy: tuple[str, int | None], tickers: Collection[str]
) -> dict[str, tuple[str, str]]:
    """The id and the verdict of the latest result of some tickers by a strategy, given its id and its version, by ticker."""
    strategy_id, version = strategy
    values = {"org_id": org_id, "strategy": strategy_id, "version": version or 0, "tickers": list(tickers)}
    rows = connection.execute(FIND_LATEST_VERDICTS, values)
    return {row[0]: (row[1], row[2]) for row in rows}


@dataclass(frozen=True)
class SupersededLatest:
    """A latest result whose prices were replaced as one since it was made."""

    ticker: str
    strategy: str
    result_id: str
    as_of: date


_SUPERSEDED = f"""
    SELECT l.ticker, l.strategy, r.id, r.as_of
    FROM series_fetches AS f
    JOIN latest_results AS l ON l.org_id = :org_id AND l.ticker = f.ticker
    JOIN analysis_results AS r ON r.id = l.result_id
    WHERE f.org_id = {SHARED_ORG} AND {LATEST_SUPERSEDED}
"""
LIST_SUPERSEDED = text(f"{_SUPERSEDED} ORDER BY l.strategy, l.ticker")
FIND_SUPERSEDED = text(f"{_SUPERSEDED} AND f.ticker IN :tickers AND l.strategy = :strategy").bindparams(
    bindparam("tickers", expanding=True)
)


FIND_ONE_SUPERSEDED = text(f"{_SUPERSEDED} AND f.ticker = :ticker AND l.strategy = :strategy")


def list_superseded(connection: Connection, org_id: int) -> list[SupersededLatest]:
    """All latest results that are superseded, by strategy and ticker."""
    return [SupersededLatest(*row) for row in connection.execute(LIST_SUPERSEDED, {"org_id": org_id})]


def is_superseded(connection: AnyReader, org_id: int, strategy: str, ticker: str) -> bool:
    """Whether the latest result of a ticker by a strategy is superseded."""
    return connection.execute(FIND_ONE_SUPERSEDED, {"org_id": org_id, "strategy": strategy, "ticker": ticker}).first() is not None


def find_superseded(connection: Connection, org_id: int, strategy: str, tickers: Collection[str]) -> dict[str, SupersededLatest]:
    """The latest results of some tickers by a strategy that are superseded, by ticker."""
    rows = connection.execute(FIND_SUPERSEDED, {"org_id": org_id, "strategy": strategy, "tickers": list(tickers)})
    return {row[0]: SupersededLatest(*row) for row in rows}


# The condition leaves a row alone for which another result became the latest meanwhile. How long a verdict holds, and what it was before,
# outlive the result only if the new prices give the same verdict for the same day.
RESTATE = text(
    f"""
    UPDATE latest_results SET
        former_verdict = CASE WHEN verdict = :verdict THEN former_verdict END,
        verdict_since = CASE WHEN verdict = :verdict THEN verdict_since ELSE :analysed_at END,
        verdict_since_day = CASE WHEN verdict = :verdict THEN verdict_since_day ELSE :as_of END,
        strategy_version = :strategy_version,
        result_id = :result_id,
        score = :score,
        verdict = :verdict,
        analysed_at = :analysed_at,
        previous_id = NULL,
        previous_score = NULL,
        screened_id = :result_id,
        as_of = :as_of,
        close = :close,
        {", ".join(f"{name} = :{name}" for name in _VALUES)}
    WHERE org_id = :org_id AND ticker = :ticker AND strategy = :strategy AND result_id = :superseded_id
    """
)
DELETE = text(
    "DELETE FROM latest_results WHERE org_id = :org_id AND ticker = :ticker AND strategy = :strategy AND result_id = :superseded_id"
)


def restate(connection: Connection, org_id: int, superseded_id: str, result_id: str, result: AnalysisResult) -> None:
    """Put a result, stored under `result_id`, in place of a superseded latest one of the same day, as if it had been there."""
    values = {
        "org_id": org_id,
        "ticker": result.ticker,
        "strategy": result.strategy,
        "strategy_version": result.provenance.strategy_version,
        "superseded_id": superseded_id,
        "result_id": result_id,
        "score": result.score,
        "verdict": str(result.verdict),
        "analysed_at": result.created_at,
        "as_of": result.as_of,
        "close": result.close,
        **vars(ScreenValues.of(result)),
    }
    connection.execute(RESTATE, values)


def drop(connection: Connection, org_id: int, ticker: str, strategy: str, superseded_id: str) -> None:
    """Take a superseded result off the list, if it is still there: what comes is the first one."""
    connection.execute(DELETE, {"org_id": org_id, "ticker": ticker, "strategy": strategy, "superseded_id": superseded_id})
