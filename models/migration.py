"""Migrations: a file, its row in the ledger, and the state of a database compared with the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class SchemaState(StrEnum):
    """The state of a database compared with the migration files."""

    CURRENT = "current"  # every file is applied
    BEHIND = "behind"  # files are pending
    AHEAD = "ahead"  # newer code has migrated it
    DIVERGED = "diverged"  # an applied file was changed or is missing, or a file was added before an applied one


class MigrationError(Exception):
    """A migration could not be run, or the database may not be migrated; the message says what to do."""


@dataclass(frozen=True)
class Migration:
    """One migration file, for one engine."""

    version: int
    name: str
    path: Path
    script: str
    checksum: str

    @property
    def label(self) -> str:
        """Number and name, as in the file name."""
        return f"{self.version:04d}_{self.name}"


@dataclass(frozen=True)
class LedgerRow:
    """One applied migration, as recorded in the database."""

    version: int
    name: str
    checksum: str
    applied_at: datetime

    @property
    def label(self) -> str:
        """Number and name."""
        return f"{self.version:04d}_{self.name}"

    @property
    def is_breaking(self) -> bool:
        """Whether code without this migration must not run on the schema."""
        return self.name.endswith("_breaking")


@dataclass(frozen=True)
class SchemaStatus:
    """The state of a database compared with the migration files, and the reasons."""

    state: SchemaState
    applied: tuple[LedgerRow, ...]
    pending: tuple[Migration, ...]
    unknown: tuple[LedgerRow, ...]
    drift: tuple[str, ...]

    @property
    def version(self) -> int:
        """The newest applied version; 0 for an empty database."""
        return self.applied[-1].version if self.applied else 0

    @property
    def can_be_served(self) -> bool:
        """Whether this code can run on the schema: it is current, or ahead by migrations that are not breaking."""
        if self.state is SchemaState.AHEAD:
            return not any(row.is_breaking for row in self.unknown)
        return self.state is SchemaState.CURRENT

    @property
    def remedy(self) -> str | None:
        """What to do; None when there is nothing to do."""
        return {
            SchemaState.CURRENT: None,
            SchemaState.BEHIND: "Run `python db_migrations.py up`.",
            SchemaState.AHEAD: "Deploy the version that made it or a newer one.",
            SchemaState.DIVERGED: "Restore the files that were applied; if only a comment differs, say, and the schema is right, "
            "run `python db_migrations.py repair`.",
        }[self.state]

    @property
    def explanation(self) -> str:
        """The state in one sentence."""
        if self.state is SchemaState.CURRENT:
            return f"The database is current, at version {self.version:04d}."
        if self.state is SchemaState.BEHIND:
            return f"The database is behind: not applied: {', '.join(migration.label for migration in self.pending)}."
        if self.state is SchemaState.AHEAD:
            return f"The database is ahead of this code: newer code applied {', '.join(row.label for row in self.unknown)}."
        return f"The database has diverged from the migration files: {'; '.join(self.drift)}."

    def __str__(self) -> str:
        return f"{self.explanation} {self.remedy}" if self.remedy else self.explanation


def compare(migrations: tuple[Migration, ...], applied: tuple[LedgerRow, ...]) -> SchemaStatus:
    """Compare the ledger with the files; both ascend by version."""
    files = {migration.version: migration for migration in migrations}
    known = {row.version for row in applied}
    newest_file = max(files, default=0)
    newest_applied = max(known, default=0)
    drift = []
    for row in applied:
        if row.version > newest_file:
            continue
        if row.version not in files:
            drift.append(f"{row.label} was applied but its file is missing")
        elif files[row.version].checksum != row.checksum:
            drift.append(f"{files[row.version].path.name} was changed after it was applied")
    pending = tuple(migration for migration in migrations if migration.version not in known)
    drift += [f"{migration.label} was never applied though later ones were" for migration in pending if migration.version < newest_applied]
    unknown = tuple(row for row in applied if row.version > newest_file)
    state = SchemaState.DIVERGED if drift else SchemaState.AHEAD if unknown else SchemaState.BEHIND if pending else SchemaState.CURRENT
    return SchemaStatus(state, applied, pending, unknown, tuple(drift))
