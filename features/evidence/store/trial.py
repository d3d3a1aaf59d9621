"""SQL of the trials: the sets of parameters that were ever tried on a ticker, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.backtest import DailySharpe, Trials
from utils.dialects import execute_rows, many_rows


@dataclass(frozen=True)
class Trial:
    """A set of parameters that is tried on a ticker, and the Sharpe ratio per day that it had."""

    ticker: str
    digest: str
    daily: DailySharpe


_COLUMNS = {
    "org_id": "bigint", "ticker": "text", "digest": "text", "sharpe": "float8", "observations": "bigint", "first_tried_at": "timestamptz",
    "last_tried_at": "timestamptz",
}  # fmt: skip
_AGAIN = """
    ON CONFLICT (org_id, ticker, digest)
    DO UPDATE SET sharpe = excluded.sharpe, observations = excluded.observations, last_tried_at = excluded.last_tried_at
"""
RECORD = many_rows("INSERT INTO trials", _COLUMNS, _AGAIN)


def record(connection: Connection, org_id: int, trials: Iterable[Trial], moment: datetime) -> None:
    """Write trials down. One that was tried before keeps its row, with the Sharpe ratio of now."""
    distinct = {(trial.ticker, trial.digest): trial for trial in trials}
    rows = [
        {
            "org_id": org_id,
            "ticker": ticker,
            "digest": digest,
            "sharpe": trial.daily.sharpe,
            "observations": trial.daily.observations,
            "first_tried_at": moment,
            "last_tried_at": moment,
        }
        for (ticker, digest), trial in sorted(distinct.items(), key=lambda pair: pair[0])  # in one order: no deadlock
    ]
    execute_rows(connection, RECORD, rows)


SUMMARY = text(
    """
    SELECT count(*), count(sharpe), COALESCE(avg(sharpe), 0), COALESCE(avg(sharpe * sharpe), 0)
    FROM trials
    WHERE org_id = :org_id AND ticker = :ticker
    """
)


def summarize(connection: AnyReader, org_id: int, ticker: str) -> Trials:
    """How many sets were tried on a ticker, and how their Sharpe ratios differ."""
    row = connection.execute(SUMMARY, {"org_id": org_id, "ticker": ticker}).first()
    assert row is not None
    count, known, mean, square = row
    # The variance by n − 1, and 0 rather than a rounding error below it.
    spread = max(0.0, float(square) - float(mean) ** 2) * known / (known - 1) if known > 1 else 0.0
    return Trials(count, spread)
