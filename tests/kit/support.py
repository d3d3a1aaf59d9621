"""What the tests share: databases to have to oneself, settings, and a client."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import database
import db_migrations
from api.application import Application
from config import Settings
from database import Database

MASTER_KEY = "a-master-key-for-tests-0123456789abcdef"
SECRET_KEY = "a-signing-secret-for-tests-0123456789abc"
_numbers = itertools.count(1)


class Postgres:
    """Makes and drops databases on the server."""

    def __init__(self, url: str) -> None:
        self.url = database.normalize_url(url)

    def run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def create(self, name: str, template: str | None = None) -> str:
        self.run(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        self.run(f'DROP DATABASE "{name}" WITH (FORCE)')


@dataclass(frozen=True)
class Backend:
    """One database that a test has to itself."""

    engine: str
    url: str

    @property
    def is_sqlite(self) -> bool:
        return self.engine == "sqlite"

    @property
    def path(self) -> Path:
        return Path(make_url(self.url).database or "")


def settings_for(url: str, data_dir: Path, **more: Any) -> Settings:
    """Settings as a test needs them."""
    values = {
        "environment_given": "test",
        "database_url": url,
        "data_dir": data_dir,
        "master_api_key": MASTER_KEY,
        "secret_key": SECRET_KEY,
        "load_sample": False,
        "db_connect_attempts": 1,
        "log_level": "error",
        "rate_limit_enabled": False,
        "compress_responses": False,
    }
    return Settings.load(**{**values, **more})


def suspend(database: Database) -> None:
    """Have the database refuse every use for a while, as after it went away under several requests."""
    for _ in range(database.options.breaker_failures):
        database.breaker.record_failure(OSError("the server is gone"))


class Client:
    """Calls the application in this process, with the master key unless told otherwise."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.http = app.test_client()

    def __call__(self, method: str, path: str, *, key: str | None = MASTER_KEY, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("X-API-Key", key)
        if not path.startswith(("/api/", "/health", "/docs", "/openapi")):
            path = f"/api/v1{path}"
        more.setdefault("buffered", True)  # as a server does, the answer is read to its end and closed
        return self.http.open(path, method=method, headers=sent, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self("POST", path, json=json, **more)

    def put(self, path: str, data: str | bytes, **more: Any) -> Any:
        return self("PUT", path, data=data, content_type=more.pop("content_type", "text/csv"), **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self("DELETE", path, **more)


def template_maker(
    name: str, fill: Callable[[], object], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Makes the migrated and filled database of an engine when it is first asked for; its place is what `own_database` copies."""
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
    """A database that a test has to itself, a copy of a template if one is given, and this process configured to use it."""
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
