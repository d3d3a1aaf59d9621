"""The list of live workers with real processes: what they do, and how soon those that are killed, frozen or stopped are gone from it."""

from __future__ import annotations

import os
import signal

import psutil
import pytest
from celery import Celery
from kit.chaos import CELERY, NETWORK_CELERY, TICKERS, WEB, WORKER, Site, children_of, kill, queue_job, send_message, wait_until_right
from kit.redis_server import RedisServer
from kit.servers import wait_until

import database
from jobs.presence import LIVE_SECONDS, list_busy
from models.job import Lane
from models.worker import LiveWorker

FEW = TICKERS[:20]


def live() -> list[LiveWorker]:
    with database.current().read() as connection:
        return list_busy(connection)


def pids(lane: Lane = Lane.CPU) -> set[int]:
    return {worker.identity.pid for worker in live() if lane in worker.identity.lanes}


def test_workers_are_listed_with_what_they_hold_and_are_gone_when_killed(site: Site) -> None:
    worker = site.start(WORKER)
    wait_until(lambda: len(pids()) == 2 and len(pids(Lane.NETWORK)) == 1)
    assert pids() == {process.pid for process in site.workers()}
    assert {(one.identity.host, one.identity.engine, one.holdings) for one in live()} == {(os.uname().nodename, "local", ())}
    job_id = queue_job(FEW, seconds=0.5)
    holding = wait_until(lambda: next((held for one in live() for held in one.holdings), None))
    assert (holding.job_id, holding.kind, holding.items > 0) == (job_id, "trial_cpu", True)
    assert all(holding.worker in {one.identity.id for one in live()} for one in live() for holding in one.holdings)
    # Its parent removes a dead worker, and its successor has another name.
    before = pids()
    victim = site.workers()[0]
    kill(victim)
    wait_until(lambda: victim.pid not in pids() and len(pids()) == 2)
    assert len(pids() & before) == 1
    # A frozen worker sends no heartbeat. It is gone when its last one is old, and comes back.
    frozen = site.workers()[0]
    frozen.suspend()
    wait_until(lambda: frozen.pid not in pids(), seconds=4 * LIVE_SECONDS)
    frozen.resume()
    wait_until(lambda: frozen.pid in pids())
    # The whole machine is lost: nobody is left to remove its workers.
    family = [psutil.Process(worker.process.pid), *children_of(psutil.Process(worker.process.pid))]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    for process in family:
        process.kill()
    wait_until(lambda: live() == [], seconds=4 * LIVE_SECONDS)


def test_workers_that_are_stopped_are_gone_at_once(site: Site) -> None:
    """The web server stops its workers, and none is listed when it has ended."""
    server = site.start(WEB)
    wait_until(lambda: len(pids()) == 2)
    answer = server.get("/api/v1/admin/workers").json()
    assert {one["pid"] for one in answer["items"] if one["lanes"] == ["cpu"]} == pids()
    assert all(0 <= one["seen_seconds"] <= LIVE_SECONDS for one in answer["items"])
    check = next(one for one in server.get("/health").json()["checks"] if one["name"] == "workers")
    assert (check["state"], check["found"]) == ("ok", "3 workers are alive on 1 machine (cpu 2, network 1).")
    metrics = server.get("/metrics").text.splitlines()
    assert {line for line in metrics if line.startswith("bellwether_workers_live")} == {
        'bellwether_workers_live{lane="cpu"} 2.0',
        'bellwether_workers_live{lane="network"} 1.0',
    }
    site.stop()
    assert database.query_db("SELECT id FROM workers") == []


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_celery_workers_are_listed(site: Site, redis_server: RedisServer, sender: Celery) -> None:
    """Each process of a pool is a worker, and one with threads is one."""
    settings = {"JOB_ENGINE": "celery", "CELERY_BROKER_URL": redis_server.url}
    cpu = site.start([*CELERY, "--hostname", "cpu@%h"], **settings)
    site.start([*NETWORK_CELERY, "--hostname", "network@%h"], **settings)
    wait_until(lambda: len(pids()) == 2 and len(pids(Lane.NETWORK)) == 1)
    assert pids() <= {process.pid for process in children_of(psutil.Process(cpu.process.pid))}
    assert {one.identity.engine for one in live()} == {"celery"}
    job_id = queue_job(FEW, seconds=0.5)
    send_message(sender, job_id)
    assert wait_until(lambda: {held.job_id for one in live() for held in one.holdings}) == {job_id}
    wait_until_right(job_id, site, FEW, tries=1)
    victim = min(pids())
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in pids() and len(pids()) == 2, seconds=4 * LIVE_SECONDS)
    site.stop()
    assert live() == []
    # Celery tells of a process that was killed before its message was acknowledged.
    assert [line for line in site.log().splitlines() if "Traceback" in line and "WorkerLostError" not in line] == []
