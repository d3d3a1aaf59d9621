"""SIGKILL at random moments of a job: the job ends correctly, and no process is left over."""

from __future__ import annotations

import random
import time

import psutil
import pytest
from celery import Celery
from kit.chaos import (
    CELERY,
    WEB,
    Site,
    children_of,
    done,
    is_active,
    kill,
    post_job,
    queue_job,
    send_message,
    wait_for_progress,
    wait_until_gone,
    wait_until_right,
)
from kit.redis_server import RedisServer
from kit.servers import wait_until

SEED = 20130301


def test_workers_and_worker_py_killed_beside_gunicorn(site: Site) -> None:
    """Gunicorn restarts `worker.py`, and `worker.py` its worker processes. Worker processes that lose their parent end by themselves."""
    web = site.start(WEB)
    wait_until(web.answers)
    job_id = post_job(web)
    moments = random.Random(SEED)  # noqa: S311
    for number, victims in enumerate((site.workers, site.supervisors, site.workers, site.workers, site.supervisors), 1):
        wait_for_progress(job_id, done(job_id) + 1)
        time.sleep(moments.uniform(0, 0.5))
        assert is_active(job_id)
        victim = moments.choice(wait_until(victims))
        family = [victim, *children_of(victim)]
        kill(victim)
        wait_until_gone(family)
        # A parent that is killed before it notices the end of its child would not log the restart.
        wait_until(lambda number=number: site.log().count("child ended, it is started again") == number)
    wait_until_right(job_id, site)
    assert len(wait_until(site.supervisors)) == 1
    site.stop()


def test_gunicorn_killed(site: Site) -> None:
    """The next gunicorn is started at once on the same port, as a platform does."""
    web = site.start(WEB)
    wait_until(web.answers)
    job_id = post_job(web)
    moments = random.Random(SEED)  # noqa: S311
    for _ in range(2):
        wait_for_progress(job_id, done(job_id) + 1)
        time.sleep(moments.uniform(0, 0.8))
        assert is_active(job_id)
        family = site.processes()
        kill(web.process)
        web = site.start(WEB, PORT=str(web.port))
        wait_until_gone(family)
    wait_until_right(job_id, site)
    family = site.processes()
    kill(web.process)
    wait_until_gone(family)
    wait_until(lambda: not site.processes())


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_celery_workers_killed(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    """Kill the main process, after which its children end by themselves, or one process of the pool."""
    celery = {"JOB_ENGINE": "celery", "CELERY_BROKER_URL": redis_server.url}
    worker = site.start(CELERY, **celery)
    job_id = queue_job()
    send_message(sender, job_id)
    moments = random.Random(SEED)  # noqa: S311
    for victim in ("pool", "main", "pool", "main"):
        wait_for_progress(job_id, done(job_id) + 1)
        time.sleep(moments.uniform(0, 0.8))
        assert is_active(job_id)
        main = psutil.Process(worker.process.pid)
        family = [main, *children_of(main)]
        if victim == "pool":
            kill(moments.choice([process for process in main.children() if "worker.py" not in process.cmdline()[1]]))
        else:
            kill(worker.process)
            worker = site.start(CELERY, **celery)
            wait_until_gone(family)
    wait_until_right(job_id, site)
    site.stop()
