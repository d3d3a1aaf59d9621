"""The runner of checks: no check runs twice at once, a hung check delays no other, and a check runs after the one it needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from kit.servers import wait_until

from infrastructure.check_runner import CheckRunner, CheckTimeout, SharedCall
from models.health import Check, CheckState, Finding, Probe, bad, doubtful, good

PATIENCE = 60.0  # seconds, for checks that do answer


def run(*probes: Probe, limit: float = PATIENCE) -> dict[str, Check]:
    return {check.name: check for check in CheckRunner(probes, limit).report().checks}


class Gate:
    """A check that hangs until `opened` is set and counts its calls."""

    def __init__(self) -> None:
        self.calls, self.opened = 0, threading.Event()

    def __call__(self) -> Finding:
        self.calls += 1
        self.opened.wait()
        return good("It came back.")


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def test_a_hung_check_is_not_started_again_and_its_end_is_seen(gate: Gate) -> None:
    runner = CheckRunner((Probe("gate", gate, "Open it."), Probe("other", lambda: good("Fine."), "")), limit=0.5)
    for _ in range(5):
        first, other = runner.report().checks
        assert (first.state, first.found, first.remedy) == (CheckState.CRITICAL, "It did not answer in time.", "Open it.")
        assert other.state is CheckState.OK
    assert gate.calls == 1
    gate.opened.set()
    wait_until(lambda: runner.report().ok)


def test_those_who_ask_at_once_share_one_run(gate: Gate) -> None:
    call = SharedCall("gate", gate, fresh_seconds=PATIENCE)
    values: list[Finding] = []
    threads = [threading.Thread(target=lambda: values.append(call.value(PATIENCE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: gate.calls)
    gate.opened.set()
    for thread in threads:
        thread.join()
    assert (len(values), gate.calls) == (8, 1)
    assert call.value(0) == good("It came back.")  # still fresh
    assert gate.calls == 1


def test_what_is_not_fresh_is_asked_for_again() -> None:
    calls: list[int] = []
    call = SharedCall("list", lambda: calls.append(1), fresh_seconds=0)
    call.value(PATIENCE)
    call.value(PATIENCE)
    assert len(calls) == 2


def test_a_call_that_raises_raises_for_all_who_ask(gate: Gate) -> None:
    def fail() -> None:
        raise LookupError("why")

    call = SharedCall("fail", fail, fresh_seconds=PATIENCE)
    for _ in range(2):
        with pytest.raises(LookupError, match="why"):
            call.value(PATIENCE)
    with pytest.raises(CheckTimeout):
        SharedCall("gate", gate, fresh_seconds=0).value(0)


def test_states_follow_from_what_is_critical_and_what_is_needed() -> None:
    def fail() -> Finding:
        raise ValueError("postgresql://user:hunter2@host")

    checks = run(
        Probe("raises", fail, "Mend it."),
        Probe("raises_harmlessly", fail, "Mend it some day.", is_critical=False),
        Probe("bad_but_harmless", lambda: bad("Bad.", "Do."), "", is_critical=False),
        Probe("doubtful", lambda: doubtful("Hm.", "Look."), ""),
        Probe("after_trouble", lambda: good("Never seen."), "", needs=("raises",)),
        Probe("after_that", lambda: good("Never seen."), "", needs=("after_trouble",)),
        Probe("after_doubt", lambda: good("Seen."), "", needs=("doubtful", "bad_but_harmless")),
    )
    assert {name: str(check.state) for name, check in checks.items()} == {
        "raises": "critical",
        "raises_harmlessly": "warning",
        "bad_but_harmless": "warning",
        "doubtful": "warning",
        "after_trouble": "skipped",
        "after_that": "skipped",
        "after_doubt": "ok",
    }
    assert (checks["raises"].found, checks["raises"].remedy) == ("It failed (ValueError).", "Mend it.")
    assert checks["after_trouble"].found == "Not checked: see raises."
    assert "hunter2" not in str(checks)


def test_a_probe_may_stand_before_those_that_it_needs() -> None:
    checks = run(
        Probe("last", lambda: good("Seen."), "", needs=("middle",)),
        Probe("skipped", lambda: good("Never seen."), "", needs=("broken",)),
        Probe("middle", lambda: good("Seen."), "", needs=("first",)),
        Probe("broken", lambda: bad("Bad.", "Do."), "", needs=("first",)),
        Probe("first", lambda: good("Seen."), ""),
    )
    assert {name: str(check.state) for name, check in checks.items()} == {
        "last": "ok",
        "skipped": "skipped",
        "middle": "ok",
        "broken": "critical",
        "first": "ok",
    }
