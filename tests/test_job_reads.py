"""A crowd that asks for one job costs the database a few reads; everybody else gets the job as it is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import Backend
from test_servers import wait_until

import database
from models.errors import JobNotFound
from models.job import BulkOrder, BulkParams
from services import job as job_service
from services.job_feed import JobFeed
from services.job_reads import CROWD, SHARED_SECONDS, JobReads


@pytest.fixture
def job_id(backend: Backend) -> str:
    with database.transaction() as connection:
        return job_service.submit(connection, 1, BulkOrder(("AAPL", "IBM"), BulkParams("balanced"))).job.id


@pytest.fixture
def feed() -> JobFeed:
    return JobFeed(None, 3)


def checkouts() -> int:
    return database.current().status().events["checkouts"]


def test_a_few_readers_see_every_change(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(feed)
    assert reads.find(1, job_id).cancel_requested is False
    job_service.cancel(1, job_id)
    assert reads.find(1, job_id).cancel_requested is True


def test_a_crowd_shares_reads_and_still_sees_the_change(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(feed)
    for _ in range(CROWD + 3):
        reads.find(1, job_id)
    before, began = checkouts(), time.monotonic()
    with ThreadPoolExecutor(16) as crowd:
        asked = list(crowd.map(lambda _: reads.find(1, job_id), range(400)))
    windows = 1 + (time.monotonic() - began) / SHARED_SECONDS
    assert {job.id for job in asked} == {job_id}
    assert checkouts() - before <= 2 * windows
    job_service.cancel(1, job_id)
    wait_until(lambda: reads.find(1, job_id).cancel_requested)


def test_when_a_crowd_has_gone_everybody_sees_every_change_again(job_id: str, feed: JobFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr("services.job_reads.monotonic", lambda: moment)
    reads = JobReads(feed)
    for _ in range(4 * CROWD):
        reads.find(1, job_id)
    job_service.cancel(1, job_id)
    assert reads.find(1, job_id).cancel_requested is False  # shared
    for _ in range(2):
        moment += SHARED_SECONDS
        assert reads.find(1, job_id).cancel_requested is True
    before = checkouts()
    for _ in range(3):
        reads.find(1, job_id)
    assert checkouts() - before == 3


def test_a_crowd_beside_a_stream_reads_nothing_itself(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(feed)
    with feed.watch(job_service.find(1, job_id)):
        for _ in range(CROWD + 3):
            reads.find(1, job_id)
        job_service.cancel(1, job_id)
        wait_until(lambda: reads.find(1, job_id).cancel_requested)
        assert feed.latest(job_id) is not None
    assert feed.latest(job_id) is None
    feed.close()


def test_nobody_gets_another_organizations_job(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(feed)
    with feed.watch(job_service.find(1, job_id)):
        for _ in range(2 * CROWD):
            reads.find(1, job_id)
        for _ in range(2 * CROWD):
            with pytest.raises(JobNotFound):
                reads.find(2, job_id)
    feed.close()


def test_what_was_changed_here_is_read_anew(job_id: str, feed: JobFeed) -> None:
    reads = JobReads(feed)
    for _ in range(3 * CROWD):
        reads.find(1, job_id)
    job_service.cancel(1, job_id)
    reads.forget(1, job_id)
    assert reads.find(1, job_id).cancel_requested is True
