"""Helpers of the tests of exports and removals: organizations that have something of everything, and what is left of them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import BOOLEAN, inspect, text

import database
from app import Application
from features.files.service import files_of, find
from infrastructure.storage.local import LocalStorage
from tools.api_examples import told
from tools.api_recorder import ID, Recorder
from utils.clock import now

# What people have is made by the tests.
OF_PEOPLE = {
    "members",
    "member_budgets",
    "sessions",
    "refresh_tokens",
    "one_time_links",
    "audit_log",
    "organizations",
    "organization_exports",
}
SECRETS = re.compile(r"whsec_[A-Za-z0-9+/]{43}=|\bbw_[\w-]{43}|\bbwr_[\w-]{43}")
USED_IN_THE_BACKGROUND = {"last_used_at", "used_at"}  # columns


# What the story has nothing of, or has used up at its end.
_SERIES = "FROM price_series WHERE org_id = :org ORDER BY ticker LIMIT 1"
MORE = (
    "INSERT INTO told_changes (org_id, name, position, updated_at) VALUES (:org, 'evening', 1, :now)",
    "INSERT INTO latest_failures (org_id, ticker, strategy, code, message, failed_at) VALUES (:org, 'X', 'trend', 'x', 'It failed.', :now)",
    f"INSERT INTO series_tails (org_id, ticker, kept, data) SELECT org_id, ticker, 1, data {_SERIES}",
    "INSERT INTO series_fetches (org_id, ticker, provider, fetched_at, is_whole, added, changed) "
    f"SELECT org_id, ticker, 'x', :now, :no, 0, 0 {_SERIES}",
    "INSERT INTO series_basis (org_id, ticker, price_basis, volume_basis, declared_price_basis, declared_volume_basis) "
    f"SELECT org_id, ticker, 'unknown', 'unknown', 'unknown', 'unknown' {_SERIES} ON CONFLICT DO NOTHING",
    "INSERT INTO organization_limits (org_id, changed_at, changed_by) VALUES (:org, :now, 'x') ON CONFLICT DO NOTHING",
    "INSERT INTO member_budgets (org_id, user_id, changed_at, changed_by) "
    "SELECT org_id, user_id, :now, 'x' FROM members WHERE org_id = :org",
    "INSERT INTO organization_flags (org_id, name, enabled, changed_at, changed_by, by_operator) VALUES (:org, 'x', :no, :now, 'x', :no)",
    "INSERT INTO organization_flag_changes (id, org_id, name, enabled, changed_at, changed_by, by_operator) "
    "SELECT 'x' || CAST(:org AS TEXT), id, 'x', :no, :now, 'x', :no FROM organizations WHERE id = :org",
    "INSERT INTO held_jobs (job_id) SELECT MIN(id) FROM analysis_jobs WHERE org_id = :org ON CONFLICT DO NOTHING",
    "INSERT INTO calibration_parts (calibration_id, id, data) SELECT id, 'x', :bytes FROM calibrations WHERE org_id = :org",
    "INSERT INTO pipeline_items (run_id, position, item, answer) SELECT id, 1, 1, '{}' FROM pipeline_runs WHERE org_id = :org",
)


@dataclass(frozen=True)
class Story:
    """What the organization of the documentation's story has: its rows by table, the content of its files, and secrets that it was told."""

    rows: Mapping[str, list[dict[str, Any]]]
    files: Mapping[str, bytes]
    secrets: frozenset[str]


GOES_ON_BY = {"remove_second_factor"}  # whose it was signs in without it afterwards


class KeepingRecorder(Recorder):
    """Tells the story without deleting anything, so that there is something of everything at its end."""

    def __call__(self, operation: str, /, *arguments: Any, **more: Any) -> Any:
        method, _ = self.route(operation)
        return None if method == "delete" and operation not in GOES_ON_BY else super().__call__(operation, *arguments, **more)


def told_story(folder: Path) -> Story:
    """Tell the story to a service of its own, and keep what its organization has then."""
    with told(folder, make_recorder=KeepingRecorder) as recorder:
        foundation = recorder.app.services.foundation
        rows: dict[str, list[dict[str, Any]]] = {}
        files: dict[str, bytes] = {}
        with foundation.database.read() as connection:
            # A row comes after those that it refers to.
            for each in reversed(foundation.belongings.of_organizations):
                owned = (
                    "org_id = 1" if each.through is None else f"{each.through[0]} IN (SELECT id FROM {each.through[1]} WHERE org_id = 1)"
                )
                if each.table not in OF_PEOPLE:
                    found = connection.execute(text(f"SELECT * FROM {each.table} WHERE {owned}")).mappings()
                    rows[each.table] = [dict(row) for row in found]
            for row in rows["stored_files"]:
                if row["state"] == "stored":
                    with closing(files_of(foundation).read(find(connection, 1, row["id"]))) as content:
                        files[row["storage_key"]] = b"".join(content)
        secrets = {found for exchange in recorder.exchanges for found in SECRETS.findall(json.dumps(exchange.answer))}
        return Story(rows, files, frozenset(secrets))


def fill(app: Application, story: Story, org_id: int, mark: str) -> None:
    """Give an organization what that of the story has, under ids of its own: their first digit is `mark`."""
    inspector = inspect(app.services.database.engine())

    def own(value: Any) -> Any:
        return ID.sub(lambda found: mark + found[0][1:], value) if isinstance(value, str) else value

    def own_key(key: str) -> str:
        return f"{org_id}/{own(key).partition('/')[2]}"

    with app.services.database.transaction() as connection:
        for table, rows in story.rows.items():
            columns = {column["name"]: column["type"] for column in inspector.get_columns(table)}
            places = ", ".join(f":{name}" for name in columns)
            for row in rows:
                values = {name: own(row[name]) for name in columns}
                values |= {name: bool(row[name]) for name, kind in columns.items() if isinstance(kind, BOOLEAN) and row[name] is not None}
                values |= {"org_id": org_id} if "org_id" in columns else {}
                if table == "api_keys":
                    values |= {"user_id": None, "key_sha256": mark + row["key_sha256"][1:]}
                if table == "events":
                    values |= {"position": None if row["position"] is None else row["position"] + 100_000 * org_id}
                if table == "stored_files":
                    values |= {"storage_key": own_key(row["storage_key"])}
                connection.execute(text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"), values)
        for statement in MORE:
            connection.execute(text(statement), {"org": org_id, "now": now(), "bytes": b"\x01" * 8, "no": False})
    for key, content in story.files.items():
        files_of(app.services.foundation).storage.put(own_key(key), io.BytesIO(content))


def tables_with(column: str) -> list[str]:
    """The tables of the present database that have a column, as the database itself says."""
    inspector = inspect(database.current().engine())
    return [table for table in inspector.get_table_names() if any(each["name"] == column for each in inspector.get_columns(table))]


def rows_with(org_id: int) -> dict[str, list[str]]:
    """Every row of an organization by table, of all tables with a column for it; without what is written in the background."""
    found = {}
    for table in tables_with("org_id"):
        rows = database.query_db(f"SELECT * FROM {table} WHERE org_id = :org", {"org": org_id})
        if rows:
            found[table] = sorted(map(_readable, rows))
    return found


def _readable(row: dict[str, Any]) -> str:
    # The repr of psycopg2's memoryviews has their address in it, so bytes are compared.
    kept = {name: value for name, value in row.items() if name not in USED_IN_THE_BACKGROUND}
    return str({name: bytes(value) if isinstance(value, memoryview) else value for name, value in kept.items()})


def parts_without_a_whole(app: Application) -> dict[str, int]:
    """How many rows are a part of something that is not there, by table."""
    found = {}
    for each in app.services.foundation.belongings.of_organizations:
        if each.through is not None:
            column, whole = each.through
            counted = database.query_db(f"SELECT COUNT(*) AS n FROM {each.table} WHERE {column} NOT IN (SELECT id FROM {whole})", one=True)
            found[each.table] = counted["n"]
    return {table: count for table, count in found.items() if count}


def objects_of(app: Application, org_id: int) -> int:
    """How many objects an organization has in the storage."""
    storage = files_of(app.services.foundation).storage
    assert isinstance(storage, LocalStorage)
    return sum(1 for path in app.services.settings.data_dir.rglob("*") if path.is_file() and str(org_id) in path.parts[-3:-1])


def read_archive(answer: Any) -> zipfile.ZipFile:
    """The ZIP file of an answer."""
    assert answer.status_code == 200, answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


def lines_of(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    """The objects of a member of an archive."""
    return [json.loads(line) for line in archive.read(f"{name}.ndjson").splitlines()]
