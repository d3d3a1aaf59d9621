"""Restore a backup, with the service stopped: `python -m deploy.restore FILE`.

First the current database is saved as `before-restore-…` beside the backup. The restore of the database is atomic. The stored files of the
backup, in an archive beside it, replace those of the folder; a backup without such an archive leaves them alone.
"""

# ruff: noqa: S603, T201 — a command: it prints, and starts PostgreSQL's own programs

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import database
import db_migrations
from config import Settings
from deploy.backup import FAILURES, SUFFIXES, BackupError, back_up, check_sqlite, last_error_line, postgres_client, sync
from deploy.stored_files import archive_of, check, has_files, pack, unpacking
from infrastructure.entrance import run_program
from infrastructure.storage.opening import place_of_files
from models.storage_place import Folder, Place
from utils.clock import now

OTHER_CONNECTIONS = """
    SELECT COUNT(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
TABLES = "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
# Functions of triggers; those of extensions belong to them, and stay.
FUNCTIONS = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema() AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
STOP_FIRST = "Stop the web and worker services first, then restore again."


def main(arguments: list[str] | None = None) -> int:
    """Restore one backup; return 0, or 1 with the reason on stderr and the database unchanged."""
    parser = argparse.ArgumentParser(prog="python -m deploy.restore", description="Restore a backup, with the service stopped.")
    parser.add_argument("file", type=Path, help="a file that `python -m deploy.backup` made")
    parser.add_argument("--without-copy", action="store_true", help="do not save the current database, for example when it cannot be read")
    options = parser.parse_args(arguments)

    def run(settings: Settings) -> int:
        database.configure(settings)
        copy = restore(options.file, keep=not options.without_copy, place=place_of_files(settings))
        if copy is not None:
            print(f"The former database is in {copy}.")
            if archive_of(copy).exists():
                print(f"The former stored files are in {archive_of(copy)}.")
        print(f"Restored {options.file}. {db_migrations.inspect_database()}")
        return 0

    return run_program(run, FAILURES)


def restore(file: Path, keep: bool = True, place: Place | None = None) -> Path | None:
    """Replace the database by a backup, and the stored files of a folder by those of the backup, where it has some.

    With `keep`, save the former database and files first, if any, and return the copy of the database.
    """
    target = database.current()
    suffix = SUFFIXES[target.dialect]
    if file.suffix != suffix:
        raise BackupError(f"{file} is not a backup of {target.dialect}, the engine of DATABASE_URL: those end in {suffix}.")
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    archive = archive_of(file)
    folder = place if isinstance(place, Folder) and archive.exists() else None
    if folder is not None:
        check(archive)
    with unpacking(archive, folder) if folder is not None else nullcontext():
        copy = _restore_sqlite(file, target.path, keep) if target.path is not None else _restore_postgres(file, target.options.url, keep)
        if copy is not None and folder is not None and has_files(folder):
            pack(folder, archive_of(copy))
            archive_of(copy).chmod(0o600)
    return copy


def _restore_sqlite(file: Path, path: Path, keep: bool) -> Path | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restoring")
    try:
        shutil.copyfile(file, draft)
        check_sqlite(draft, copy_of=file)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # stored in the file
        _match_folder_owner(draft)
        _ensure_unused(path)
        copy = _save_copy(path, file.parent) if keep and path.exists() else None
        sync(draft)
        # SQLite would replay a leftover -wal file of the damaged database into the new one.
        for stale in _companions(path):
            stale.unlink(missing_ok=True)
        draft.replace(path)
        sync(path.parent)
    finally:
        for leftover in (draft, *_companions(draft)):
            leftover.unlink(missing_ok=True)
    return copy


def _companions(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _save_copy(path: Path, folder: Path) -> Path:
    """Copy the file byte by byte: it may be damaged."""
    copy = folder / f"before-restore-{now():%Y%m%dT%H%M%S%f}Z.sqlite"
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
    sync(copy)
    return copy


def _ensure_unused(path: Path) -> None:
    """Raise BackupError while any process has the file open; else move the -wal file's content into the file."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")  # fails while another connection is open
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise BackupError(f"{path} is in use ({error}). {STOP_FIRST}") from error
        except sqlite3.DatabaseError:
            pass  # a damaged file may be replaced
        finally:
            if connection.in_transaction:
                connection.rollback()


def _match_folder_owner(path: Path) -> None:
    """When root restores, give the file to the owner of its folder, so that the service can write it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _restore_postgres(file: Path, url: str, keep: bool) -> Path | None:
    pg_restore, _ = postgres_client("pg_restore", url)
    # Read the whole file before any change, to detect a truncated one.
    checked = subprocess.run([pg_restore[0], "--file=/dev/null", str(file)], capture_output=True, check=False)
    if checked.returncode:
        raise BackupError(f"{file} cannot be read: {last_error_line(checked)}. Use another backup.")
    with database.current().read_only() as connection:
        other_connections = connection.exec_driver_sql(OTHER_CONNECTIONS).scalar_one()
        tables = list(connection.exec_driver_sql(TABLES).scalars())
        functions = list(connection.exec_driver_sql(FUNCTIONS).scalars())
    if other_connections:
        raise BackupError(f"{other_connections} other connections use the database. {STOP_FIRST}")
    copy = back_up(file.parent, "before-restore") if keep and tables else None
    # Drop what newer migrations made, too: it would make the next migration fail.
    drop_tables = f"DROP TABLE {', '.join(tables)} CASCADE" if tables else "SELECT"
    drop_functions = f"DROP FUNCTION {', '.join(functions)} CASCADE" if functions else "SELECT"
    command, environment = postgres_client("psql", url)
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    steps = ["--command=SET lock_timeout = '30s'", f"--command={drop_tables}", f"--command={drop_functions}", "--file=-"]
    with subprocess.Popen([pg_restore[0], "--no-owner", "--no-privileges", "--file=-", str(file)], stdout=subprocess.PIPE) as script:
        result = subprocess.run([*command, *options, *steps], stdin=script.stdout, env=environment, capture_output=True, check=False)
    if result.returncode:
        raise BackupError(f"The restore failed and was rolled back: {last_error_line(result)}.")
    return copy


if __name__ == "__main__":
    sys.exit(main())
