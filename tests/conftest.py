"""Real databases for every test: an SQLite file and a real PostgreSQL, each test with a database of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as of_examples
from kit import databases
from kit.databases import Backend, own_database, template_maker
from kit.effort import IS_WHOLE
from kit.garbage import Freezing
from kit.measuring import measure
from kit.redis_server import RedisServer, redis_of_its_own
from kit.servers import Server, Start
from kit.staying import Guard
from kit.support import Client, settings_for
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

import app as application
import database
from app import Application, create_app
from config import Settings, variable_names
from features.prices.providers.sample import SampleProvider
from features.prices.sample import load_if_empty
from utils.logger import configure_logging

ENGINES = ("sqlite", "postgres")
# The machine of a check may be disturbed: how long an example takes is no fault.
of_examples.register_profile("disturbed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
of_examples.load_profile("disturbed")


# Folders with many tests, or with tests that start servers and wait. Run on both engines, they would take most of the time.
TAKE_TURNS = (
    "api/",
    "chaos/",
    "deploy/test_backup.py",
    "deploy/test_systemd.py",
    "features/",
    "infrastructure/",
    "jobs/",
    "test_disk_fills_up.py",
    "test_preflight.py",
    "test_servers.py",
    "test_two_applications.py",
    "utils/",
    "web/",
)
# Where a case takes seconds: of a test with several cases the first runs, unless TEST_EVERYTHING is set.
FIRST_CASE_ALONE = ("browser/", "chaos/", "jobs/test_isolated_process.py", "test_disk_fills_up.py")
EVERY_CASE = ("browser/test_pages.py",)  # each page is a case


def pytest_configure(config: pytest.Config) -> None:
    # Child processes inherit ignored signals: in the background or under nohup, servers would ignore Ctrl-C and SIGHUP.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    measure(config)
    config.pluginmanager.register(Freezing())


# The tests of each entry share what takes longer than any of them: a database server, the story of the documentation, a generated client.
# So do those of each file of BROWSER, a browser with its server, which are too many for one process.
BROWSER = "tests/browser/"
TOGETHER = (
    "tests/api/test_examples.py",
    "tests/api/test_generated_client.py",
    "tests/api/test_two_organizations.py",
    "tests/chaos/test_database_away.py",
    "tests/features/audit/test_audit_of_every_route.py",
    "tests/features/belongings/",
    "tests/features/operations/test_health.py",
    "tests/test_database_breaker.py",
    "tests/utils/test_database_errors.py::test_what_waiting_does_not_mend",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long and is like what runs; TEST_EVERYTHING (`make test-all`) runs it all."""
    if IS_WHOLE:
        return
    left_out = _other_engines(items)
    left_out |= _further_cases([item for item in items if item not in left_out])
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _other_engines(items: list[pytest.Item]) -> set[pytest.Item]:
    """The tests of TAKE_TURNS run alternately on SQLite and on Postgres: for each, the one on the engine whose turn it is not."""
    twins: dict[tuple[str, ...], dict[str, pytest.Item]] = {}
    for item in items:
        engine = getattr(item, "callspec", None) and item.callspec.params.get("engine")  # type: ignore[attr-defined]
        if engine in ENGINES and _place(item).startswith(TAKE_TURNS):
            others = sorted(f"{name}={value}" for name, value in item.callspec.params.items() if name != "engine")  # type: ignore[attr-defined]
            twins.setdefault((str(item.path), getattr(item, "originalname", item.name), *others), {})[engine] = item
    pairs = [pair for pair in twins.values() if len(pair) == len(ENGINES)]
    return {pair[ENGINES[at % 2]] for at, pair in enumerate(pairs)}


def _further_cases(items: list[pytest.Item]) -> set[pytest.Item]:
    """The cases after the first of the tests of FIRST_CASE_ALONE."""
    seen: set[tuple[Path, str]] = set()
    further = set()
    for item in items:
        test = (item.path, getattr(item, "originalname", item.name))
        if test in seen and _place(item).startswith(FIRST_CASE_ALONE) and not _place(item).startswith(EVERY_CASE):
            further.add(item)
        seen.add(test)
    return further


def _place(item: pytest.Item) -> str:
    folder = Path(__file__).parent
    return item.path.relative_to(folder).as_posix() if item.path.is_relative_to(folder) else ""


class TogetherScheduling(LoadScopeScheduling):
    """Each test goes to any free process; the tests of an entry in TOGETHER, and those of a file of BROWSER, go to the same one.

    When a process is lost, the test that it ran has failed, and the others that it had go to the process that replaces it. By itself,
    pytest-xdist 3.8 would run that test again, and leave the new process with one test, at which it waits for a second one for ever.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(BROWSER):
            return nodeid.partition("::")[0]
        return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)

    def schedule(self) -> None:
        super().schedule()
        for node in self.nodes:
            self._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        units = self.assigned_work.pop(node)
        left = {scope: [nodeid for nodeid, is_done in unit.items() if not is_done] for scope, unit in units.items()}
        running = next((tests[0] for tests in left.values() if tests), None)
        for scope, tests in left.items():
            if again := {nodeid: False for nodeid in tests if nodeid != running}:
                self.workqueue[scope] = again
        for other in self.nodes:
            self._reschedule(other)
        return running


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherScheduling | None:
    """The scheduler for `--dist loadgroup`: pytest 9.2 does not see the group names of pytest-xdist 3.8 and would spread the groups."""
    return TogetherScheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session", autouse=True)
def _no_settings_from_outside() -> None:
    """The machine's own environment must not reach the tests."""
    for field in Settings.model_fields:
        for variable in variable_names(field):
            os.environ.pop(variable, None)
    Settings.model_config["env_file"] = None


@pytest.fixture(scope="session", autouse=True)
def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    """Over this process and those that it starts."""
    guard = Guard(tmp_path_factory.mktemp("guard") / "tried")
    guard.start()
    return guard


@pytest.fixture(autouse=True)
def _no_request_leaves_the_machine(guard: Guard) -> Iterator[None]:
    yield
    assert guard.left() == []


@pytest.fixture(scope="session", autouse=True)
def _errors_alone_are_logged() -> None:
    configure_logging("error", as_json=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server: TEST_DATABASE_URL, or a server that the tests start."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        yield url
        return
    with databases.postgres_server() as server:
        yield server.get_uri()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine; every test that uses a database runs on both."""
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
        load_if_empty(database.current(), SampleProvider())

    return template_maker("template", fill, request, tmp_path_factory)


@pytest.fixture
def settings(backend: Backend, tmp_path: Path) -> Settings:
    return settings_for(backend.url, tmp_path)


@pytest.fixture
def app(settings: Settings) -> Iterator[Application]:
    """The application on a migrated database with the sample prices."""
    app = create_app(settings)
    application.start(app)
    yield app
    application.stop(app)


@pytest.fixture
def client(app: Application) -> Client:
    return Client(app)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers; they end with the test."""
    servers: list[Server] = []

    def make(command: list[str], **environment: str) -> Server:
        servers.append(Server(command, environment, tmp_path))
        return servers[-1]

    yield make
    for server in servers:
        server.end()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis for this test alone."""
    with redis_of_its_own(tmp_path) as server:
        yield server
