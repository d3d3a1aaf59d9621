"""The Celery engine with real workers: duplicate and late messages, two workers on one job, stops, lanes, and the maintenance process."""

from __future__ import annotations

import time

import psutil
import pytest
from celery import Celery
from kit.chaos import (
    CELERY,
    NETWORK_CELERY,
    TICKERS,
    Site,
    children_of,
    is_active,
    item_rows,
    job_row,
    kill,
    queue_job,
    result_rows,
    send_message,
    wait_for_progress,
    wait_until_gone,
    wait_until_right,
)
from kit.redis_server import RedisServer
from kit.servers import wait_until

from models.job import Lane

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)

FEW, MANY = TICKERS[:20], TICKERS[:150]
STOP_SECONDS = 30.0  # enough for one slice on a busy machine


def settings_of(redis_server: RedisServer) -> dict[str, str]:
    return {"JOB_ENGINE": "celery", "CELERY_BROKER_URL": redis_server.url}


def test_two_workers_share_a_job_and_messages_too_many_change_nothing(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    workers = [site.start([*CELERY, "--hostname", f"{name}@%h"], **settings_of(redis_server)) for name in ("one", "two")]
    wait_until(lambda: all("ready." in worker.log for worker in workers))
    job_id = queue_job()
    send_message(sender, job_id, times=10)
    wait_until_right(job_id, site, tries=1)
    pools = [{str(process.pid) for process in children_of(psutil.Process(worker.process.pid))} for worker in workers]
    at_work = {item["worker"].split("-")[-2] for item in item_rows(job_id)}
    assert all(at_work & pool for pool in pools), (at_work, pools)
    before = job_row(job_id), item_rows(job_id), result_rows()
    send_message(sender, job_id, times=10)
    send_message(sender, "no-such-job")
    wait_until(lambda: redis_server.messages() == 0)
    assert (job_row(job_id), item_rows(job_id), result_rows()) == before
    site.stop()
    assert "Traceback" not in site.log()


def test_maintenance_runs_beside_a_celery_worker_and_ends_with_it(site: Site, redis_server: RedisServer) -> None:
    """Maintenance finds a job without a message, is restarted after a kill, and ends with the worker."""
    worker = site.start(CELERY, **settings_of(redis_server))
    (first,) = wait_until(site.supervisors)
    kill(first)
    wait_until(lambda: site.supervisors() not in ([], [first]))
    job_id = queue_job(FEW)
    wait_until_right(job_id, site, FEW, tries=1)
    family = children_of(psutil.Process(worker.process.pid))
    assert set(site.supervisors()) <= set(family)
    kill(worker.process)
    wait_until_gone(family)
    assert not site.processes()


def test_a_celery_worker_is_told_to_stop(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    """It ends after its current slice, long before the job does, and the next worker continues the job."""
    first = site.start(CELERY, **settings_of(redis_server))
    job_id = queue_job(MANY, seconds=0.1)
    send_message(sender, job_id)
    wait_for_progress(job_id)
    family = children_of(psutil.Process(first.process.pid))
    started = time.monotonic()
    site.stop(first)
    assert time.monotonic() - started < STOP_SECONDS
    wait_until_gone(family)
    assert is_active(job_id)
    assert {(item["status"], item["tries"]) for item in item_rows(job_id)} == {("succeeded", 1), ("queued", 0)}
    site.start(CELERY, **settings_of(redis_server))
    wait_until_right(job_id, site, MANY, tries=1)
    site.stop()
    assert "Traceback" not in site.log()


def test_messages_of_web_processes_of_before_wake_workers(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    """Web processes of versions without lanes send messages without a lane to the legacy queue."""
    site.start([*CELERY, "--hostname", "one@%h"], **settings_of(redis_server))
    job_id = queue_job(FEW)
    sender.send_task("bellwether.drain", args=[job_id], queue="bellwether", ignore_result=True)
    wait_until(lambda: redis_server.messages() == 0)
    wait_until_right(job_id, site, FEW, tries=1)
    site.stop()


def test_each_lane_has_its_workers(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    """A worker without `-Q` does not run the network lane. A worker of that lane runs keys in parallel and releases them when it stops."""
    site.start([*CELERY, "--hostname", "cpu@%h"], **settings_of(redis_server))
    waiting, job_id = queue_job(FEW, seconds=0.5, lane=Lane.NETWORK), queue_job(FEW)
    send_message(sender, waiting, lane="network")
    send_message(sender, job_id)
    wait_until_right(job_id, site, FEW, tries=1)
    assert job_row(waiting)["status"] == "queued"
    network = site.start([*NETWORK_CELERY, "--hostname", "network@%h"], **settings_of(redis_server))
    wait_until(lambda: len({row["claim_token"] for row in item_rows(waiting) if row["status"] == "processing"}) > 1)
    site.stop(network)
    assert {(row["status"], row["tries"]) for row in item_rows(waiting)} <= {("succeeded", 1), ("queued", 0)}
    site.start([*NETWORK_CELERY, "--hostname", "network@%h"], **settings_of(redis_server))
    wait_until_right(waiting, site, FEW, tries=1)
    site.stop()
    assert "Traceback" not in site.log()
