"""SQL of the price series, one row per ticker and owner. An organization's own series hides the shared one."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from features.prices.store.series_head import HEAD, SERIES, head_from_json, head_from_row
from features.prices.store.tail import JOIN_TAIL, MOST_NEWEST, drop_tail, find_kept, save_tail, with_tail
from infrastructure.sql.advisory_lock import hold_lock
from infrastructure.sql.driver_reader import Reader
from infrastructure.sql.superseded import OF_SHARED_PRICES
from models.api_key import SHARED_ORG
from models.footing import UNKNOWN, Bases, Basis, text_of_steps
from models.price_series import PackedBars, SeriesHead
from models.recent_closes import RecentCloses

# These columns lie before the bars in a row; SQLite reaches a column behind the bars only by reading the pages of the bars.
_COLUMNS = "org_id, ticker, name, provider, adjusted, bars, first_day, last_day, sha256"

# The shared series has org_id 0, so an organization's own series sorts before it.
FIND_HEAD = text(
    f"""
    SELECT {HEAD}
    FROM {SERIES}
    WHERE s.ticker = :ticker AND s.org_id IN (:org_id, :shared)
    ORDER BY s.org_id DESC
    LIMIT 1
    """
)


def find_head(connection: AnyReader, org_id: int, ticker: str) -> SeriesHead | None:
    """The head of a ticker's series."""
    row = connection.execute(FIND_HEAD, {"ticker": ticker, "org_id": org_id, "shared": SHARED_ORG}).first()
    return None if row is None else head_from_row(row)


# What an analysis needs first, in one round trip.
FIND_HEAD_AND_LATEST = text(
    f"""
    SELECT {HEAD}, (
        SELECT l.result_id
        FROM latest_results AS l
        WHERE l.org_id = :org_id AND l.ticker = :ticker AND l.strategy = :strategy
            AND (
                f.replaced_at IS NULL OR f.replaced_at <= l.analysed_at
                OR NOT EXISTS (SELECT 1 FROM analysis_results AS r WHERE r.id = l.result_id AND {OF_SHARED_PRICES})
            )
    )
    FROM {SERIES}
    WHERE s.ticker = :ticker AND s.org_id IN (:org_id, :shared)
    ORDER BY s.org_id DESC
    LIMIT 1
    """
)


def find_head_and_latest(connection: AnyReader, org_id: int, ticker: str, strategy: str) -> tuple[SeriesHead | None, str | None]:
    """The head of a ticker's series, and the id of its latest result by a strategy unless it is superseded."""
    values = {"ticker": ticker, "strategy": strategy, "org_id": org_id, "shared": SHARED_ORG}
    row = connection.execute(FIND_HEAD_AND_LATEST, values).first()
    return (None, None) if row is None else (head_from_row(row[:-1]), row[-1])


# A series with its bars: its head, and what `with_tail` takes.
_LOADED = f"{HEAD}, t.kept, s.data, t.data"
_WITH_BARS = f"{SERIES} {JOIN_TAIL}"

LOAD = text(
    f"""
    SELECT {_LOADED}
    FROM {_WITH_BARS}
    WHERE s.ticker = :ticker AND s.org_id IN (:org_id, :shared)
    ORDER BY s.org_id DESC
    LIMIT 1
    """
)


def load(connection: AnyReader, org_id: int, ticker: str) -> tuple[SeriesHead, PackedBars] | None:
    """A ticker's series with its bars, in one read."""
    if isinstance(connection, Reader):
        loaded: list[tuple[SeriesHead, PackedBars]] = []
        load_each(connection, org_id, [ticker], lambda head, packed: loaded.append((head, packed)))
        return loaded[0] if loaded else None
    row = connection.execute(LOAD, {"ticker": ticker, "org_id": org_id, "shared": SHARED_ORG}).first()
    return None if row is None else (head_from_row(row[:-3]), with_tail(*row[-3:]))


# The tickers that have prices, each once: an organization's own series hides the shared one.
LOAD_EACH = text(
    f"""
    SELECT {_LOADED}
    FROM {_WITH_BARS}
    WHERE s.ticker IN (SELECT value FROM json_each(:tickers)) AND s.org_id IN (:org_id, :shared)
        AND NOT (s.org_id < :org_id AND EXISTS (SELECT 1 FROM price_series AS o WHERE o.org_id = :org_id AND o.ticker = s.ticker))
    """
)
# The same for Postgres, in its binary format.
COPY_EACH = f"""
    COPY (
        SELECT json_build_array({HEAD.replace(":org_id", "%(org_id)s")})::text, t.kept::text, s.data, t.data
        FROM {_WITH_BARS}
        WHERE s.ticker = ANY(%(tickers)s) AND s.org_id IN (%(org_id)s, %(shared)s)
            AND NOT (
                s.org_id < %(org_id)s
                AND EXISTS (SELECT 1 FROM price_series AS o WHERE o.org_id = %(org_id)s AND o.ticker = s.ticker)
            )
    ) TO STDOUT (FORMAT binary)
"""


def load_each(reader: Reader, org_id: int, tickers: Collection[str], receive: Callable[[SeriesHead, PackedBars], None]) -> None:
    """Pass several tickers' series with their bars to `receive`, one after the other, in one read; tickers without prices are left out."""
    if reader.speaks_copy:
        values = {"tickers": list(tickers), "org_id": org_id, "shared": SHARED_ORG}
        reader.copy(COPY_EACH, values, lambda row: receive(head_from_json(row[0] or b""), with_tail(row[1], row[2] or b"", row[3])))
    else:
        texts = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
        reader.each(LOAD_EACH, texts, lambda row: receive(head_from_row(row[:-3]), with_tail(*row[-3:])))


UPDATED_AT = text("SELECT updated_at FROM price_series WHERE org_id = :org_id AND ticker = :ticker")


def updated_at(connection: AnyReader, head: SeriesHead) -> datetime | None:
    """When a series was stored; None when it is not there any more."""
    row = connection.execute(UPDATED_AT, {"org_id": head.org_id, "ticker": head.ticker}).first()
    return None if row is None else row[0]


# The organization's own series comes after the shared one, and so replaces it in a dict by ticker.
FIND_HEADS = text(
    f"""
    SELECT {HEAD}
    FROM {SERIES}
    WHERE s.ticker IN :tickers AND s.org_id IN (:org_id, :shared)
    ORDER BY s.org_id
    """
).bindparams(bindparam("tickers", expanding=True))


def find_heads(connection: Connection, org_id: int, tickers: Collection[str]) -> dict[str, SeriesHead]:
    """The heads of several tickers' series, by ticker; tickers without prices are missing."""
    rows = connection.execute(FIND_HEADS, {"tickers": list(tickers), "org_id": org_id, "shared": SHARED_ORG})
    return {row[1]: head_from_row(row) for row in rows}


_TICKER_LOCK = 0x70726963


def lock_ticker(connection: Connection, org_id: int, ticker: str) -> None:
    """Hold the series of a ticker and what is stored with it against other writers until the transaction ends."""
    hold_lock(connection, _TICKER_LOCK, f"{org_id}:{ticker}")


_UPSERT = f"""
    INSERT INTO price_series ({_COLUMNS}, data, updated_at)
    VALUES (:org_id, :ticker, :name, :provider, :adjusted, :bars, :first_day, :last_day, :sha256, :data, :updated_at)
    ON CONFLICT (org_id, ticker) DO UPDATE SET
        name = excluded.name,
        provider = excluded.provider,
        adjusted = excluded.adjusted,
        bars = excluded.bars,
        first_day = excluded.first_day,
        last_day = excluded.last_day,
        sha256 = excluded.sha256,
        updated_at = excluded.updated_at,
        data = excluded.data
"""
SAVE = text(_UPSERT)


def save(connection: Connection, head: SeriesHead, packed: PackedBars, updated_at: datetime, declared: Bases | None = None) -> None:
    """Store a whole series in place of the owner's former one. Its bases are those that are `declared`, by default, or found."""
    connection.execute(SAVE, _values(head, packed, updated_at))
    drop_tail(connection, head)
    _save_beside(connection, head, packed, declared)


# The condition is part of the statement: another provider's series may appear after a lookup.
SAVE_OVER_SAME_PROVIDER = text(f"{_UPSERT} WHERE price_series.provider = excluded.provider")


def save_over_same_provider(connection: Connection, head: SeriesHead, packed: PackedBars, updated_at: datetime) -> bool:
    """Store a whole series unless the owner has one of another provider; return whether it was stored."""
    if connection.execute(SAVE_OVER_SAME_PROVIDER, _values(head, packed, updated_at)).rowcount != 1:
        return False
    drop_tail(connection, head)
    _save_beside(connection, head, packed, None)
    return True


def _values(head: SeriesHead, packed: PackedBars, updated_at: datetime) -> dict[str, object]:
    return {**{column: getattr(head, column) for column in _COLUMNS.split(", ")}, "data": packed.data, "updated_at": updated_at}


GROW = text(
    """
    UPDATE price_series
    SET name = :name, bars = :bars, last_day = :last_day, sha256 = :sha256, updated_at = :updated_at
    WHERE org_id = :org_id AND ticker = :ticker
    """
)


def save_newest(
    connection: Connection,
    before: tuple[SeriesHead, PackedBars],
    after: tuple[SeriesHead, PackedBars],
    updated_at: datetime,
    declared: Bases,
) -> None:
    """Store a series in place of `before`, its owner's former one of the same provider: only the newest bars where no others differ."""
    (former, stored), (head, packed) = before, after
    kept = min(find_kept(connection, head) or former.bars, stored.in_common_with(packed))
    if kept == 0 or len(packed) - kept > MOST_NEWEST:
        save(connection, head, packed, updated_at, declared)
        return
    values = {column: getattr(head, column) for column in ("org_id", "ticker", "name", "bars", "last_day", "sha256")}
    connection.execute(GROW, {**values, "updated_at": updated_at})
    save_tail(connection, head, kept, packed.rows(kept, len(packed)))
    if (head.bases, head.steps) == (former.bases, former.steps):
        _save_closes(connection, head, packed)
    else:
        _save_beside(connection, head, packed, declared)


# The bars stay as they are, and so does the time at which they were stored.
SAVE_DIGEST = text("UPDATE price_series SET sha256 = :sha256 WHERE org_id = :org_id AND ticker = :ticker")


def save_bases(connection: Connection, head: SeriesHead, packed: PackedBars, declared: Bases) -> None:
    """Store the bases and steps of a stored series, whose bars are `packed`, and its digest."""
    connection.execute(SAVE_DIGEST, {"org_id": head.org_id, "ticker": head.ticker, "sha256": head.sha256})
    _save_beside(connection, head, packed, declared)


FIND_DECLARED = text("SELECT declared_price_basis, declared_volume_basis FROM series_basis WHERE org_id = :org_id AND ticker = :ticker")


def find_declared(connection: AnyReader, head: SeriesHead) -> Bases:
    """The bases that a stored series was declared to have."""
    row = connection.execute(FIND_DECLARED, {"org_id": head.org_id, "ticker": head.ticker}).first()
    return UNKNOWN if row is None else Bases(*map(Basis, row))


SAVE_BASIS = text(
    """
    INSERT INTO series_basis (org_id, ticker, price_basis, volume_basis, declared_price_basis, declared_volume_basis, steps)
    VALUES (:org_id, :ticker, :price_basis, :volume_basis, :declared_price_basis, :declared_volume_basis, :steps)
    ON CONFLICT (org_id, ticker) DO UPDATE SET
        price_basis = excluded.price_basis,
        volume_basis = excluded.volume_basis,
        declared_price_basis = excluded.declared_price_basis,
        declared_volume_basis = excluded.declared_volume_basis,
        steps = excluded.steps
    """
)
DELETE_BASIS = text("DELETE FROM series_basis WHERE org_id = :org_id AND ticker = :ticker")
# Both are written in the transaction of their series, and deleted with it.
SAVE_CLOSES = text(
    """
    INSERT INTO recent_closes (org_id, ticker, last_day, closes, last_close)
    VALUES (:org_id, :ticker, :last_day, :closes, :last_close)
    ON CONFLICT (org_id, ticker) DO UPDATE SET
        last_day = excluded.last_day,
        closes = excluded.closes,
        last_close = excluded.last_close
    """
)


def _save_beside(connection: Connection, head: SeriesHead, packed: PackedBars, declared: Bases | None) -> None:
    """What is kept beside a series, so that reading it is not to pass over the bars."""
    key = {"org_id": head.org_id, "ticker": head.ticker}
    if head.bases == UNKNOWN:
        connection.execute(DELETE_BASIS, key)
    else:
        price, volume = declared or head.bases
        bases = {"price_basis": head.bases.price, "volume_basis": head.bases.volume}
        bases |= {"declared_price_basis": price, "declared_volume_basis": volume}
        connection.execute(SAVE_BASIS, {**key, **bases, "steps": text_of_steps(head.steps) if head.steps else None})
    _save_closes(connection, head, packed)


def _save_closes(connection: Connection, head: SeriesHead, packed: PackedBars) -> None:
    closes = RecentCloses.of(packed, head.adjusted, head.steps)
    values = {"org_id": head.org_id, "ticker": head.ticker, "last_day": head.last_day, **vars(closes)}
    connection.execute(SAVE_CLOSES, values)


DIGESTS = text("SELECT ticker, provider, sha256 FROM price_series WHERE org_id = :org_id AND ticker IN :tickers").bindparams(
    bindparam("tickers", expanding=True)
)


def digests(connection: Connection, org_id: int, tickers: Collection[str]) -> dict[str, tuple[str, str]]:
    """Provider and digest of each of an owner's series among several tickers, by ticker."""
    rows = connection.execute(DIGESTS, {"org_id": org_id, "tickers": list(tickers)})
    return {ticker: (provider, sha256) for ticker, provider, sha256 in rows}


DELETE = text("DELETE FROM price_series WHERE org_id = :org_id AND ticker = :ticker")


def delete(connection: Connection, org_id: int, ticker: str) -> None:
    """Delete an owner's series, and what is kept beside it."""
    connection.execute(DELETE, {"org_id": org_id, "ticker": ticker})


DELETE_OF_PROVIDER = text(
    """
    DELETE FROM price_series
    WHERE org_id = :org_id AND provider = :provider AND ticker IN (
        SELECT ticker FROM price_series
        WHERE org_id = :org_id AND provider = :provider
        ORDER BY ticker
        LIMIT :limit
    )
    """
)


def delete_of_provider(connection: Connection, org_id: int, provider: str, limit: int) -> int:
    """Delete up to `limit` of an owner's series from one provider; return how many."""
    return connection.execute(DELETE_OF_PROVIDER, {"org_id": org_id, "provider": provider, "limit": limit}).rowcount


IS_EMPTY = text("SELECT NOT EXISTS (SELECT 1 FROM price_series)")


def is_empty(connection: Connection) -> bool:
    """Whether no organization has any prices."""
    return bool(connection.execute(IS_EMPTY).scalar_one())
