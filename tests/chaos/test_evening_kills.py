"""kill -9 of everything that works on an evening run: each change is told, and no message but by repetition is sent twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from kit.bars import walk
from kit.channels import caller
from kit.chaos import JOB_SECONDS, WORKER, Site, kill, wait_until_gone
from kit.effort import effort
from kit.receivers import LOOPBACK, Receiver, receiving
from kit.series import pack
from kit.servers import wait_until
from kit.support import settings_for

import database
from app import create_app
from features.deliveries.channels import NewChannel
from features.evening.service import EveningRun, set_up
from features.prices.store import series as series_store
from features.schedules import service as schedules
from features.schedules.service import Starter, author
from features.watchlist import service as watchlist
from infrastructure.sql.database_clock import database_now
from jobs.wakeup import NoWakeup
from models.api_key import FIRST_ORG
from models.message import ChannelType
from models.price_series import SeriesDescription, head_of
from models.watchlist import DEFAULT_LIST, ListKey
from utils.clock import now
from utils.json_text import parse_tolerant

TICKERS = tuple(f"EVE{number:03}" for number in range(effort(25, 15)))  # so few that a webhook's body has all changes
BARS, EVENINGS, DAYS = 400, effort(4, 3), 4  # days between two evenings, so that many verdicts change
KILLS = effort(6, 4)  # of an evening
SETTINGS = {"WEBHOOK_ALLOWED_NETWORKS": ",".join(LOOPBACK)}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def store(evening: int) -> None:
    """The prices as they are on an evening."""
    moment = now()
    with database.transaction() as connection:
        for number, ticker in enumerate(TICKERS):
            packed = pack(walk(number, BARS + DAYS * (EVENINGS + 1))).rows(0, BARS + DAYS * evening)
            head = head_of(SeriesDescription(FIRST_ORG, ticker, None, "upload", adjusted=False), packed)
            series_store.save(connection, head, packed, moment)


def begin(schedule_id: str, starter: Starter) -> str:
    """Run the schedule as its time would; return the id of the run."""
    with database.transaction() as connection:
        firing = schedules.run(connection, (FIRST_ORG, schedule_id), starter, database_now(connection))
    assert firing.run_id is not None
    return firing.run_id


def status_of(run_id: str) -> str:
    row = database.query_db("SELECT status FROM pipeline_runs WHERE id = :id", {"id": run_id}, one=True)
    return str(row["status"])


def is_delivered() -> bool:
    return not database.query_db("SELECT 1 FROM deliveries WHERE status IN ('pending', 'sending') LIMIT 1")


def kill_one(site: Site, chance: random.Random) -> None:
    """Kill a worker of any lane, or the process that keeps the workers, which is then started again."""
    keepers = site.supervisors()
    victims = [*site.processes("--process"), *keepers]
    if victims:
        victim = chance.choice(victims)
        try:
            kill(victim)
        except (psutil.NoSuchProcess, ProcessLookupError):
            return
        wait_until_gone([victim])
    if not site.supervisors():
        site.start(WORKER, **SETTINGS)


def test_each_change_is_told_once(site: Site, receiver: Receiver) -> None:
    chance = random.Random(7)  # noqa: S311 — which process dies next is no secret
    starter = Starter(create_app(settings_for(site.backend.url, site.folder)).services.foundation, NoWakeup())
    store(0)
    with database.transaction() as connection:
        watchlist.add_many(connection, ListKey(FIRST_ORG, DEFAULT_LIST), TICKERS, None, needs_prices=True)
    wanted = EveningRun(
        "Evening",
        "watchlist",
        ("balanced", "trend"),
        "XNYS",
        "00:30",
        (),
        NewChannel("mine", ChannelType.WEBHOOK, receiver.url()),
        refresh=False,
    )
    with database.transaction() as connection:
        made = set_up(connection, caller(), wanted, starter, author(connection, None))
    site.start(WORKER, **SETTINGS)
    for evening in range(EVENINGS):
        store(evening)
        run_id = begin(made.schedule.id, starter)
        for _ in range(KILLS):
            wait_until(lambda: bool(site.processes("--process")), JOB_SECONDS)
            kill_one(site, chance)
        wait_until(lambda run_id=run_id: status_of(run_id) == "completed", JOB_SECONDS)
        wait_until(is_delivered, JOB_SECONDS)
        wait_until(lambda: not unfinished(made.schedule.id), JOB_SECONDS)
    bodies: dict[str, set[bytes]] = {}
    for each in receiver.received:
        bodies.setdefault(each.headers["webhook-id"], set()).add(each.body)
    assert all(len(same) == 1 for same in bodies.values())  # a repetition is one
    told = [parse_tolerant(next(iter(bodies[one]))) for one in dict.fromkeys(receiver.ids)]
    assert 0 < len(told) < EVENINGS  # the first evening has no changes
    chains: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for message in told:
        assert message["data"]["total"] == len(message["data"]["changes"])
        for change in message["data"]["changes"]:
            chains.setdefault((change["ticker"], change["strategy"]), []).append(change)
    latest = {(row["ticker"], row["strategy"]): row for row in database.query_db("SELECT * FROM latest_results")}
    for key, row in latest.items():
        chain = chains.get(key, [])
        if chain:
            # Each change begins where the one before it has ended, and the last one is what holds: none is missing, and none came twice.
            assert [change["was"] for change in chain[1:]] == [change["now"] for change in chain[:-1]], key
            assert chain[-1]["now"] == row["verdict"], key
        else:
            assert row["former_verdict"] is None or turned_back(key), key
    site.stop()


def unfinished(schedule_id: str) -> bool:
    return bool(database.query_db("SELECT 1 FROM schedule_firings WHERE schedule_id = :id AND finished_at IS NULL", {"id": schedule_id}))


def turned_back(key: tuple[str, str]) -> bool:
    """Whether a verdict that nobody was told of is the first one again."""
    rows = database.query_db(
        "SELECT verdict FROM analysis_results WHERE ticker = :ticker AND strategy = :strategy ORDER BY as_of",
        {"ticker": key[0], "strategy": key[1]},
    )
    return bool(rows[0]["verdict"] == rows[-1]["verdict"])
