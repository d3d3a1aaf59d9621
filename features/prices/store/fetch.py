"""SQL of the fetches of shared series and of failures to fetch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.series_fetch import FetchFailure, SeriesFetch

_NAMES = tuple(field.name for field in fields(SeriesFetch))
_COLUMNS = ", ".join(_NAMES)

FIND = text(f"SELECT {_COLUMNS} FROM series_fetches WHERE org_id = :org_id AND ticker = :ticker")


def find(connection: AnyReader, ticker: str) -> SeriesFetch | None:
    """The last fetch of a ticker's shared series; None where it was not fetched."""
    row = connection.execute(FIND, {"org_id": SHARED_ORG, "ticker": ticker}).first()
    return None if row is None else _fetch(*row)


FIND_MANY = text(f"SELECT {_COLUMNS} FROM series_fetches WHERE org_id = :org_id AND ticker IN :tickers").bindparams(
    bindparam("tickers", expanding=True)
)


def find_many(connection: Connection, tickers: Collection[str]) -> dict[str, SeriesFetch]:
    """The last fetches of several tickers' shared series, by ticker."""
    rows = connection.execute(FIND_MANY, {"org_id": SHARED_ORG, "tickers": list(tickers)})
    return {row[0]: _fetch(*row) for row in rows}


SAVE = text(
    f"""
    INSERT INTO series_fetches (org_id, {_COLUMNS})
    VALUES (:org_id, {", ".join(f":{name}" for name in _NAMES)})
    ON CONFLICT (org_id, ticker) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _NAMES if name != "ticker")}
    """
)


def save(connection: Connection, fetch: SeriesFetch) -> None:
    """Store a fetch in place of the one before, and forget the ticker's failure."""
    connection.execute(SAVE, {"org_id": SHARED_ORG, **vars(fetch)})
    forget_failure(connection, fetch.ticker)


FORGET_FAILURE = text("DELETE FROM fetch_failures WHERE ticker = :ticker")


def forget_failure(connection: Connection, ticker: str) -> None:
    """Forget that no provider had prices of a ticker."""
    connection.execute(FORGET_FAILURE, {"ticker": ticker})


SAVE_FAILURE = text(
    """
    INSERT INTO fetch_failures (ticker, code, message, failed_at)
    VALUES (:ticker, :code, :message, :failed_at)
    ON CONFLICT (ticker) DO UPDATE SET code = excluded.code, message = excluded.message, failed_at = excluded.failed_at
    """
)


def save_failure(connection: Connection, ticker: str, failure: FetchFailure) -> None:
    """Note that no provider had prices of a ticker."""
    connection.execute(SAVE_FAILURE, {"ticker": ticker, **vars(failure)})


FIND_FAILURE = text("SELECT code, message, failed_at FROM fetch_failures WHERE ticker = :ticker")


def find_failure(connection: AnyReader, ticker: str) -> FetchFailure | None:
    """The last failure of a ticker; None where the last fetch went well."""
    row = connection.execute(FIND_FAILURE, {"ticker": ticker}).first()
    return None if row is None else FetchFailure(*row)


FIND_FAILURES = text("SELECT ticker, code, message, failed_at FROM fetch_failures WHERE ticker IN :tickers").bindparams(
    bindparam("tickers", expanding=True)
)


def find_failures(connection: Connection, tickers: Collection[str]) -> dict[str, FetchFailure]:
    """The last failures of several tickers, by ticker."""
    rows = connection.execute(FIND_FAILURES, {"tickers": list(tickers)})
    return {row[0]: FetchFailure(*row[1:]) for row in rows}


DELETE_FAILURES = text("DELETE FROM fetch_failures WHERE failed_at < :moment")


def delete_failures(connection: Connection, moment: datetime) -> int:
    """Forget failures from before a moment; return how many."""
    return connection.execute(DELETE_FAILURES, {"moment": moment}).rowcount


def _fetch(*row: object) -> SeriesFetch:
    values = dict(zip(_NAMES, row, strict=True))
    return SeriesFetch(**values | {"is_whole": bool(values["is_whole"])})  # type: ignore[arg-type]
