"""The kinds of job of analyses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from database import Database
from features.prices.fetching import SharedRefresher
from jobs.kind import IsolationLimits
from models.bulk_analysis import BULK_ANALYSIS, Analysed, BulkParams
from models.job import Fault, Lane, Later, Stored


class BulkAnalysis:
    """Analyses the tickers whose result is not stored yet. An outcome is `Analysed`, or the Fault of the ticker."""

    name = BULK_ANALYSIS
    lane = Lane.CPU  # those that refresh prices first are queued for the network
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The analysis failed unexpectedly; the log has the reason. Other tickers are not affected.")

    def __init__(self, refresher: SharedRefresher | None = None) -> None:
        """`refresher` brings prices up to date, for jobs that ask for it."""
        self._refresher = refresher

    def prepare(self) -> None:
        """Import the engine."""
        from features.analyses import bulk_run as bulk_run  # noqa: PLC0415, PLC0414 — only workers need the engine

    def close(self) -> None:
        """Close the connections to the providers."""
        if self._refresher is not None:
            self._refresher.close()

    def read_params(self, text: str) -> BulkParams:
        """Parse the parameters. Raises JobUnreadable."""
        from features.analyses.bulk import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(
        self, database: Database, org_id: int, params: BulkParams, keys: Sequence[str]
    ) -> Iterator[tuple[str, Analysed | Fault | Later]]:
        """Yield the outcome of each ticker."""
        from features.analyses.bulk_run import analyse_many  # noqa: PLC0415 — as above

        if not params.refresh or self._refresher is None:
            return analyse_many(database, org_id, params, keys)
        from features.analyses.refreshed_run import refresh_and_analyse  # noqa: PLC0415 — as above

        return refresh_and_analyse(database, self._refresher, (org_id, params), keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Analysed], moment: datetime) -> Mapping[str, Stored]:
        """Store the results; return by ticker the result's id and its verdict."""
        from features.analyses.bulk_run import store_many  # noqa: PLC0415 — as above

        return store_many(connection, org_id, outcomes)
