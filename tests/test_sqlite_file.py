"""An SQLite file that is moved away, replaced or read-only for a while under a running service."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.support import Client
from sqlalchemy import exc, text

import database
from app import start, stop
from database import Database, DatabaseOptions

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
pytestmark = ON_SQLITE


def path_of(backend: Backend) -> Path:
    return Path(backend.url.removeprefix("sqlite:///"))


@pytest.fixture
def db(empty_backend: Backend, tmp_path: Path) -> Iterator[Database]:
    """A database in a folder of its own, with one table, and two connections in its pool."""
    db = Database(DatabaseOptions(url=f"sqlite:///{tmp_path}/data/x.db", breaker_failures=0))
    with db.read() as connection, db.read():
        connection.exec_driver_sql("CREATE TABLE things (id BIGINT)")
    yield db
    db.close()


def add(db: Database) -> None:
    with db.transaction() as connection:
        connection.execute(text("INSERT INTO things VALUES (1)"))


def read(db: Database) -> None:
    with db.reader() as connection:
        connection.execute(text("SELECT count(*) FROM things"), {})


@pytest.mark.parametrize("use", [add, read, Database.ping, Database.connect], ids=lambda use: use.__name__)
@pytest.mark.parametrize("lost", ["file", "folder"])
def test_a_file_that_is_gone_is_never_created_again(db: Database, use: Callable[[Database], None], lost: str) -> None:
    assert db.path is not None
    moved = db.path if lost == "file" else db.path.parent
    aside = moved.with_name("aside")
    moved.rename(aside)
    with pytest.raises(exc.OperationalError, match="there is no file") as caught:
        use(db)
    assert database.is_lost(caught.value)
    assert not moved.exists()
    aside.rename(moved)
    use(db)


def test_a_file_that_takes_its_place_is_not_used(db: Database) -> None:
    assert db.path is not None
    other = db.path.with_name("other.db")
    shutil.copy(db.path, other)
    other.replace(db.path)
    with pytest.raises(exc.OperationalError, match="another file"):
        add(db)
    assert db.status().idle == 0
    db.close()
    add(db)


def test_a_file_that_is_expected_is_not_created(db: Database, tmp_path: Path) -> None:
    late = Database(DatabaseOptions(url=f"sqlite:///{tmp_path}/late.db"))
    late.expect_file()
    with pytest.raises(exc.OperationalError, match="there is no file"):
        late.connect()
    assert not (tmp_path / "late.db").exists()


def test_health_says_that_the_file_is_gone(client: Client, backend: Backend) -> None:
    def finding() -> dict[str, Any]:
        return next(check for check in client.get("/health").json["checks"] if check["name"] == "database")

    path = path_of(backend)
    path.rename(path.with_name("aside"))
    application = client.app
    found = finding()
    assert (found["state"], "is missing" in found["found"], "Put the same file back" in found["remedy"]) == ("critical", True, True)
    assert client.get("/api/v1/watchlist").status_code == 503
    stop(application)
    start(application, 1, needs_database=False)
    assert not path.exists(), "a web process that takes the place of another creates nothing either"


@pytest.mark.parametrize("write", ["transaction", "one_statement"])
def test_a_write_that_is_refused_once_leaves_no_connection_that_cannot_write(db: Database, write: str) -> None:
    with ExitStack() as stack:
        for connection in [stack.enter_context(db.read()) for _ in range(4)]:
            connection.exec_driver_sql("PRAGMA query_only = ON")  # as of a connection that was opened while the file was read-only
    with pytest.raises(exc.OperationalError, match="readonly"), getattr(db, write)() as connection:
        connection.execute(text("INSERT INTO things VALUES (1)"))
    for _ in range(4):
        add(db)
