"""What an operator gets wrong about the database is told by every entrance at once: in words, with a remedy, and nothing of a library's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from disk_support import mount, small_disk
from support import MASTER_KEY, Postgres
from test_servers import GUNICORN, ROOT, free_port, production
from test_servers import Backend as Place

import database
import db_migrations

Told = tuple[str, str, str]  # the URL, what is said to be wrong, and a part of the remedy
ENTRANCES = {
    "gunicorn": [GUNICORN, "wsgi:app"],
    "app.py": [sys.executable, "app.py"],
    "worker.py": [sys.executable, "worker.py"],
    "db_migrations.py up": [sys.executable, "db_migrations.py", "up"],
    "api_key create": [sys.executable, "-m", "services.api_key", "create", "name"],
}


@contextmanager
def migrated_file() -> Iterator[Path]:
    with small_disk(8) as disk:
        database.configure(database.DatabaseOptions(f"sqlite:///{disk.folder}/bellwether.db"))
        db_migrations.up()
        database.close()
        yield disk.folder / "bellwether.db"


@contextmanager
def read_only_file(_: str) -> Iterator[Told]:
    with migrated_file() as file:
        mount("--bind", str(file), str(file))
        mount("-o", "remount,ro,bind", str(file))
        try:
            yield f"sqlite:///{file}", "can be read and not be written to", "mounted for writing"
        finally:
            subprocess.run(["umount", "--lazy", str(file)], check=True)


@contextmanager
def read_only_folder(_: str) -> Iterator[Told]:
    with migrated_file() as file:
        mount("-o", "remount,ro", str(file.parent))
        yield f"sqlite:///{file}", "cannot be opened", "may read and write"


@contextmanager
def role_without_rights(server: str) -> Iterator[Told]:
    postgres = Postgres(server)
    name = "operators_errors"
    url = postgres.create(name)
    Postgres(url).run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    postgres.run(f"CREATE ROLE {name} LOGIN")
    try:
        yield database.normalize_url(url).set(username=name).render_as_string(), "lacks a right", "GRANT USAGE, CREATE ON SCHEMA public"
    finally:
        postgres.drop(name)
        postgres.run(f"DROP ROLE {name}")


@contextmanager
def no_such_database(server: str) -> Iterator[Told]:
    missing = database.normalize_url(server).set(database="nobody_has_made_it")
    yield missing.render_as_string(hide_password=False), "no such database", "DATABASE_URL"


@contextmanager
def nothing_listens(_: str) -> Iterator[Told]:
    yield "postgresql://somebody:hunter2@127.0.0.1:1/x", "", "DATABASE_URL"


@pytest.mark.parametrize("fault", [read_only_file, read_only_folder, role_without_rights, no_such_database, nothing_listens])
def test_every_entrance_says_what_is_wrong(fault: object, tmp_path: Path, postgres_server: str) -> None:
    with fault(postgres_server) as (url, words, remedy):  # type: ignore[operator]
        settings = production(Place("", url), MASTER_API_KEY=MASTER_KEY, DB_CONNECT_ATTEMPTS="1", DATA_DIR=str(tmp_path))
        for entrance, command in ENTRANCES.items():
            if fault is role_without_rights and entrance == "api_key create":
                continue  # it makes no table, and finds none
            environment = {"PATH": str(Path(sys.executable).parent), "PORT": str(free_port()), **settings}
            ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
            told = ended.stdout + ended.stderr
            assert ended.returncode != 0, (entrance, told)
            assert words in told, (entrance, told)
            assert remedy in told, (entrance, told)
            for never in ("sqlalche.me", "Traceback", "hunter2"):
                assert never not in told, (entrance, told)


AHEAD = (
    "INSERT INTO db_version (version, name, checksum, applied_at, duration_ms, app_version) "
    "SELECT max(version) + 1, 'later', max(checksum), max(applied_at), 0, 'later' FROM db_version"
)


@pytest.mark.parametrize(
    ("state", "change", "code"),
    [
        ("current", None, 0),
        ("behind", "DELETE FROM db_version WHERE version = (SELECT max(version) FROM db_version)", 0),
        ("ahead", AHEAD, 1),
        ("diverged", "UPDATE db_version SET checksum = 'x' || substr(checksum, 2) WHERE version = 1", 1),
    ],
)
def test_the_exit_code_of_status(state: str, change: str | None, code: int, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bellwether.db"
    database.configure(database.DatabaseOptions(url))
    db_migrations.up()
    if change is not None:
        database.execute_db(change)
    database.close()
    command = [sys.executable, "db_migrations.py", "status"]
    environment = production(Place("sqlite", url), DATA_DIR=str(tmp_path))
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, state in ended.stdout) == (code, True), ended.stdout + ended.stderr


def test_help_says_what_the_exit_codes_mean() -> None:
    for command in ("up", "status", "plan", "verify", "baseline", "repair"):
        told = subprocess.run(
            [sys.executable, "db_migrations.py", command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        ).stdout
        assert "exit codes:" in told
        assert all(f"  {code}  " in told for code in (0, 1, 2))
