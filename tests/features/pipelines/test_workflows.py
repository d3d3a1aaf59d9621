"""Workflows: events start runs, each once and not for ever; and suggestions, with their grounds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from kit.jobs import another_organization
from kit.pipelines import Runner, pipeline, step

import database
from features.pipelines.flags import PIPELINES
from features.pipelines.suggestions import Done, habits
from infrastructure.outbox import record
from models.event import EventType, NewEvent
from models.workflow import MOST_RUNS_AN_HOUR
from utils.ids import new_id

TOLD = {"type": "text"}


def post(runner: Runner, **more: Any) -> Any:
    body = {"name": "A workflow", "pipeline": "trial", "event_type": "result.verdict_changed", **more}
    return runner.client.post("/workflows", body)


def happen(runner: Runner, kind: str = EventType.VERDICT_CHANGED, key: str = "one", org_id: int = 1, **data: Any) -> None:
    with database.transaction() as connection:
        record(connection, org_id, [NewEvent(kind, key, data.get("ticker"), data)])
    runner.tell()


def runs(runner: Runner) -> list[Any]:
    items: list[Any] = runner.client.get("/runs").json["items"]
    return items


@pytest.fixture
def trial(runner: Runner) -> Runner:
    runner.put(pipeline(step("a", "write", text="{{inputs.told}}"), inputs={"told": TOLD}))
    return runner


def test_an_event_starts_a_run_once(trial: Runner) -> None:
    made = post(trial, inputs={"told": "{{event.data.ticker}} is {{event.data.to}}"})
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/workflows/{made.json['id']}")
    for _ in range(2):
        happen(trial, ticker="AAPL", to="Buy")
    (run,) = runs(trial)
    assert (run["caused_by"], run["created_by"]) == (f"workflow:{made.json['id']}", None)
    trial.finish(run["id"])
    assert database.query_db("SELECT text FROM written") == [{"text": "AAPL is Buy"}]
    assert trial.client.get(f"/workflows/{made.json['id']}").json["last_outcome"] == f"run {run['id']}"


def test_a_filter_chooses_events(trial: Runner) -> None:
    post(trial, filter={"op": "in", "left": "{{event.data.to}}", "right": ["Buy", "Strong Buy"]}, inputs={"told": "{{event.data.to}}"})
    for number, to in enumerate(("Hold", "Buy", "Sell", "Strong Buy")):
        happen(trial, key=str(number), to=to)
    happen(trial, EventType.PRICES_STALE, "stale", to="Buy")
    assert len(runs(trial)) == 2


def test_what_goes_wrong_is_told_and_harms_no_other_workflow(trial: Runner) -> None:
    bad = post(trial, name="bad", inputs={"told": "{{event.data.nothing}}"}).json["id"]
    assert post(trial, name="wrong", inputs={"told": 5}).json["errors"][0]["field"] == "inputs.told"
    wrong = post(trial, name="wrong", inputs={"told": "{{event.data.number}}"}).json["id"]
    post(trial, name="good", inputs={"told": "x"})
    happen(trial, ticker="AAPL", number=5)
    assert len(runs(trial)) == 1
    assert "no 'nothing' in event.data; there is" in trial.client.get(f"/workflows/{bad}").json["last_outcome"]
    assert "inputs.told: A text is needed." in trial.client.get(f"/workflows/{wrong}").json["last_outcome"]


def test_a_workflow_that_is_off_or_of_another_organization_starts_nothing(trial: Runner) -> None:
    made = post(trial, enabled=False, inputs={"told": "x"}).json["id"]
    happen(trial)
    assert runs(trial) == []
    assert trial.client("PATCH", f"/workflows/{made}", json={"enabled": True}).json["enabled"] is True
    another_organization()
    happen(trial, key="two", org_id=2)
    assert runs(trial) == []
    trial.app.services.flags.change(PIPELINES, False, None, "master")
    happen(trial, key="three")
    assert (runs(trial), trial.client.get(f"/workflows/{made}").json["last_outcome"]) == ([], "skipped: pipelines is switched off")
    trial.app.services.flags.change(PIPELINES, True, None, "master")
    happen(trial, key="four", org_id=0)
    assert len(runs(trial)) == 1


def test_the_runs_of_an_hour_are_limited(trial: Runner) -> None:
    made = post(trial, inputs={"told": "x"}).json["id"]
    with database.transaction() as connection:
        record(connection, 1, [NewEvent(EventType.VERDICT_CHANGED, str(number)) for number in range(MOST_RUNS_AN_HOUR + 5)])
    trial.tell()
    assert len(trial.client.get("/runs?limit=500").json["items"]) == MOST_RUNS_AN_HOUR
    assert trial.client.get(f"/workflows/{made}").json["last_outcome"].startswith("skipped: it has begun 60 runs within the hour")


def test_runs_that_start_each_other_come_to_an_end(runner: Runner) -> None:
    """A run starts a job, whose end starts a run, which starts a job, and so on."""
    runner.put(pipeline(step("job", "start", keys=["x"])))
    made = post(runner, event_type="job.finished").json["id"]
    runner.finish(runner.begin())
    for _ in range(10):
        runner.work()
        runner.tell()
    assert len(runs(runner)) == 4
    assert "3 runs have already led to each other" in runner.client.get(f"/workflows/{made}").json["last_outcome"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"pipeline": "nothing"}, 404, None),
        ({"event_type": "something.else"}, 422, "event_type"),
        ({"filter": {"op": "~"}}, 422, "filter.op"),
        ({"filter": {"op": "exists", "left": "{{steps.a}}"}}, 422, "filter.left"),
        ({"inputs": {"told": "{{inputs.x}}"}}, 422, "inputs.told"),
        ({"inputs": {"told": "{{event."}}, 422, "inputs.told"),
        ({"event_type": None, "filter": {"op": "exists", "left": "{{event.data.x}}"}}, 422, "filter"),
        ({"name": " "}, 422, "name"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
def test_what_is_refused(trial: Runner, body: dict[str, Any], status: int, field: str | None) -> None:
    answer = post(trial, **body)
    assert answer.status_code == status
    assert field is None or answer.json["errors"][0]["field"] == field


def test_workflows_are_changed_run_by_hand_and_deleted(trial: Runner) -> None:
    made = post(trial, event_type=None, inputs={"told": "by hand"}).json
    assert post(trial).status_code == 409
    path = f"/workflows/{made['id']}"
    begun = trial.client.post(f"{path}/runs")
    assert (begun.status_code, begun.json["caused_by"], begun.json["created_by"]) == (202, f"workflow:{made['id']}", "master")
    changed = trial.client(
        "PATCH", path, json={"name": "Another", "event_type": "prices.stale", "inputs": {"told": "{{event.subject}}"}}
    ).json
    assert (changed["name"], changed["event_type"], changed["pipeline"]) == ("Another", "prices.stale", "trial")
    assert trial.client.post(f"{path}/runs").json["errors"][0]["message"].startswith("They have templates of an event")
    assert trial.client.get(path, key=another_organization()).status_code == 404
    assert [trial.client.delete(path).status_code for _ in range(2)] == [204, 404]


MONDAY = date(2026, 11, 16)


def done(what: str, *days: int, minute: int = 0) -> list[Done]:
    start = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 22, 0, tzinfo=UTC)
    return [Done(what, start + timedelta(days=day, minutes=minute)) for day in days]


@pytest.mark.parametrize(
    ("acts", "found"),
    [
        (done("a", 0, 1, 2, 3, 4), [("a", 5, 22 * 60)]),
        (done("a", 0, 1, 2, 3), []),
        (done("a", 0, 1, 2, 4, 7), []),
        (done("a", 2, 3, 4, 7, 8), [("a", 5, 22 * 60)]),
        (done("a", 0, 1, 2, 3, 5, 6), []),
        (done("a", 0, 1, 2, 3) + done("a", 4, minute=60), []),
        (done("a", 0, 1, 2, 3, 4) + done("a", 1, minute=-300), [("a", 5, 22 * 60)]),
        (done("a", 0, 1, 2) + done("b", 3, 4), []),
        (done("b", 0, 1, 2, 3, 4, 7, 8) + done("a", 0, 1, 2, 3, 4), [("a", 5, 22 * 60), ("b", 7, 22 * 60)]),
        ([], []),
    ],
)
def test_habits(acts: list[Done], found: list[tuple[str, int, int]]) -> None:
    assert [(habit.what, len(habit.days), habit.minute) for habit in habits(acts)] == found


def habit_of_runs(runner: Runner) -> None:
    """Five runs on the last five weekdays, about the same time."""
    day = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    days: list[datetime] = []
    while len(days) < 5:
        day -= timedelta(days=1)
        days += [day] if day.weekday() < 5 else []
    for moment in days:
        run_id = runner.begin({"told": "x"})
        database.execute_db("UPDATE pipeline_runs SET created_at = :at WHERE id = :id", {"at": moment, "id": run_id})


def test_a_suggestion_says_its_grounds_and_becomes_a_workflow_that_is_off(trial: Runner) -> None:
    assert trial.client.get("/suggestions").json["items"] == []
    habit_of_runs(trial)
    (found,) = trial.client.get("/suggestions").json["items"]
    assert found["title"] == "Run trial by itself, on weekdays about 12:00 UTC"
    assert found["grounds"][0] == "trial was run by hand with the same inputs on 5 weekdays running."
    assert found["first_at"] < found["last_at"]
    applied = trial.client.post(f"/suggestions/{found['id']}/apply")
    assert (applied.status_code, applied.json["enabled"], applied.json["inputs"]) == (201, False, {"told": "x"})
    assert trial.client.get("/suggestions").json["items"] == []
    assert trial.client.post(f"/suggestions/{found['id']}/apply").status_code == 404


def test_a_suggestion_that_was_dismissed_is_not_made_again(trial: Runner) -> None:
    habit_of_runs(trial)
    (found,) = trial.client.get("/suggestions").json["items"]
    assert [trial.client.post(f"/suggestions/{each}/dismiss").status_code for each in (found["id"], found["id"], new_id())] == [
        204,
        404,
        404,
    ]
    assert trial.client.get("/suggestions").json["items"] == []
