"""Reads of a job: many share one, and for no client, whichever processes answer it, does a job ever go back in time."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.jobs import claim, end_chunk, queue
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until

import database
from database import Database
from infrastructure.metrics import Metrics
from jobs import feed as job_feed
from jobs import service as job_service
from jobs.feed import JobFeed
from jobs.reads import SHARED_SECONDS, JobReads
from models.errors import JobNotFound
from models.job import Fault, Job

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
FINISHED = ("completed", "failed", "cancelled")


@pytest.fixture
def job_id(backend: Backend) -> str:
    return queue("AAPL", "IBM")


@pytest.fixture
def feed() -> JobFeed:
    return JobFeed(database.current(), None, 3, Metrics())


def checkouts() -> int:
    return database.current().status().events["checkouts"]


class Gate:
    """Something to be called that waits at its end, what it found in hand, until it is opened."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.passed, self._open = 0, threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        job = self._call(*arguments)
        self.passed += 1
        assert self._open.wait(60)
        return job

    def open(self) -> None:
        self._open.set()


# ---- in one process ---------------------------------------------------------------------------------------------------------------


def test_a_reader_sees_every_change(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(database.current(), feed)
    assert reads.find(1, job_id).cancel_requested is False
    job_service.cancel(database.current(), 1, job_id)
    assert reads.find(1, job_id).cancel_requested is True


def test_a_crowd_shares_one_read_which_sees_the_change(job_id: str, feed: JobFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The read that was under way when they came is older than the change; so they wait for the next one, all for the same."""
    reads, gate = JobReads(database.current(), feed), Gate(job_service.find)
    monkeypatch.setattr(job_service, "find", gate)
    with ThreadPoolExecutor(17) as crowd:
        first = crowd.submit(reads.find, 1, job_id)
        wait_until(lambda: gate.passed == 1)
        job_service.cancel(database.current(), 1, job_id)
        before = checkouts()
        others = [crowd.submit(reads.find, 1, job_id) for _ in range(16)]
        wait_until(lambda: reads.waiting(1, job_id) == 16)
        gate.open()
        assert first.result(60).cancel_requested is False
        assert {job.result(60).cancel_requested for job in others} == {True}
    assert checkouts() - before == 1


def test_who_says_what_they_know_is_answered_by_what_streams_show(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(database.current(), feed)
    with feed.watch(job_service.find(database.current(), 1, job_id)):
        shown = feed.latest(job_id)
        assert shown is not None
        assert reads.find(1, job_id, seen=shown.version) is shown
        cancelled = job_service.cancel(database.current(), 1, job_id)
        assert reads.find(1, job_id).version == cancelled.version
        assert reads.find(1, job_id, seen=cancelled.version).version == cancelled.version
        wait_until(lambda: reads.find(1, job_id, seen=0).version == cancelled.version)
    assert feed.latest(job_id) is None
    feed.close()


def test_who_says_what_they_know_is_answered_by_the_last_read(job_id: str, feed: JobFeed) -> None:
    moment = 1000.0
    reads = JobReads(database.current(), feed, clock=lambda: moment)
    job = reads.find(1, job_id, seen=0)
    cancelled = job_service.cancel(database.current(), 1, job_id)
    assert [reads.find(1, job_id, seen=seen) for seen in (0, job.version)] == [job, job]
    moment += SHARED_SECONDS
    before = checkouts()
    assert [reads.find(1, job_id, seen=seen) for seen in (0, job.version, cancelled.version)] == [cancelled] * 3
    assert checkouts() - before == 1
    database.execute_db("UPDATE analysis_jobs SET version = version + 1")
    assert reads.find(1, job_id).version == cancelled.version + 1  # who says nothing is told what is
    assert reads.find(1, job_id, seen=cancelled.version).version == cancelled.version + 1


def test_a_few_jobs_are_remembered(backend: Backend, feed: JobFeed) -> None:
    reads = JobReads(database.current(), feed, max_jobs=2, clock=lambda: 1000.0)
    job_ids = [queue("AAPL") for _ in range(3)]
    for job_id in job_ids:
        reads.find(1, job_id)
    before = checkouts()
    for job_id in reversed(job_ids):
        assert reads.find(1, job_id, seen=1).id == job_id
    assert checkouts() - before == 1
    reads.find(1, job_ids[1], seen=1)  # forgotten for the first one
    assert checkouts() - before == 2


def test_nobody_gets_another_organizations_job(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(database.current(), feed)
    job = reads.find(1, job_id)
    for watched in (False, True):
        with feed.watch(job) if watched else nullcontext():
            for seen in (None, 0, 1):
                with pytest.raises(JobNotFound):
                    reads.find(2, job_id, seen)
    feed.close()


@ON_SQLITE
def test_what_streams_show_never_goes_back(job_id: str, feed: JobFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read of the snapshot that began before a command ends after somebody who knows of the command has come to watch."""
    gate = Gate(job_feed.job_store.find_many)
    monkeypatch.setattr(job_feed.job_store, "find_many", gate)
    old = job_service.find(database.current(), 1, job_id)
    with feed.watch(old):
        wait_until(lambda: gate.passed == 1)
        cancelled = job_service.cancel(database.current(), 1, job_id)
        with feed.watch(cancelled):
            gate.open()
            wait_until(lambda: gate.passed == 2)
            assert feed.latest(job_id) == cancelled
            job = feed.wait(job_id, old.version, 60)
            assert job is not None
            assert job.version == cancelled.version
    feed.close()


@pytest.mark.parametrize(
    "reader", [job_service.find, lambda *arguments: read_by_sqlalchemy(arguments[-1])], ids=["lean reader", "SQLAlchemy"]
)
def test_a_read_that_begins_after_a_commit_sees_it(job_id: str, reader: Callable[[Database, int, str], Job]) -> None:
    """What all of this stands on: connections that lie in the pool keep no snapshot of their own, whatever they were used for before."""
    with ThreadPoolExecutor(8) as pool:
        for number in range(8):
            jobs = list(pool.map(lambda _: reader(database.current(), 1, job_id), range(8)))  # several connections of the pool
            assert {job.version for job in jobs} == {number + 1}
            database.execute_db("UPDATE analysis_jobs SET version = version + 1")


def read_by_sqlalchemy(job_id: str) -> Job:
    with database.read() as connection:
        jobs = job_feed.job_store.find_many(connection, [job_id])
    return jobs[0]


# ---- across processes -------------------------------------------------------------------------------------------------------------


TICKERS = tuple(f"NONE{number}" for number in range(60))


class Person:
    """A client that asks all servers in turn and remembers the newest version."""

    def __init__(self, servers: list[Server], job_id: str, number: int) -> None:
        # A kept connection stays with one process: with several, the client meets all of them.
        doors = [(server, requests.Session()) for server in servers * 4]
        self._doors = itertools.cycle(doors[number % len(doors) :] + doors[: number % len(doors)])
        self._path, self._job_id = f"/api/v1/jobs/{job_id}", job_id
        self.seen, self.is_over, self.has_cancelled = 0, False, False
        self.may_cancel = threading.Event()
        self.faults: list[str] = []

    def look(self) -> None:
        """Ask in one way after the other until the job has ended, and a few times more."""
        ways = (self.poll, self.cheap_poll, self.list, self.unless_changed, self.ask_for_the_same_work, self.stream)
        for way in itertools.cycle(ways):
            if self.is_over:
                break
            way()
            if self.may_cancel.is_set() and not self.has_cancelled:
                self.cancel()
        for way in (self.poll, self.cheap_poll, self.list, self.unless_changed, self.stream) * 2:
            way()

    def poll(self) -> None:
        self._note("poll", self._call("GET", self._path).json())

    def cheap_poll(self) -> None:
        self._note("poll that says what was seen", self._call("GET", f"{self._path}?seen={self.seen}").json())

    def list(self) -> None:
        jobs = self._call("GET", "/api/v1/jobs").json()["items"]
        self._note("list", next(job for job in jobs if job["id"] == self._job_id))

    def unless_changed(self) -> None:
        answer = self._call("GET", self._path, headers={"If-None-Match": f'"{self.seen}"'})
        if answer.status_code != 304:
            self._note("conditional poll", answer.json())

    def ask_for_the_same_work(self) -> None:
        answer = self._call("POST", "/api/v1/bulk-analyze", json={"tickers": list(TICKERS)}).json()
        if answer["id"] == self._job_id:  # else it has ended, and this is another
            self._note("the same work asked for again", answer)

    def stream(self) -> None:
        """The first event of a stream, whose client says nothing of what it has seen."""
        with self._call("GET", f"{self._path}/events", stream=True) as answer:
            if answer.status_code == 200:  # else as many are open as may be
                lines = map(str, answer.iter_lines(chunk_size=1, decode_unicode=True))
                self._note("stream", next(json.loads(line[6:]) for line in lines if line.startswith("data: ")))

    def cancel(self) -> None:
        self._note("command", self._call("POST", f"{self._path}/cancel").json())
        self.has_cancelled = True

    def _call(self, method: str, path: str, **more: Any) -> requests.Response:
        server, session = next(self._doors)
        session.headers.update(KEY)
        return session.request(method, server.url(path), timeout=60, **more)

    def _note(self, way: str, job: dict[str, Any]) -> None:
        if job["version"] < self.seen or (self.has_cancelled and not job["cancel_requested"]):
            self.faults.append(f"{way}: version {job['version']} after {self.seen}")
        self.seen = max(self.seen, job["version"])
        self.is_over = self.is_over or job["status"] in FINISHED


@pytest.mark.parametrize("servers", [1, 2], ids=["two processes of one server", "two servers over one database"])
def test_a_job_never_goes_back_for_a_client(backend: Backend, start: Start, servers: int) -> None:
    serving = [
        start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="2", RATE_LIMIT_ENABLED="false")) for _ in range(servers)
    ]
    for server in serving:
        wait_until(server.answers)
    job = requests.post(serving[0].url("/api/v1/bulk-analyze"), json={"tickers": list(TICKERS)}, headers=KEY, timeout=60).json()
    people = [Person(serving, job["id"], number) for number in range(8)]
    with ThreadPoolExecutor(len(people)) as pool:
        looking = [pool.submit(person.look) for person in people]
        for number in itertools.count():
            chunk = claim("w", 1)
            if chunk is None:
                break
            if number == len(TICKERS) // 2:
                people[0].may_cancel.set()
                wait_until(lambda: people[0].has_cancelled or looking[0].done())
            end_chunk(chunk, {item: Fault("internal_error", "Why.") for item in chunk.items})
        for future in looking:
            future.result(120)
    assert [person.faults for person in people] == [[]] * len(people)
    assert people[0].has_cancelled
    assert len({person.seen for person in people}) == 1
