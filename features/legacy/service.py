"""Imports a database of the earlier tool, and reads the results that were imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.legacy import store
from features.legacy.importing import Lines, TableReport, Told, import_table, waiting_lines
from features.legacy.old_file import TABLES, OldFile, UnreadableFile, open_file
from features.legacy.rows import Import
from infrastructure.organization_store import has_organization
from models.api_key import SHARED_ORG
from models.imported_errors import ImportedResultNotFound
from models.imported_result import ImportedFilter, ImportedResult, ImportedResultWithDetails
from utils.clock import now

BEHIND_EVERY_ID = "g"
log = structlog.get_logger(__name__)

__all__ = ["ImportOrder", "OrganizationNotFound", "Target", "UnreadableFile", "find", "import_file", "list_results"]


class OrganizationNotFound(Exception):
    """There is no organization of this id."""


@dataclass(frozen=True)
class Target:
    """Into which organization is imported, in which zone times without one are, and for how many days finished jobs are kept."""

    org_id: int
    zone: tzinfo
    jobs_kept_days: int


@dataclass(frozen=True)
class ImportOrder:
    """How an import is told, whether what was taken whole is listed, too, and whether nothing is kept."""

    tell: Callable[[str], None]
    verbose: bool = False
    dry_run: bool = False


class _RollBack(Exception):
    """Ends the transaction of a trial."""


def import_file(database: Database, path: Path, target: Target, order: ImportOrder) -> list[TableReport]:
    """Import the tables of a file, each in a transaction of its own; what is there already stays as it is.

    What became of the rows is told when the transaction has ended, so that no lock waits for who reads it. A trial does all in one
    transaction, which it rolls back. Raises UnreadableFile or OrganizationNotFound.
    """
    with database.reader() as connection:
        if target.org_id == SHARED_ORG or not has_organization(connection, target.org_id):
            raise OrganizationNotFound
    moment = now()
    context = Import(target.org_id, target.zone, moment, moment - timedelta(days=target.jobs_kept_days))
    reports = []
    with open_file(path) as file, waiting_lines() as all_lines:
        if file.log is not None:
            order.tell(f"{file.log} belongs to the file and is read with it.")
        if order.dry_run:
            try:
                with database.transaction() as connection:
                    reports = [_import(connection, file, context, Told(table, all_lines, order.verbose)) for table in TABLES]
                    raise _RollBack
            except _RollBack:
                _tell(all_lines, order)
            return reports
        for table in TABLES:
            with waiting_lines() as lines:
                with database.transaction() as connection:
                    reports.append(_import(connection, file, context, Told(table, lines, order.verbose)))
                _tell(lines, order)
            log.info("imported", **vars(reports[-1]), org_id=target.org_id)
    return reports


def _import(connection: Connection, file: OldFile, context: Import, told: Told) -> TableReport:
    if told.table in file.tables:
        return import_table(connection, file, context, told)
    told.lines.append(f"{told.table}: the file has no such table")
    return TableReport(told.table)


def _tell(lines: Lines, order: ImportOrder) -> None:
    for line in lines.read():
        order.tell(line)


def find(connection: AnyReader, org_id: int, result_id: str) -> ImportedResultWithDetails:
    """An imported result with its details. Raises ImportedResultNotFound."""
    found = store.find(connection, org_id, result_id)
    if found is None:
        raise ImportedResultNotFound(result_id)
    return found


def list_results(
    connection: Connection, org_id: int, wanted: ImportedFilter, limit: int, before: tuple[datetime, str] | None
) -> list[ImportedResult]:
    """Imported results, newest first; `before` is the (analysed_at, id) of the last of the page before."""
    return store.list_results(connection, org_id, wanted, limit, before or (now(), BEHIND_EVERY_ID))
