"""A worker that dies anywhere in a run: the run goes on, what it writes is written once, and each of its jobs is started once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kit.effort import IS_WHOLE
from kit.pipelines import Runner, outcomes, pipeline, step
from sqlalchemy import Connection

import database
from database import Database

STEPS = (
    step("read", "echo", value=[1, 2, 3]),
    step("write", "write", text="one"),
    step("job", "start", keys=["x", "y"]),
    step("each", "write", text="each {{item}}", for_each="{{steps.read}}"),
    step("skipped", "write", text="never", when={"op": "==", "left": 1, "right": 2}),
    step("fails", "fail", value="words", on_error="continue"),
    step("other", "start", keys=["z"]),
    step("last", "write", text="{{steps.job.succeeded}} done"),
)
WRITTEN = ["2 done", "each 1", "each 2", "each 3", "one"]


class Killed(BaseException):
    """The process has died."""


class Dying(Database):
    """A database whose process dies at one of its transactions: before the commit, or right after it."""

    def __init__(self, options: Any, dies_at: int, is_after: bool) -> None:
        super().__init__(options)
        self._left, self._is_after = dies_at, is_after

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self._left -= 1
        dies = self._left < 0
        with super().transaction() as connection:
            yield connection
            if dies and not self._is_after:
                raise Killed
        if dies:
            raise Killed


def forget_the_worker() -> None:
    """Give back what a dead worker held, as if it had stopped in time: items that were lost run in processes of their own."""
    given_back = "status = 'queued', claim_token = NULL, lease_expires_at = NULL, tries = 0"
    database.execute_db(f"UPDATE analysis_job_items SET {given_back} WHERE status = 'processing'")


def work_and_die(runner: Runner, dies_at: int, is_after: bool) -> bool:
    """Work until the process dies; return whether it did."""
    dying = Dying(database.current().options, dies_at, is_after)
    try:
        runner.work(dying)
    except Killed:
        return True
    finally:
        dying.close()
        forget_the_worker()
    return False


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_killed_at_each_transaction_a_run_does_everything_once(runner: Runner, is_after: bool) -> None:
    """Each piece dies at its first transaction, then each piece at its second, and so on until none dies any more."""
    runner.put(pipeline(*STEPS))
    kills = 0
    for dies_at in range(40):
        before = kills
        for table in ("written", "trial_results"):
            database.execute_db(f"DELETE FROM {table}")
        run_id = runner.begin()
        while not runner.run(run_id)["finished_at"]:
            died = work_and_die(runner, dies_at, is_after)
            kills += died
            runner.tell()
            if (died and not IS_WHOLE) or (died and dies_at == 0):
                runner.work()  # otherwise nothing would ever happen
                runner.tell()
        run = runner.run(run_id)
        assert (run["status"], run["error"]) == ("completed", None)
        assert list(outcomes(run).values()) == ["ok", "ok", "ok", "ok", "skipped", "failed", "ok", "ok"]
        assert sorted(row["text"] for row in database.query_db("SELECT text FROM written")) == WRITTEN
        assert sorted(row["key"] for row in database.query_db("SELECT key FROM trial_results")) == ["x", "y", "z"]
        if kills == before:
            break
    assert kills >= 25
    jobs = database.query_db("SELECT kind, status, count(*) AS n FROM analysis_jobs GROUP BY kind, status ORDER BY kind")
    assert {row["status"] for row in jobs} == {"completed"}


def test_killed_again_and_again_at_random_a_run_does_everything_once(runner: Runner) -> None:
    runner.put(pipeline(*STEPS))
    chance = random.Random(34)  # noqa: S311 — a test that can be repeated
    kills, wanted = 0, 600 if IS_WHOLE else 60
    while kills < wanted:
        for table in ("written", "trial_results"):
            database.execute_db(f"DELETE FROM {table}")
        run_id = runner.begin()
        while not runner.run(run_id)["finished_at"]:
            kills += work_and_die(runner, chance.randrange(1, 12), chance.random() < 0.5)
            runner.tell()
        assert list(outcomes(runner.run(run_id)).values()) == ["ok", "ok", "ok", "ok", "skipped", "failed", "ok", "ok"]
        assert sorted(row["text"] for row in database.query_db("SELECT text FROM written")) == WRITTEN
        assert sorted(row["key"] for row in database.query_db("SELECT key FROM trial_results")) == ["x", "y", "z"]


def test_a_worker_that_was_overtaken_changes_nothing(runner: Runner) -> None:
    """Two workers hold the same run, as after a lease that has expired: it happens once."""
    from features.pipelines.execution import OVERTAKEN, Means, execute

    runner.put(pipeline(step("a", "write", text="a"), step("b", "write", text="b")))
    run_id = runner.begin()
    foundation = runner.app.services.foundation
    means = Means(foundation.capabilities, foundation.flags)
    ends: list[str] = []

    class Overtaking(Database):
        """At its third transaction, another worker runs the whole run."""

        begun = 0

        @contextmanager
        def transaction(self) -> Iterator[Connection]:
            Overtaking.begun += 1
            if Overtaking.begun == 3:
                ends.append(execute(database.current(), means, 1, run_id))
            with super().transaction() as connection:
                yield connection

    overtaken = Overtaking(database.current().options)
    try:
        assert execute(overtaken, means, 1, run_id) == OVERTAKEN
    finally:
        overtaken.close()
    assert ends == ["completed"]
    assert sorted(row["text"] for row in database.query_db("SELECT text FROM written")) == ["a", "b"]
    assert execute(database.current(), means, 1, run_id) == OVERTAKEN
