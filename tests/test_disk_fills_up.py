"""The database's disk fills up under a real gunicorn: reads go on, writes are refused with a message, and free space is the only remedy."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from kit.databases import Backend, Postgres
from kit.disks import SmallDisk, no_file_may_grow, small_disk
from kit.servers import GUNICORN, KEY, Server, production, wait_until

import database

FULL = "There is no space left on the disk of the database."
REFUSED = "The disk of the database refuses to be written to."
MEGABYTES = 96  # room for a Postgres database
PAGE = {**KEY, "Accept": "text/html"}
# Few enough that the server buffers the upload in memory: the limit would refuse a temporary file too.
DAYS = [f"2018-{month:02d}-{day:02d}" for month in (1, 2, 3) for day in range(1, 29)]
PRICES = "date,open,high,low,close,volume\n" + "\n".join(f"{day},10,12,9,{10 + number % 3},{number}" for number, day in enumerate(DAYS))
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Disk:
    """A database on a disk that can be filled, and the words that callers then get."""

    backend: Backend
    data_dir: Path
    filled: Callable[[Server], AbstractContextManager[None]]
    words: str
    environment: dict[str, str] = field(default_factory=dict)


def filling(disk: SmallDisk) -> Callable[[Server], AbstractContextManager[None]]:
    @contextmanager
    def filled(_: Server) -> Iterator[None]:
        disk.fill()
        yield
        disk.free()

    return filled


@contextmanager
def on_a_full_disk(template: str, folder: Path) -> Iterator[Disk]:
    """SQLite on a separate disk, with all other files of the service, including its log."""
    with small_disk(24) as disk:
        path = disk.folder / "bellwether.db"
        shutil.copy(template, path)
        yield Disk(Backend("sqlite", f"sqlite:///{path}"), disk.folder, filling(disk), FULL)


@contextmanager
def under_a_limit(template: str, folder: Path) -> Iterator[Disk]:
    """SQLite where the system refuses to let files grow, as a quota does. This needs no privileges."""

    @contextmanager
    def filled(server: Server) -> Iterator[None]:
        with no_file_may_grow(psutil.Process(server.process.pid).children()):
            yield

    path = folder / "bellwether.db"
    shutil.copy(template, path)
    # Metrics are off: their file is in memory, where a disk quota does not apply, but this limit does.
    yield Disk(Backend("sqlite", f"sqlite:///{path}"), folder, filled, REFUSED, {"METRICS_ENABLED": "false"})


@contextmanager
def in_a_full_tablespace(server: Postgres, template: str, folder: Path) -> Iterator[Disk]:
    """Postgres with its tables on a separate disk."""
    name = f"full_{os.getpid()}_{next(_numbers)}"
    with small_disk(MEGABYTES) as disk:
        place = disk.folder / "tables"
        place.mkdir()
        owner = Path(data_directory(server)).stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        server.run(f"CREATE TABLESPACE {name} LOCATION '{place}'")
        try:
            server.run(f'CREATE DATABASE {name} TEMPLATE "{template}" TABLESPACE {name}')
            try:
                url = server.url.set(database=name).render_as_string(hide_password=False)
                yield Disk(Backend("postgres", url), folder, filling(disk), FULL)
            finally:
                server.drop(name)
        finally:
            server.run(f"DROP TABLESPACE {name}")


def data_directory(server: Postgres) -> str:
    db = database.Database(database.DatabaseOptions(server.url.render_as_string(hide_password=False)))
    try:
        with db.read() as connection:
            return str(connection.exec_driver_sql("SHOW data_directory").scalar_one())
    finally:
        db.close()


@pytest.fixture(params=[on_a_full_disk, under_a_limit, in_a_full_tablespace], ids=lambda make: make.__name__)
def disk(request: pytest.FixtureRequest, templates: Callable[[str], str], tmp_path: Path) -> Iterator[Disk]:
    if request.param is in_a_full_tablespace:
        if os.environ.get("TEST_DATABASE_URL"):
            pytest.skip("the folders of the server that was given are not known here")
        server = Postgres(request.getfixturevalue("postgres_server"))
        with in_a_full_tablespace(server, templates("postgres"), tmp_path) as disk:
            yield disk
    else:
        with request.param(templates("sqlite"), tmp_path) as disk:
            yield disk


@pytest.fixture
def server(disk: Disk) -> Iterator[Server]:
    environment = {
        "WEB_CONCURRENCY": "2",
        "RATE_LIMIT_ENABLED": "false",
        "BREAKER_FAILURES": "1",
        "BREAKER_SECONDS": "300",
        **disk.environment,
    }
    server = Server([GUNICORN, "wsgi:app"], production(disk.backend, **environment), disk.data_dir)
    wait_until(server.answers)
    wait_until(lambda: server.log.count('"event":"started"') == 2)
    yield server
    server.end()


def upload(server: Server, ticker: str) -> requests.Response:
    """Upload prices, a write that is larger than the free space within the files."""
    return requests.put(server.url(f"/api/v1/prices/{ticker}"), data=PRICES, headers={**KEY, "Content-Type": "text/csv"}, timeout=60)


def write(server: Server, number: int) -> list[requests.Response]:
    """Send one write of each kind, each for the first time."""

    def post(path: str, **body: Any) -> requests.Response:
        headers = {**KEY, "Idempotency-Key": f"{path}-{number}"}
        return requests.post(server.url(f"/api/v1{path}"), json=body, headers=headers, timeout=60)

    return [
        upload(server, f"NEW{number}"),
        server.analyze(ticker="IBM", reward_risk=2 + number / 100),
        post("/bulk-analyze", tickers=["IBM", "MSFT"]),
        post("/watchlist", ticker="IBM"),
    ]


def read(server: Server, result_id: str) -> dict[str, Any]:
    """The stored data by path; every request must succeed."""
    paths = ["/results", f"/results/{result_id}", f"/results/{result_id}/flips", "/tickers", "/prices/AAPL", "/series/AAPL"]
    paths += ["/history/AAPL", "/jobs", "/watchlist", "/overview", "/strategies"]
    answers = {path: server.get(f"/api/v1{path}") for path in paths}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(paths, 200)
    for path in ("/login", "/", "/screener", "/tasks"):
        page = requests.get(server.url(path), headers=PAGE, timeout=60)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8"), path
    return {path: answer.json() for path, answer in answers.items()}


def check_of(server: Server, path: str, name: str) -> tuple[int, dict[str, Any]]:
    answer = server.get(path)
    return answer.status_code, next(check for check in answer.json()["checks"] if check["name"] == name)


def breakers(server: Server) -> set[tuple[str, int]]:
    """The state and failures of the database's breaker, in each worker that happens to answer."""
    answers = [requests.get(server.url("/health"), headers=KEY, timeout=60).json() for _ in range(8)]
    return {
        (breaker["state"], breaker["failures"]) for answer in answers for breaker in answer["breakers"] if breaker["name"] == "database"
    }


def test_reading_goes_on_and_writing_does_once_there_is_space(disk: Disk, server: Server) -> None:
    stored = server.analyze(ticker="AAPL").json()
    with disk.filled(server):
        # Upload until the free space within the files is used up.
        next(number for number in itertools.count() if upload(server, f"GAP{number}").status_code == 503)
        before = read(server, stored["id"])
        for number in range(3):
            # A page of Postgres may still have space for a row, so there only uploads are refused for certain.
            for answer in write(server, number) if disk.backend.is_sqlite else [upload(server, f"NEW{number}")]:
                assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
                assert disk.words in answer.json()["detail"]
                assert "space" in answer.json()["detail"]
                assert int(answer.headers["Retry-After"]) > 0
            assert read(server, stored["id"]) == before
            again = server.analyze(ticker="AAPL")
            assert (again.status_code, again.json()["id"]) == (200, stored["id"])
        assert breakers(server) == {("closed", 0)}
        assert server.get("/health/live").status_code == 200

        def is_told() -> bool:
            status, check = check_of(server, "/health/ready", "database_writable")
            assert status == 200  # otherwise a load balancer would send readers away too
            return check["state"] == "warning" and disk.words in check["found"] and "space" in check["found"] + check["remedy"]

        wait_until(is_told)
    for answer in write(server, 0):  # with the idempotency keys of the refused writes
        assert answer.status_code in (200, 201, 202), answer.text
    wait_until(lambda: check_of(server, "/health/ready", "database_writable")[1]["state"] == "ok")
    assert len(read(server, stored["id"])["/tickers"]["items"]) == len(before["/tickers"]["items"]) + 1
    assert breakers(server) == {("closed", 0)}
    assert server.stop() == 0
    assert "Traceback" not in server.log


@pytest.mark.parametrize("disk", [on_a_full_disk], indirect=True, ids=["on_a_full_disk"])
def test_a_process_that_takes_the_place_of_another_reads_too(disk: Disk, server: Server) -> None:
    stored = server.analyze(ticker="AAPL").json()
    with disk.filled(server):
        assert upload(server, "NEW").status_code == 503
        for worker in psutil.Process(server.process.pid).children():
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        wait_until(lambda: is_answered(server))
        read(server, stored["id"])
        assert upload(server, "NEW").json()["detail"].startswith(FULL)
    assert upload(server, "NEW").status_code == 200
    assert server.stop() == 0


def is_answered(server: Server) -> bool:
    try:
        return server.get("/api/v1/results").status_code == 200
    except requests.RequestException:
        return False
