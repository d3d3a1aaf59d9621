"""The kinds of job of evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from jobs.kind import IsolationLimits
from models.backtest import BACKTEST, BacktestParams
from models.evidence import EVIDENCE
from models.job import Fault, Lane, Stored

if TYPE_CHECKING:
    from features.evidence.backtest_jobs import Backtested
    from features.evidence.counting import Counted
    from features.evidence.universe_jobs import CalibrationParams


class UniverseCalibration:
    """Counts the tickers of a universe. An outcome is `Counted`, or the Fault of the ticker."""

    name = EVIDENCE
    lane = Lane.CPU
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The ticker could not be counted; the log has the reason. Other tickers are not affected.")

    def prepare(self) -> None:
        """Import the engine."""
        from features.evidence import counting as counting  # noqa: PLC0415, PLC0414 — only workers need the engine

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> CalibrationParams:
        """Parse the parameters. Raises JobUnreadable."""
        from features.evidence.universe_jobs import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(self, database: Database, org_id: int, params: CalibrationParams, keys: Sequence[str]) -> Iterator[tuple[str, Counted | Fault]]:
        """Yield the outcome of each ticker."""
        from features.evidence.counting import count_many  # noqa: PLC0415 — as above

        return count_many(database, org_id, params, keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Counted], moment: datetime) -> Mapping[str, Stored]:
        """Add what the tickers count to the calibration; return by ticker its id."""
        from features.evidence.counting import store_counts  # noqa: PLC0415 — as above

        return store_counts(connection, org_id, outcomes)


class BulkBacktests:
    """Runs the backtests that are not stored yet. An outcome is `Backtested`, or the Fault of the ticker."""

    name = BACKTEST
    lane = Lane.CPU
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The backtest failed unexpectedly; the log has the reason. Other tickers are not affected.")

    def prepare(self) -> None:
        """Import the engine."""
        from features.evidence import backtest_jobs as backtest_jobs  # noqa: PLC0415, PLC0414 — only workers need the engine

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> BacktestParams:
        """Parse the parameters. Raises JobUnreadable."""
        from features.evidence.backtest_orders import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(self, database: Database, org_id: int, params: BacktestParams, keys: Sequence[str]) -> Iterator[tuple[str, Backtested | Fault]]:
        """Yield the outcome of each ticker."""
        from features.evidence.backtest_jobs import run_many  # noqa: PLC0415 — as above

        return run_many(database, org_id, params, keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Backtested], moment: datetime) -> Mapping[str, Stored]:
        """Store the backtests and their trials; return by ticker the backtest's id and its main numbers."""
        from features.evidence.backtest_jobs import store_many  # noqa: PLC0415 — as above

        return store_many(connection, org_id, outcomes, moment)
