"""Back the database up: `python -m deploy.backup FOLDER [--keep N]`, while the service runs.

SQLite is copied through its own backup interface, Postgres by `pg_dump`: either is the state of one moment, whatever is written meanwhile.
A backup that is cut short leaves nothing behind that looks like one.
"""

# ruff: noqa: S603, T201 — a command: it prints, and starts PostgreSQL's own programs

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL

import database
import db_migrations
from config import ConfigError, Settings
from utils.clock import now
from utils.start_errors import explain

SUFFIXES = {"sqlite": ".sqlite", "postgresql": ".dump"}
HOW_TO_GET_CLIENTS = "Install PostgreSQL's client programs (Debian and Ubuntu: apt-get install postgresql-client), as new as the server."


class BackupError(Exception):
    """A backup could not be made or restored; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Make one backup; the exit code is 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m deploy.backup", description="Back the database up while the service runs.")
    parser.add_argument("folder", type=Path, help="where backups are kept; made if it is missing")
    parser.add_argument("--keep", type=int, metavar="N", help="afterwards, delete all backups in the folder but the newest N")
    given = parser.parse_args(arguments)
    if given.keep is not None and given.keep < 1:
        parser.error("--keep must be at least 1")

    def run() -> None:
        made = back_up(given.folder)
        print(f"{made} ({made.stat().st_size:,} bytes). {db_migrations.inspect_database().explanation}")
        if given.keep is not None:
            for old in backups(given.folder)[: -given.keep]:
                old.unlink()
                print(f"deleted {old}")

    return run_configured(run)


def run_configured(run: Callable[[], None]) -> int:
    """Run with the database of the settings; the exit code is 0, or 1 with the reason on stderr."""
    try:
        database.configure(Settings.load())
        run()
    except exc.SQLAlchemyError as error:
        print(explain(error), file=sys.stderr)
        return 1
    except (BackupError, ConfigError, db_migrations.MigrationError, sqlite3.Error, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        database.close()
    return 0


def back_up(folder: Path, name: str = "bellwether") -> Path:
    """Make one backup of the present database and return its file, readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    here = database.current()
    target = folder / f"{name}-{now():%Y%m%dT%H%M%S%f}Z{SUFFIXES[here.dialect]}"
    with _whole_or_none(target) as draft:
        if here.path is not None:
            _copy_sqlite(here.path, draft)
        else:
            _dump_postgres(here.options.url, draft)
    return target


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, the oldest first; safety copies made by a restore are not among them."""
    return sorted(path for path in folder.glob("bellwether-*Z*") if path.suffix in SUFFIXES.values())


def check_sqlite(path: Path) -> None:
    """Whether a file is a whole database of ours; raises BackupError when it is not."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            connection.execute("SELECT COUNT(*) FROM db_version")
    except sqlite3.Error as error:
        raise BackupError(f"{path} is no backup of this service: {error}. Take another one.") from error
    if verdict != "ok":
        raise BackupError(f"{path} is damaged: {verdict}. Take another backup.")


def postgres_client(program: str, url: str) -> tuple[list[str], dict[str, str]]:
    """How to call one of PostgreSQL's programs on a database; the password goes by the environment, since everybody sees arguments."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed. {HOW_TO_GET_CLIENTS}")
    given = database.normalize_url(url)
    without = URL.create("postgresql", given.username, None, given.host, given.port, given.database, given.query)
    environment = {**os.environ, "PGPASSWORD": str(given.password)} if given.password else dict(os.environ)
    return [found, f"--dbname={without.render_as_string(hide_password=False)}"], environment


def told(result: subprocess.CompletedProcess[bytes]) -> str:
    """What a program said is wrong, in one line."""
    lines = result.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {result.returncode}"


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database at {source}. See DATABASE_URL and DATA_DIR.")
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=60)) as here,
        closing(sqlite3.connect(target)) as copy,
    ):
        here.backup(copy)  # in one step: the state of one moment; with WAL, nobody who writes has to wait for it
    check_sqlite(target)


def _dump_postgres(url: str, target: Path) -> None:
    command, environment = postgres_client("pg_dump", url)
    options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--file={target}"]
    result = subprocess.run([*command, *options], env=environment, capture_output=True, check=False)
    if result.returncode:
        raise BackupError(f"pg_dump failed: {told(result)}. {HOW_TO_GET_CLIENTS}")


@contextmanager
def _whole_or_none(target: Path) -> Iterator[Path]:
    """A draft that gets its name when it is complete and on the disk, and goes away otherwise."""
    draft = target.with_name(f".{target.name}.partial")
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield draft
        sync(draft)
        draft.rename(target)
        sync(target.parent)
    finally:
        for left in (draft, *(draft.with_name(draft.name + more) for more in ("-wal", "-shm", "-journal"))):
            left.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
