"""The evening run: one command sets it up, and each evening tells what changed, once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.channels import Post, make_channel, rows
from kit.databases import Backend
from kit.jobs import options_for, working
from kit.receivers import LOOPBACK, Receiver, receiving
from kit.support import Client, settings_for
from kit.turning import days_of_two_verdicts, upload_until

import app as application
import database
from api.application import Application
from app import create_app
from features.analyses.kinds import BulkAnalysis
from features.pipelines.kinds import PipelineItems, PipelineRuns
from infrastructure.outbox import hand_out
from utils.json_text import parse_tolerant

ROUNDS = 30


@pytest.fixture
def app(backend: Backend, tmp_path: Any) -> Iterator[Application]:
    """One that may send to this machine."""
    app = create_app(settings_for(backend.url, tmp_path, webhook_allowed_networks=LOOPBACK))
    application.start(app)
    hand_out(database.current(), app.services.foundation.subscribers)  # they are told of what happens from now on
    yield app
    application.stop(app)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def set_up(app: Application, *more: str) -> Any:
    return app.test_cli_runner().invoke(args=["evening-run", "set-up", *more])


def run_evening(app: Application, client: Client, schedule_id: str) -> Any:
    """Run the schedule, and whatever it queues, until nothing is left; return the run."""
    firing = client.post(f"/schedules/{schedule_id}/run").json
    foundation, post = app.services.foundation, Post()
    kinds: list[Any] = [PipelineRuns(foundation), PipelineItems(foundation), BulkAnalysis()]
    for _ in range(ROUNDS):
        with working(options=options_for(kinds)) as executor:
            executor.drain()
        post.work()
        hand_out(database.current(), foundation.subscribers)
        run = client.get(f"/runs/{firing['run_id']}").json
        if run["finished_at"] is not None and not post.work():
            return run
    raise AssertionError(run)


def test_what_changed_is_told_once(app: Application, client: Client, receiver: Receiver) -> None:
    before, after = days_of_two_verdicts(client)
    upload_until(client, before["as_of"])
    client.post("/watchlist", {"ticker": "MINE"})
    made = set_up(app, "--strategy", "balanced", "--strategy", "trend", "--webhook", receiver.url())
    assert made.exit_code == 0, made.output
    assert "It runs next at" in made.output.replace("it runs", "It runs")
    assert "whsec_" in made.output
    (schedule,) = client.get("/schedules").json["items"]
    assert (schedule["calendar"], schedule["after_close"], schedule["action"]) == ("XNYS", "00:30", "pipeline")

    first = run_evening(app, client, schedule["id"])
    assert first["status"] == "completed"
    assert receiver.received == []  # a first verdict is no change, and nothing is told of nothing

    upload_until(client, after["as_of"])
    second = run_evening(app, client, schedule["id"])
    assert (second["status"], len(receiver.received)) == ("completed", 1)
    told = parse_tolerant(receiver.received[0].body)
    changes = {change["strategy"]: change for change in told["data"]["changes"]}
    assert (changes["balanced"]["was"], changes["balanced"]["now"]) == (before["verdict"], after["verdict"])
    assert changes["balanced"]["ticker"] == "MINE"
    assert "record" in changes["balanced"]["record"]

    run_evening(app, client, schedule["id"])
    assert len(receiver.received) == 1


def test_what_a_run_could_not_tell_the_next_one_does(app: Application, client: Client, receiver: Receiver) -> None:
    before, after = days_of_two_verdicts(client)
    upload_until(client, before["as_of"])
    client.post("/watchlist", {"ticker": "MINE"})
    channel = make_channel("mine", receiver.url())
    assert set_up(app, "--channel", "mine").exit_code == 0
    (schedule,) = client.get("/schedules").json["items"]
    run_evening(app, client, schedule["id"])
    upload_until(client, after["as_of"])
    inputs = schedule["params"]["inputs"]
    assert client.delete(f"/channels/{channel.id}").status_code == 204
    failed = run_evening(app, client, schedule["id"])
    assert failed["status"] == "failed"
    again = make_channel("again", receiver.url())
    client("PATCH", f"/schedules/{schedule['id']}", json={"params": {**schedule["params"], "inputs": {**inputs, "channels": [again.id]}}})
    run_evening(app, client, schedule["id"])
    assert [parse_tolerant(each.body)["data"]["total"] for each in receiver.received] == [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say who is told"),
        (("--email", "a@example.com", "--ntfy", "https://ntfy.example/x"), "Say who is told"),
        (("--email", "nobody"), "address"),
        (("--webhook", "http://10.0.0.1/x"), "10.0.0.1"),
        (("--channel", "gone"), "no channel"),
        (("--email", "a@example.com", "--calendar", "NOWHERE"), "NOWHERE"),
        (("--email", "a@example.com", "--after-close", "soon"), "after"),
        (("--email", "a@example.com", "--strategy", "magic"), "magic"),
    ],
)
def test_what_cannot_be_set_up_says_why_and_leaves_nothing(app: Application, arguments: tuple[str, ...], said: str) -> None:
    refused = set_up(app, *arguments)
    assert refused.exit_code != 0
    assert said in refused.output
    assert rows("channels") == []


def test_a_second_one_needs_another_name(app: Application, client: Client) -> None:
    assert set_up(app, "--email", "a@example.com").exit_code == 0
    again = set_up(app, "--email", "a@example.com")
    assert again.exit_code == 1
    assert len(rows("channels")) == 1
    assert set_up(app, "--email", "b@example.com", "--name", "For B", "--calendar", "XETR").exit_code == 0
    assert [each["calendar"] for each in client.get("/schedules").json["items"]] == ["XNYS", "XETR"]


def test_a_firing_ends_with_its_run_and_as_it_did(app: Application, client: Client, receiver: Receiver) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    channel = make_channel("mine", receiver.url())
    assert set_up(app, "--channel", "mine").exit_code == 0
    (schedule,) = client.get("/schedules").json["items"]
    run_evening(app, client, schedule["id"])
    (done,) = client.get(f"/schedules/{schedule['id']}/firings").json["items"]
    assert (done["state"], done["finished_at"] is not None) == ("fired", True)
    inputs = {**schedule["params"]["inputs"], "tell_nothing": True}
    client("PATCH", f"/schedules/{schedule['id']}", json={"params": {**schedule["params"], "inputs": inputs}})
    assert client.delete(f"/channels/{channel.id}").status_code == 204
    run_evening(app, client, schedule["id"])
    failed = client.get(f"/schedules/{schedule['id']}/firings").json["items"][0]
    assert (failed["state"], failed["reason"]) == ("failed", "job_failed")
