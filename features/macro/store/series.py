"""SQL of the macroeconomic series. An organization's own series hides the shared one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from models.api_key import SHARED_ORG
from models.macro import MacroSeries
from models.observations import Observations

_HEAD = (
    "s.series, s.title, s.source, s.org_id, s.observations, s.missing, s.first_day, s.last_day, s.last_value, s.updated_at, s.changed_by"
)
_VISIBLE = """
    s.org_id IN (:org_id, :shared)
        AND NOT EXISTS (
            SELECT 1 FROM macro_series AS o WHERE o.org_id = :org_id AND o.series = s.series AND s.org_id = :shared AND :org_id <> :shared
        )
"""

LIST = text(f"SELECT {_HEAD} FROM macro_series AS s WHERE {_VISIBLE} ORDER BY s.series")


def list_series(connection: Connection, org_id: int) -> list[MacroSeries]:
    """All series without their values, by name."""
    return [_series(row) for row in connection.execute(LIST, {"org_id": org_id, "shared": SHARED_ORG})]


FIND = text(f"SELECT {_HEAD}, s.data FROM macro_series AS s WHERE {_VISIBLE} AND s.series IN :names").bindparams(
    bindparam("names", expanding=True)
)


def find(connection: Connection, org_id: int, names: Collection[str]) -> dict[str, tuple[MacroSeries, Observations]]:
    """Some series with their values; those that are not stored are missing."""
    rows = connection.execute(FIND, {"org_id": org_id, "shared": SHARED_ORG, "names": list(names)})
    return {row[0]: (_series(row), Observations(bytes(row[11]))) for row in rows}


SAVE = text(
    """
    INSERT INTO macro_series (
        org_id, series, title, source, data, observations, missing, first_day, last_day, last_value, sha256, updated_at,
        changed_by
    )
    VALUES (
        :org_id, :series, :title, :source, :data, :observations, :missing, :first_day, :last_day, :last_value, :sha256, :updated_at,
        :changed_by
    )
    ON CONFLICT (org_id, series) DO UPDATE SET
        title = COALESCE(excluded.title, macro_series.title), source = excluded.source, data = excluded.data,
        observations = excluded.observations, missing = excluded.missing, first_day = excluded.first_day, last_day = excluded.last_day,
        last_value = excluded.last_value, sha256 = excluded.sha256, updated_at = excluded.updated_at, changed_by = excluded.changed_by
    WHERE excluded.sha256 <> macro_series.sha256 OR excluded.title IS NOT NULL OR excluded.missing <> macro_series.missing
    """
)


def save(connection: Connection, org_id: int, head: MacroSeries, observations: Observations) -> None:
    """Store a series in place of the one of its name. The same values again change nothing."""
    values = {**vars(head), "org_id": org_id, "data": observations.data, "sha256": observations.sha256}
    connection.execute(SAVE, values)


DELETE = text("DELETE FROM macro_series WHERE org_id = :org_id AND series = :series")


def delete(connection: Connection, org_id: int, series: str) -> bool:
    """Delete an organization's own series; return whether it was there."""
    return connection.execute(DELETE, {"org_id": org_id, "series": series}).rowcount == 1


def _series(row: Sequence[Any]) -> MacroSeries:
    return MacroSeries(row[0], row[1], row[2], row[3] != SHARED_ORG, *row[4:11])
