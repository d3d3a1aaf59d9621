"""A deploy during a job: the old processes end cleanly, the new ones continue the job, and no item runs twice."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress

import psutil
import pytest
from kit.chaos import (
    TICKERS,
    WEB,
    WORKER,
    Site,
    done,
    is_active,
    item_rows,
    post_job,
    queue_job,
    wait_for_progress,
    wait_until_gone,
    wait_until_right,
)
from kit.servers import wait_until

DEPLOY_SECONDS = 40.0
SOME, MANY = TICKERS[:200], TICKERS[:300]
SEED = 7


def assert_at_rest(job_id: str) -> None:
    """Check that the job is active, that no item is claimed, and that no try is counted for released items."""
    assert is_active(job_id)
    assert {(item["status"], item["tries"]) for item in item_rows(job_id)} == {("succeeded", 1), ("queued", 0)}


def test_the_next_version_goes_on(site: Site) -> None:
    first = site.start(WEB)
    wait_until(first.answers)
    job_id = post_job(first, MANY)
    wait_for_progress(job_id, 40)
    family = site.processes()
    started = time.monotonic()
    assert first.stop() == 0
    assert time.monotonic() - started < DEPLOY_SECONDS
    wait_until_gone(family)
    assert_at_rest(job_id)
    second = site.start(WEB)
    wait_until_right(job_id, site, MANY, tries=1)
    wait_until(second.answers)
    site.stop()
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_worker_py_told_to_stop_again_and_again(site: Site) -> None:
    """The parent and its children get further signals while they still handle an earlier one."""
    server = site.start(WORKER)
    job_id = queue_job(SOME)
    wait_for_progress(job_id, 40)
    family = site.processes()
    moments = random.Random(SEED)  # noqa: S311
    for number in (signal.SIGTERM, signal.SIGINT) * 10:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        time.sleep(moments.uniform(0, 0.0002))
    assert server.process.wait(DEPLOY_SECONDS) == 0
    wait_until_gone(family)
    assert_at_rest(job_id)
    assert "Traceback" not in server.log


def test_ctrl_c_on_the_development_server(site: Site) -> None:
    """A terminal sends the signal to every process of the group at once."""
    server = site.start(["setsid", sys.executable, "app.py"], ENVIRONMENT="development")
    wait_until(server.answers)
    job_id = post_job(server, SOME)
    wait_for_progress(job_id)
    family = site.processes()
    assert len(family) >= 4
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(DEPLOY_SECONDS) == 0
    wait_until_gone(family)
    assert "Traceback" not in server.log
    assert 0 < done(job_id) < len(SOME)
    assert_at_rest(job_id)
