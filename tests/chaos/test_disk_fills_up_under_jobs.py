"""The disk fills up during a job: workers keep trying, nothing is lost or half written, and the job continues once there is space."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.chaos import WEB, Site, done, is_active, post_job, wait_for_progress, wait_until_right
from kit.databases import Backend, own_database
from kit.disks import SmallDisk, no_file_may_grow, small_disk
from kit.servers import Server, wait_until

LIMIT = 100_000  # bytes: more than the log file of a server, less than SQLite's write-ahead log with the items of a job


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(64) as made:
        yield made


@pytest.fixture
def backend_on_disk(disk: SmallDisk, demo_templates: Callable[[str], str], request: pytest.FixtureRequest) -> Iterator[Backend]:
    yield from own_database("sqlite", disk.folder, request, demo_templates("sqlite"))


def assert_served_while_work_waits(web: Server, job_id: str, reason: str) -> None:
    wait_until(lambda: reason in web.log)
    for path in ("/api/v1/results", f"/api/v1/jobs/{job_id}", f"/api/v1/jobs/{job_id}/items", "/api/v1/overview", "/health/ready"):
        assert web.get(path).status_code == 200, path
    assert is_active(job_id)


def test_a_disk_that_fills_up_in_the_middle_of_a_job(disk: SmallDisk, backend_on_disk: Backend, tmp_path: Path) -> None:
    site = Site(backend_on_disk, tmp_path)
    try:
        web = site.start(WEB)
        wait_until(web.answers)
        job_id = post_job(web)
        wait_for_progress(job_id, 50)
        disk.fill()
        assert_served_while_work_waits(web, job_id, "database or disk is full")
        disk.free()
        wait_until_right(job_id, site)
        site.stop()
        assert "Traceback" not in web.log
    finally:
        site.end()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_workers_that_may_not_let_a_file_grow(site: Site) -> None:
    web = site.start(WEB)
    wait_until(web.answers)
    workers = wait_until(lambda: len(found := site.workers()) == 2 and found)
    with no_file_may_grow(workers, LIMIT):
        job_id = post_job(web)
        assert_served_while_work_waits(web, job_id, "disk I/O error")
        assert done(job_id) == 0
    wait_until_right(job_id, site)
    site.stop()
    assert "Traceback" not in web.log
