"""A watch list as a universe, named by its id, wherever a request names one."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import another_organization, run_jobs
from kit.reports import download, pairs
from kit.support import Client

UNKNOWN = "watchlist:01890a5d-ac96-774b-bcce-b302099a8057"


def make_list(client: Client, *tickers: str, name: str = "Software", **more: Any) -> str:
    """A list with some tickers; its name as a universe."""
    list_id = client("POST", "/watchlists", json={"name": name}, **more).json["id"]
    if tickers:
        client("POST", f"/watchlists/{list_id}/items/batch", json={"tickers": list(tickers)}, **more)
    return f"watchlist:{list_id}"


def tickers_of(client: Client, job: Any) -> set[str]:
    return {item["key"] for item in client.get(f"/jobs/{job['id']}/items").json["items"]}


def test_a_list_is_analysed_and_screened(client: Client) -> None:
    universe = make_list(client, "MSFT", "AAPL")
    client.post("/watchlist", {"ticker": "IBM"})
    queued = client.post("/bulk-analyze", {"universe": universe})
    assert (queued.status_code, queued.json["params"]["universe"]) == (202, universe)
    assert tickers_of(client, queued.json) == {"AAPL", "MSFT"}
    assert client.post("/bulk-analyze", {"universe": universe}).json["id"] == queued.json["id"], "the same again is the same job"
    run_jobs()
    assert client.get(f"/jobs/{queued.json['id']}").json["status"] == "completed"
    client.post("/analyze", {"ticker": "IBM"})
    listed = client.get(f"/results?universe={universe}&sort=ticker").json
    assert ([item["ticker"] for item in listed["items"]], listed["total"]) == (["AAPL", "MSFT"], 2)
    assert [item["ticker"] for item in client.get("/results?universe=watchlist").json["items"]] == ["IBM"]
    assert [item["ticker"] for item in client.get("/results?universe=watchlist:default").json["items"]] == ["IBM"]
    csv = client.get(f"/results?universe={universe}", headers={"Accept": "text/csv"}).get_data(as_text=True)
    assert csv.count("\r\n") == 3
    book = download(client, f"/reports/results.xlsx?universe={universe}")
    assert pairs(book["Filters"])["Tickers"] == "on a watch list"


def test_a_list_is_run_again_and_read(client: Client) -> None:
    universe = make_list(client, "AAPL", "NONE")
    assert client.post("/results/rerun", {"universe": universe}).status_code in (200, 202)
    read = client.get(f"/universes/{universe}").json
    assert (read["name"], read["tickers"], read["stored"], read["built_in"]) == (universe, 2, 1, True)
    assert [item["ticker"] for item in read["items"]] == ["AAPL", "NONE"]
    for answer in (client.put(f"/universes/{universe}", "ticker\nAAPL\n"), client.delete(f"/universes/{universe}")):
        assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert [item["name"] for item in client.get("/universes").json["items"]] == ["all", "watchlist"]


def refusals(client: Client, universe: str, **more: Any) -> list[Any]:
    return [
        client("POST", "/bulk-analyze", json={"universe": universe}, **more),
        client("POST", "/results/rerun", json={"universe": universe}, **more),
        client("GET", f"/results?universe={universe}", **more),
        client("GET", f"/results?universe={universe}", headers={"Accept": "text/csv"}, **more),
        client("GET", f"/reports/results.xlsx?universe={universe}", **more),
        client("GET", f"/universes/{universe}", **more),
    ]


def test_a_list_that_is_not_there_is_told(client: Client) -> None:
    deleted = make_list(client, "AAPL", name="Old")
    client.delete(f"/watchlists/{deleted.partition(':')[2]}")
    for universe in (UNKNOWN, deleted):
        for answer in refusals(client, universe):
            assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
            assert "GET /api/v1/watchlists" in answer.json["detail"]


def test_a_list_of_another_organization_is_not_there(client: Client) -> None:
    universe, key = make_list(client, "AAPL"), another_organization()
    for answer in refusals(client, universe, key=key):
        assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
    assert client.get(f"/universes/{universe}").status_code == 200


def test_an_empty_list_has_nothing_to_work_on(client: Client) -> None:
    universe = make_list(client)
    refused = client.post("/bulk-analyze", {"universe": universe})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "universe")
    assert f"POST /api/v1/watchlists/{universe.partition(':')[2]}/items adds some" in refused.json["detail"]
    assert client.get(f"/results?universe={universe}").json["total"] == 0
    assert client.get(f"/universes/{universe}").json["items"] == []


@pytest.mark.parametrize(
    "universe",
    ["watchlist:", "watchlist:x", "watchlists:default", f"{UNKNOWN}0", UNKNOWN.upper(), f" {UNKNOWN}", "all:default", ":default"],
)
def test_other_names_are_refused(client: Client, universe: str) -> None:
    for answer in (client.post("/bulk-analyze", {"universe": universe}), client("GET", "/results", query_string={"universe": universe})):
        assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
        assert "watchlist: and its id" in answer.json["errors"][0]["message"]


def test_a_saved_screen_keeps_the_list(client: Client) -> None:
    universe = make_list(client, "AAPL")
    saved = client.post("/screens", {"name": "Mine", "query": {"universe": universe}})
    assert saved.json["query"] == {"universe": universe}
