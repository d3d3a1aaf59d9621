"""Jobs over HTTP: asked for, looked at, cancelled, retried; by one person, and by fifty at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from kit.jobs import (
    JOB_FIELDS,
    SAMPLE,
    UNKNOWN_ID,
    another_organization,
    appear,
    ask,
    claim,
    csv_of,
    end_chunk,
    finished,
    items_of,
    job_row,
    options_for,
    run_jobs,
    working,
)
from kit.support import Client

import database
from features.analyses.kinds import BulkAnalysis
from models.job import Lane

ROUTES = (
    "GET /jobs/{}",
    "GET /jobs/{}/items",
    "POST /jobs/{}/cancel",
    "POST /jobs/{}/retry",
    "GET /jobs/{}/events",
    "GET /reports/jobs/{}.xlsx",
)


# ---- asking -----------------------------------------------------------------------------------------------------------------------


def test_a_job_from_asking_to_its_results(client: Client) -> None:
    answer = client.post("/bulk-analyze", {"tickers": ["AAPL", "MSFT"], "strategy": "trend"})
    job = answer.json
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/jobs/{job['id']}")
    assert set(job) == JOB_FIELDS
    expected = {
        "kind": "bulk_analysis", "status": "queued", "version": 1, "total": 2, "completed": 0, "succeeded": 0, "failed": 0, "progress": 0.0,
        "eta_seconds": None, "cancel_requested": False, "retry_of": None, "error": None, "started_at": None, "finished_at": None,
        "params": {
            "universe": None, "strategy": "trend", "capital": 100_000.0, "risk_percent": 2.0, "max_position_percent": None,
            "reward_risk": None, "weights": None, "indicators": None, "as_of": None, "refresh": False,
        },
    }  # fmt: skip
    assert job.items() >= expected.items()
    assert job["created_at"].endswith("Z")
    assert client.get(f"/jobs/{job['id']}").json == job
    assert run_jobs() == 2
    done = client.get(f"/jobs/{job['id']}").json
    assert done["started_at"] <= done["finished_at"]
    assert done.items() >= {
        "status": "completed", "version": 3, "completed": 2, "succeeded": 2, "failed": 0, "progress": 1.0, "eta_seconds": 0.0
    }.items()  # fmt: skip
    for ticker, item in items_of(client, job["id"]).items():
        assert (item["status"], item["tries"], item["error"]) == ("succeeded", 1, None)
        assert client.get(f"/history/{ticker}").json["items"][0]["id"] == item["result_id"]
        assert client.get(f"/results/{item['result_id']}").json["strategy"] == "trend"
    assert {result["ticker"] for result in client.get("/results?strategy=trend").json["items"]} == {"AAPL", "MSFT"}


def test_a_job_gives_what_a_single_analysis_gives(client: Client) -> None:
    job_id = finished(client, "AAPL", "IBM", as_of="2012-05-15", reward_risk=3)["id"]
    for ticker, item in items_of(client, job_id).items():
        assert client.post("/analyze", {"ticker": ticker, "as_of": "2012-05-15", "reward_risk": 3}).json["id"] == item["result_id"]
    assert client.get("/results").json["items"] == []  # the screener shows what the strategy says of today


def test_an_analysis_that_is_stored_becomes_the_latest_again(client: Client) -> None:
    result_id = client.post("/analyze", {"ticker": "AAPL"}).json["id"]
    database.execute_db("DELETE FROM latest_results")
    assert items_of(client, finished(client, "AAPL")["id"])["AAPL"]["result_id"] == result_id
    assert [item["id"] for item in client.get("/results").json["items"]] == [result_id]


def test_universes(client: Client) -> None:
    empty = client.post("/bulk-analyze", {"universe": "watchlist"})
    assert (empty.status_code, empty.json["code"], empty.json["errors"][0]["field"]) == (422, "validation_error", "universe")
    for ticker in ("MSFT", "NOPE"):
        client.post("/watchlist", {"ticker": ticker})
    for universe, tickers in (("watchlist", ["MSFT", "NOPE"]), ("all", list(SAMPLE))):
        job = client.post("/bulk-analyze", {"universe": universe})
        assert (job.status_code, job.json["total"], job.json["params"]["universe"]) == (202, len(tickers), universe)
        assert list(items_of(client, job.json["id"])) == tickers
    database.execute_db("DELETE FROM price_series")
    assert client.post("/bulk-analyze", {"universe": "all"}).json["errors"][0]["field"] == "universe"


def test_a_universe_is_the_organizations_own(client: Client) -> None:
    key = another_organization()
    client.put("/prices/MINE", csv_of(60))
    client.post("/watchlist", {"ticker": "MINE"})
    assert client.post("/bulk-analyze", {"universe": "all"}).json["total"] == 6
    assert client.post("/bulk-analyze", {"universe": "all"}, key=key).json["total"] == 5
    assert client.post("/bulk-analyze", {"universe": "watchlist"}, key=key).status_code == 422


def test_tickers_count_once_in_any_case(client: Client) -> None:
    job = ask(client, "aapl", "AAPL", "Aapl", "msft")
    assert (job["total"], list(items_of(client, job["id"]))) == (2, ["AAPL", "MSFT"])


def test_only_tickers_without_prices(client: Client) -> None:
    job = finished(client, "NOPE", "NONE")
    assert (job["status"], job["failed"], job["progress"]) == ("completed", 2, 1.0)


def test_as_many_tickers_as_are_allowed(client: Client) -> None:
    assert ask(client, *(f"T{number}" for number in range(50_000)))["total"] == 50_000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({}, "", id="neither tickers nor universe"),
        pytest.param({"tickers": None, "universe": None}, "", id="both null"),
        pytest.param({"tickers": ["AAPL"], "universe": "all"}, "", id="both"),
        pytest.param({"tickers": []}, "tickers", id="empty list"),
        pytest.param({"tickers": ["AAPL"], "colour": "red"}, "colour", id="unknown field"),
        pytest.param({"tickers": ["AAPL", "not a ticker"]}, "tickers.1", id="bad ticker"),
        pytest.param({"tickers": ["A" * 21]}, "tickers.0", id="long ticker"),
        pytest.param({"tickers": ["AAPL", None]}, "tickers.1", id="null as a ticker"),
        pytest.param({"tickers": [7]}, "tickers.0", id="number as a ticker"),
        pytest.param({"tickers": "AAPL"}, "tickers", id="text instead of a list"),
        pytest.param({"tickers": {"AAPL": 1}}, "tickers", id="object instead of a list"),
        pytest.param({"universe": "Every thing"}, "universe", id="no name of a universe"),
        pytest.param({"universe": ["all"]}, "universe", id="list instead of a universe"),
        pytest.param({"universe": "all", "force": "yes"}, "force", id="text instead of true"),
        pytest.param({"universe": "all", "force": 1}, "force", id="1 instead of true"),
        pytest.param({"universe": "all", "strategy": "luck"}, "strategy", id="unknown strategy"),
        pytest.param({"universe": "all", "risk_percent": 101}, "risk_percent", id="risk above 100 %"),
        pytest.param({"universe": "all", "as_of": "yesterday"}, "as_of", id="no date"),
        pytest.param({"universe": "all", "indicators": []}, "indicators", id="no indicators"),
        pytest.param({"tickers": [f"T{number}" for number in range(50_001)]}, "tickers", id="50,001 tickers"),
        pytest.param({"tickers": ["T"] * 50_001}, "tickers", id="one ticker 50,001 times"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_bad_requests(client: Client, body: dict[str, Any], field: str) -> None:
    answer = client.post("/bulk-analyze", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert field in [entry["field"] for entry in answer.json["errors"]]
    assert client.get("/jobs").json["items"] == []


# ---- the same work is active once -------------------------------------------------------------------------------------------------


def test_the_same_work_is_the_same_job(client: Client) -> None:
    first = ask(client, "AAPL", "MSFT", "IBM")
    again = client.post("/bulk-analyze", {"tickers": ["ibm", "MSFT", "AAPL", "AAPL"]})
    assert (again.status_code, again.headers["Location"]) == (200, f"/api/v1/jobs/{first['id']}")
    assert again.json == {**first, "deduplicated": True}
    claim("w", 1)
    assert client.post("/bulk-analyze", {"tickers": ["AAPL", "MSFT", "IBM"]}).json["status"] == "processing"
    assert len(client.get("/jobs").json["items"]) == 1


@pytest.mark.parametrize(
    "otherwise",
    [
        pytest.param({"tickers": ["AAPL"]}, id="fewer tickers"),
        pytest.param({"tickers": ["AAPL", "FB"]}, id="another ticker"),
        pytest.param({"strategy": "trend"}, id="strategy"),
        pytest.param({"capital": 5000}, id="capital"),
        pytest.param({"weights": {"rsi": 2}}, id="weights"),
        pytest.param({"indicators": ["rsi"]}, id="indicators"),
        pytest.param({"as_of": "2012-05-15"}, id="day"),
        pytest.param({"force": True}, id="forced"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_other_work_is_another_job(client: Client, otherwise: dict[str, Any]) -> None:
    ask(client, "AAPL", "MSFT")
    assert client.post("/bulk-analyze", {"tickers": ["AAPL", "MSFT"], **otherwise}).status_code == 202


def test_newer_prices_the_end_and_another_organization_make_another_job(client: Client) -> None:
    client.put("/prices/MINE", csv_of(60, "2010-01-01"))
    first = ask(client, "AAPL", "MINE")
    client.put("/prices/MINE", csv_of(61, "2010-01-01"))
    assert client.post("/bulk-analyze", {"tickers": ["AAPL", "MINE"]}).status_code == 200  # AAPL's day is the newest of both still
    client.put("/prices/MINE", csv_of(60, "2024-01-01"))
    newer = ask(client, "AAPL", "MINE")
    assert newer["id"] != first["id"]
    theirs = client.post("/bulk-analyze", {"tickers": ["AAPL", "MINE"]}, key=another_organization())
    assert theirs.status_code == 202
    client.post(f"/jobs/{newer['id']}/cancel")
    assert ask(client, "AAPL", "MINE")["id"] not in (first["id"], newer["id"], theirs.json["id"])


# ---- looking ----------------------------------------------------------------------------------------------------------------------


def walk(client: Client, path: str, limit: int) -> list[Any]:
    items, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{path}{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def test_the_list_of_jobs(client: Client) -> None:
    job_ids = [ask(client, "AAPL", force=True)["id"] for _ in range(7)]
    for job_id in job_ids[:3]:
        client.post(f"/jobs/{job_id}/cancel")
    assert [job["id"] for job in walk(client, "/jobs", 50)] == job_ids[::-1]
    assert walk(client, "/jobs", 3) == walk(client, "/jobs", 50)
    assert all(set(job) == JOB_FIELDS for job in walk(client, "/jobs", 7))
    assert [job["id"] for job in walk(client, "/jobs?status=cancelled", 2)] == job_ids[2::-1]
    assert [job["id"] for job in walk(client, "/jobs?status=queued", 2)] == job_ids[:2:-1]
    assert walk(client, "/jobs?status=completed", 2) == []
    assert walk(client, "/jobs", 2)[0] == client.get(f"/jobs/{job_ids[-1]}").json
    for query in ("status=lost", "limit=0", "limit=501", "cursor=x", "colour=red", "status="):
        assert client.get(f"/jobs?{query}").status_code == 422
    cursor = client.get("/jobs?limit=1").json["next_cursor"]
    assert client.get(f"/jobs?limit=1&status=queued&cursor={cursor}").status_code == 422


def test_the_items_of_a_job(client: Client) -> None:
    job_id = finished(client, *SAMPLE, "NOPE", "NONE", "Z^=.&-_1")["id"]
    path = f"/jobs/{job_id}/items"
    whole = walk(client, path, 500)
    assert [item["ticker"] for item in whole] == ["AAPL", "FB", "GOOG", "IBM", "MSFT", "NONE", "NOPE", "Z^=.&-_1"]
    kept = {"result_id", "outcome", "changed", "facts"}
    assert set(whole[0]) == {"key", "ticker", "status", "tries", "error", "finished_at", *kept}
    assert walk(client, path, 3) == whole
    failed = walk(client, f"{path}?status=failed", 2)
    assert [item["ticker"] for item in failed] == ["NONE", "NOPE", "Z^=.&-_1"]
    assert {(item["error"]["code"], item["result_id"]) for item in failed} == {("ticker_not_found", None)}
    assert walk(client, f"{path}?status=queued", 2) == []
    for query in ("status=lost", "status=completed", "limit=0", "cursor=x"):
        assert client.get(f"{path}?{query}").status_code == 422
    other = ask(client, "AAPL", "FB")["id"]
    cursor = client.get(f"{path}?limit=1").json["next_cursor"]
    assert client.get(f"/jobs/{other}/items?limit=1&cursor={cursor}").status_code == 422


def test_a_job_is_sent_again_only_when_it_has_changed(client: Client) -> None:
    appear(Lane.CPU)
    path = f"/jobs/{ask(client, 'AAPL')['id']}"
    etag = client.get(path).headers["ETag"]
    assert etag == '"1"'
    unchanged = client.get(path, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", etag)
    run_jobs()
    changed = client.get(path, headers={"If-None-Match": etag})
    assert (changed.status_code, changed.headers["ETag"]) == (200, f'"{changed.json["version"]}"')
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304


@pytest.mark.parametrize("route", ROUTES)
def test_a_job_that_is_not_there(client: Client, route: str) -> None:
    foreign = client.post("/bulk-analyze", {"universe": "all"}, key=another_organization()).json["id"]
    before = job_row(foreign)
    method, path = route.split()
    for job_id in (foreign, UNKNOWN_ID, "x", "%00", "1' OR '1'='1", UNKNOWN_ID.upper(), "é" * 50):
        answer = client(method, path.format(job_id))
        assert (answer.status_code, answer.json["code"]) == (404, "job_not_found")
    assert job_row(foreign) == before
    assert client.get("/jobs").json["items"] == []
    assert client(method, path.format(foreign), key=None).status_code == 401


# ---- cancelling -------------------------------------------------------------------------------------------------------------------


def test_a_queued_job_is_cancelled_at_once(client: Client) -> None:
    job_id = ask(client, "AAPL", "FB")["id"]
    answer = client.post(f"/jobs/{job_id}/cancel")
    assert (answer.status_code, answer.headers["ETag"]) == (202, '"2"')
    assert (
        answer.json.items()
        >= {"status": "cancelled", "cancel_requested": True, "completed": 0, "progress": 0.0, "started_at": None}.items()
    )
    assert {item["status"] for item in items_of(client, job_id).values()} == {"cancelled"}
    assert run_jobs() == 0
    again = client.post(f"/jobs/{job_id}/cancel")
    assert (again.status_code, again.json["code"]) == (409, "job_finished")


def test_a_job_in_hand_is_cancelled_by_its_worker_at_the_next_ticker(client: Client) -> None:
    states: list[Any] = []

    class Cancelled(BulkAnalysis):
        def run(self, *arguments: Any) -> Any:
            for number, outcome in enumerate(super().run(*arguments), 1):
                if number == 2:
                    states.extend(client.post(f"/jobs/{job_id}/cancel") for _ in range(2))
                yield outcome

    job_id = ask(client, *SAMPLE)["id"]
    with working(options=replace(options_for([Cancelled()]), cancellation_seconds=0.0)) as worker:
        worker.drain()
    assert [(state.status_code, state.json["status"], state.json["cancel_requested"]) for state in states] == [
        (202, "processing", True)
    ] * 2
    assert states[0].json["version"] == states[1].json["version"]  # asking twice changes nothing more
    job = client.get(f"/jobs/{job_id}").json
    assert (job["status"], job["completed"], job["eta_seconds"]) == ("cancelled", 2, 0.0)
    assert Counter(item["status"] for item in items_of(client, job_id).values()) == {"succeeded": 2, "cancelled": 3}
    assert len(client.get("/results").json["items"]) == 2


@pytest.mark.parametrize("command", ["cancel", "retry"])
@pytest.mark.parametrize(
    ("given", "fits"),
    [
        pytest.param('"{}"', True, id="its version"),
        pytest.param("*", True, id="any"),
        pytest.param('"99", "{}"', True, id="one of several"),
        pytest.param('"99"', False, id="another version"),
        pytest.param('"98", "99"', False, id="none of several"),
        pytest.param('W/"{}"', False, id="weak"),
        pytest.param('"abc"', False, id="no number"),
        pytest.param('"²"', False, id="a digit that is no number", marks=pytest.mark.filterwarnings("default")),
        pytest.param('"' + "9" * 400 + '"', False, id="huge"),
        pytest.param("", False, id="empty"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_commands_name_the_version(client: Client, command: str, given: str, fits: bool) -> None:
    job = finished(client, "NOPE") if command == "retry" else ask(client, "NOPE")
    before = job_row(job["id"])
    answer = client.post(f"/jobs/{job['id']}/{command}", headers={"If-Match": given.replace("{}", str(job["version"]))})
    assert answer.status_code == (202 if fits else 412)
    if not fits:
        assert answer.json["code"] == "precondition_failed"
        assert (job_row(job["id"]), len(client.get("/jobs").json["items"])) == (before, 1)


# ---- retrying ---------------------------------------------------------------------------------------------------------------------


def test_failed_items_are_run_again(client: Client) -> None:
    first = finished(client, "AAPL", "MINE", "NOPE", strategy="trend")
    assert (first["status"], first["succeeded"], first["failed"], first["error"]) == ("completed", 1, 2, None)
    client.put("/prices/MINE", csv_of(60))
    answer = client.post(f"/jobs/{first['id']}/retry")
    second = answer.json
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/v1/jobs/{second['id']}")
    assert (second["retry_of"], second["total"], second["params"]) == (first["id"], 2, first["params"])
    again = client.post(f"/jobs/{first['id']}/retry")
    assert (again.status_code, again.json) == (200, {**second, "deduplicated": True})
    run_jobs()
    assert {ticker: item["status"] for ticker, item in items_of(client, second["id"]).items()} == {"MINE": "succeeded", "NOPE": "failed"}
    assert client.get(f"/jobs/{first['id']}").json == first
    third = client.post(f"/jobs/{first['id']}/retry")
    assert (third.status_code, third.json["total"]) == (202, 2)  # the one before has ended


def test_what_cannot_be_run_again(client: Client) -> None:
    job_id = ask(client, "AAPL", "FB")["id"]

    def refusal() -> tuple[int, str, str]:
        refused = client.post(f"/jobs/{job_id}/retry")
        return refused.status_code, refused.json["code"], refused.json["detail"][:23]

    assert refusal() == (409, "conflict", "The job is still runnin")
    chunk = claim("w", 1)
    assert chunk is not None
    assert refusal() == (409, "conflict", "The job is still runnin")
    end_chunk(chunk, {})
    run_jobs()
    assert refusal() == (409, "conflict", "No item of this job fai")
    assert client.post(f"/jobs/{job_id}/cancel").json["code"] == "job_finished"
