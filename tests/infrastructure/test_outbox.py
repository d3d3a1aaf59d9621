"""Events are written with what they report, handed out once and in one order, whatever fails meanwhile."""

from __future__ import annotations

import threading

import pytest
from kit.databases import Backend
from kit.events import ORG, Heard, recorded

import database
from features.events.retention import KEPT_FOR, prune_events
from infrastructure import event_store, outbox
from infrastructure.outbox import hand_out, record
from models.api_key import SHARED_ORG
from models.event import EventType, NewEvent
from utils.clock import now

KIND = EventType.WATCHLIST_CHANGED


def tell(*names: str, org_id: int = ORG) -> int:
    with database.transaction() as connection:
        return record(connection, org_id, [NewEvent(KIND, f"key:{name}", name, {"name": name}) for name in names])


@pytest.fixture
def heard(backend: Backend) -> Heard:
    """A subscriber that has been there before the events of the test."""
    heard = Heard()
    assert heard.listen() == []
    return heard


def test_what_is_rolled_back_is_not_told(heard: Heard) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            record(connection, ORG, [NewEvent(KIND, "lost", "lost")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    tell("kept")
    assert [event.subject for event in heard.listen()] == ["kept"]


def test_each_event_is_told_once_in_the_order_of_positions(heard: Heard) -> None:
    tell("a", "b")
    assert [event.subject for event in heard.listen()] == ["a", "b"]
    tell("c")
    assert [event.subject for event in heard.listen()] == ["c"]
    assert heard.listen() == []
    positions = [event.position or 0 for event in heard.events]
    assert positions == sorted(positions)
    assert heard.events[0].data == {"name": "a"}


def test_a_key_is_known_once(heard: Heard) -> None:
    assert tell("a", "a", "b") == 2
    assert tell("a") == 0
    assert tell("a", org_id=SHARED_ORG) == 1
    assert [(event.org_id, event.subject) for event in heard.listen()] == [(ORG, "a"), (ORG, "b"), (SHARED_ORG, "a")]


def test_a_new_subscriber_is_not_told_the_past(heard: Heard) -> None:
    tell("past")
    heard.listen()
    later = Heard("later")
    assert later.listen() == []
    tell("present")
    assert [event.subject for event in later.listen()] == ["present"]


def test_a_late_commit_is_not_passed_over(heard: Heard) -> None:
    """An event that was made first and commits last gets the later position."""
    if database.current().is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with database.transaction() as slow:
        record(slow, ORG, [NewEvent(KIND, "slow", "slow")])
        tell("fast")
        assert [event.subject for event in heard.listen()] == ["fast"]
    assert [event.subject for event in heard.listen()] == ["slow"]


def test_only_its_types(heard: Heard) -> None:
    other = Heard("other", [EventType.JOB_FINISHED])
    other.listen()
    tell("a")
    assert other.listen() == []
    assert heard.listen() != []
    with database.read() as connection:
        reached = {progress.name: progress.position for progress in event_store.list_progress(connection)}
        assert reached["other"] == event_store.last_position(connection)  # it does not look at them again


def test_one_that_fails_is_told_again_and_holds_up_nobody(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    failing = Heard("failing", fails_at=["bad"])
    failing.listen()
    tell("good", "bad", "behind")
    for look in range(outbox.MOST_FAILURES):
        hand_out(database.current(), [failing.subscriber, heard.subscriber])
        assert [event.subject for event in heard.events] == ["good", "bad", "behind"]
        if look < outbox.MOST_FAILURES - 1:
            assert [event.subject for event in failing.events] == ["good"]
    hand_out(database.current(), [failing.subscriber])
    assert [event.subject for event in failing.events] == ["good", "behind"]  # "bad" is passed over
    with database.read() as connection:
        (progress,) = [one for one in event_store.list_progress(connection) if one.name == "failing"]
    assert progress.failures == 0


def test_one_that_is_mended_gets_what_it_failed_at(heard: Heard) -> None:
    failing = Heard("failing", fails_at=["bad"])
    failing.listen()
    tell("bad")
    assert failing.listen() == []
    failing.fails_at.clear()
    assert [event.subject for event in failing.listen()] == ["bad"]


def test_two_processes_hand_out_each_event_once(heard: Heard) -> None:
    other = Heard()  # of the same name: the subscriber of another process
    names = [f"n{number}" for number in range(1200)]
    tell(*names)
    threads = [threading.Thread(target=each.listen) for each in (heard, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [event.subject for event in (*heard.events, *other.events)]
    assert sorted(str(name) for name in told) == sorted(names)


def test_old_events_go_when_everybody_has_read_them(heard: Heard) -> None:
    slow = Heard("slow")
    slow.listen()
    tell("a")
    heard.listen()
    later = now() + KEPT_FOR * 2
    assert prune_events(database.current(), later) == 0
    assert len(recorded(KIND)) == 1
    slow.listen()
    assert prune_events(database.current(), later) == 1
    assert recorded(KIND) == []
