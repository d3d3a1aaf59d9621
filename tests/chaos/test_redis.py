"""Redis restarts and loses its data: jobs still end correctly. A client of one instance sees changes made through another."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from kit.chaos import (
    CELERY,
    JOB_SECONDS,
    TICKERS,
    WEB,
    Site,
    done,
    is_active,
    post_job,
    queue_job,
    wait_for_progress,
    wait_until_right,
)
from kit.redis_server import RedisServer
from kit.servers import KEY, Server, wait_until

POLLED_SECONDS = 5.0  # how often a stream reads the database while Redis notifies it of changes
FIRST, SECOND, THIRD = TICKERS[:150], TICKERS[150:350], TICKERS[350:370]


def restart_in_mid_job(redis_server: RedisServer, job_id: str) -> None:
    wait_for_progress(job_id)
    redis_server.stop()
    wait_for_progress(job_id, done(job_id) + 1)
    assert is_active(job_id)
    redis_server.start()


def test_workers_of_this_machine(site: Site, redis_server: RedisServer) -> None:
    """Redis wakes the workers; without it they poll."""
    web = site.start(WEB, REDIS_URL=redis_server.url)
    wait_until(web.answers)
    first = post_job(web, FIRST)
    restart_in_mid_job(redis_server, first)
    redis_server.client.flushall()
    wait_until_right(first, site, FIRST, tries=1)
    redis_server.stop()
    second = post_job(web, THIRD)
    wait_until_right(second, site, THIRD, tries=1)
    site.stop()
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_celery_workers(site: Site, redis_server: RedisServer) -> None:
    """Messages are lost with the broker, before or while a worker handles them. The maintenance sends new ones."""
    celery = {"JOB_ENGINE": "celery", "CELERY_BROKER_URL": redis_server.url}
    web = site.start(WEB, **celery)
    wait_until(web.answers)
    first = post_job(web, FIRST)
    assert redis_server.messages() == 1
    redis_server.client.flushall()  # no worker has received the message
    workers = [site.start(CELERY, **celery)]

    def goes_on(job_id: str, total: int) -> bool:
        # Celery itself may end when its broker stops while it acknowledges a message (an AttributeError in kombu). In production, systemd
        # or Docker restarts it, as the unit and the compose file say.
        if workers[-1].process.poll() is not None:
            workers.append(site.start(CELERY, **celery))
        return done(job_id) == total

    wait_until_right(first, site, FIRST, tries=1)
    second = post_job(web, SECOND)
    wait_for_progress(second)
    redis_server.client.flushall()
    restart_in_mid_job(redis_server, second)
    wait_until(lambda: goes_on(second, len(SECOND)), JOB_SECONDS)
    wait_until_right(second, site, SECOND, tries=1)
    redis_server.stop()
    third = post_job(web, THIRD)
    assert done(third) == 0
    redis_server.start()
    wait_until(lambda: goes_on(third, len(THIRD)), JOB_SECONDS)
    wait_until_right(third, site, THIRD, tries=1)
    site.stop()
    assert "Traceback" not in "".join(server.log for server in site.servers if server not in workers[:-1])


def follow(server: Server, job_id: str) -> list[tuple[float, str]]:
    """Read the event stream of a job to its end. Returns its lines, each with the time at which it arrived."""
    with requests.get(server.url(f"/api/v1/jobs/{job_id}/events"), headers=KEY, stream=True, timeout=30) as stream:
        assert stream.status_code == 200
        return [(time.monotonic(), str(line)) for line in stream.iter_lines(decode_unicode=True) if line]


def test_a_stream_of_one_instance_is_woken_by_another(site: Site, redis_server: RedisServer) -> None:
    one, other = (site.start(WEB, LOCAL_WORKERS="0", REDIS_URL=redis_server.url) for _ in range(2))
    wait_until(one.answers)
    wait_until(other.answers)
    job_id = queue_job(THIRD)
    with ThreadPoolExecutor(1) as reader:
        lines = reader.submit(follow, one, job_id)
        wait_until(lambda: redis_server.client.pubsub_numsub("bellwether:changed")[0][1] == 1)
        cancelled_at = time.monotonic()
        answer = requests.post(other.url(f"/api/v1/jobs/{job_id}/cancel"), headers=KEY, timeout=60)
        if answer.status_code != 202:
            site.stop()  # this ends the stream, which would stay open otherwise
        assert answer.status_code == 202
        seen_at, line = lines.result(20)[-1]
    assert '"status":"cancelled"' in line
    assert seen_at - cancelled_at < POLLED_SECONDS / 2
    site.stop()
