"""Steps that are done for each of several items: a job of their own, whose answers come back in order."""

from __future__ import annotations

from kit.pipelines import Runner, outcomes, pipeline, step

import database
from jobs import service as jobs
from models.pipeline import Limits


def rows() -> list[str]:
    return sorted(row["text"] for row in database.query_db("SELECT text FROM written"))


def test_five_hundred_items_are_done_in_order(runner: Runner) -> None:
    run = runner.go(
        step("all", "echo", value="{{number}}: {{item.x}}", for_each=[{"x": number * 2} for number in range(500)]),
        step("last", "echo", value="{{steps.all[499]}}"),
    )
    assert outcomes(run) == {"all": "ok", "last": "ok"}
    answers = runner.answers(run["id"])
    assert answers["all"] == [f"{number}: {number * 2}" for number in range(500)]
    assert answers["last"] == "499: 998"
    assert database.query_db("SELECT * FROM pipeline_items") == []


def test_a_list_that_is_too_long_is_no_list_or_is_empty(runner: Runner) -> None:
    run = runner.go(
        step("long", "echo", value=list(range(501))),
        step("a", "echo", for_each="{{steps.long}}", on_error="continue"),
        step("b", "echo", for_each="{{inputs.word}}", on_error="continue"),
        step("c", "echo", for_each=[]),
        inputs={"word": {"type": "text", "default": "word"}},
    )
    assert outcomes(run) == {"long": "ok", "a": "failed", "b": "failed", "c": "ok"}
    assert [line["reason"] for line in run["trace"][1:3]] == [
        "for_each: the list has 501 items; at most 500 are done.",
        "for_each: a list is needed.",
    ]
    assert runner.answers(run["id"])["c"] == []


def test_writes_are_done_once_for_each_item_and_those_that_fail_leave_nothing(runner: Runner) -> None:
    words = ["a", "refuse", "b"]
    told = step("told", "write", text="{{item}}", for_each=words, on_error="continue")
    run = runner.go(told, step("after", "echo", value="{{steps.told[2].wrote}}"))
    assert (run["status"], rows()) == ("completed", ["a", "b"])
    assert runner.answers(run["id"]) == {"told": [{"wrote": "a"}, None, {"wrote": "b"}], "after": "b"}
    assert run["trace"][0]["notes"] == ["item 1: It was told to refuse."]
    calls = database.query_db("SELECT call FROM written ORDER BY call")
    assert [row["call"] for row in calls] == [f"run:{run['id']}:told:{number}" for number in (0, 2)]


def test_an_item_that_fails_fails_the_step(runner: Runner) -> None:
    run = runner.go(step("need", "need", ticker="{{item}}", for_each=["AAPL", "no ticker", None]))
    assert run["error"].startswith("Step 'need' failed: 2 of 3 items failed; item 1: args.ticker: 'no ticker' is no ticker.")


def test_the_answers_of_all_items_are_limited(runner: Runner) -> None:
    run = runner.limited(Limits(state_bytes=1000)).go(step("large", "large", text="{{item}}", for_each=["x" * 400] * 4))
    assert run["status"] == "failed"
    assert "The answers of the run would have more than 1,000 bytes." in run["error"]


def test_items_of_a_job_that_was_cancelled_fail_the_step(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value="{{item}}", for_each=[1, 2])))
    run_id = runner.begin()
    runner.work_once()
    jobs.cancel(database.current(), 1, runner.run(run_id)["trace"][0]["job_id"])
    run = runner.finish(run_id)
    assert "2 of 2 items failed; item 0: It was not done; see /api/v1/jobs/" in run["error"]


def test_a_run_that_was_cancelled_does_no_more_items(runner: Runner) -> None:
    runner.put(pipeline(step("a", "write", text="{{item}}", for_each=["1", "2"])))
    run_id = runner.begin()
    runner.work_once()
    runner.client.post(f"/runs/{run_id}/cancel")
    runner.finish(run_id)
    assert rows() == []
