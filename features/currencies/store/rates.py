"""SQL of the exchange rates. An organization's own rates of a currency hide the shared ones."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.api_key import SHARED_ORG
from models.fx import FxSeries
from models.observations import Observations
from utils.dialects import of_listed

_RATES_LOCK = 0x66787274
_HEAD = "r.currency, r.source, r.org_id, r.rates, r.first_day, r.last_day, r.last_rate, r.updated_at, r.changed_by"
_VISIBLE = """
    r.org_id IN (:org_id, :shared)
        AND NOT EXISTS (
            SELECT 1 FROM fx_rates AS o WHERE o.org_id = :org_id AND o.currency = r.currency AND r.org_id = :shared AND :org_id <> :shared
        )
"""

LIST = text(f"SELECT {_HEAD} FROM fx_rates AS r WHERE {_VISIBLE} ORDER BY r.currency")


def list_series(connection: AnyReader, org_id: int) -> list[FxSeries]:
    """All currencies without their rates, by name."""
    return [_series(row) for row in connection.execute(LIST, {"org_id": org_id, "shared": SHARED_ORG})]


FIND = of_listed(f"SELECT {_HEAD}, r.data FROM fx_rates AS r WHERE {_VISIBLE} AND r.currency IN {{currencies}}", "currencies")


def find(connection: AnyReader, org_id: int, currencies: Collection[str]) -> dict[str, tuple[FxSeries, Observations]]:
    """Some currencies with their rates; those that are not stored are missing."""
    rows = connection.execute(FIND.on(connection), {"org_id": org_id, "shared": SHARED_ORG, "currencies": json.dumps(list(currencies))})
    return {row[0]: (_series(row), Observations(bytes(row[9]))) for row in rows}


DIGESTS = of_listed(f"SELECT r.currency, r.sha256 FROM fx_rates AS r WHERE {_VISIBLE} AND r.currency IN {{currencies}}", "currencies")


def digests(connection: AnyReader, org_id: int, currencies: Collection[str]) -> dict[str, str]:
    """The digests of the rates of some currencies; those that are not stored are missing."""
    values = {"org_id": org_id, "shared": SHARED_ORG, "currencies": json.dumps(list(currencies))}
    return {row[0]: row[1] for row in connection.execute(DIGESTS.on(connection), values)}


FIND_OWN = text(f"SELECT {_HEAD}, r.data FROM fx_rates AS r WHERE r.org_id = :org_id AND r.currency IN :currencies").bindparams(
    bindparam("currencies", expanding=True)
)


def find_own(connection: AnyReader, org_id: int, currencies: Collection[str]) -> dict[str, tuple[FxSeries, Observations]]:
    """The rates of an organization itself, of organization 0 the shared ones."""
    rows = connection.execute(FIND_OWN, {"org_id": org_id, "currencies": list(currencies)})
    return {row[0]: (_series(row), Observations(bytes(row[9]))) for row in rows}


def hold(connection: Connection, org_id: int) -> None:
    """Let nobody else write rates of an organization until the transaction ends: what is merged is what is there."""
    hold_lock(connection, _RATES_LOCK, str(org_id))


SAVE = text(
    """
    INSERT INTO fx_rates (org_id, currency, source, data, rates, first_day, last_day, last_rate, sha256, updated_at, changed_by)
    VALUES (:org_id, :currency, :source, :data, :rates, :first_day, :last_day, :last_rate, :sha256, :updated_at, :changed_by)
    ON CONFLICT (org_id, currency) DO UPDATE SET
        source = excluded.source, data = excluded.data, rates = excluded.rates, first_day = excluded.first_day,
        last_day = excluded.last_day, last_rate = excluded.last_rate, sha256 = excluded.sha256, updated_at = excluded.updated_at,
        changed_by = excluded.changed_by
    """
)


def save(connection: Connection, org_id: int, series: Sequence[tuple[FxSeries, Observations]]) -> None:
    """Store rates in place of those of their currencies."""
    rows = [{**vars(head), "org_id": org_id, "data": rates.data, "sha256": rates.sha256} for head, rates in series]
    connection.execute(SAVE, rows)


DELETE = text("DELETE FROM fx_rates WHERE org_id = :org_id AND currency = :currency")


def delete(connection: Connection, org_id: int, currency: str) -> bool:
    """Delete an organization's own rates of a currency; return whether there were any."""
    return connection.execute(DELETE, {"org_id": org_id, "currency": currency}).rowcount == 1


def _series(row: Sequence[Any]) -> FxSeries:
    return FxSeries(row[0], row[1], row[2] != SHARED_ORG, *row[3:9])
