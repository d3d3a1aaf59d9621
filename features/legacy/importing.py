"""Imports a table of an earlier tool's database, in batches."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from sqlalchemy import Connection

from features.legacy import store
from features.legacy.job_rows import OldJob, missing_items, read_job
from features.legacy.old_file import TABLES, OldFile
from features.legacy.result_rows import read_result
from features.legacy.rows import Import, Refused, Row, Taken
from features.legacy.watchlist_rows import read_item
from features.watchlist import service as watchlist
from jobs import service as jobs
from models.imported_result import NewImportedResult
from models.watchlist import ListKey, NewItem

BATCH_LINES, BATCH_ROWS, BATCH_BYTES = 500, 5_000, 4_000_000  # of what is kept in memory before it is stored
LINES_IN_MEMORY = 1_000_000  # bytes of a table's report; the rest waits in a temporary file


@dataclass
class TableReport:
    """What became of the rows of a table. Those that are `repaired` or `partly` taken are among `taken`."""

    table: str
    rows: int = 0
    taken: int = 0
    partly: int = 0
    repaired: int = 0
    present: int = 0
    refused: int = 0

    def sentence(self) -> str:
        """The report as a line."""
        return (
            f"{self.table}: {self.rows:,} rows, {self.taken:,} taken ({self.repaired:,} repaired, {self.partly:,} in part), "
            f"{self.present:,} there already, {self.refused:,} refused"
        )


class Read(NamedTuple):
    """A row, what it was read as, and the key by which it is known whether it is there already."""

    row: Row
    taken: Taken[Any]
    key: str


Store = Callable[[Connection, Import, Sequence[Read]], set[str]]


@dataclass(frozen=True)
class _Table:
    """How the rows of a table are read, known and stored; `store` returns the keys that were new, `weight` the rows that one becomes."""

    read: Callable[[Row, Import], Taken[Any]]
    key: Callable[[Any], str]
    store: Store
    weight: Callable[[Any], int] = lambda item: 1


def import_table(connection: Connection, file: OldFile, context: Import, told: Told) -> TableReport:
    """Import one table within the caller's transaction, and write to `told.lines` what became of its rows."""
    report = TableReport(told.table)
    _TableImport(connection, context, report, told).run(file, _TABLES[told.table])
    told.lines.append(report.sentence())
    return report


@dataclass(frozen=True)
class Told:
    """The table, where to write of its rows, and whether to write of those that are taken whole or were there, too."""

    table: str
    lines: Lines
    verbose: bool


@dataclass
class _TableImport:
    connection: Connection
    context: Import
    report: TableReport
    told: Told
    batch: dict[str, Read] = field(default_factory=dict)
    lines: list[tuple[int, str]] = field(default_factory=list)  # of the batch, by the rowid
    weight: int = 0
    size: int = 0

    def run(self, file: OldFile, table: _Table) -> None:
        for row in file.rows(self.report.table):
            if isinstance(row, Row):
                self.report.rows += 1
                try:
                    taken = table.read(row, self.context)
                    self._add(Read(row, taken, table.key(taken.item)))
                    self.weight += table.weight(taken.item)
                except Refused as reason:
                    self._refuse(row.number, str(reason))
            elif row[0] is None:
                self.told.lines.append(f"{self.report.table}: {row[1]}")
            else:
                self.report.rows += 1
                self._refuse(row[0], row[1])
            if len(self.batch) + len(self.lines) >= BATCH_LINES or self.weight >= BATCH_ROWS or self.size >= BATCH_BYTES:
                self._store(table)
        self._store(table)

    def _add(self, read: Read) -> None:
        if read.key in self.batch:
            self._tell_present(read.row)
            return
        self.batch[read.key] = read
        self.size += sum(len(cell) for cell in read.row.cells.values() if isinstance(cell, str))

    def _store(self, table: _Table) -> None:
        new = table.store(self.connection, self.context, list(self.batch.values())) if self.batch else set()
        for key, (row, taken, _) in self.batch.items():
            if key not in new:
                self._tell_present(row)
                continue
            self.report.taken += 1
            self.report.repaired += taken.notes.is_repaired
            if taken.notes.lost:
                self.report.partly += 1
                self._tell(row.number, f"taken in part: {'; '.join(taken.notes.lost)}")
            elif self.told.verbose:
                self._tell(row.number, "taken, repaired" if taken.notes.is_repaired else "taken")
        for _, line in sorted(self.lines):
            self.told.lines.append(line)
        self.batch, self.lines, self.weight, self.size = {}, [], 0, 0

    def _tell_present(self, row: Row) -> None:
        self.report.present += 1
        if self.told.verbose:
            self._tell(row.number, "there already")

    def _refuse(self, number: int, reason: str) -> None:
        self.report.refused += 1
        self._tell(number, f"not taken: {reason}")

    def _tell(self, number: int, what: str) -> None:
        self.lines.append((number, f"{self.report.table} row {number}: {what}"))


class Lines:
    """Lines that wait to be told; what is too long for the memory waits in a temporary file."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def append(self, line: str) -> None:
        """Add a line."""
        self._file.write(line + "\n")

    def read(self) -> Iterator[str]:
        """The lines, from the first on."""
        self._file.seek(0)
        for line in self._file:
            yield line.rstrip("\n")


@contextmanager
def waiting_lines() -> Iterator[Lines]:
    """Lines that are gone with the end of the context."""
    with tempfile.SpooledTemporaryFile(LINES_IN_MEMORY, "w+", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        yield Lines(file)


def _store_items(connection: Connection, context: Import, batch: Sequence[Read]) -> set[str]:
    items: list[NewItem] = [read.taken.item for read in batch]
    return watchlist.add_items(connection, ListKey(context.org_id), items)


def _store_results(connection: Connection, context: Import, batch: Sequence[Read]) -> set[str]:
    results: list[NewImportedResult] = [read.taken.item for read in batch]
    return store.insert(connection, context.org_id, results, context.moment)


def _store_jobs(connection: Connection, context: Import, batch: Sequence[Read]) -> set[str]:
    old: list[OldJob] = [read.taken.item for read in batch]
    results = store.results_of_jobs(connection, context.org_id, {job.ref for job in old})
    finished = [job.ended(results[job.ref]) for job in old]
    for read, job in zip(batch, finished, strict=True):
        if missing := missing_items(job):
            read.taken.notes.lost.append(missing)
    return jobs.store_finished(connection, context.org_id, finished)


_TABLES = {
    "watchlist": _Table(read_item, lambda item: item.ticker, _store_items),
    "analysis_results": _Table(read_result, lambda new: new.id, _store_results),
    "analysis_jobs": _Table(read_job, lambda job: job.id, _store_jobs, lambda job: 1 + len(job.tickers)),
}
assert tuple(_TABLES) == TABLES
