"""The dispatcher: every due time that has passed is in the ledger, and what is to run runs once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from kit.databases import Backend
from kit.effort import effort
from kit.jobs import another_organization, run_jobs
from kit.schedules import MISSED_EVENTS, ORG, START, Site, ledger, started_keys, states, utc
from sqlalchemy import event, text

import database
from features.schedules import service
from features.schedules.dispatcher import Dispatcher, Limits
from features.schedules.due_times import due_between
from features.schedules.flags import SCHEDULES
from features.schedules.ledger import prune_firings, settle_firings, work_finished
from infrastructure.organization_flags import OrganizationFlags, Switch
from infrastructure.outbox import Subscriber, hand_out, record
from jobs import service as jobs
from models.event import EventType, NewEvent
from models.limits import OrganizationLimits, Quantities
from models.schedule import Action, Overlap, When
from utils.clock import iso

HOURLY = When("0 * * * *", "UTC")
DAILY = When("0 12 * * *", "UTC")
MINUTELY = When("* * * * *", "UTC")
SUBSCRIBER = Subscriber("schedules", frozenset({EventType.JOB_FINISHED, EventType.RUN_FINISHED}), work_finished)
NOON = utc(["2026-01-01 12:00"])[0]
LOOK_HOURS = effort(11, 23)


def test_two_years_with_daylight_saving(site: Site) -> None:
    """A dispatcher that looks once or twice a day, with a schedule in each zone: each due time is once in the ledger, none is invented."""
    zones = ("America/New_York", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe")
    schedules = [site.schedule(When("15,45 1,2 * * *", zone), catch_up=0) for zone in zones]
    schedules += [site.schedule(When(calendar="XNYS", after_close="00:30")), site.schedule(When("30 */6 * * *", "Australia/Lord_Howe"))]
    while site.clock.moment < START + timedelta(days=730):
        site.look(hours=LOOK_HOURS)
    for schedule in schedules:
        due = [moment for moment, *_ in ledger(schedule)]
        assert due == list(due_between(schedule.when, START, site.clock.moment))
        assert all(before < after for before, after in pairwise(due))
    assert len(started_keys()) == len(set(started_keys())) > 200


def test_on_time(site: Site) -> None:
    schedule = site.schedule(DAILY)
    site.look(hours=11, minutes=59)
    assert ledger(schedule) == []
    site.look(minutes=1, seconds=1)
    assert ledger(schedule) == [(NOON, "fired", None)]
    assert started_keys() == [f"schedule:{schedule.id}:{iso(NOON)}"]
    site.look(hours=1)
    assert len(ledger(schedule)) == 1
    with database.read() as connection:
        stored = service.find(connection, ORG, schedule.id)
    assert (stored.last_due_at, stored.next_due_at) == (NOON, NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("asleep", "catch_up", "expected"),
    [
        pytest.param(
            timedelta(hours=3, minutes=10), 3_600, ["missed catch_up_exceeded", "missed catch_up_exceeded", "late down"], id="3 hours"
        ),
        pytest.param(timedelta(hours=3, minutes=10), 600, ["missed catch_up_exceeded"] * 2 + ["late down"], id="3 hours, just in time"),
        pytest.param(timedelta(hours=3, minutes=11), 600, ["missed catch_up_exceeded"] * 3, id="3 hours, too late"),
        pytest.param(timedelta(hours=3, minutes=10), 86_400, ["missed down", "missed down", "late down"], id="3 hours, of a day"),
        pytest.param(timedelta(days=3), 0, ["missed catch_up_exceeded"] * 71 + ["fired None"], id="3 days, awake in the minute"),
    ],
)
def test_asleep(site: Site, asleep: timedelta, catch_up: int, expected: list[str]) -> None:
    """The newest within `catch_up` runs once, all others are missed, with the reason; one event tells of them."""
    schedule = site.schedule(HOURLY, catch_up=catch_up)
    site.look(seconds=asleep.total_seconds())
    assert [f"{state} {reason}" for _, state, reason in ledger(schedule)] == expected
    assert len(started_keys()) == sum(not each.startswith("missed") for each in expected)
    missed = sum(each.startswith("missed") for each in expected)
    with database.read() as connection:
        (told,) = [json.loads(row[0]) for row in connection.execute(MISSED_EVENTS)]
    assert (told["count"], told["schedule_id"], told["name"]) == (missed, schedule.id, schedule.name)
    assert told["reason"] in ("down", "catch_up_exceeded")


def test_three_months_of_every_five_minutes(site_with: Callable[[Limits], Site]) -> None:
    """An outage of 25,920 due times is written in batches, of several looks, and another schedule is on time meanwhile."""
    site = site_with(Limits(batch=2_000, due_times=6_000))
    behind = site.schedule(When("*/5 * * * *", "UTC"), catch_up=3_600)
    site.clock.forward(days=90)
    other = site.schedule(When("*/5 * * * *", "UTC"))
    site.look(minutes=5)
    assert states(other) == ["fired"]
    assert len(ledger(behind)) < 25_921
    assert site.look_until_done() > 3
    found = ledger(behind)
    assert len(found) == 25_921
    assert Counter(state for _, state, _ in found) == {"missed": 25_920, "fired": 1}
    assert found[-1][1] == "fired"
    assert all(after - before == timedelta(minutes=5) for (before, *_), (after, *_) in pairwise(found))


def test_a_small_transaction_writes_no_more_than_a_batch(site_with: Callable[[Limits], Site]) -> None:
    site = site_with(Limits(batch=10, due_times=25))
    schedule = site.schedule(MINUTELY, catch_up=86_400)
    site.clock.forward(minutes=65)
    seen = []
    for _ in range(7):
        site.dispatcher.look()
        seen.append(len(ledger(schedule)))
    assert seen == [10, 20, 30, 40, 50, 60, 65]
    assert Counter(states(schedule)) == {"missed": 64, "fired": 1}


def test_two_dispatchers_at_once(site: Site, backend: Backend) -> None:
    """Each due time is written and started once."""
    schedules = [site.schedule(MINUTELY, name=f"every minute {number}") for number in range(5)]
    others = [Dispatcher(site.foundation.database, site.starter, site.clock) for _ in range(4)]
    for _ in range(10):
        site.clock.forward(minutes=3, seconds=10)
        together = threading.Barrier(len(others))
        failures: list[BaseException] = []

        def look(dispatcher: Dispatcher, together: threading.Barrier = together, failures: list[BaseException] = failures) -> None:
            try:
                together.wait()
                dispatcher.look()
            except Exception as error:  # noqa: BLE001 — shown by the assertion
                failures.append(error)

        threads = [threading.Thread(target=look, args=(each,)) for each in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
    for schedule in schedules:
        assert [due for due, *_ in ledger(schedule)] == list(due_between(MINUTELY, START, site.clock.moment))
    ran = sum(state in ("fired", "late") for schedule in schedules for state in states(schedule))
    assert len(started_keys()) == len(set(started_keys())) == ran == 50


def test_overlap_is_skipped(site: Site) -> None:
    schedule = site.schedule(HOURLY, action=Action.BULK_ANALYSIS)
    site.look(hours=1)
    site.look(hours=1)
    assert ledger(schedule)[1][1:] == ("skipped", "overlap")
    run_jobs()
    site.look(hours=1)
    assert states(schedule) == ["fired", "skipped", "fired"]


def test_overlap_waits(site: Site) -> None:
    """One waits for the end of the former firing, and runs then; a second one is skipped."""
    schedule = site.schedule(HOURLY, action=Action.BULK_ANALYSIS, overlap=Overlap.QUEUE)
    for _ in range(3):
        site.look(hours=1)
    assert states(schedule) == ["fired", "waiting", "skipped"]
    site.look(minutes=5)
    assert states(schedule) == ["fired", "waiting", "skipped"]
    run_jobs()
    site.look(minutes=5)
    assert states(schedule) == ["fired", "late", "skipped"]
    assert len(started_keys()) == 2
    site.look(minutes=50)
    assert states(schedule) == ["fired", "late", "skipped", "waiting"]


def test_what_waits_is_given_up_at_a_pause(site: Site) -> None:
    schedule = site.schedule(HOURLY, action=Action.BULK_ANALYSIS, overlap=Overlap.QUEUE)
    site.look(hours=1)
    site.look(hours=1)
    site.change(schedule, enabled=False)
    run_jobs()
    site.look(minutes=5)
    assert [each[1:] for each in ledger(schedule)] == [("fired", None), ("skipped", "paused")]


def test_paused(site: Site) -> None:
    """Due times of a paused schedule are skipped; resumed, it runs at its next one, and not what was skipped."""
    schedule = site.schedule(HOURLY)
    site.change(schedule, enabled=False)
    site.look(hours=2)
    site.clock.forward(hours=1)
    site.change(schedule, enabled=True)  # before any dispatcher has looked
    site.look(minutes=1)
    assert [each[1:] for each in ledger(schedule)] == [("skipped", "paused")] * 3
    site.look(hours=1)
    assert states(schedule) == ["skipped", "skipped", "skipped", "fired"]
    assert len(started_keys()) == 1


def test_edited(site: Site) -> None:
    """The past of the new times is not fired, and that of the old ones is not lost."""
    schedule = site.schedule(DAILY)
    site.clock.forward(hours=12, minutes=30)
    site.change(schedule, when=When("0 6 * * *", "UTC"))
    site.look(seconds=2)
    assert ledger(schedule) == [(NOON, "missed", "edited")]
    site.look(hours=17, minutes=30)
    assert ledger(schedule)[1:] == [(utc(["2026-01-02 06:00"])[0], "fired", None)]


def test_edited_while_it_is_looked_at(site: Site) -> None:
    """A plan for the former version is not written."""
    schedule = site.schedule(HOURLY)
    site.clock.forward(hours=1)
    changed = []

    def change(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "next_due_at <= " in statement and not changed:
            changed.append(True)
            site.change(schedule, name="another", when=When("30 * * * *", "UTC"))

    engine = site.foundation.database.engine()
    event.listen(engine, "after_cursor_execute", change)
    try:
        site.dispatcher.look()
    finally:
        event.remove(engine, "after_cursor_execute", change)
    assert changed
    assert [each[1:] for each in ledger(schedule)] == [("missed", "edited")]
    assert started_keys() == []


def test_switched_off(site: Site) -> None:
    schedule = site.schedule(HOURLY)
    site.foundation.flags.change(SCHEDULES, False, "too much", "tester")
    site.look(hours=1)
    site.foundation.flags.change(SCHEDULES, True, None, "tester")
    site.look(hours=1)
    assert [each[1:] for each in ledger(schedule)] == [("skipped", "flag_off"), ("fired", None)]


def test_switched_off_for_an_organization(site: Site) -> None:
    """Its due times are skipped and say why; those of others fire."""
    another_organization(2)
    own, other = site.schedule(HOURLY), site.schedule(HOURLY, org_id=2)
    of = OrganizationFlags(database.current(), site.foundation.flags, ORG)
    of.change(SCHEDULES, Switch(False, "too much", "tester", by_operator=False))
    site.look(hours=1)
    of.change(SCHEDULES, Switch(True, None, "tester", by_operator=False))
    site.look(hours=1)
    assert [each[1:] for each in ledger(own)] == [("skipped", "flag_off"), ("fired", None)]
    assert states(other) == ["fired", "fired"]
    message = database.query_db("SELECT message FROM schedule_firings WHERE reason = 'flag_off'", one=True)["message"]
    assert message.startswith("schedules is switched off for this organization: too much.")


def test_an_organization_with_as_many_open_jobs_as_it_may_have(site: Site) -> None:
    """Its due time fails and says why, and leaves no job; the next one runs."""
    another_organization(2)
    limits = site.foundation.limits
    limits.change(2, OrganizationLimits(quantities=Quantities(open_jobs=0)), "tester")
    held, other = (site.schedule(HOURLY, org_id=org, action=Action.BULK_ANALYSIS) for org in (2, ORG))
    site.look(hours=1)
    assert (states(held), states(other)) == (["failed"], ["fired"])
    reason = ledger(held)[0][2]
    assert reason is not None
    assert "as many jobs that are queued or running as it may have" in reason
    assert database.query_db("SELECT id FROM analysis_jobs WHERE org_id = 2") == []
    limits.change(2, OrganizationLimits(), "tester")
    site.look(hours=1)
    assert states(held) == ["failed", "fired"]


def test_what_cannot_be_started(site: Site) -> None:
    """The row says why in words; others go on."""
    gone = site.schedule(HOURLY, params={"universe": "gone"})
    broken = site.schedule(HOURLY, params={"universe": "broken"})
    good = site.schedule(HOURLY)
    site.look(hours=1)
    (_, state, reason), (_, broken_state, broken_reason) = ledger(gone)[0], ledger(broken)[0]
    assert (state, broken_state, states(good)) == ("failed", "failed", ["fired"])
    assert reason is not None
    assert "no universe" in reason
    assert broken_reason is not None
    assert "ZeroDivisionError" in broken_reason
    assert len(started_keys()) == 1


def test_an_action_that_is_offered_no_longer(site: Site) -> None:
    schedule = site.schedule(HOURLY)
    with database.transaction() as connection:
        connection.execute(text("UPDATE schedules SET action = 'pipeline'"))
    site.look(hours=1)
    ((_, state, reason),) = ledger(schedule)
    assert state == "failed"
    assert reason is not None
    assert "'pipeline'" in reason


def test_the_end_of_a_job_is_noted(site: Site) -> None:
    """By its event, or without one by the job itself."""
    schedule = site.schedule(HOURLY, action=Action.BULK_ANALYSIS)
    site.look(hours=1)
    with database.read() as connection:
        job_id = connection.execute(text("SELECT job_id FROM schedule_firings")).scalar_one()
    hand_out(database.current(), [SUBSCRIBER])  # a subscriber is told of what happens after it was first seen
    data = {"job_id": job_id, "status": "failed", "total": 2, "failed": 2, "error": {"code": "x", "message": "It broke."}}
    with database.transaction() as connection:
        record(connection, ORG, [NewEvent(EventType.JOB_FINISHED, f"job:{job_id}", job_id, data)])
    hand_out(database.current(), [SUBSCRIBER])
    assert ledger(schedule)[0][1:] == ("failed", "job_failed")
    jobs.cancel(database.current(), ORG, job_id)
    site.look(hours=1)
    assert states(schedule) == ["failed", "fired"]
    assert settle_firings(database.current()) == 0
    run_jobs()
    assert settle_firings(database.current(), page=1) == 1
    with database.read() as connection:
        rows = connection.execute(text("SELECT state, message, finished_at FROM schedule_firings ORDER BY due_at")).all()
    assert [tuple(row)[:2] for row in rows] == [("failed", "It broke."), ("fired", None)]
    assert all(row[2] is not None for row in rows)


def test_a_cancelled_job(site: Site) -> None:
    schedule = site.schedule(HOURLY, action=Action.BULK_ANALYSIS)
    site.look(hours=1)
    with database.read() as connection:
        job_id = connection.execute(text("SELECT job_id FROM schedule_firings")).scalar_one()
    jobs.cancel(database.current(), ORG, job_id)
    assert settle_firings(database.current()) == 1
    assert ledger(schedule)[0][1:] == ("failed", "job_cancelled")


def test_the_end_of_a_job_that_was_removed(site: Site) -> None:
    schedule = site.schedule(HOURLY)
    site.look(hours=1)
    assert settle_firings(database.current()) == 1
    assert ledger(schedule)[0][1:] == ("fired", "job_removed")


def test_old_firings_are_pruned(site: Site) -> None:
    schedule = site.schedule(HOURLY)
    site.clock.moment = service.Author(None, utc(["2020-01-01 00:30"])[0]).moment
    old = site.schedule(HOURLY)
    site.look(hours=10)
    assert (len(ledger(old)), len(ledger(schedule))) == (10, 0)
    assert prune_firings(database.current(), 400, batch=3) == 10
    assert ledger(old) == []


def test_a_look_reads_by_indexes_and_writes_nothing(site: Site) -> None:
    """With a thousand schedules of which none is due: as many statements as with none, and each by an index."""
    many = [{"name": f"number {number}", "when": DAILY} for number in range(1_000)]
    with database.transaction() as connection:
        for each in many:
            new = service.NewSchedule(action=Action.REFRESH, params={}, catch_up=0, **each)  # type: ignore[arg-type]
            service.create(connection, ORG, new, site.starter, site.by())
    site.look(seconds=10)
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    engine = site.foundation.database.engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        site.look(seconds=2)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 3
    assert all(statement.lstrip().startswith("SELECT") for statement in statements)
    with database.read() as connection:
        if connection.dialect.name == "sqlite":
            explain = "EXPLAIN QUERY PLAN SELECT * FROM schedules WHERE next_due_at <= :moment ORDER BY next_due_at DESC LIMIT 500"
            plan = str(connection.execute(text(explain), {"moment": START}).all())
            assert "USING INDEX schedules_due" in plan
            assert "TEMP B-TREE" not in plan
        else:
            connection.execute(text("SET enable_seqscan = off"))
            explain = "EXPLAIN SELECT * FROM schedules WHERE next_due_at <= :moment ORDER BY next_due_at DESC LIMIT 500"
            plan = str(connection.execute(text(explain), {"moment": START}).all())
            assert "schedules_due" in plan
            connection.execute(text("SET enable_seqscan = on"))
