"""SQL of what the latest results of many tickers say, for rules that watch them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, bindparam, text

from infrastructure.sql.exchange import told_exchange
from infrastructure.sql.superseded import LATEST_SUPERSEDED, SUPERSEDED
from models.api_key import SHARED_ORG

# What is screened of a row may be of an earlier result, until maintenance has filled it in; it is then left out.
FIND_FACTS = text(
    f"""
    SELECT
        l.ticker, l.strategy, l.result_id, r.as_of, r.close, r.score, r.verdict, l.previous_score,
        CASE WHEN l.screened_id = l.result_id THEN l.entry END,
        CASE WHEN l.screened_id = l.result_id THEN l.stop_loss END,
        CASE WHEN l.screened_id = l.result_id THEN l.target END,
        CASE WHEN l.screened_id = l.result_id THEN l.record_hit END,
        CASE WHEN l.screened_id = l.result_id THEN l.record_lift END,
        CASE WHEN l.screened_id = l.result_id THEN l.record_n END,
        {told_exchange("l.ticker")},
        {LATEST_SUPERSEDED}
    FROM latest_results AS l
    JOIN analysis_results AS r ON r.id = l.result_id
    LEFT JOIN series_fetches AS f ON f.org_id = {SHARED_ORG} AND f.ticker = l.ticker
    WHERE l.org_id = :org_id AND l.strategy IN :strategies AND l.ticker IN :tickers
    ORDER BY l.ticker, l.strategy
    """
).bindparams(bindparam("strategies", expanding=True), bindparam("tickers", expanding=True))


@dataclass(frozen=True)
class LatestFacts:
    """What a latest result says, the score of the result before it, the exchange of the ticker, and whether it is superseded."""

    ticker: str
    strategy: str
    result_id: str
    as_of: date
    close: float
    score: float
    verdict: str
    previous_score: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    record_hit: float | None
    record_lift: float | None
    record_n: int | None
    exchange: str | None
    superseded: bool


def latest_facts(connection: Connection, org_id: int, strategies: Collection[str], tickers: Collection[str]) -> list[LatestFacts]:
    """What the latest results of some tickers by some strategies say, by ticker and strategy."""
    if not strategies or not tickers:
        return []
    rows = connection.execute(FIND_FACTS, {"org_id": org_id, "strategies": list(strategies), "tickers": list(tickers)})
    return [LatestFacts(*(*row[:-1], bool(row[-1]))) for row in rows]


FIND_SUPERSEDED_AMONG = text(
    f"SELECT r.id FROM analysis_results AS r WHERE r.org_id = :org_id AND r.id IN :ids AND {SUPERSEDED}"
).bindparams(bindparam("ids", expanding=True))


def superseded_among(connection: Connection, org_id: int, result_ids: Collection[str]) -> set[str]:
    """Those of some results whose prices were replaced as one since."""
    if not result_ids:
        return set()
    return {row[0] for row in connection.execute(FIND_SUPERSEDED_AMONG, {"org_id": org_id, "ids": list(result_ids)})}
