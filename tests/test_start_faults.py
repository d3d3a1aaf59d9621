"""A fault that prevents the start of the service or a command is reported at once, with a remedy and an exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pytest
from kit.chaos import CELERY
from kit.databases import Backend, OwnPostgres, own_postgres
from kit.disks import mount, small_disk
from kit.effort import IS_WHOLE
from kit.paths import HIDDEN, ROOT
from kit.servers import FLASK, GUNICORN, NOT_BOOTED, free_port, production

PATIENCE = 90.0  # seconds for all commands; thirty attempts to connect would take longer
PYTHON = sys.executable
PASSWORD = "hunter2"
SERVICE = {
    "app.py": [PYTHON, "app.py"],
    "gunicorn": [GUNICORN, "wsgi:app"],
    "worker.py": [PYTHON, "worker.py"],
}
# Celery's jobs need Postgres.
CELERY_WORKER = {"celery": ["env", "JOB_ENGINE=celery", "REDIS_URL=redis://127.0.0.1:1/0", *CELERY]}
PREFLIGHT = {"preflight.py": [PYTHON, "preflight.py"]}
WRITING = {
    "db_migrations.py": [PYTHON, "db_migrations.py"],
    "db_migrations.py repair": [PYTHON, "db_migrations.py", "repair"],
    "demo load": [FLASK, "demo", "load", "1"],
}
READING = {
    "db_migrations.py status": [PYTHON, "db_migrations.py", "status"],
    "db_migrations.py plan": [PYTHON, "db_migrations.py", "plan"],
    "db_migrations.py verify": [PYTHON, "db_migrations.py", "verify"],
}
KEYS = {
    "api_key create": [FLASK, "api-key", "create", "x"],
    "api_key list": [FLASK, "api-key", "list"],
}
EVERYTHING = SERVICE | PREFLIGHT | WRITING | READING | KEYS
# Commands that only read can use a read-only file; these write to the file or next to it.
ALL_THAT_WRITES = SERVICE | PREFLIGHT | WRITING
FEW_ATTEMPTS = {"DB_CONNECT_ATTEMPTS": "2"}


@dataclass
class Fault:
    """A database that cannot be used: its URL, the expected words and remedy, and the commands that must report it."""

    url: str
    words: str
    remedy: str
    entrances: dict[str, list[str]] = field(default_factory=lambda: EVERYTHING)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def commands(self) -> dict[str, list[str]]:
        is_for_workers = self.url.startswith("postgresql") and "worker.py" in self.entrances
        return self.entrances | (CELERY_WORKER if is_for_workers else {})


@dataclass
class Stage:
    """The material for a fault: a folder, a template of a database, and a server."""

    folder: Path
    template: str
    request: pytest.FixtureRequest

    def migrated_file(self, folder: Path) -> Path:
        """A migrated database that no process has open."""
        return Path(shutil.copy(self.template, folder / "bellwether.db"))

    @property
    def server(self) -> OwnPostgres:
        server = self.request.getfixturevalue("guarded")
        assert isinstance(server, OwnPostgres)
        return server


@contextmanager
def file_of_a_later_version(stage: Stage) -> Iterator[Fault]:
    """A file marked as written by a later version: SQLite reads it and never writes to it, even as root. This needs no privileges."""
    path = stage.migrated_file(stage.folder)
    with path.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    yield Fault(f"sqlite:///{path}", "can be read, but not written to", "mounted for writing", ALL_THAT_WRITES)


@contextmanager
def file_mounted_for_reading(stage: Stage) -> Iterator[Fault]:
    """The log next to the file is writable, so a transaction begins; its first change fails."""
    with small_disk(8) as disk:
        path = stage.migrated_file(disk.folder)
        mount("--bind", str(path), str(path))
        try:
            mount("-o", "remount,ro,bind", str(path))
            yield Fault(f"sqlite:///{path}", "can be read, but not written to", "mounted for writing", SERVICE)
        finally:
            subprocess.run(["umount", "--lazy", str(path)], check=True)


@contextmanager
def folder_mounted_for_reading(stage: Stage) -> Iterator[Fault]:
    with small_disk(8) as disk:
        path = stage.migrated_file(disk.folder)
        mount("-o", "remount,ro", str(disk.folder))
        yield Fault(f"sqlite:///{path}", "cannot be opened", "may read and write", ALL_THAT_WRITES | KEYS)


@contextmanager
def folder_in_its_place(stage: Stage) -> Iterator[Fault]:
    folder = stage.folder / "folder.db"
    folder.mkdir()
    yield Fault(f"sqlite:///{folder}", "cannot be opened", "DATABASE_URL (or DATA_DIR)")


@contextmanager
def path_below_a_file(stage: Stage) -> Iterator[Fault]:
    (stage.folder / "plain").write_text("")
    # Left out: preflight creates no file and reports this in other words, and reading commands see an empty database.
    yield Fault(f"sqlite:///{stage.folder}/plain/x.db", "cannot be used: ", "DATABASE_URL", SERVICE | WRITING | KEYS)


@contextmanager
def no_database_file(stage: Stage) -> Iterator[Fault]:
    path = stage.folder / "text.db"
    path.write_text("This is no database. " * 1000)
    yield Fault(f"sqlite:///{path}", "damaged, or is not an SQLite database", "deploy.restore")


@contextmanager
def full_disk(stage: Stage) -> Iterator[Fault]:
    with small_disk(8) as disk:
        path = stage.migrated_file(disk.folder)
        disk.fill()
        yield Fault(f"sqlite:///{path}", "There is no space left on the disk of the database", "Make room", ALL_THAT_WRITES | KEYS)


@contextmanager
def wrong_password(stage: Stage) -> Iterator[Fault]:
    yield Fault(stage.server.url_as(f"guarded:{PASSWORD}@", "own"), "refuses the user or the password", "Correct them in DATABASE_URL")


@contextmanager
def no_such_account(stage: Stage) -> Iterator[Fault]:
    yield Fault(stage.server.url_as(f"nobody_of_this_name:{PASSWORD}@", "own"), "refuses the user or the password", "make the account")


@contextmanager
def no_such_database(stage: Stage) -> Iterator[Fault]:
    yield Fault(stage.server.url_as("postgres:@", "no_such_database"), "has no such database", "CREATE DATABASE")


@contextmanager
def no_right_to_create(stage: Stage) -> Iterator[Fault]:
    """An empty database as an administrator creates it for an account since PostgreSQL 15: without the right to create tables."""
    words, remedy = "The database account lacks a right", "GRANT USAGE, CREATE ON SCHEMA public"
    # A repair has nothing to write.
    entrances = {name: command for name, command in ALL_THAT_WRITES.items() if "repair" not in name}
    yield Fault(stage.server.url_as("guarded:right@", "own"), words, remedy, entrances)


@contextmanager
def no_table(stage: Stage) -> Iterator[Fault]:
    yield Fault(stage.server.url_as("postgres:@", "own"), "behind", "db_migrations.py up", KEYS, {"AUTO_MIGRATE": "false"})


@contextmanager
def no_such_host(_: Stage) -> Iterator[Fault]:
    url = f"postgresql://u:{PASSWORD}@nosuch.invalid/x"
    yield Fault(url, "No machine is known by the database's host name", "Correct the host in DATABASE_URL", environment=FEW_ATTEMPTS)


@contextmanager
def closed_port(_: Stage) -> Iterator[Fault]:
    url = f"postgresql://u:{PASSWORD}@127.0.0.1:{free_port()}/x"
    yield Fault(url, "Nothing listens at the database's host and port", "Start the database server", environment=FEW_ATTEMPTS)


@contextmanager
def no_such_feature(stage: Stage) -> Iterator[Fault]:
    url = f"sqlite:///{stage.migrated_file(stage.folder)}"
    words, remedy = "'no_such_module' is not a feature", "Name modules that can be imported"
    yield Fault(url, words, remedy, SERVICE | PREFLIGHT | KEYS, {"EXTRA_FEATURES": "no_such_module"})


@contextmanager
def celery_on_a_file(stage: Stage) -> Iterator[Fault]:
    url = f"sqlite:///{stage.migrated_file(stage.folder)}"
    words, remedy = "workers on other machines cannot reach an SQLite file", "Use Postgres"
    entrances = {name: command for name, command in EVERYTHING.items() if name != "gunicorn"}  # gunicorn's master reports this itself, once
    yield Fault(url, words, remedy, entrances | CELERY_WORKER, {"JOB_ENGINE": "celery"})


FAULTS = (
    *(
        file_of_a_later_version,
        file_mounted_for_reading,
        folder_mounted_for_reading,
        folder_in_its_place,
        path_below_a_file,
        no_database_file,
        full_disk,
    ),
    *(wrong_password, no_such_account, no_such_database, no_right_to_create, no_table, no_such_host, closed_port),
    *(no_such_feature, celery_on_a_file),
)


@pytest.fixture(scope="module")
def guarded() -> Iterator[OwnPostgres]:
    """A server with an account that has a password and no privileges."""
    with own_postgres() as server:
        server.require_password("guarded", "right")
        yield server


def chosen(fault: Fault, number: int) -> dict[str, list[str]]:
    """The commands to run: all, or in a short run every fifth, at least one, so that each command meets a fifth of the faults."""
    if IS_WHOLE:
        return fault.commands
    step = min(5, len(fault.commands))
    return dict(islice(fault.commands.items(), number % step, None, step))


def run_all(fault: Fault, commands: dict[str, list[str]], folder: Path) -> dict[str, tuple[int, str]]:
    """Start all commands at once; return their exit codes and outputs."""
    running = {}
    for name, command in commands.items():
        variables = production(Backend("", fault.url), WEB_CONCURRENCY="1", PORT=str(free_port()), DATA_DIR=str(folder / "var"))
        output = (folder / f"output-{len(running)}").open("w+")
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": HIDDEN, **variables, **fault.environment}
        running[name] = (subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT), output)
    outcomes = {}
    try:
        for name, (process, output) in running.items():
            status = process.wait(PATIENCE)
            output.seek(0)
            outcomes[name] = (status, output.read())
    finally:
        for process, output in running.values():
            if process.poll() is None:
                process.kill()
                process.wait()
            output.close()
    return outcomes


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_a_fault_is_told_at_every_entrance(
    make: Callable[[Stage], object], tmp_path: Path, templates: Callable[[str], str], request: pytest.FixtureRequest
) -> None:
    with make(Stage(tmp_path, templates("sqlite"), request)) as fault:  # type: ignore[attr-defined]
        outcomes = run_all(fault, chosen(fault, FAULTS.index(make)), tmp_path)
    wrong = []
    for name, (status, output) in outcomes.items():
        flat = " ".join(output.replace("→", " ").split())  # preflight's table breaks lines
        faults = [] if status in (NOT_BOOTED if name == "gunicorn" else (1,)) else [f"exit code {status}"]
        faults += [f"does not say {words!r}" for words in (fault.words, fault.remedy) if words not in flat]
        faults += [f"says {words!r}" for words in ("Traceback", "sqlalche.me", "Background on this error", PASSWORD) if words in output]
        if output.count("database not reachable yet") > (1 if fault.environment else 0):
            faults.append("waits for what does not mend")
        if name == "gunicorn" and output.count('"event":"not started"') != 1:
            faults.append("a worker process does not say it in one line")
        wrong += [f"{name}: {', '.join(faults)}:\n{output}"] if faults else []
    assert not wrong, "\n".join(wrong)
