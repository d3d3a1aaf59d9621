"""What came of a job's items: the verdict of each, whether it changed, what was kept of it, filters by it, and the job in numbers."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import SAMPLE, UNKNOWN_ID, another_organization, ask, csv_of, finished, items_of, run_jobs
from kit.support import Client

import database
from models.strategy import DEFAULT_STRATEGY

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BRIEF = ("score", "close", "as_of")


def items(client: Client, job: dict[str, Any], **query: Any) -> dict[str, dict[str, Any]]:
    """The items of a job by key."""
    answer = client.get(f"/jobs/{job['id']}/items", query_string={"limit": 500, **query})
    assert answer.status_code == 200, answer.text
    return {item["key"]: item for item in answer.json["items"]}


def outcome_of(client: Client, job: dict[str, Any], key: str) -> tuple[str, bool | None, str | None]:
    item = items(client, job)[key]
    return item["outcome"], item["changed"], item["facts"]["was"]


def exported(client: Client, ticker: str) -> str:
    return str(client.get(f"/prices/{ticker}", headers={"Accept": "text/csv"}).text)


def put(client: Client, ticker: str, prices: str) -> None:
    answer = client.put(f"/prices/{ticker}", prices, query_string={"extend": "false"})
    assert answer.status_code == 200, answer.text


def test_an_item_says_what_its_result_says(client: Client) -> None:
    job = finished(client, *SAMPLE)
    found = items(client, job)
    for ticker in SAMPLE:
        item = found[ticker]
        result = client.get(f"/results/{item['result_id']}").json
        assert (item["outcome"], item["changed"], item["facts"]["was"]) == (result["verdict"], None, None)
        assert {name: item["facts"][name] for name in BRIEF} == {name: result[name] for name in BRIEF}
    # The results are stored already: the same verdicts, from the database this time, and none has changed.
    again = items(client, finished(client, *SAMPLE, force=True))
    for ticker in SAMPLE:
        before, item = found[ticker], again[ticker]
        assert item["result_id"] == before["result_id"]
        assert (item["outcome"], item["changed"]) == (before["outcome"], False)
        assert item["facts"] == {**before["facts"], "was": before["outcome"]}


def test_a_verdict_that_changes_says_what_it_was(client: Client) -> None:
    verdicts = {ticker: item["outcome"] for ticker, item in items(client, finished(client, *SAMPLE)).items()}
    first, second = next((one, other) for one in SAMPLE for other in SAMPLE if verdicts[one] != verdicts[other])
    put(client, "ZZ", exported(client, first))
    assert outcome_of(client, finished(client, "ZZ"), "ZZ") == (verdicts[first], None, None)
    put(client, "ZZ", exported(client, second))
    changed = finished(client, "ZZ")
    assert outcome_of(client, changed, "ZZ") == (verdicts[second], True, verdicts[first])
    assert outcome_of(client, finished(client, "ZZ", force=True), "ZZ") == (verdicts[second], False, verdicts[second])
    # An analysis with overrides is none that the latest verdict compares with.
    other = finished(client, "ZZ", reward_risk=9.0)
    assert outcome_of(client, other, "ZZ")[1:] == (None, None)
    # What was kept of an item stays when its result is removed.
    database.execute_db("DELETE FROM latest_results")
    database.execute_db("DELETE FROM analysis_results")
    assert outcome_of(client, changed, "ZZ") == (verdicts[second], True, verdicts[first])


def test_the_same_verdict_of_other_prices_is_no_change(client: Client) -> None:
    put(client, "ZZ", csv_of(260))
    before = outcome_of(client, finished(client, "ZZ"), "ZZ")[0]
    put(client, "ZZ", csv_of(262))
    assert outcome_of(client, finished(client, "ZZ"), "ZZ") == (before, False, before)


def test_the_job_in_numbers(client: Client) -> None:
    put(client, "SHORT", csv_of(10))
    job = ask(client, *SAMPLE, "SHORT", "NONE")
    queued = client.get(f"/jobs/{job['id']}/summary").json
    assert queued["groups"] == [{"status": "queued", "outcome": None, "error_code": None, "items": 7, "changed": 0}]
    run_jobs()
    summary = client.get(f"/jobs/{job['id']}/summary").json
    assert summary["version"] == client.get(f"/jobs/{job['id']}").json["version"]
    listed = items_of(client, job["id"]).values()
    by_group: dict[tuple[Any, ...], int] = {}
    for item in listed:
        group = (item["status"], item["outcome"], (item["error"] or {}).get("code"))
        by_group[group] = by_group.get(group, 0) + 1
    assert {(group["status"], group["outcome"], group["error_code"]): group["items"] for group in summary["groups"]} == by_group
    assert by_group[("failed", None, "ticker_not_found")] == by_group[("failed", None, "insufficient_history")] == 1


def test_items_are_filtered_by_what_came_of_them(client: Client) -> None:
    job = finished(client, *SAMPLE, "NONE")
    every = items(client, job)
    for verdict in {item["outcome"] for item in every.values() if item["outcome"]}:
        expected = {key for key, item in every.items() if item["outcome"] == verdict}
        assert items(client, job, outcome=verdict).keys() == expected
        assert items(client, job, outcome=verdict, status="failed") == {}
    assert items(client, job, outcome="Sideways") == {}
    database.execute_db("UPDATE analysis_job_items SET changed = (key = 'FB') WHERE result_id IS NOT NULL")
    assert items(client, job, changed="true").keys() == {"FB"}
    assert items(client, job, changed="false").keys() == set(SAMPLE) - {"FB"}
    assert client.get(f"/jobs/{job['id']}/summary").json["groups"][-1]["items"] > 0
    assert sum(group["changed"] for group in client.get(f"/jobs/{job['id']}/summary").json["groups"]) == 1


def test_pages_of_a_filter_are_its_own(client: Client) -> None:
    job = finished(client, *SAMPLE)
    first = client.get(f"/jobs/{job['id']}/items", query_string={"limit": 2}).json
    refused = client.get(f"/jobs/{job['id']}/items", query_string={"limit": 2, "outcome": "Buy", "cursor": first["next_cursor"]})
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")


@ON_SQLITE
@pytest.mark.parametrize("query", [{"outcome": ""}, {"outcome": "x" * 51}, {"outcome": "a\x00b"}, {"changed": "maybe"}, {"verdict": "Buy"}])
def test_other_filters_are_refused(client: Client, query: dict[str, str]) -> None:
    job = finished(client, "AAPL")
    assert client.get(f"/jobs/{job['id']}/items", query_string=query).status_code == 422


@ON_SQLITE
def test_the_summary_of_another_organization_is_not_seen(client: Client) -> None:
    job = finished(client, "AAPL")
    key = another_organization()
    for job_id in (job["id"], UNKNOWN_ID, "x"):
        assert client.get(f"/jobs/{job_id}/summary", key=key).status_code == 404


def test_items_of_before_have_no_outcome(client: Client) -> None:
    """They ended before outcomes were kept."""
    job = finished(client, "AAPL")
    database.execute_db("UPDATE analysis_job_items SET outcome = NULL, changed = NULL, facts = NULL")
    item = items(client, job)["AAPL"]
    assert (item["status"], item["outcome"], item["changed"], item["facts"]) == ("succeeded", None, None, None)
    assert item["result_id"] is not None
    assert job["params"]["strategy"] == DEFAULT_STRATEGY
