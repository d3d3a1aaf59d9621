"""Postgres crashes during a job and is restarted: the job continues by itself, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from kit.chaos import TICKERS, WEB, Site, done, fill, is_active, is_alive, post_job, wait_for_progress, wait_until_right
from kit.databases import Backend, OwnPostgres, own_postgres
from kit.servers import KEY, wait_until
from kit.support import settings_for

import database


@pytest.fixture
def own_server() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def own_site(own_server: OwnPostgres, tmp_path: Path) -> Iterator[Site]:
    fill(own_server.url, tmp_path)
    # Check each connection before its use: pooled connections are broken after the crash.
    database.configure(settings_for(own_server.url, tmp_path, db_ping_after_idle=0))
    site = Site(Backend("postgres", own_server.url), tmp_path)
    yield site
    site.end()
    database.close()


def test_postgres_crashes_twice_in_mid_job(own_site: Site, own_server: OwnPostgres) -> None:
    web = own_site.start(WEB)
    wait_until(web.answers)
    job_id = post_job(web)
    wait_for_progress(job_id)
    lasting = [*own_site.supervisors(), *own_site.workers()]
    for away in (0.3, 1.5):
        wait_for_progress(job_id, done(job_id) + 40)
        assert is_active(job_id)
        own_server.stop()
        time.sleep(away)
        own_server.start()
    wait_until_right(job_id, own_site)
    assert all(map(is_alive, lasting)), f"somebody had to be started again\n{web.log}"
    # The first request of each web process finds its connections broken.
    wait_until(lambda: web.get(f"/api/v1/jobs/{job_id}").status_code == 200)
    assert web.get(f"/api/v1/jobs/{job_id}").json()["status"] == "completed"
    own_site.stop()


def test_a_request_that_writes_finds_its_connection_cut(own_site: Site, own_server: OwnPostgres) -> None:
    """The first request after a crash may get 503, but no other error. The next one succeeds."""
    web = own_site.start(WEB, LOCAL_WORKERS="0")
    wait_until(web.answers)
    post_job(web, TICKERS[:1])
    own_server.stop()
    own_server.start()
    body = {"tickers": TICKERS[1:2]}
    answers = [requests.post(web.url("/api/v1/bulk-analyze"), json=body, headers=KEY, timeout=60).status_code for _ in range(2)]
    assert answers in ([202, 200], [503, 202])
    own_site.stop()
