"""Dispatchers that are killed: whatever dies between any two statements, each due time is in the ledger once and its job is queued once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.schedules import START, Site, ledger, started_keys, states
from kit.servers import wait_until
from sqlalchemy import event

from features.schedules.dispatcher import Limits
from features.schedules.due_times import due_between
from models.schedule import Overlap, Schedule, When
from utils.clock import iso

MINUTELY = When("* * * * *", "UTC")
SEED = 16
SPEED = 300  # simulated seconds in one


class Killed(BaseException):
    """The process has died: nothing in it can go on."""


@contextmanager
def killed_at(site: Site, number: int) -> Iterator[list[str]]:
    """Die before a statement, counted from 1; yields the statements that were executed."""
    executed: list[str] = []

    def die(connection: object, cursor: object, statement: str, *_: Any) -> None:
        if len(executed) + 1 == number:
            executed.append("killed")
            raise Killed
        executed.append(statement)

    engine = site.foundation.database.engine()
    event.listen(engine, "before_cursor_execute", die)
    try:
        yield executed
    finally:
        event.remove(engine, "before_cursor_execute", die)


def check(schedules: list[Schedule], site: Site) -> int:
    """Every due time is in the ledger, and what ran was started once. Returns how many ran."""
    ran = []
    for schedule in schedules:
        rows = ledger(schedule)
        assert [due for due, *_ in rows] == list(due_between(schedule.when, START, site.clock.moment))
        ran += [f"schedule:{schedule.id}:{iso(due)}" for due, state, _ in rows if state in ("fired", "late")]
    assert started_keys() == sorted(ran)
    return len(ran)


def test_killed_between_any_two_statements(site_with: Callable[[Limits], Site]) -> None:
    """Each look dies at a later statement than the one before, until one is through; then time goes on."""
    site = site_with(Limits(batch=3))
    schedules = [
        site.schedule(MINUTELY, catch_up=90),
        site.schedule(When("*/2 * * * *", "Europe/Berlin"), catch_up=600, overlap=Overlap.QUEUE),
        site.schedule(When("*/3 * * * *", "UTC"), catch_up=0),
    ]
    kills = 0
    for minutes in (1, 4, 2, 9, 1, 6, 3, 12, 2, 5, 8, 1, 10, 4):
        site.clock.forward(minutes=minutes, seconds=7)
        number = 1
        while True:
            with killed_at(site, number) as executed, suppress(Killed):
                site.dispatcher.look()
            if "killed" not in executed:
                break
            kills += 1
            number += 1
        site.look_until_done()
        check(schedules, site)
    assert kills > 200
    assert {"fired", "missed"} <= set(states(schedules[0]))


def test_processes_killed_by_sigkill(site: Site, backend: Backend) -> None:
    """Two processes dispatch at once on a fast clock; one of them is killed again and again while the ledger grows."""
    began = time.time()
    schedules = [site.schedule(MINUTELY, catch_up=300), site.schedule(When("*/2 * * * *", "Australia/Lord_Howe"), catch_up=0)]
    moments = random.Random(SEED)  # noqa: S311 — no secret

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "kit.dispatching", backend.url, iso(START), repr(began), str(SPEED)]
        return subprocess.Popen(command, cwd=ROOT / "tests", env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"})

    processes = [start(), start()]
    try:
        for _ in range(6):
            before = len(ledger(schedules[0]))
            more = moments.randint(1, 9)
            wait_until(lambda before=before, more=more: len(ledger(schedules[0])) >= before + more, seconds=60)
            victim = processes.pop(moments.randrange(2))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            processes.append(start())
    finally:
        for process in processes:
            process.kill()
            process.wait()
    site.clock.moment = START + timedelta(seconds=SPEED * (time.time() - began) + 60)
    site.look_until_done()
    assert check(schedules, site) > 5


def test_killed_once_the_job_is_queued(site: Site) -> None:
    """Nothing of it is left, and the next look goes on from where it was."""
    schedule = site.schedule(MINUTELY)
    site.clock.forward(minutes=2)
    with killed_at(site, 6), pytest.raises(Killed):
        site.dispatcher.look()
    assert ledger(schedule) == []
    assert started_keys() == []
    site.dispatcher.look()
    assert check([schedule], site) == 1
