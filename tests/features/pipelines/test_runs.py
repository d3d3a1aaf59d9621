"""Runs of pipelines: steps in order, templates, conditions, failures, limits, waiting for jobs, and cancelling."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import UNKNOWN_ID, another_organization, job_row
from kit.pipelines import Runner, outcomes, pipeline, step
from kit.steps import RARE

import database
from features.pipelines.flags import PIPELINES
from features.pipelines.retention import prune_runs
from features.pipelines.runs import mend
from features.pipelines.service import Pipelines
from infrastructure.capability import Call, Started, Starts
from jobs import service as jobs
from models.pipeline import Limits, RunStatus

VALUE = {"a": {"b": [{"score": 0.7, "none": None}]}}
HIDDEN = "hunter2"
TICKER = {"ticker": {"type": "ticker", "required": True}}


def rows() -> list[str]:
    return sorted(row["text"] for row in database.query_db("SELECT text FROM written"))


def reason(run: Any, name: str) -> str:
    return str(next(line["reason"] for line in run["trace"] if line["step"] == name))


def test_a_run_does_its_steps_and_says_what_it_did(runner: Runner) -> None:
    run = runner.go(
        step("first", "echo", value=VALUE),
        step("second", "need", ticker="{{inputs.ticker}}", strategy='{{steps.first.nothing ?? "trend"}}', password=HIDDEN),
        step("third", "write", text="{{steps.second.ticker}} at {{steps.first.a.b[0].score}}"),
        given={"ticker": "aapl"},
        inputs=TICKER,
        outputs={"wrote": "{{steps.third.wrote}}", "all": "{{steps.first}}"},
    )
    assert run["status"] == "completed", run
    assert run["outputs"] == {"wrote": "AAPL at 0.7", "all": VALUE}
    assert outcomes(run) == {"first": "ok", "second": "ok", "third": "ok"}
    assert run["trace"][1]["args"] == {"ticker": "AAPL", "strategy": "trend", "password": "•••"}
    assert all(len(line["digest"]) == 64 and line["ms"] >= 0 for line in run["trace"])
    assert (run["pipeline"], run["version"], run["inputs"], run["caused_by"]) == ("trial", 1, {"ticker": "AAPL"}, "key:master")
    assert rows() == ["AAPL at 0.7"]
    assert runner.answers(run["id"])["first"] == VALUE
    assert HIDDEN not in str(database.query_db("SELECT * FROM pipeline_steps"))


def test_a_step_whose_condition_does_not_hold_is_skipped(runner: Runner) -> None:
    run = runner.go(
        step("score", "echo", value=0.4),
        step("told", "write", text="told", when={"op": ">", "left": "{{steps.score}}", "right": 0.6}),
        step("after", "echo", value="{{steps.told.wrote}}"),
    )
    assert outcomes(run) == {"score": "ok", "told": "skipped", "after": "ok"}
    assert reason(run, "told") == "Its condition: 0.4 > 0.6 does not hold."
    assert runner.answers(run["id"])["after"] is None
    assert run["trace"][2]["notes"] == ["args.value: steps.told.wrote is null, so it is left out."]
    assert rows() == []


def test_a_condition_that_cannot_be_judged_fails_the_step(runner: Runner) -> None:
    run = runner.go(step("a", "echo", value=None), step("b", "echo", when={"op": ">", "left": "{{steps.a}}", "right": 1}))
    assert (run["status"], run["outputs"]) == ("failed", None)
    assert run["error"].startswith("Step 'b' failed: when.left: '>' cannot compare null.")


def test_a_needed_argument_that_is_null_fails_with_step_and_path(runner: Runner) -> None:
    run = runner.go(step("a", "echo", value=VALUE), step("b", "need", ticker="{{steps.a.a.b[0].none}}"), step("c", "write", text="never"))
    assert run["error"] == "Step 'b' failed: args.ticker: steps.a.a.b[0].none is null, and 'need' needs it."
    assert outcomes(run) == {"a": "ok", "b": "failed"}
    assert rows() == []


def test_an_unknown_name_and_an_argument_that_does_not_fit_fail_the_step(runner: Runner) -> None:
    run = runner.go(
        step("a", "echo", value=VALUE),
        step("b", "echo", value="{{steps.a.nope}}", on_error="continue"),
        step("c", "need", ticker="{{steps.a}}"),
    )
    assert reason(run, "b") == "args.value: there is no 'nope' in steps.a; there is a."
    assert reason(run, "c") == "args.ticker: A text is needed."


@pytest.mark.parametrize(
    ("value", "told"), [("words", "It fails with words."), ("unexpectedly", "It failed unexpectedly; the log has the reason.")]
)
def test_a_failed_step_fails_the_run_unless_it_goes_on(runner: Runner, value: str, told: str) -> None:
    failed = runner.go(step("a", "fail", value=value), step("b", "write", text="b"))
    assert (failed["status"], reason(failed, "a"), rows()) == ("failed", told, [])
    went_on = runner.go(step("a", "fail", value=value, on_error="continue"), step("b", "write", text="b"))
    assert (went_on["status"], outcomes(went_on), rows()) == ("completed", {"a": "failed", "b": "ok"}, ["b"])


def test_what_a_failed_step_wrote_is_rolled_back(runner: Runner) -> None:
    run = runner.go(step("a", "write", text="refuse"))
    assert (run["error"], rows()) == ("Step 'a' failed: It was told to refuse.", [])


def test_a_run_waits_for_a_job_and_goes_on(runner: Runner) -> None:
    runner.put(pipeline(step("job", "start", keys=["x", "y"], fails=["y"]), step("after", "echo", value="{{steps.job.failed}}")))
    run_id = runner.begin()
    runner.work()
    waiting = runner.run(run_id)
    assert waiting["status"] in ("waiting", "running", "completed")
    assert waiting["trace"][0]["job_id"]
    run = runner.finish(run_id)
    assert runner.answers(run_id) == {"job": {"status": "completed", "succeeded": 1, "failed": 1, "keys": ["x", "y"]}, "after": 1}
    assert run["status"] == "completed"
    assert len(database.query_db("SELECT id FROM analysis_jobs WHERE kind = 'trial_cpu'")) == 1


def test_a_run_waits_while_its_job_runs_and_its_trace_says_so(runner: Runner) -> None:
    runner.put(pipeline(step("job", "start", keys=["x"]), step("after", "echo", value=1)))
    run_id = runner.begin()
    assert runner.run(run_id)["status"] == "queued"
    runner.work_once()
    run = runner.run(run_id)
    assert (run["status"], outcomes(run), run["trace"][0]["ms"]) == ("waiting", {"job": "waiting"}, None)
    assert job_row(run["trace"][0]["job_id"])["status"] == "queued"
    assert runner.finish(run_id)["status"] == "completed"


def test_a_pipeline_that_changes_does_not_change_its_runs(runner: Runner) -> None:
    runner.put(pipeline(step("job", "start", keys=["x"]), step("after", "echo", value="old")))
    run_id = runner.begin()
    runner.work_once()
    runner.put(pipeline(step("other", "echo", value="new")))
    run = runner.finish(run_id)
    assert (run["version"], outcomes(run)) == (1, {"job": "ok", "after": "ok"})
    assert runner.answers(run_id)["after"] == "old"
    assert runner.finish(runner.begin())["version"] == 2
    assert runner.client.delete("/pipelines/trial").status_code == 204
    assert runner.run(run_id)["status"] == "completed"


def test_twenty_steps_are_done_and_twenty_one_refused(runner: Runner) -> None:
    steps = [step(f"s{number}", "echo", value=number) for number in range(21)]
    assert len(runner.go(*steps[:20])["trace"]) == 20
    refused = runner.client("PUT", "/pipelines/trial", json=pipeline(*steps))
    assert refused.status_code == 422
    assert refused.json["errors"][0]["message"] == "At most 20 may be given."


def test_a_step_that_hangs_fails_with_words(runner: Runner) -> None:
    run = runner.limited(Limits(step_seconds=0.05)).go(step("a", "hang", on_error="continue"), step("b", "write", text="b"))
    assert (run["status"], reason(run, "a"), rows()) == ("completed", "It did not answer within 0.05 s.", ["b"])


def test_a_megabyte_of_state_is_the_most(runner: Runner) -> None:
    run = runner.go(
        step("a", "large", text="{{inputs.x}}"), step("b", "large", text="x" * 60_000), step("c", "echo", value="{{steps.b}}"),
        *(step(f"d{number}", "echo", value="{{steps.b}}") for number in range(17)),
        inputs={"x": {"type": "text", "default": "x" * 9_000}},
    )  # fmt: skip
    assert run["status"] == "failed"
    told = f"Step '{list(outcomes(run))[-1]}' failed: Its answer has 60,002 bytes. With the "
    assert run["error"].startswith(told)
    assert "that is more than 1,000,000." in run["error"]
    assert sum(line["answer_bytes"] or 0 for line in run["trace"]) <= 1_000_000


def test_what_a_step_writes_is_rolled_back_when_its_answer_is_too_large(runner: Runner) -> None:
    run = runner.limited(Limits(state_bytes=100)).go(step("a", "write", text="x" * 200))
    assert run["status"] == "failed"
    assert rows() == []


def test_a_capability_that_is_switched_off(runner: Runner) -> None:
    runner.put(pipeline(step("a", "rare", value=1, if_off="skip"), step("b", "rare", value=2), step("c", "echo", value=3)))
    flags = runner.app.services.flags
    flags.change(RARE, False, "It is dear", "master")
    run = runner.finish(runner.begin())
    assert outcomes(run) == {"a": "skipped", "b": "failed"}
    assert reason(run, "a") == reason(run, "b") == "rare is switched off: It is dear. Try again later."
    flags.change(RARE, True, None, "master")
    assert runner.finish(runner.begin())["status"] == "completed"


def test_a_capability_that_is_switched_off_for_the_organization(runner: Runner) -> None:
    runner.put(pipeline(step("a", "rare", value=1, if_off="skip"), step("b", "rare", value=2), step("c", "echo", value=3)))
    change = {"enabled": False, "reason": "It is dear"}
    assert runner.client("PUT", "/organization/flags/rare", json=change).status_code == 200
    run = runner.finish(runner.begin())
    assert outcomes(run) == {"a": "skipped", "b": "failed"}
    assert reason(run, "a").startswith("rare is switched off for this organization: It is dear.")
    runner.client("PUT", "/organization/flags/rare", json={"enabled": True})
    assert runner.finish(runner.begin())["status"] == "completed"


def test_no_run_begins_while_pipelines_are_switched_off_and_those_that_have_begun_go_on(runner: Runner) -> None:
    runner.put(pipeline(step("job", "start", keys=["x"])))
    run_id = runner.begin()
    runner.app.services.flags.change(PIPELINES, False, None, "master")
    answer = runner.client.post("/pipelines/trial/runs", {})
    assert (answer.status_code, answer.json["code"]) == (503, "feature_disabled")
    assert runner.finish(run_id)["status"] == "completed"


@pytest.mark.parametrize("works", [False, True])
def test_a_run_can_be_cancelled(runner: Runner, works: bool) -> None:
    runner.put(pipeline(step("job", "start", keys=["x"]), step("after", "write", text="never")))
    run_id = runner.begin()
    if works:
        runner.work_once()
    cancelled = runner.client.post(f"/runs/{run_id}/cancel")
    assert (cancelled.status_code, cancelled.json["status"]) == (200, "cancelled")
    again = runner.client.post(f"/runs/{run_id}/cancel")
    assert (again.status_code, again.json["detail"]) == (409, "The run is cancelled already; nothing of it can be cancelled.")
    assert runner.finish(run_id)["status"] == "cancelled"
    assert rows() == []
    if works:
        assert outcomes(runner.run(run_id)) == {"job": "failed"}
        assert job_row(runner.run(run_id)["trace"][0]["job_id"])["status"] == "cancelled"


def test_a_run_whose_job_was_cancelled_fails_and_says_so(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value=1)))
    run_id = runner.begin()
    job_id = database.query_db("SELECT job_id FROM pipeline_runs", one=True)["job_id"]
    jobs.cancel(database.current(), 1, job_id)
    run = runner.finish(run_id)
    assert run["status"] == "failed"
    assert job_id in run["error"]


def test_maintenance_lets_runs_go_on_that_nobody_told(runner: Runner) -> None:
    runner.put(pipeline(step("job", "start", keys=["x"]), step("after", "echo", value=1)))
    run_id = runner.begin()
    runner.work_once()
    runner.work()
    starter = runner.app.services.foundation.part(Pipelines.of).starter
    assert (mend(database.current(), starter), mend(database.current(), starter)) == (1, 0)
    runner.work()
    assert runner.run(run_id)["status"] == "completed"


def test_a_dry_run_says_what_would_be_done_and_does_nothing(runner: Runner) -> None:
    runner.put(
        pipeline(
            step("first", "echo", value=1),
            step("second", "need", ticker="{{inputs.ticker}}", password=HIDDEN),
            step("third", "write", text="got {{steps.first}}", when={"op": "==", "left": "{{steps.first}}", "right": 1}),
            step("fourth", "write", text="never", when={"op": "==", "left": "{{inputs.ticker}}", "right": "IBM"}),
            step("fifth", "write", text="{{steps.fourth.wrote}}!"),
            inputs=TICKER,
        )
    )
    answer = runner.client.post("/pipelines/trial/runs", {"inputs": {"ticker": "AAPL"}, "dry_run": True})
    run = answer.json
    assert (answer.status_code, run["dry_run"], run["id"]) == (200, True, None)
    assert outcomes(run) == {"first": "planned", "second": "planned", "third": "planned", "fourth": "skipped", "fifth": "planned"}
    assert run["trace"][1]["args"] == {"ticker": "AAPL", "password": "•••"}
    assert run["trace"][2]["args"] == {"text": "got {{steps.first}}"}
    assert "Its condition is known once the steps before have run." in run["trace"][2]["notes"]
    assert rows() == []
    assert runner.client.get("/runs").json["items"] == []


@pytest.mark.parametrize(
    ("inputs", "field", "told"),
    [
        ({}, "inputs.ticker", "This input is needed."),
        ({"ticker": "no ticker!"}, "inputs.ticker", "is no ticker"),
        ({"ticker": 5}, "inputs.ticker", "A text is needed."),
        ({"ticker": "AAPL", "nope": 1}, "inputs.nope", "There is no such input; there are how, since, ticker"),
        ({"ticker": "AAPL", "since": "yesterday"}, "inputs.since", "YYYY-MM-DD"),
        ({"ticker": "AAPL", "how": ["trend", "magic"]}, "inputs.how", "There is no strategy 'magic'"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(runner: Runner, inputs: dict[str, Any], field: str, told: str) -> None:
    more = {"since": {"type": "date", "default": "-7d"}, "how": {"type": "strategies", "default": ["balanced"]}}
    runner.put(pipeline(step("a", "echo", value=1), inputs={**TICKER, **more}))
    answer = runner.client.post("/pipelines/trial/runs", {"inputs": inputs})
    assert (answer.status_code, answer.json["code"]) == (422, "inputs_invalid")
    assert answer.json["errors"][0]["field"] == field
    assert told in answer.json["errors"][0]["message"]


def test_runs_are_listed_and_kept_for_a_while(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value=1)))
    first, second = runner.begin(), runner.begin()
    runner.finish(first)
    runner.finish(second)
    page = runner.client.get("/runs?limit=1").json
    assert [run["id"] for run in page["items"]] == [second]
    assert [run["id"] for run in runner.client.get(f"/runs?limit=1&cursor={page['next_cursor']}").json["items"]] == [first]
    assert runner.client.get("/runs?pipeline=other").json["items"] == []
    assert runner.client.get("/runs?status=failed").json["items"] == []
    assert prune_runs(database.current()) == 0
    assert prune_runs(database.current(), days=-1) == 2
    assert runner.client.get(f"/runs/{first}").status_code == 404


def test_a_run_belongs_to_its_organization(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value=1)))
    run_id = runner.finish(runner.begin())["id"]
    key = another_organization()
    assert runner.client.get(f"/runs/{run_id}", key=key).status_code == 404
    assert runner.client.get("/pipelines/trial", key=key).status_code == 404
    assert runner.client.get("/runs", key=key).json["items"] == []
    assert runner.client.get(f"/runs/{UNKNOWN_ID}").status_code == 404
    assert runner.client.get(f"/runs/{run_id}/steps/b").json["detail"] == "The run has no step 'b' so far. There are a."


def test_a_run_is_begun_once_for_an_idempotency_key(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value=1)))
    answers = [runner.client.post("/pipelines/trial/runs", {}, headers={"Idempotency-Key": "x"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert answers[0].headers["Location"] == f"/api/v1/runs/{answers[0].json['id']}"
    assert len(runner.client.get("/runs").json["items"]) == 1


def test_who_has_no_key_or_no_token_begins_no_run(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value=1)))
    assert runner.client.post("/pipelines/trial/runs", {}, key=None).status_code == 401
    assert runner.client.get("/runs").json["items"] == []


def test_the_capability_begins_a_run_once_for_each_cause(runner: Runner) -> None:
    runner.put(pipeline(step("a", "echo", value="{{inputs.ticker}}"), inputs=TICKER))
    capability = runner.app.services.foundation.capabilities.find("pipeline")
    inputs = capability.inputs.model_validate({"pipeline": "trial", "inputs": {"ticker": "ibm"}})
    work, call = capability.work, Call(1, "schedule:s:2026-11-29T21:30Z", "schedule:s")
    assert isinstance(work, Starts)
    started = []
    for _ in range(2):
        with database.transaction() as connection:
            started.append(work.start(connection, call, inputs))
    assert started[0] == started[1] == Started(started[0].job_id, started[0].run_id)
    run = runner.finish(str(started[0].run_id))
    assert (run["status"], run["caused_by"]) == (RunStatus.COMPLETED, "schedule:s")
    with database.transaction() as connection:
        told = work.answer(connection, call, inputs, jobs.find(database.current(), 1, started[0].job_id))
    assert told == {"run_id": run["id"], "status": "completed", "outputs": {}, "error": None}
