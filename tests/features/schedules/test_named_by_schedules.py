"""Schedules of portfolios and indexes; and what schedules, runs and workflows name and is not there, which is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from kit.bars import bars_of
from kit.channels import make_channel
from kit.jobs import UNKNOWN_ID, another_organization, run_jobs
from kit.pipelines import Runner, pipeline, step
from kit.portfolios import make_portfolio, trade
from kit.series import store
from kit.support import Client

from api.application import Application
from features.indexes.kinds import IndexRebalancing
from features.portfolios.kinds import PortfolioValuing
from infrastructure.feature import Universes
from utils.clock import now

CRON = {"name": "Nightly", "cron": "30 22 * * MON-FRI"}
MEMBERS = {"members": {"tickers": ["ONE", "TWO"]}}


@pytest.fixture
def owned(client: Client) -> dict[str, str]:
    """A portfolio and an index, by id."""
    for seed, ticker in enumerate(("ONE", "TWO")):
        store(ticker, bars_of([20.0 + seed + day / 10 for day in range(70)], first=date(2024, 1, 1)), now())
    portfolio = make_portfolio(client)
    assert client.post(f"/portfolios/{portfolio}/transactions", trade("buy", "2024-01-10", "ONE", "2", "21")).status_code == 201
    index = client.post("/indexes", {"name": "Both", **MEMBERS})
    assert index.status_code == 201, index.json
    return {"portfolio": portfolio, "index": index.json["id"]}


def made(client: Client, action: str, params: dict[str, Any]) -> Any:
    answer = client.post("/schedules", {**CRON, "action": action, "params": params})
    assert answer.status_code == 201, answer.json
    return answer.json


def run(client: Client, schedule: Any) -> Any:
    """Run a schedule now; return its job when it has ended."""
    firing = client.post(f"/schedules/{schedule['id']}/run")
    assert firing.status_code == 202, firing.json
    run_jobs(kinds=[PortfolioValuing(client.app.services.foundation), IndexRebalancing(Universes)])
    return client.get(f"/jobs/{firing.json['job_id']}").json


def test_portfolios_are_valued_by_a_schedule(client: Client, owned: dict[str, str]) -> None:
    schedule = made(client, "portfolio_valuation", {})
    assert schedule["sentence"].endswith(": value all portfolios.")
    job = run(client, schedule)
    assert (job["kind"], job["status"], job["succeeded"]) == ("portfolio_valuation", "completed", 1)
    assert len(client.get(f"/portfolios/{owned['portfolio']}/valuations").json["items"]) == 1
    one = client("PATCH", f"/schedules/{schedule['id']}", json={"params": {"portfolios": [owned["portfolio"]]}}).json
    assert one["sentence"].endswith(": value one portfolio.")
    assert run(client, one)["total"] == 1


def test_indexes_are_published_by_a_schedule(client: Client, owned: dict[str, str]) -> None:
    schedule = made(client, "index_rebalancing", {"indexes": [owned["index"]]})
    assert schedule["sentence"].endswith(": publish what is new of one index.")
    looked_at = client.get(f"/indexes/{owned['index']}").json["looked_at"]
    job = run(client, schedule)
    assert (job["kind"], job["status"], job["succeeded"]) == ("index_rebalancing", "completed", 1)
    assert client.get(f"/indexes/{owned['index']}").json["looked_at"] > looked_at


ABSENT = [
    ("portfolio_valuation", {"portfolios": [UNKNOWN_ID]}, "params.portfolios.0"),
    ("portfolio_valuation", {"portfolios": ["none"]}, "params.portfolios.0"),
    ("index_rebalancing", {"indexes": [UNKNOWN_ID]}, "params.indexes.0"),
    ("refresh", {"universe": "nowhere"}, "params.universe"),
    ("bulk_analysis", {"universe": f"portfolio:{UNKNOWN_ID}"}, "params.universe"),
    ("evidence", {"universe": f"watchlist:{UNKNOWN_ID}"}, "params.universe"),
    ("report", {"universe": "all", "channels": ["desk", "nobody"]}, "params.channels"),
    ("report", {"universe": "nowhere", "channels": ["desk"]}, "params.universe"),
    ("pipeline", {"pipeline": "nothing"}, "params.pipeline"),
    ("pipeline", {"pipeline": "portfolio_evening", "inputs": {"portfolio": UNKNOWN_ID, "channels": ["desk"]}}, "params.inputs.portfolio"),
    ("pipeline", {"pipeline": "evening_digest", "inputs": {"channels": []}}, "params.inputs.channels"),
    ("pipeline", {"pipeline": "evening_digest", "inputs": {"channels": ["nobody"]}}, "params.inputs.channels"),
    ("pipeline", {"pipeline": "evening_digest", "inputs": {"channels": ["desk"], "universe": "nowhere"}}, "params.inputs.universe"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "params", "field"), ABSENT)
def test_what_is_not_there_is_refused_when_it_is_named(client: Client, action: str, params: dict[str, Any], field: str) -> None:
    make_channel("desk", "https://127.0.0.1/desk")
    answer = client.post("/schedules", {**CRON, "action": action, "params": params})
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field), answer.json
    assert client.get("/schedules").json["items"] == []


def test_what_belongs_to_others_is_not_there(client: Client, owned: dict[str, str]) -> None:
    stranger = Client(client.app, {"X-API-Key": another_organization()})
    make_channel("desk", "https://127.0.0.1/desk")
    for action, params, field in (
        ("portfolio_valuation", {"portfolios": [owned["portfolio"]]}, "params.portfolios.0"),
        ("index_rebalancing", {"indexes": [owned["index"]]}, "params.indexes.0"),
        ("report", {"universe": "all", "channels": ["desk"]}, "params.channels"),
    ):
        answer = stranger.post("/schedules", {**CRON, "action": action, "params": params})
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field), answer.json


def test_a_schedule_whose_channel_is_gone_can_still_be_changed(client: Client) -> None:
    channel = make_channel("desk", "https://127.0.0.1/desk")
    schedule = made(client, "report", {"universe": "all", "channels": ["desk"]})
    assert client.delete(f"/channels/{channel.id}").status_code == 204
    path = f"/schedules/{schedule['id']}"
    assert client("PATCH", path, json={"name": "Later", "cron": "0 23 * * *"}).status_code == 200
    assert client.post(f"{path}/pause").status_code == 200
    refused = client("PATCH", path, json={"params": {**schedule["params"], "limit": 5}})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "params.channels")


def faults(client: Client) -> list[tuple[str, str]]:
    """The fields of what the only schedule names and is gone, as the list and the schedule itself tell it."""
    (listed,) = client.get("/schedules").json["items"]
    assert client.get(f"/schedules/{listed['id']}").json["faults"] == listed["faults"]
    return [(fault["field"], fault["message"]) for fault in listed["faults"]]


@pytest.mark.parametrize(
    ("action", "named", "field"),
    [
        pytest.param("portfolio_valuation", "portfolio", "params.portfolios.0", id="a portfolio"),
        pytest.param("index_rebalancing", "index", "params.indexes.0", id="an index"),
        pytest.param("refresh", "universe", "params.universe", id="what a portfolio holds"),
    ],
)
def test_what_is_gone_is_told_by_its_schedule(client: Client, owned: dict[str, str], action: str, named: str, field: str) -> None:
    params: dict[str, Any] = {
        "portfolio": {"portfolios": [owned["portfolio"]]},
        "index": {"indexes": [owned["index"]]},
        "universe": {"universe": f"portfolio:{owned['portfolio']}"},
    }
    schedule = made(client, action, params[named])
    assert schedule["faults"] == faults(client) == []
    place = f"/indexes/{owned['index']}" if named == "index" else f"/portfolios/{owned['portfolio']}"
    assert client.delete(place).status_code == 204
    [(told, message)] = faults(client)
    assert told == field
    assert "It may have been deleted" in message
    assert [fault["field"] for fault in client.post(f"/schedules/{schedule['id']}/pause").json["faults"]] == [field]


@pytest.mark.parametrize(("action", "named"), [("portfolio_valuation", "portfolios"), ("index_rebalancing", "indexes")])
def test_what_is_left_goes_on_without_what_is_gone(client: Client, owned: dict[str, str], action: str, named: str) -> None:
    kept = owned["portfolio" if named == "portfolios" else "index"]
    other = (
        make_portfolio(client, name="Other") if named == "portfolios" else client.post("/indexes", {"name": "Other", **MEMBERS}).json["id"]
    )
    schedule = made(client, action, {named: [other, kept]})
    assert client.delete(f"/{named}/{other}").status_code == 204
    job = run(client, schedule)
    assert (job["kind"], job["status"], job["total"], job["succeeded"]) == (action, "completed", 1, 1)
    (firing,) = client.get(f"/schedules/{schedule['id']}/firings").json["items"]
    assert (firing["state"], firing["reason"]) == ("fired", "partly_gone")
    assert firing["message"].startswith(f"{named}.0: There is no ")
    assert faults(client)[0][0] == f"params.{named}.0"
    assert client.delete(f"/{named}/{kept}").status_code == 204
    assert client.post(f"/schedules/{schedule['id']}/run").status_code == 404


def test_a_run_says_in_its_trace_what_is_gone(client: Client, owned: dict[str, str]) -> None:
    runner = Runner(client.app)
    runner.put(pipeline(step("published", "index_rebalancing", indexes=[UNKNOWN_ID, owned["index"]])))
    run_id = runner.begin()
    runner.work_once()
    (line,) = client.get(f"/runs/{run_id}").json["trace"]
    assert line["outcome"] == "waiting"
    assert [note.partition(":")[0] for note in line["notes"]] == ["indexes.0"]


def test_a_universe_is_told_by_the_name_of_its_portfolio(client: Client, owned: dict[str, str]) -> None:
    schedule = made(client, "refresh", {"universe": f"portfolio:{owned['portfolio']}"})
    assert schedule["sentence"].endswith(": refresh the prices of what the portfolio Savings holds.")
    assert client.get("/schedules").json["items"][0]["sentence"] == schedule["sentence"]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"channels": []}, "inputs.channels"),
        ({"channels": ["nobody"]}, "inputs.channels"),
        ({"channels": [5]}, "inputs.channels"),
        ({"channels": ["desk"], "portfolio": UNKNOWN_ID}, "inputs.portfolio"),
    ],
)
def test_runs_and_workflows_refuse_it_as_well(app: Application, client: Client, inputs: dict[str, Any], field: str) -> None:
    make_channel("desk", "https://127.0.0.1/desk")
    inputs = {"portfolio": make_portfolio(client), **inputs}
    begun = client.post("/pipelines/portfolio_evening/runs", {"inputs": inputs})
    assert (begun.status_code, begun.json["code"], begun.json["errors"][0]["field"]) == (422, "inputs_invalid", field)
    workflow = {"name": "Evening", "pipeline": "portfolio_evening", "inputs": inputs}
    stored = client.post("/workflows", workflow)
    assert (stored.status_code, stored.json["errors"][0]["field"]) == (422, field), stored.json
    told = {**inputs, field.removeprefix("inputs."): "{{event.data.told}}"}
    assert client.post("/workflows", {**workflow, "event_type": "job.finished", "inputs": told}).status_code == 201
