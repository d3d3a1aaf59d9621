"""Back up the database, and the stored files of a folder, while the service runs: `python -m deploy.backup FOLDER [--keep N]`.

SQLite is copied by its backup interface, Postgres by `pg_dump`: both give a consistent snapshot during writes. An interrupted backup
leaves no file with the name of a backup.
"""

# ruff: noqa: S603, T201 — a command: it prints, and starts PostgreSQL's own programs

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

import database
import db_migrations
from config import Settings
from deploy.stored_files import FilesUnreadable, archive_of, has_files, pack
from infrastructure.entrance import NOT_STARTED, run_program
from infrastructure.storage.opening import place_of_files
from models.storage_place import Folder, Place
from utils.clock import now

SUFFIXES = {"sqlite": ".sqlite", "postgresql": ".dump"}
HOW_TO_GET_CLIENTS = "Install PostgreSQL's client programs (Debian and Ubuntu: apt-get install postgresql-client), as new as the server."


class BackupError(Exception):
    """A backup could not be made or restored; the message says what to do."""


FAILURES = (*NOT_STARTED, BackupError, FilesUnreadable, sqlite3.Error)


def main(arguments: list[str] | None = None) -> int:
    """Make one backup; the exit code is 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description="Back up the database while the service runs.")
    parser.add_argument("folder", type=Path, help="the folder of the backups; created if missing")
    parser.add_argument("--keep", type=int, metavar="N", help="afterwards, delete all but the newest N backups in the folder")
    options = parser.parse_args(arguments)
    if options.keep is not None and options.keep < 1:
        parser.error("--keep must be at least 1")

    def run(settings: Settings) -> int:
        database.configure(settings)
        place = place_of_files(settings)
        backup = back_up(options.folder, place=place)
        print(f"{backup} ({backup.stat().st_size:,} bytes). {db_migrations.inspect_database().explanation}")
        if not isinstance(place, Folder):
            print(f"The stored files in {place} are not in it: let the bucket keep versions, or copy it as its provider says.")
        elif archive_of(backup).exists():
            print(f"{archive_of(backup)} ({archive_of(backup).stat().st_size:,} bytes): the stored files. Keep both together.")
        if options.keep is not None:
            for old in backups(options.folder)[: -options.keep]:
                old.unlink()
                archive_of(old).unlink(missing_ok=True)
                print(f"deleted {old}")
        return 0

    return run_program(run, FAILURES)


def back_up(folder: Path, name: str = "bellwether", place: Place | None = None) -> Path:
    """Back up the current database and return the file, which only its owner may read. With it go the stored files of a folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise BackupError(f"{error.filename} is a file. Name the folder that the backup goes into.") from error
    except OSError as error:
        raise BackupError(f"The folder {folder} cannot be created: {error.strerror}. Name one that this account may write to.") from error
    source = database.current()
    target = folder / f"{name}-{now():%Y%m%dT%H%M%S%f}Z{SUFFIXES[source.dialect]}"
    with _whole_or_none(target) as draft:
        if source.path is not None:
            _copy_sqlite(source.path, draft)
        else:
            _dump_postgres(source.options.url, draft)
        # After the database: what it names was in the folder by then. The archive gets its name before the copy of the database does.
        if isinstance(place, Folder) and has_files(place):
            with _whole_or_none(archive_of(target)) as archive:
                pack(place, archive)
    return target


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first, without the safety copies of restores."""
    return sorted(path for path in folder.glob("bellwether-*Z*") if path.suffix in SUFFIXES.values())


def check_sqlite(path: Path, copy_of: Path | None = None) -> None:
    """Check that a file is an undamaged database of this service. Raises BackupError, which names the file that it is a copy of, if any."""
    name = copy_of or path
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("SELECT COUNT(*) FROM db_version")
    except sqlite3.Error as error:
        raise BackupError(f"{name} is not a backup of this service: {error}. Use another one.") from error
    if verdict != "ok":
        raise BackupError(f"{name} is damaged: {verdict}. Use another backup.")


def postgres_client(program: str, url: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a PostgreSQL program. The password is in the environment, since arguments are visible to all users."""
    executable = shutil.which(program)
    if executable is None:
        raise BackupError(f"{program} is not installed. {HOW_TO_GET_CLIENTS}")
    parts = database.normalize_url(url)
    without_password = URL.create("postgresql", parts.username, None, parts.host, parts.port, parts.database, parts.query)
    environment = {**os.environ, "PGPASSWORD": str(parts.password)} if parts.password else dict(os.environ)
    return [executable, f"--dbname={without_password.render_as_string(hide_password=False)}"], environment


def last_error_line(result: subprocess.CompletedProcess[bytes]) -> str:
    """The last line of a program's error output."""
    lines = result.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {result.returncode}"


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database at {source}. See DATABASE_URL and DATA_DIR.")
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=60)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)  # in one step, so a consistent snapshot; with WAL, writers do not wait for it
    check_sqlite(target)


def _dump_postgres(url: str, target: Path) -> None:
    command, environment = postgres_client("pg_dump", url)
    options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--file={target}"]
    result = subprocess.run([*command, *options], env=environment, capture_output=True, check=False)
    if result.returncode:
        raise BackupError(f"pg_dump failed: {last_error_line(result)}. {HOW_TO_GET_CLIENTS}")


@contextmanager
def _whole_or_none(target: Path) -> Iterator[Path]:
    """A draft file that is renamed to `target` when it is complete and synced, and deleted otherwise."""
    draft = target.with_name(f".{target.name}.partial")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        sync(draft)
        draft.rename(target)
        sync(target.parent)
    finally:
        for leftover in (draft, *(draft.with_name(draft.name + suffix) for suffix in ("-wal", "-shm", "-journal"))):
            leftover.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
