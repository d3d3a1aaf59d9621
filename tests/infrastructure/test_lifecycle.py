"""Parts start in order and stop in reverse order, even if some of them fail or hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kit.support import settings_for

import app as application
from app import create_app
from infrastructure.lifecycle import Lifecycle, Step


class Journal:
    """The starts and stops, in the order in which they happened."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, name: str, fails: str = "", *, is_optional: bool = False) -> Step:
        """A part that records its start and stop; `fails` names the one that raises."""

        def act(what: str) -> Callable[[], None]:
            def write() -> None:
                self.lines.append(f"{what} {name}")
                if fails == what:
                    raise RuntimeError(f"{name} does not {what}")

            return write

        return Step(name, act("start"), act("stop"), is_optional)


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_the_last_started_stops_first(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step(name) for name in "abc"])
    assert (lifecycle.order, journal.lines) == (("a", "b", "c"), [])
    lifecycle.start()
    lifecycle.stop()
    assert journal.lines == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


def test_stopping_twice_stops_once_and_it_starts_again(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step("a")])
    lifecycle.stop()
    assert journal.lines == []
    lifecycle.start()
    lifecycle.stop()
    lifecycle.stop()
    lifecycle.start()
    lifecycle.stop()
    assert journal.lines == ["start a", "stop a"] * 2


def test_an_optional_part_that_fails_is_done_without(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step("a"), journal.step("b", "start", is_optional=True), journal.step("c")])
    lifecycle.start()
    lifecycle.stop()
    assert journal.lines == ["start a", "start b", "start c", "stop c", "stop a"]  # a part that did not start is not stopped


def test_a_needed_part_that_fails_ends_the_start(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step("a"), journal.step("b"), journal.step("c", "start"), journal.step("d")])
    with pytest.raises(RuntimeError, match="c does not start"):
        lifecycle.start()
    assert journal.lines == ["start a", "start b", "start c", "stop b", "stop a"]
    lifecycle.stop()
    assert len(journal.lines) == 5


def test_a_part_that_fails_to_stop_keeps_no_other_from_it(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step("a"), journal.step("b", "stop"), journal.step("c")])
    lifecycle.start()
    lifecycle.stop()
    assert journal.lines[3:] == ["stop c", "stop b", "stop a"]


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_part_that_hangs_is_left_behind(journal: Journal, released: threading.Event) -> None:
    hanging = Step("b", stop=lambda: released.wait(600), stop_seconds=0.05)
    lifecycle = Lifecycle([journal.step("a"), hanging, journal.step("c")])
    lifecycle.start()
    lifecycle.stop()
    assert not released.is_set()
    assert journal.lines[2:] == ["stop c", "stop a"]
    (left,) = [thread for thread in threading.enumerate() if thread.name == "stop-b"]
    assert left.daemon  # the process does not wait for it


def test_two_who_stop_at_once_stop_each_part_once(journal: Journal) -> None:
    lifecycle = Lifecycle([journal.step(str(number)) for number in range(50)])
    lifecycle.start()
    stopping = [threading.Thread(target=lifecycle.stop) for _ in range(4)]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join(60)
    assert sorted(journal.lines[50:]) == sorted(f"stop {number}" for number in range(50))


# ---- the application --------------------------------------------------------------------------------------------------------------


def order_of(tmp_path: Path, **settings: object) -> tuple[str, ...]:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'b.db'}", tmp_path, **settings))
    order: tuple[str, ...] = app.services.lifecycle.order
    return order


@pytest.mark.parametrize(
    ("settings", "optional"),
    [
        pytest.param({}, (), id="nothing optional"),
        pytest.param({"load_sample": True}, ("sample",), id="the sample"),
        pytest.param({"load_sample": True, "skip_startup_refresh": True}, (), id="the sample skipped"),
        pytest.param({"redis_url": "redis://127.0.0.1:1/0"}, ("redis",), id="Redis"),
        pytest.param({"load_sample": True, "redis_url": "redis://127.0.0.1:1/0"}, ("sample", "redis"), id="both"),
    ],
)
def test_the_order_of_the_application(tmp_path: Path, settings: dict[str, object], optional: tuple[str, ...]) -> None:
    assert order_of(tmp_path, **settings) == (
        "secrets",
        "error reports",
        "database",
        "schema",
        *optional,
        "live progress",
        "recent errors",
        "accounts",
    )


def test_without_its_redis_the_application_starts(tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'b.db'}", tmp_path, redis_url="redis://127.0.0.1:1/0"))
    application.start(app)
    try:
        assert app.test_client().get("/api/health/ping").status_code == 200
    finally:
        application.stop(app)
        application.stop(app)


def test_with_a_schema_that_is_refused_it_does_not_start_and_leaves_nothing_open(tmp_path: Path) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path / 'b.db'}", tmp_path, auto_migrate=False))
    with pytest.raises(application.NOT_STARTED):
        application.start(app)
    status = app.services.database.status()
    assert (status.events["connects"], status.idle, status.in_use) == (1, 0, 0)  # the pool was closed with the parts that had started
