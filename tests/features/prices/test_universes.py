"""Universes: sets of tickers under a name, replaced as one, and named wherever a request takes many tickers."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from kit.jobs import another_organization, run_jobs
from kit.support import Client

from app import Application
from features.prices.universes import replace_universe
from models.provider import Listing
from models.universe import MOST_TICKERS, TooManyUniverses

S_AND_P = "Symbol,Security,GICS Sector,GICS Sub-Industry,CIK\nMSFT,Microsoft Corp.,Information Technology,Software,0000789019\n"
S_AND_P += 'BRK.B,"Berkshire Hathaway, Class B",Financials,Insurance,0001067983\nAAPL,Apple,Information Technology,Hardware,0000320193\n'


def put(client: Client, name: str, *tickers: str) -> Any:
    return client("PUT", f"/universes/{name}", json={"items": [{"ticker": ticker} for ticker in tickers]})


def names(client: Client) -> list[str]:
    return [item["name"] for item in client.get("/universes").json["items"]]


def test_a_file_of_constituents_is_stored_as_one(client: Client) -> None:
    stored = client.put("/universes/sp500", S_AND_P)
    assert stored.status_code == 201, stored.json
    assert {key: stored.json[key] for key in ("name", "tickers", "stored", "built_in")} == {
        "name": "sp500", "tickers": 3, "stored": 2, "built_in": False,
    }  # fmt: skip
    read = client.get("/universes/sp500").json
    assert [(item["ticker"], item["name"], item["sector"], item["stored"]) for item in read["items"]] == [
        ("AAPL", "Apple", "Information Technology", True),
        ("BRK.B", "Berkshire Hathaway, Class B", "Financials", False),
        ("MSFT", "Microsoft Corp.", "Information Technology", True),
    ]
    assert read["next_cursor"] is None
    smaller = client.put("/universes/sp500", "ticker\nIBM\n")
    assert (smaller.status_code, smaller.json["tickers"]) == (200, 1)
    assert [item["ticker"] for item in client.get("/universes/sp500").json["items"]] == ["IBM"]


def test_json_is_taken_too(client: Client) -> None:
    items = [
        {"ticker": " aapl ", "name": "Apple", "exchange": "XNAS", "currency": "USD", "type": "stock", "sector": "Tech"},
        {"ticker": "VOD.L"},
    ]
    assert client("PUT", "/universes/mine", json={"items": items}).status_code == 201
    apple, vodafone = client.get("/universes/mine").json["items"]
    assert apple == {**items[0], "ticker": "AAPL", "stored": True}
    assert (vodafone["ticker"], vodafone["name"], vodafone["exchange"], vodafone["stored"]) == ("VOD.L", None, None, False)


def test_the_same_again_changes_nothing(client: Client) -> None:
    first = client.put("/universes/sp500", S_AND_P).json
    tag = client.get("/universes/sp500").headers["ETag"]
    again = client.put("/universes/sp500", "\n".join([S_AND_P.split("\n")[0], *reversed(S_AND_P.split("\n")[1:4])]))
    assert (again.status_code, again.json) == (200, first)
    assert client.get("/universes/sp500", headers={"If-None-Match": tag}).status_code == 304
    put(client, "sp500", "AAPL")
    assert client.get("/universes/sp500", headers={"If-None-Match": tag}).status_code == 200


def test_the_built_in_ones_are_listed_and_kept(client: Client) -> None:
    client.post("/watchlist", {"ticker": "IBM"})
    put(client, "tech", "AAPL")
    listed = client.get("/universes")
    counts = {item["name"]: (item["tickers"], item["built_in"]) for item in listed.json["items"]}
    total = len(client.get("/tickers").json["items"])
    assert counts == {"all": (total, True), "watchlist": (1, True), "tech": (1, False)}
    assert client.get("/universes", headers={"If-None-Match": listed.headers["ETag"]}).status_code == 304
    assert [item["ticker"] for item in client.get("/universes/watchlist").json["items"]] == ["IBM"]
    assert client.get("/universes/all").json["stored"] == total
    for name in ("all", "watchlist"):
        for answer in (put(client, name, "AAPL"), client.delete(f"/universes/{name}")):
            assert (answer.status_code, answer.json["code"]) == (409, "conflict")
            assert name in answer.json["detail"]


def test_one_that_is_not_there_is_told_with_those_that_are(client: Client) -> None:
    put(client, "tech", "AAPL")
    for answer in (
        client.get("/universes/techs"),
        client.delete("/universes/techs"),
        client.post("/bulk-analyze", {"universe": "techs"}),
        client.get("/results?universe=techs"),
        client.get("/results?universe=techs", headers={"Accept": "text/csv"}),
        client.get("/results?universe=techs&limit=5", headers={"Accept": "text/csv"}),
        client.get("/reports/results.xlsx?universe=techs"),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
        assert "all, watchlist, tech" in answer.json["detail"]
    assert client.delete("/universes/tech").status_code == 204
    assert client.delete("/universes/tech").status_code == 404
    assert names(client) == ["all", "watchlist"]


@pytest.mark.parametrize("name", ["Tech", "a b", "ä", "a" * 41, "a.b", "%00", "a%0A"])
def test_names_are_plain(client: Client, name: str) -> None:
    assert client.get(f"/universes/{name}").status_code in (404, 422)
    assert client.put(f"/universes/{name}", "ticker\nAAPL\n").status_code in (404, 405, 422)
    assert client.delete(f"/universes/{name}").status_code in (404, 405, 422)
    assert names(client) == ["all", "watchlist"]


def test_names_of_every_sign_that_is_allowed(client: Client) -> None:
    for name in ("a", "0", "-", "_", "constructor", "s" * 40):
        assert put(client, name, "AAPL").status_code == 201
        assert client.get(f"/results?universe={name}").status_code == 200


def test_tickers_come_in_pages(client: Client) -> None:
    tickers = [f"T{number:03}" for number in range(120)]
    put(client, "many", *reversed(tickers))
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/universes/many?limit=50{cursor}").json
        assert page["tickers"] == 120
        seen += [item["ticker"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == tickers
    assert client.get(f"/universes/all?limit=50{cursor}").status_code == 422


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        pytest.param("Symbol\nAAPL\nA B\n", "line 3, column Symbol", "no ticker", id="bad ticker"),
        pytest.param("Symbol,Name\nAAPL,a\n\naapl,b\n", "line 4, column Symbol", "on line 2", id="twice"),
        pytest.param("Symbol,Name\n,Apple\n", "line 2, column Symbol", "A ticker is needed", id="no ticker"),
        pytest.param("Name,Sector\nApple,Tech\n", "line 1", "no column of tickers", id="no column"),
        pytest.param("Symbol\n\n\n", "line 1", "no rows", id="no rows"),
        pytest.param("", "line 1", "empty", id="empty"),
        pytest.param("\n\n", "line 1", "empty", id="blank"),
        pytest.param('Symbol,Name\nAAPL,"Apple\nMSFT,x\n', "line 2", "quote", id="open quote"),
        pytest.param("<html><body>Sign in</body></html>", "line 1", "HTML", id="a page"),
        pytest.param('{"items": []}', "line 1", "JSON", id="json as csv"),
        pytest.param("Symbol\nAA\x00PL\n", "line 2", "U+0000", id="a null"),
        pytest.param("Symbol\n" + "A" * 50_000, "line 2", "characters", id="a long line"),
        pytest.param("Symbol\n" + "AAPL\n" * 60_000, "line 40031", "20,000", id="too many lines"),
        pytest.param("Symbol\n" + "".join(f"T{n}\n" for n in range(MOST_TICKERS + 1)), "line 20002", "20,000", id="one too many"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(client: Client, file: str, line: str, words: str) -> None:
    put(client, "mine", "IBM")
    refused = client.put("/universes/mine", file)
    assert (refused.status_code, refused.json["code"]) == (422, "price_quality")
    problem = refused.json["errors"][0]
    assert problem["field"] == line
    assert words in problem["message"]
    assert [item["ticker"] for item in client.get("/universes/mine").json["items"]] == ["IBM"]


def test_every_fault_is_listed(client: Client) -> None:
    refused = client.put("/universes/mine", "Symbol\n" + "a b\n" * 250)
    assert refused.json["errors_total"] == 250
    assert [problem["field"] for problem in refused.json["errors"][:2]] == ["line 2, column Symbol", "line 3, column Symbol"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"items": []}, "items"),
        ({"items": None}, "items"),
        ({}, "items"),
        ({"items": ["AAPL"]}, "items.0"),
        ({"items": [{"ticker": "AAPL"}, {"ticker": "a b"}]}, "items.1.ticker"),
        ({"items": [{"ticker": "AAPL"}, {"ticker": "aapl"}]}, "items"),
        ({"items": [{"ticker": "AAPL", "name": 5}]}, "items.0.name"),
        ({"items": [{"ticker": "AAPL", "name": "a\u0000"}]}, "items.0.name"),
        ({"items": [{"ticker": "AAPL", "sector": "x" * 81}]}, "items.0.sector"),
        ({"items": [{"ticker": "AAPL", "price": 1}]}, "items.0.price"),
        ({"items": [{"ticker": "AAPL"}], "name": "x"}, "name"),
        ({"items": [{"ticker": f"T{n}"} for n in range(MOST_TICKERS + 1)]}, "items"),
    ],
)
def test_bad_json_is_refused(client: Client, body: Any, field: str) -> None:
    refused = client("PUT", "/universes/mine", json=body)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert refused.json["errors"][0]["field"] == field
    assert names(client) == ["all", "watchlist"]


def test_other_bodies_are_refused(client: Client) -> None:
    assert client.put("/universes/mine", "x", content_type="application/xml").status_code == 415
    assert client.put("/universes/mine", "x", content_type="").status_code == 415
    assert client.put("/universes/mine", "{", content_type="application/json").status_code == 400
    assert client.put("/universes/mine", "[]", content_type="application/json").status_code == 422
    for content_type in ("text/csv", "application/json"):
        assert client.put("/universes/mine", "x" * 5_000_001, content_type=content_type).status_code == 413
    assert client("PATCH", "/universes/mine", json={}).status_code == 405
    assert client.put("/universes/mine?x=1", "ticker\nA\n").status_code == 422


def test_files_as_people_have_them(client: Client) -> None:
    for file in (
        "\ufeffTicker;Name;SECTOR\r\nAAPL;Apple;Tech\r\n".encode(),
        b"Ticker\tName\tSector\rAAPL\tApple\tTech\r",
        "ticker,name,sector\nAAPL,Apple,Tech\n".encode("utf-16"),
        b"iShares Core S&P 500 ETF\nFund Holdings as of,27/Feb/2013\n\nTicker,Name,Sector,Weight (%)\nAAPL,Apple,Tech,6.1\n",
    ):
        answer = client.put("/universes/mine", file)
        assert answer.status_code in (200, 201), answer.json
        [item] = client.get("/universes/mine").json["items"]
        assert (item["ticker"], item["name"], item["sector"]) == ("AAPL", "Apple", "Tech")


def test_the_largest_one_is_stored(client: Client) -> None:
    rows = "".join(f"T{number},Company {number},XNYS,Sector {number % 11}\n" for number in range(MOST_TICKERS))
    answer = client.put("/universes/broad", "Symbol,Name,Exchange,Sector\n" + rows)
    assert (answer.status_code, answer.json["tickers"], answer.json["stored"]) == (201, MOST_TICKERS, 0)
    items = [{"ticker": f"T{number}", "name": f"Company {number}", "sector": "Energy"} for number in range(MOST_TICKERS)]
    again = client("PUT", "/universes/broad", data=json.dumps({"items": items}), content_type="application/json")
    assert (again.status_code, again.json["tickers"]) == (200, MOST_TICKERS)
    assert client.get("/universes/broad?limit=1").json["items"][0]["sector"] == "Energy"


def test_a_job_analyses_a_universe(client: Client) -> None:
    put(client, "pair", "MSFT", "NONE")
    queued = client.post("/bulk-analyze", {"universe": "pair"})
    assert queued.status_code == 202
    assert (queued.json["params"]["universe"], queued.json["total"]) == ("pair", 2)
    assert client.post("/bulk-analyze", {"universe": "pair"}).json["deduplicated"] is True
    run_jobs()
    done = client.get(f"/jobs/{queued.json['id']}").json
    assert (done["succeeded"], done["failed"]) == (1, 1)
    client.delete("/universes/pair")
    assert client.post(f"/jobs/{queued.json['id']}/retry").status_code == 202


def test_the_screener_and_its_files_keep_to_a_universe(client: Client) -> None:
    for ticker in ("AAPL", "MSFT", "IBM"):
        client.post("/analyze", {"ticker": ticker})
    put(client, "pair", "MSFT", "AAPL", "NONE")
    listed = client.get("/results?universe=pair&sort=ticker").json
    assert ([item["ticker"] for item in listed["items"]], listed["total"]) == (["AAPL", "MSFT"], 2)
    file = client.get("/results?universe=pair&sort=ticker&columns=ticker", headers={"Accept": "text/csv"})
    assert file.data.decode().split() == ["ticker", "AAPL", "MSFT"]
    assert client.get("/reports/results.xlsx?universe=pair").status_code == 200
    saved = client.post("/screens", {"name": "Mine", "query": {"universe": "pair"}})
    assert (saved.status_code, saved.json["query"]["universe"]) == (201, "pair")
    put(client, "pair", "IBM")
    assert [item["ticker"] for item in client.get("/results?universe=pair").json["items"]] == ["IBM"]


def test_each_organization_has_its_own(client: Client, app: Application) -> None:
    database = app.services.database
    another_organization()
    replace_universe(database, 2, "theirs", [Listing("IBM", name="Not Ours", sector="Secret")])
    replace_universe(database, 2, "tech", [Listing("IBM")])
    put(client, "tech", "AAPL")
    assert names(client) == ["all", "watchlist", "tech"]
    assert client.get("/universes/theirs").status_code == 404
    assert client.get("/results?universe=theirs").status_code == 404
    [ibm] = client.get("/tickers?q=IBM").json["items"]
    assert (ibm["sector"], "Not Ours" in ibm["name"]) == (None, False)
    assert client.get("/tickers?q=not%20ours").json["items"] == []
    client.delete("/universes/tech")
    assert replace_universe(database, 2, "tech", [Listing("IBM")]) is False


def test_there_are_so_many_and_no_more(client: Client, app: Application) -> None:
    put(client, "one", "AAPL")
    database = app.services.database
    with pytest.raises(TooManyUniverses, match="Delete one first"):
        replace_universe(database, 1, "two", [Listing("AAPL")], most=1)
    assert replace_universe(database, 1, "one", [Listing("IBM")], most=1) is False


def test_several_replace_one_at_once(client: Client, app: Application) -> None:
    sets = [[Listing(f"{letter}{number}", name=letter) for number in range(40)] for letter in "ABCD"]
    begin = threading.Barrier(len(sets))
    faults: list[BaseException] = []

    def replace(listings: list[Listing]) -> None:
        begin.wait()
        try:
            replace_universe(app.services.database, 1, "raced", listings)
        except BaseException as error:  # noqa: BLE001 — the test's thread tells it
            faults.append(error)

    threads = [threading.Thread(target=replace, args=(each,)) for each in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    items = client.get("/universes/raced").json["items"]
    assert len(items) == 40
    assert len({item["name"] for item in items}) == 1


def test_uploads_that_are_switched_off_leave_it_readable(client: Client) -> None:
    put(client, "tech", "AAPL")
    client("PUT", "/admin/flags/uploads", json={"enabled": False})
    assert put(client, "tech", "IBM").status_code == 503
    assert client.get("/universes/tech").status_code == 200
