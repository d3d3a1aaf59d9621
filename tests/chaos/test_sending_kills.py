"""Messages while senders die and Redis is away: none is lost, and a repetition has the id and the body of the first attempt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.channels import make_channel, message, rows
from kit.chaos import JOB_SECONDS, WORKER, Site, kill, wait_until_gone
from kit.databases import Backend
from kit.production import StrikableRedis, instances, strikable_redis
from kit.receivers import LOOPBACK, Received, Receiver, Returned, receiving
from kit.servers import KEY, Server, wait_until

import database
from features.deliveries.service import send
from models.api_key import FIRST_ORG

NETWORKS = {"WEBHOOK_ALLOWED_NETWORKS": ",".join(LOOPBACK)}
KILLS = 3
REPORTS = 2  # before Redis goes, while it is away, and when it is back


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def bodies(receiver: Receiver) -> dict[str, set[bytes]]:
    """What came, by the id of the message."""
    found: dict[str, set[bytes]] = {}
    for each in list(receiver.received):
        found.setdefault(each.headers["webhook-id"], set()).add(each.body)
    return found


def test_a_sender_killed_before_it_knows_the_answer(site: Site, receiver: Receiver) -> None:
    def hang(_: Received) -> Returned:
        return Returned(silent=True)

    receiver.answer = hang
    channel = make_channel("mine", receiver.url())
    with database.transaction() as connection:
        (delivery_id,) = send(connection, FIRST_ORG, [channel.id], message("one"))
    site.start(WORKER, **NETWORKS)
    for kills in range(KILLS):
        wait_until(lambda kills=kills: len(receiver.received) > kills, JOB_SECONDS)
        senders = site.processes("network")
        for sender in senders:
            kill(sender)
        wait_until_gone(senders)
    receiver.answer = lambda _: Returned()
    wait_until(lambda: rows("deliveries")[0]["status"] == "delivered", JOB_SECONDS)
    ((message_id, same),) = bodies(receiver).items()
    assert len(same) == 1
    assert len(receiver.received) == KILLS + 1
    assert all(each.headers["webhook-id"] == message_id for each in receiver.received)
    assert rows("deliveries")[0]["id"] == delivery_id
    site.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[StrikableRedis]:
    with strikable_redis(tmp_path) as server:
        yield server


def post(server: Server, path: str, body: Any = None) -> requests.Response:
    answer = requests.post(server.url(f"/api/v1{path}"), json=body, headers=KEY, timeout=JOB_SECONDS)
    assert answer.status_code in (200, 201, 202), answer.text
    return answer


def is_run(server: Server, schedule_id: str) -> bool:
    """Run the schedule now; refused while one of its firings runs and another one waits."""
    answer = requests.post(server.url(f"/api/v1/schedules/{schedule_id}/run"), headers=KEY, timeout=JOB_SECONDS)
    assert answer.status_code in (202, 409), answer.text
    return answer.status_code == 202


def test_two_instances_whose_redis_is_gone_and_comes_back(
    backend: Backend, tmp_path: Path, redis_server: StrikableRedis, receiver: Receiver
) -> None:
    """A schedule of the report, run at either instance: each run is told once, and each due time is once in the ledger."""
    with instances(
        backend, tmp_path, 2, REDIS_URL=redis_server.url, LOCAL_WORKERS="1", WEB_CONCURRENCY="1", RATE_LIMIT_ENABLED="false", **NETWORKS
    ) as servers:
        post(servers[0], "/analyze", {"ticker": "AAPL"})
        post(servers[0], "/channels", {"name": "mine", "type": "webhook", "url": receiver.url()})
        report = {"action": "report", "params": {"universe": "all", "channels": ["mine"]}, "overlap": "queue"}
        schedule = post(servers[1], "/schedules", {"name": "Minutely", "cron": "* * * * *", "time_zone": "UTC", **report}).json()
        run_by_hand = 0
        for way in (nullcontext, redis_server.killed, redis_server.frozen, nullcontext):
            with way():
                for server in servers * REPORTS:
                    wait_until(lambda server=server: is_run(server, schedule["id"]), JOB_SECONDS)
                    run_by_hand += 1
                wait_until(lambda told=run_by_hand: len(bodies(receiver)) >= told, JOB_SECONDS)
        post(servers[0], f"/schedules/{schedule['id']}/pause")
        wait_until(lambda: not rows_of("state = 'waiting' OR job_id IS NOT NULL AND finished_at IS NULL"), JOB_SECONDS)
        firings = rows_of("state <> 'skipped'")
        assert {row["state"] for row in firings} <= {"fired", "late"}
        assert len({row["due_at"] for row in firings}) == len(firings) >= run_by_hand
        wait_until(lambda: all(row["status"] == "delivered" for row in rows("deliveries")), JOB_SECONDS)
    told = bodies(receiver)
    assert len(told) == len(firings) == len(rows("deliveries"))
    assert all(len(same) == 1 for same in told.values())


def rows_of(which: str) -> list[dict[str, Any]]:
    """The firings that fulfil a condition."""
    found: list[dict[str, Any]] = database.query_db(f"SELECT * FROM schedule_firings WHERE {which}")
    return found
