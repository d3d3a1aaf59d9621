"""`python preflight.py`: each critical check fails once, with its remedy; exit codes; it changes nothing and prints no secret."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend, Postgres
from kit.paths import ROOT
from kit.redis_server import RedisServer
from kit.servers import free_port, production
from kit.support import MASTER_KEY, SECRET_KEY, settings_for

import database
import preflight
from app import create_app
from features.operations import health
from features.operations.checks.application import Route, pip_complaints
from models.health import Check, HealthReport

PASSWORD = "hunter2"
ALL = (
    "environment", "secrets", "database", "database_writable", "schema", "migration_checksums", "tables", "clock", "redis", "broker",
    "data_folder", "disk_space", "port", "draining", "routes", "packages",
)  # fmt: skip


@dataclass
class Place:
    """The place of a start: a database, a folder, and an environment that a test may change."""

    backend: Backend
    folder: Path
    environment: dict[str, str]

    def check(self, monkeypatch: pytest.MonkeyPatch) -> HealthReport:
        """The report of the checks, run in this process."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        return preflight.check_all(cached_pip_complaints)

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the real command, as a user does."""
        variables = {"PATH": os.environ["PATH"], **self.environment, **environment}
        command = [sys.executable, "preflight.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=False)


# pip takes over a second and gives the same answer for every test of this process; the command runs it each time.
cached_pip_complaints = cache(pip_complaints)


def place_at(backend: Backend, folder: Path) -> Place:
    environment = {**production(backend), "DATA_DIR": str(folder / "var"), "PORT": str(free_port())}
    return Place(backend, folder, environment)


@pytest.fixture
def place(backend: Backend, tmp_path: Path) -> Place:
    return place_at(backend, tmp_path)


def critical(report: HealthReport) -> dict[str, Check]:
    return {check.name: check for check in report.checks if check.state == "critical"}


# ---- each critical check fails -----------------------------------------------------------------------------------------------------


def be_away(place: Place) -> None:
    place.environment["DATABASE_URL"] = f"postgresql://u:{PASSWORD}@127.0.0.1:{free_port()}/x"


def be_a_folder(place: Place) -> None:
    (place.folder / "folder").mkdir()
    place.environment["DATABASE_URL"] = f"sqlite:///{place.folder / 'folder'}"


def be_below_a_file(place: Place) -> None:
    (place.folder / "plain").write_text("")
    place.environment["DATABASE_URL"] = f"sqlite:///{place.folder / 'plain' / 'x.db'}"


def be_unreadable(place: Place) -> None:
    place.environment["DATABASE_URL"] = f"postgresql://u:{PASSWORD}/x@host:port/x"


def take_writing_away(place: Place) -> None:
    database.close()
    if place.backend.is_sqlite:
        # File permissions do not stop root. SQLite reads a file marked as written by a later version, but never writes to it.
        with place.backend.path.open("r+b") as file:
            file.seek(18)
            file.write(b"\x03")
        return
    server = Postgres(place.backend.url)
    server.run(f'ALTER DATABASE "{server.url.database}" SET default_transaction_read_only = on')


def be_ahead(_: Place) -> None:
    database.execute_db("INSERT INTO db_version SELECT 9999, 'later', 'x', applied_at, 0, 'x' FROM db_version WHERE version = 1")


def be_behind_for_ever(place: Place) -> None:
    database.execute_db("DELETE FROM db_version WHERE version = (SELECT max(version) FROM db_version)")
    place.environment["AUTO_MIGRATE"] = "false"


def drift(_: Place) -> None:
    database.execute_db("UPDATE db_version SET checksum = 'another' WHERE version = 1")


def lose_a_table(_: Place) -> None:
    database.execute_db("DROP TABLE idempotency_keys")


def have_no_secrets(place: Place) -> None:
    place.environment |= {"MASTER_API_KEY": "short", "SECRET_KEY": "change-me-change-me-change-me-change-me"}


def have_no_broker(place: Place) -> None:
    place.environment |= {"JOB_ENGINE": "celery", "CELERY_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0"}


def keep_data_in_a_file(place: Place) -> None:
    (place.folder / "plain").write_text("")
    place.environment["DATA_DIR"] = str(place.folder / "plain")


def drain_for_too_long(place: Place) -> None:
    place.environment |= {"RAILWAY_ENVIRONMENT": "production", "WEB_GRACEFUL_TIMEOUT": "600"}


BOTH, SQLITE, POSTGRES = ("sqlite", "postgres"), ("sqlite",), ("postgres",)
RED = [
    (be_away, SQLITE, "database", "DATABASE_URL"),
    (be_a_folder, SQLITE, "database", "DATABASE_URL"),
    (be_below_a_file, SQLITE, "database_writable", "DATABASE_URL or DATA_DIR"),
    (be_unreadable, SQLITE, "environment.DATABASE_URL", "%40"),
    (take_writing_away, SQLITE, "database_writable", "chmod"),
    (take_writing_away, POSTGRES, "database_writable", "primary server"),
    (be_ahead, BOTH, "schema", "Deploy the version"),
    (be_behind_for_ever, BOTH, "schema", "AUTO_MIGRATE is false"),
    (drift, BOTH, "migration_checksums", "db_migrations.py repair"),
    (lose_a_table, BOTH, "tables", "backup"),
    (have_no_secrets, SQLITE, "environment.MASTER_API_KEY", "token_urlsafe"),
    (have_no_secrets, SQLITE, "environment.SECRET_KEY", "token_urlsafe"),
    (have_no_broker, POSTGRES, "broker", "CELERY_BROKER_URL"),
    (keep_data_in_a_file, SQLITE, "data_folder", "DATA_DIR"),
    (drain_for_too_long, SQLITE, "draining", "WEB_GRACEFUL_TIMEOUT to at most"),
]


@pytest.mark.parametrize(
    ("engine", "spoil", "name", "remedy"),
    [
        pytest.param(engine, spoil, name, remedy, id=f"{spoil.__name__} {name} {engine}")
        for spoil, engines, name, remedy in RED
        for engine in engines
    ],
    indirect=["engine"],
)
def test_a_critical_check_shown_red(
    place: Place, spoil: Callable[[Place], None], name: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(place)
    report = place.check(monkeypatch)
    checks = critical(report)
    assert name in checks, preflight.table(report)
    assert checks[name].is_critical
    assert remedy in str(checks[name].remedy)
    assert not report.ok
    text = preflight.table(report)
    for secret in (MASTER_KEY, SECRET_KEY, PASSWORD):
        assert secret not in text


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_port_that_is_taken(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", int(place.environment["PORT"]))):
        checks = critical(place.check(monkeypatch))
        assert list(checks) == ["port"]
        assert "PORT" in str(checks["port"].remedy)
    assert critical(place.check(monkeypatch)) == {}


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_broker_that_throws_messages_away(place: Place, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    place.environment |= {"JOB_ENGINE": "celery", "REDIS_URL": redis_server.url}
    assert place.check(monkeypatch).ok
    redis_server.client.config_set("maxmemory", 50_000_000)
    redis_server.client.config_set("maxmemory-policy", "allkeys-lru")
    checks = critical(place.check(monkeypatch))
    assert list(checks) == ["redis", "broker"]
    assert "noeviction" in str(checks["broker"].remedy)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_route_given_twice(place: Place) -> None:
    settings = settings_for(place.backend.url, place.folder, port=free_port())
    app = create_app(settings)
    routes = [Route(rule.rule, frozenset(rule.methods or ()), rule.endpoint) for rule in app.url_map.iter_rules() if not rule.websocket]
    twin = Route("/api/v1/results/<id>", frozenset({"GET"}), "result.get_result_again")
    assert "routes" not in critical(health.preflight(settings, database.current(), lambda: routes, cached_pip_complaints))
    check = critical(health.preflight(settings, database.current(), lambda: [*routes, twin], cached_pip_complaints))["routes"]
    assert "result.get_result, result.get_result_again" in check.found
    assert check.remedy


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_package_that_is_torn_leaves_the_other_checks(place: Place) -> None:
    broken, info = place.folder / "broken", place.folder / "broken" / "torn-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torn\nVersion: 1.0\nRequires-Dist: no-such-package-of-anybody\n")
    (broken / "flask_compress.py").write_text("raise ImportError('as if it were not installed')\n")
    done = place.command("--json", PYTHONPATH=str(broken))
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert {name for name, check in checks.items() if check["state"] == "critical"} == {"routes", "packages"}
    assert "torn 1.0 requires no-such-package-of-anybody" in checks["packages"]["found"]
    assert "pip install -r requirements.txt" in checks["packages"]["remedy"]


# ---- the command ------------------------------------------------------------------------------------------------------------------


def test_all_is_well(place: Place) -> None:
    done = place.command("--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tuple(check["name"] for check in answer["checks"]) == ALL
    assert {"name", "state", "is_critical", "found", "remedy", "duration_ms"} == set(answer["checks"][0])
    assert {check["name"] for check in answer["checks"] if check["state"] not in ("ok", "skipped")} <= {"disk_space"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_warnings_count_with_strict_only(place: Place) -> None:
    away = {"REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0", "SECRET_KEY": MASTER_KEY}
    plain, strict = place.command(**away), place.command("--strict", "--json", **away)
    assert (plain.returncode, strict.returncode) == (0, 2), plain.stdout + strict.stdout
    answer = json.loads(strict.stdout)
    names = {check["name"] for check in answer["checks"] if check["state"] == "warning"}
    assert (names - {"disk_space"}, answer["state"]) == ({"redis", "secrets"}, "warning")
    assert "Ready to start." in plain.stdout
    assert "→ See that it runs and that REDIS_URL is right" in plain.stdout
    for output in (plain.stdout, plain.stderr, strict.stdout, strict.stderr):
        assert not any(secret in output for secret in (PASSWORD, MASTER_KEY, SECRET_KEY))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_is_critical_is_told_in_a_table(place: Place) -> None:
    done = place.command("--strict", MASTER_API_KEY="short", DATABASE_URL=f"mysql://u:{PASSWORD}@host/x")
    assert done.returncode == 1
    for words in ("environment.MASTER_API_KEY  critical", "environment.DATABASE_URL", "packages", "Not ready to start."):
        assert words in done.stdout
    assert PASSWORD not in done.stdout + done.stderr


def test_before_there_is_anything_nothing_is_made(empty_backend: Backend, tmp_path: Path) -> None:
    database.close()
    done = place_at(empty_backend, tmp_path).command("--json")
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert "start-up creates its tables" in checks["schema"]["found"]
    assert (checks["tables"]["state"], checks["database_writable"]["state"]) == ("skipped", "ok")
    if empty_backend.is_sqlite:
        assert list(tmp_path.iterdir()) == []
    else:
        assert database.query_db("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'") == []


def test_nothing_is_changed(place: Place) -> None:
    def everything() -> Any:
        database.close()
        if place.backend.is_sqlite:
            return place.backend.path.read_bytes()
        tables = database.query_db("SELECT relname, relfilenode FROM pg_class ORDER BY relname")
        return tables, database.query_db("SELECT * FROM db_version ORDER BY version")

    before = everything()
    assert place.command().returncode == 0
    assert everything() == before
    assert [path.name for path in place.folder.iterdir()] == (["bellwether.db"] if place.backend.is_sqlite else [])


def test_a_schema_that_is_behind_is_a_warning(place: Place) -> None:
    database.execute_db("DELETE FROM db_version WHERE version = (SELECT max(version) FROM db_version)")
    done = place.command("--json", "--strict")
    schema = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "schema")
    assert (done.returncode, schema["state"], "Start-up migrates it" in schema["remedy"]) == (2, "warning", True)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_writer_that_does_not_finish(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.environment["DB_LOCK_TIMEOUT"] = "0.2"
    blocker = database.Database(database.DatabaseOptions(place.backend.url))
    with blocker.transaction():
        checks = critical(place.check(monkeypatch))
    blocker.close()
    assert list(checks) == ["database_writable"]
    assert "DB_LOCK_TIMEOUT" in str(checks["database_writable"].remedy)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_an_account_that_may_not_write(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    role = f"reader_{os.getpid()}"
    server = Postgres(place.backend.url)
    server.run(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    try:
        server.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        place.environment["DATABASE_URL"] = server.url.set(username=role, password=PASSWORD).render_as_string(hide_password=False)
        checks = critical(place.check(monkeypatch))
        assert list(checks) == ["database_writable"]
        assert "write rows" in str(checks["database_writable"].remedy)
    finally:
        server.run(f"DROP OWNED BY {role}")
        server.run(f"DROP ROLE {role}")
