"""Strategies of an organization: stored in versions, named like the built-in ones, archived once something was asked for by them."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accounts import person
from kit.jobs import ask, items_of, run_jobs
from kit.support import Client

import database
from features.evidence.kinds import UniverseCalibration
from features.strategies.service import create_strategy
from models.own_strategy import StrategyDraft, TooManyStrategies
from models.strategy import STRATEGIES

STEADY = {"id": "steady", "name": "Steady", "base": "trend", "indicator_weights": {"adx": 3.0, "rsi": 0.0}, "stop_percent": 4.0}


def store(client: Client, **changes: Any) -> Any:
    """Store a strategy, and return the JSON of it."""
    answer = client.post("/strategies", {**STEADY, **changes})
    assert answer.status_code == 201, answer.json
    return answer.json


def change(client: Client, **changes: Any) -> Any:
    """Replace the strategy by what it was and changes, and return the JSON of it."""
    body = {name: value for name, value in {**STEADY, **changes}.items() if name != "id"}
    answer = client("PUT", "/strategies/steady", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def analysed(client: Client, strategy: str, **more: Any) -> Any:
    """The result of an analysis by a strategy."""
    answer = client.post("/analyze", {"ticker": "AAPL", "strategy": strategy, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def listed(client: Client, query: str = "") -> list[str]:
    """The ids that are listed."""
    return [item["id"] for item in client.get(f"/strategies{query}").json["items"]]


def test_what_is_left_out_is_that_of_the_base(client: Client) -> None:
    made, trend = store(client), STRATEGIES["trend"]
    assert (made["version"], made["base"], made["archived"], made["description"]) == (1, "trend", False, "")
    assert made["indicator_weights"] == {**trend.indicator_weights, "adx": 3.0, "rsi": 0.0}
    assert made["category_weights"] == trend.category_weights
    assert (made["stop_percent"], made["reward_risk"], made["max_position_percent"]) == (4.0, 3.0, 25.0)
    assert client.get("/strategies/steady").json == made
    assert listed(client) == [*STRATEGIES, "steady"]
    assert client.get("/strategies/trend").json["version"] is None


def test_an_id_is_made_from_the_name(client: Client) -> None:
    bodies = [{"name": "Überschwang & Co."}, {"name": "Überschwang & Co."}, {"name": "7 days"}, {"name": "Balanced"}, {"name": "!!!"}]
    made = [client.post("/strategies", body).json["id"] for body in bodies]
    assert made == ["berschwang-co", "berschwang-co-2", "own-7-days", "balanced-2", "own"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({**STEADY, "id": "balanced"}, 409, id="a built-in id"),
        pytest.param({**STEADY, "id": "taken"}, 409, id="an id that is taken"),
        pytest.param({**STEADY, "id": "Steady"}, 422, id="capital letters"),
        pytest.param({**STEADY, "name": "  "}, 422, id="no name"),
        pytest.param({**STEADY, "base": "steady"}, 422, id="a base that is not built in"),
        pytest.param({**STEADY, "stop_percent": 8.5}, 422, id="a stop that is wider than the engine's"),
        pytest.param({**STEADY, "indicator_weights": {"atr": 1.0}}, 422, id="an indicator that does not vote"),
        pytest.param({**STEADY, "indicator_weights": {"rsi": 101.0}}, 422, id="a weight that is too large"),
        pytest.param({**STEADY, "category_weights": dict.fromkeys(("trend", "momentum", "volatility", "volume"), 0)}, 422, id="no vote"),
    ],
)
def test_what_is_refused(client: Client, body: Any, status: int) -> None:
    store(client, id="taken")
    assert client.post("/strategies", body).status_code == status
    assert listed(client) == [*STRATEGIES, "taken"]


def test_built_in_ones_stay(client: Client) -> None:
    assert client("PUT", "/strategies/trend", json={"name": "Mine"}).status_code == 409
    assert client.delete("/strategies/trend").status_code == 409


def test_there_is_a_limit(client: Client) -> None:
    draft = StrategyDraft("Mine", "", "balanced")
    with database.transaction() as connection:
        create_strategy(connection, 1, draft, most=1)
        with pytest.raises(TooManyStrategies):
            create_strategy(connection, 1, draft, most=1)


def test_a_repeated_request_makes_one(client: Client) -> None:
    body = {"name": "Steady", "base": "trend"}
    first, again = (client.post("/strategies", body, headers={"Idempotency-Key": "steady"}) for _ in range(2))
    assert (first.json, again.headers["Idempotent-Replayed"]) == (again.json, "true")
    assert listed(client) == [*STRATEGIES, "steady"]


def test_a_result_names_the_version_and_has_its_weights(client: Client) -> None:
    store(client)
    result = analysed(client, "steady")
    weights = {one["key"]: one["weight"] for one in result["indicators"]}
    assert (result["strategy"], result["provenance"]["strategy_version"]) == ("steady", 1)
    assert (weights["adx"], weights["rsi"]) == (4.5, 0.0)
    evidence = client.get("/evidence/AAPL?strategy=steady").json
    assert evidence["strategy_version"] == 1
    assert "own strategy steady, version 1" in evidence["basis"]
    assert analysed(client, "steady")["id"] == result["id"]
    assert analysed(client, "trend")["provenance"]["strategy_version"] is None


def test_other_rules_are_another_version_and_other_words_are_not(client: Client) -> None:
    store(client)
    first = analysed(client, "steady")
    assert change(client, name="Calm")["version"] == 1
    assert analysed(client, "steady")["id"] == first["id"]
    changed = change(client, stop_percent=5.0)
    assert (changed["version"], [one["stop_percent"] for one in changed["versions"]]) == (2, [5.0, 4.0])
    second = analysed(client, "steady")
    assert second["provenance"]["strategy_version"] == 2
    assert second["fingerprint"] != first["fingerprint"]
    back = change(client)
    assert (back["version"], analysed(client, "steady")["provenance"]["strategy_version"]) == (3, 3)
    assert client.get(f"/results/{first['id']}").json["provenance"]["strategy_version"] == 1
    assert client.get(f"/results/{first['id']}/flips").status_code == 200


def test_a_change_of_the_rules_changes_no_verdict(client: Client) -> None:
    store(client)
    first = analysed(client, "steady")
    turned = dict.fromkeys(STRATEGIES["trend"].indicator_weights, 0.0) | {"stochastic": 1.0}
    change(client, indicator_weights=turned)
    second = analysed(client, "steady")
    assert second["verdict"] != first["verdict"]
    assert client.get("/events?type=result.verdict_changed").json["items"] == []
    (latest,) = client.get("/results?strategy=steady").json["items"]
    assert (latest["id"], latest["former_verdict"], latest["previous_score"]) == (second["id"], None, None)


def test_a_queued_job_keeps_the_version_of_its_submission(client: Client) -> None:
    store(client)
    job = ask(client, "AAPL", "IBM", strategy="steady")
    assert (job["params"]["strategy"], job["params"]["own_strategy"]["version"]) == ("steady", 1)
    change(client, stop_percent=5.0)
    assert client.delete("/strategies/steady").status_code == 204
    run_jobs()
    ids = [item["result_id"] for item in items_of(client, job["id"]).values()]
    assert [client.get(f"/results/{each}").json["provenance"]["strategy_version"] for each in ids] == [1, 1]
    assert client.get(f"/reports/jobs/{job['id']}.xlsx").status_code == 200


def test_what_was_used_is_archived_and_can_be_brought_back(client: Client) -> None:
    store(client)
    result = analysed(client, "steady")
    assert client.delete("/strategies/steady").status_code == 204
    assert (listed(client), listed(client, "?archived=true")) == ([*STRATEGIES], [*STRATEGIES, "steady"])
    refused = client.post("/analyze", {"ticker": "AAPL", "strategy": "steady"})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "strategy")
    assert "archived" in refused.json["detail"]
    assert client.get("/results?strategy=steady").json["items"][0]["id"] == result["id"]
    assert client.post("/strategies", STEADY).status_code == 409
    assert (change(client)["archived"], analysed(client, "steady")["id"]) == (False, result["id"])


def test_what_was_never_used_is_gone(client: Client) -> None:
    store(client)
    assert client.delete("/strategies/steady").status_code == 204
    assert client.delete("/strategies/steady").status_code == 404
    assert listed(client, "?archived=true") == [*STRATEGIES]
    assert store(client)["version"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/analyze", {"ticker": "AAPL"}),
        ("POST", "/bulk-analyze", {"tickers": ["AAPL"]}),
        ("POST", "/evidence", {"tickers": ["AAPL"]}),
        ("POST", "/backtests", {"ticker": "AAPL"}),
        ("POST", "/backtests", {"tickers": ["AAPL"]}),
        ("POST", "/alert-rules", {"name": "x", "on": "verdict_changed", "tickers": ["AAPL"], "conditions": {}}),
        ("POST", "/reports", {"type": "ticker", "ticker": "AAPL"}),
        ("GET", "/evidence/AAPL?strategy={}", None),
        ("GET", "/series/AAPL?strategy={}", None),
        ("GET", "/results?strategy={}", None),
        ("GET", "/history/AAPL?strategy={}", None),
        ("GET", "/overview?strategy={}", None),
        ("GET", "/reports/evidence/AAPL.xlsx?strategy={}", None),
        ("GET", "/reports/results.xlsx?strategy={}", None),
    ],
)
def test_own_ones_are_usable_wherever_one_is_and_by_their_organization_alone(client: Client, method: str, path: str, body: Any) -> None:
    eve = person(client.app, "eve@example.org").program()
    assert eve("POST", "/strategies", json={**STEADY, "id": "theirs"}).status_code == 201
    store(client)
    for strategy, is_known in (("steady", True), ("theirs", False), ("nobodys", False)):
        answer = client(method, path.format(strategy), json=None if body is None else {**body, "strategy": strategy})
        assert (answer.status_code < 300) is is_known, answer.status
        if not is_known:
            assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "strategy")
            assert "theirs" not in answer.json["detail"].removeprefix("There is no strategy 'theirs'")


def test_two_organizations_have_an_id_each(client: Client) -> None:
    eve = person(client.app, "eve@example.org").program()
    assert eve("POST", "/strategies", json={**STEADY, "base": "reversion"}).status_code == 201
    store(client)
    theirs = eve("POST", "/analyze", json={"ticker": "AAPL", "strategy": "steady"}).json
    ours = analysed(client, "steady")
    assert theirs["fingerprint"] != ours["fingerprint"]
    assert eve("GET", "/strategies/steady").json["base"] == "reversion"
    assert eve("DELETE", "/strategies/steady").status_code == 204
    assert listed(client) == [*STRATEGIES, "steady"]


def test_evidence_of_a_universe_is_that_of_the_version(client: Client) -> None:
    store(client)
    job = client.post("/evidence", {"universe": "all", "strategy": "steady"}).json
    assert job["params"]["own_strategy"]["version"] == 1
    run_jobs(kinds=(UniverseCalibration(),))
    found = client.get("/evidence?strategy=steady").json
    assert (found["strategy"], found["strategy_version"], found["job_id"]) == ("steady", 1, job["id"])
    assert "Steady" in found["beat"]["sentence"]
    change(client, stop_percent=5.0)
    assert client.get("/evidence?strategy=steady").status_code == 404
    assert client.get(f"/evidence?job_id={job['id']}").json["strategy_version"] == 1


def test_verdicts_stand_side_by_side(client: Client) -> None:
    store(client)
    before = client.get("/verdicts/AAPL")
    assert [one["strategy"] for one in before.json["items"]] == [*STRATEGIES, "steady"]
    assert before.json["items"][-1]["score"] == analysed(client, "steady")["score"]
    change(client, indicator_weights={"macd": 9.0})
    assert client.get("/verdicts/AAPL").headers["ETag"] != before.headers["ETag"]


def test_options_may_not_leave_an_own_one_without_a_vote(client: Client) -> None:
    store(client, indicator_weights=dict.fromkeys(STRATEGIES["trend"].indicator_weights, 0.0) | {"rsi": 1.0})
    refused = client.post("/analyze", {"ticker": "AAPL", "strategy": "steady", "indicators": ["macd"]})
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert analysed(client, "steady", indicators=["rsi"])["strategy"] == "steady"


def test_backtests_name_the_version(client: Client) -> None:
    store(client)
    done = client.post("/backtests", {"ticker": "AAPL", "strategy": "steady"}).json
    assert (done["strategy"], done["parameters"]["strategy_version"]) == ("steady", 1)
    again = client.get(f"/backtests/{done['id']}")
    assert again.json["equity"] == done["equity"]
    sets = [{"strategy": "steady"}, {"strategy": "trend"}]
    compared = client.post("/backtests/compare", {"ticker": "AAPL", "sets": sets}).json
    assert [one["strategy"] for one in compared["sets"]] == ["steady", "trend"]
