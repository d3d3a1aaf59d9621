"""Put a backup back: `python -m deploy.restore FILE`, with the service stopped.

What the database holds now is kept first, as `before-restore-…` beside the backup. The restore happens as a whole or not at all.
"""

# ruff: noqa: S603, T201 — a command: it prints, and starts PostgreSQL's own programs

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import database
import db_migrations
from deploy.backup import SUFFIXES, BackupError, back_up, check_sqlite, postgres_client, run_configured, sync, told
from utils.clock import now

OTHERS = (
    "SELECT COUNT(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
TABLES = "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
STOP_FIRST = "Stop the web and worker services first, then restore again."


def main(arguments: list[str] | None = None) -> int:
    """Restore one backup; the exit code is 0, or 1 with the reason on stderr and the database as it was."""
    parser = argparse.ArgumentParser(prog="python -m deploy.restore", description="Put a backup back, with the service stopped.")
    parser.add_argument("file", type=Path, help="a file that `python -m deploy.backup` made")
    parser.add_argument("--without-copy", action="store_true", help="do not keep what is there now (it cannot be read, say)")
    given = parser.parse_args(arguments)

    def run() -> None:
        kept = restore(given.file, keep=not given.without_copy)
        if kept is not None:
            print(f"What was there before is in {kept}.")
        print(f"Restored {given.file}. {db_migrations.inspect_database()}")

    return run_configured(run)


def restore(file: Path, keep: bool = True) -> Path | None:
    """Replace the database by a backup; returns the copy of what was there before, if there was anything and it is to be kept."""
    here = database.current()
    if file.suffix != SUFFIXES[here.dialect]:
        raise BackupError(f"{file} is no backup of {here.dialect}, which DATABASE_URL names: those end in {SUFFIXES[here.dialect]}.")
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    if here.path is not None:
        return _restore_sqlite(file, here.path, keep)
    return _restore_postgres(file, here.options.url, keep)


def _restore_sqlite(file: Path, path: Path, keep: bool) -> Path | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.restoring")
    try:
        shutil.copyfile(file, draft)
        check_sqlite(draft)
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers then never wait for the writer
        _like_its_folder(draft)
        _ensure_nobody_uses(path)
        kept = _set_aside(path, file.parent) if keep and path.exists() else None
        sync(draft)
        # A damaged file may have left its log behind: SQLite would play it into the new one.
        for stale in _beside(path):
            stale.unlink(missing_ok=True)
        draft.replace(path)
        sync(path.parent)
    finally:
        for left in (draft, *_beside(draft)):
            left.unlink(missing_ok=True)
    return kept


def _beside(path: Path) -> list[Path]:
    return [path.with_name(path.name + more) for more in ("-wal", "-shm", "-journal")]


def _set_aside(path: Path, folder: Path) -> Path:
    """Copy the file as it is: what is wrong with it may be why it is replaced."""
    kept = folder / f"before-restore-{now():%Y%m%dT%H%M%S%f}Z.sqlite"
    shutil.copyfile(path, kept)
    kept.chmod(0o600)
    sync(kept)
    return kept


def _ensure_nobody_uses(path: Path) -> None:
    """Raises BackupError while any process has the file open; afterwards everything is in the file itself, nothing beside it."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")  # only whoever is alone may leave WAL
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise BackupError(f"{path} is in use ({error}). {STOP_FIRST}") from error
        except sqlite3.DatabaseError:
            pass  # it is damaged, which is why it is replaced
        finally:
            if connection.in_transaction:
                connection.rollback()


def _like_its_folder(path: Path) -> None:
    """Restored by root, the file still belongs to whoever owns the folder: the service must be able to write it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _restore_postgres(file: Path, url: str, keep: bool) -> Path | None:
    reading, _ = postgres_client("pg_restore", url)
    # Read through before anything is touched: a file that was cut short is found out here.
    checked = subprocess.run([reading[0], "--file=/dev/null", str(file)], capture_output=True, check=False)
    if checked.returncode:
        raise BackupError(f"{file} cannot be read: {told(checked)}. Take another backup.")
    with database.current().read_only() as connection:
        others = connection.exec_driver_sql(OTHERS).scalar_one()
        tables = list(connection.exec_driver_sql(TABLES).scalars())
    if others:
        raise BackupError(f"{others} other connections use the database. {STOP_FIRST}")
    kept = back_up(file.parent, "before-restore") if keep and tables else None
    # Tables that newer code made go, too: left behind, they would stand in the way when it migrates again.
    emptying = f"DROP TABLE {', '.join(tables)} CASCADE" if tables else "SELECT"
    command, environment = postgres_client("psql", url)
    options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    steps = ["--command=SET lock_timeout = '30s'", f"--command={emptying}", "--file=-"]
    with subprocess.Popen([reading[0], "--no-owner", "--no-privileges", "--file=-", str(file)], stdout=subprocess.PIPE) as script:
        result = subprocess.run([*command, *options, *steps], stdin=script.stdout, env=environment, capture_output=True, check=False)
    if result.returncode:
        raise BackupError(f"The restore failed and was undone: {told(result)}.")
    return kept


if __name__ == "__main__":
    sys.exit(main())
