"""The kinds of job of prices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from database import Database
from features.prices import refresh_jobs
from features.prices.refreshers import SharedRefresher
from jobs.kind import IsolationLimits
from models.job import Fault, Lane, Later, Stored
from models.price_check import PRICE_CHECK, PriceCheck
from models.price_import import PRICE_IMPORT
from models.series_fetch import PRICE_REFRESH, Refreshed

if TYPE_CHECKING:
    from features.prices.imports import Imported, ImportParams


class PriceImport:
    """Stores the files of an import. An outcome is `Imported`, or the Fault of the ticker's file."""

    name = PRICE_IMPORT
    lane = Lane.CPU  # reading a file is all computation: 20 ms for 13 years
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The file could not be read; the log has the reason. Other files are not affected.")

    def prepare(self) -> None:
        """Import the reader of files."""
        from features.prices import imports as imports  # noqa: PLC0415, PLC0414 — only workers need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> ImportParams:
        """Parse the parameters. Raises JobUnreadable."""
        from features.prices.imports import read_params  # noqa: PLC0415 — as above

        return read_params(text)

    def run(self, database: Database, org_id: int, params: ImportParams, keys: Sequence[str]) -> Iterator[tuple[str, Imported | Fault]]:
        """Yield the outcome of each ticker's file."""
        from features.prices.imports import import_files  # noqa: PLC0415 — as above

        return import_files(database, org_id, params, keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Imported], moment: datetime) -> Mapping[str, Stored]:
        """Store the series; return by ticker the import's id and what its file holds."""
        from features.prices.imports import store_files  # noqa: PLC0415 — as above

        return store_files(connection, org_id, outcomes)


class PriceRefresh:
    """Brings shared prices up to date. Each ticker is stored as soon as it is fetched; an outcome is `Refreshed`, a Fault or Later."""

    name = PRICE_REFRESH
    lane = Lane.NETWORK
    limits = IsolationLimits(answer_seconds=300.0)
    unexpected = Fault("internal_error", "The prices could not be fetched; the log has the reason. Other tickers are not affected.")

    def __init__(self, refresher: SharedRefresher) -> None:
        self._refresher = refresher

    def prepare(self) -> None:
        """Import the clients of the providers."""
        from features.prices import refreshing as refreshing  # noqa: PLC0415, PLC0414 — only network workers need them

    def close(self) -> None:
        """Close the connections to the providers."""
        self._refresher.close()

    def read_params(self, text: str) -> refresh_jobs.RefreshParams:
        """Parse the parameters. Raises JobUnreadable."""
        return refresh_jobs.read_params(text)

    def run(
        self, database: Database, org_id: int, params: refresh_jobs.RefreshParams, keys: Sequence[str]
    ) -> Iterator[tuple[str, Refreshed | Fault | Later]]:
        """Yield what became of each ticker."""
        from features.prices.refreshing import refresh_each  # noqa: PLC0415 — as above

        return refresh_each(database, self._refresher.of(database), org_id, keys, force=params.force)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Refreshed], moment: datetime) -> Mapping[str, Stored]:
        """Tell what was stored of each ticker."""
        from features.prices.refreshing import stored_of  # noqa: PLC0415 — as above

        return stored_of(outcomes)


class PriceComparison:
    """Compares stored closes with those of another provider. An outcome is a `PriceCheck`, a Fault or Later."""

    name = PRICE_CHECK
    lane = Lane.NETWORK
    limits = IsolationLimits(answer_seconds=300.0)
    unexpected = Fault("internal_error", "The prices could not be compared; the log has the reason. Other tickers are not affected.")

    def __init__(self, refresher: SharedRefresher) -> None:
        self._refresher = refresher

    def prepare(self) -> None:
        """Import the clients of the providers."""
        from features.prices import cross_check as cross_check  # noqa: PLC0415, PLC0414 — only network workers need them

    def close(self) -> None:
        """Close the connections to the providers."""
        self._refresher.close()

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, PriceCheck | Fault | Later]]:
        """Yield what the comparison of each ticker found."""
        from features.prices.cross_check import check_each  # noqa: PLC0415 — as above

        return check_each(database, self._refresher.of(database), keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, PriceCheck], moment: datetime) -> Mapping[str, Stored]:
        """Store what was found."""
        from features.prices.cross_check import store_checks  # noqa: PLC0415 — as above

        return store_checks(connection, outcomes)
