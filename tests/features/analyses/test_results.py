"""Stored results: by id, by ticker, and the latest of every ticker."""

from __future__ import annotations

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kit.jobs import ask, claim, csv_of, end_chunk
from kit.support import Client, suspend

import database
from features.analyses import service as analysis
from features.analyses.bulk_run import analyse_many
from features.analyses.results_csv import results_csv
from infrastructure.feature import Universes
from models.bulk_analysis import BulkParams
from models.screen import ResultFilter
from models.strategy import BALANCED, STRATEGIES
from utils.api_utils import streamed_response
from utils.clock import now

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def walk(client: Client, path: str, limit: int) -> list[Any]:
    """Every item, page by page."""
    items, cursor = [], ""
    joint = "&" if "?" in path else "?"
    while cursor is not None:
        page = client.get(f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
    return items


@pytest.fixture
def analysed(client: Client) -> list[Any]:
    """Every sample ticker by every strategy."""
    return [client.post("/analyze", {"ticker": ticker, "strategy": strategy}).json for ticker in TICKERS for strategy in STRATEGIES]


def test_a_result_by_id_is_sent_as_it_was_made(client: Client) -> None:
    answer = client.post("/analyze", {"ticker": "AAPL"})
    got = client.get(f"/results/{answer.json['id']}")
    assert got.data == answer.data[:-1] + b',"superseded":false}'
    etag = got.headers["ETag"]
    unchanged = client.get(f"/results/{answer.json['id']}", headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (304, b"", etag)
    assert client.get(f"/results/{answer.json['id']}", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("result_id", ["x", "01a1fbd8-91c5-76db-ada4-c6947b434124", "1' OR '1'='1", "..%2F..%2Fetc", "%00", "é" * 50])
@pytest.mark.parametrize("tail", ["", "/flips", "/honesty"])
def test_an_impossible_id_is_not_found(client: Client, result_id: str, tail: str) -> None:
    answer = client.get(f"/results/{result_id}{tail}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_history_is_newest_first_and_pages_without_loss(client: Client) -> None:
    result_ids = [client.post("/analyze", {"ticker": "AAPL", "as_of": f"2012-{month:02d}-15"}).json["id"] for month in range(1, 13)]
    whole = walk(client, "/history/AAPL", 500)
    assert [item["id"] for item in whole] == result_ids[::-1]
    for limit in (1, 5, 12):
        assert walk(client, "/history/AAPL", limit) == whole
    assert set(whole[0]) == {
        "id", "ticker", "strategy", "as_of", "bars", "close", "score", "verdict", "signal", "fingerprint", "created_at",
        "superseded",
    }  # fmt: skip
    assert client.get("/history/aapl?limit=1").json["items"] == whole[:1]


def test_history_of_one_strategy(client: Client) -> None:
    by = {strategy: client.post("/analyze", {"ticker": "AAPL", "strategy": strategy}).json["id"] for strategy in ("balanced", "trend")}
    client.post("/analyze", {"ticker": "AAPL", "strategy": "trend", "as_of": "2012-05-15"})
    assert {item["strategy"] for item in walk(client, "/history/AAPL", 1)} == {"balanced", "trend"}
    assert [item["id"] for item in walk(client, "/history/AAPL?strategy=balanced", 1)] == [by["balanced"]]
    assert len(walk(client, "/history/AAPL?strategy=trend", 1)) == 2
    assert client.get("/history/AAPL?strategy=weekly").json["items"] == []
    cursor = client.get("/history/AAPL?strategy=trend&limit=1").json["next_cursor"]
    assert client.get(f"/history/AAPL?strategy=balanced&limit=1&cursor={cursor}").status_code == 422


def test_history_pages_over_results_of_one_moment(client: Client) -> None:
    for month in range(1, 8):
        client.post("/analyze", {"ticker": "AAPL", "as_of": f"2012-{month:02d}-15"})
    database.execute_db("UPDATE analysis_results SET created_at = (SELECT min(created_at) FROM analysis_results)")
    whole = walk(client, "/history/AAPL", 500)
    assert len(whole) == 7
    assert walk(client, "/history/AAPL", 2) == whole


def test_a_ticker_without_results_or_prices(client: Client) -> None:
    assert client.get("/history/FB").json == {"items": [], "next_cursor": None}
    answer = client.get("/history/NOPE")
    assert (answer.status_code, answer.json["code"]) == (404, "ticker_not_found")


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        pytest.param("-score", lambda item: (-item["score"], item["ticker"], item["strategy"]), id="best first"),
        pytest.param("score", lambda item: (item["score"], item["ticker"], item["strategy"]), id="worst first"),
        pytest.param("ticker", lambda item: (item["ticker"], item["strategy"]), id="by ticker"),
    ],
)
def test_the_screener_sorts_and_pages(client: Client, analysed: list[Any], sort: str, key: Any) -> None:
    whole = walk(client, f"/results?sort={sort}", 500)
    assert [item["id"] for item in whole] == [item["id"] for item in sorted(analysed, key=key)]
    for limit in (1, 7, 25):
        assert walk(client, f"/results?sort={sort}", limit) == whole


def test_the_screener_filters(client: Client, analysed: list[Any]) -> None:
    def ids(query: str) -> set[str]:
        return {item["id"] for item in walk(client, f"/results?{query}", 3)}

    assert ids("strategy=trend") == {item["id"] for item in analysed if item["strategy"] == "trend"}
    assert ids("min_score=0.2") == {item["id"] for item in analysed if item["score"] >= 0.2}
    assert ids("verdict=Buy&strategy=weekly") == {
        item["id"] for item in analysed if item["verdict"] == "Buy" and item["strategy"] == "weekly"
    }
    assert ids("verdict=Strong%20Sell&min_score=0.9") == set()


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        pytest.param("max_score=0", lambda item: item["score"] <= 0, id="score at most"),
        pytest.param("min_score=-0.3&max_score=0.1", lambda item: -0.3 <= item["score"] <= 0.1, id="score between"),
        pytest.param("signal=SELL", lambda item: item["signal"] == "SELL", id="signal"),
        pytest.param("universe=watchlist", lambda item: item["ticker"] in ("FB", "IBM"), id="watchlist"),
        pytest.param("universe=all", lambda item: True, id="all"),
        pytest.param("q=g", lambda item: item["ticker"] == "GOOG", id="prefix in small letters"),
        pytest.param("q=OOG", lambda item: False, id="no prefix"),
        pytest.param("q=%25", lambda item: False, id="a percent sign"),
        pytest.param("q=A_PL", lambda item: False, id="an underscore"),
        pytest.param("q=%5C", lambda item: False, id="a backslash"),
        pytest.param(
            "universe=watchlist&signal=SELL&max_score=0.5&q=F&strategy=trend&verdict=Sell",
            lambda item: (item["ticker"], item["strategy"], item["verdict"]) == ("FB", "trend", "Sell"),
            id="everything at once",
        ),
    ],
)
def test_the_screener_filters_further(client: Client, analysed: list[Any], query: str, wanted: Any) -> None:
    for ticker in ("FB", "IBM", "NOPRICES"):
        client.post("/watchlist", {"ticker": ticker})
    ids = {item["id"] for item in analysed if wanted(item)}
    assert {item["id"] for item in walk(client, f"/results?{query}", 3)} == ids
    rows = csv_rows(client, f"/results?{query}")
    assert {row["id"] for row in rows} == ids


@pytest.mark.parametrize("query", ["universe=X", "signal=buy", "max_score=2", "q=" + "A" * 61, "q=%00", "max_score=nan", "more=1"])
def test_filters_that_are_none(client: Client, query: str) -> None:
    for accept in ("application/json", "text/csv"):
        answer = client.get(f"/results?{query}", headers={"Accept": accept})
        assert (answer.status_code, answer.content_type, answer.json["code"]) == (422, "application/problem+json", "validation_error")


def csv_rows(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bellwether-results.csv"'
    assert "Accept" in answer.vary
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.mark.parametrize("sort", ["score", "-score", "ticker", "-ticker"])
def test_the_screener_as_csv_is_the_whole_list(client: Client, analysed: list[Any], sort: str) -> None:
    wanted = walk(client, f"/results?sort={sort}", 500)
    rows = csv_rows(client, f"/results?sort={sort}")
    assert list(rows[0]) == ["ticker", "strategy", "as_of", "close", "score", "verdict", "signal", "bars", "created_at", "id", "superseded"]
    assert len(rows) == 25
    for row, item in zip(rows, wanted, strict=True):
        assert (float(row["close"]), float(row["score"]), int(row["bars"])) == (item["close"], item["score"], item["bars"])
        for name in ("ticker", "strategy", "as_of", "verdict", "signal", "created_at", "id"):
            assert row[name] == item[name]


@pytest.mark.parametrize("page_size", [pytest.param(4, id="seven reads"), pytest.param(5, id="an empty last page")])
@pytest.mark.parametrize("sort", ["score", "-score", "ticker", "-ticker"])
def test_the_csv_is_the_same_in_pages_of_any_size(client: Client, analysed: list[Any], sort: str, page_size: int) -> None:
    whole = client.get(f"/results?sort={sort}", headers={"Accept": "text/csv"}).data
    assert b"".join(results_csv(database.current(), 1, ResultFilter(sort=sort), Universes(), page_size)) == whole


def test_the_screener_as_csv_is_read_page_by_page(client: Client, analysed: list[Any]) -> None:
    rows, path = [], "/results?sort=ticker&limit=10"
    sizes: list[int] = []
    while path:
        answer = client.get(path, headers={"Accept": "text/csv"})
        found = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        rows, sizes = rows + found, [*sizes, len(found)]
        path = answer.headers.get("Link", "").removeprefix("<").removesuffix('>; rel="next"')
    assert sizes == [10, 10, 5]
    assert rows == csv_rows(client, "/results?sort=ticker")


def test_the_screener_as_csv_with_nothing_in_it(client: Client) -> None:
    assert csv_rows(client, "/results?q=NOPE") == []
    assert client.get("/results", headers={"Accept": "text/csv"}).text.startswith("ticker,strategy,")


def test_the_csv_is_sent_while_it_is_read(client: Client, analysed: list[Any]) -> None:
    checkouts = database.current().status().events["checkouts"]
    answer = streamed_response(results_csv(database.current(), 1, ResultFilter(), Universes(), page_size=4), "text/csv", piece_bytes=1)
    pieces = answer.iter_encoded()
    next(pieces)
    next(pieces)
    assert database.current().status().events["checkouts"] - checkouts < 4
    assert database.current().status().in_use == 0  # no connection is held for a slow reader
    assert len(list(pieces)) == 6


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_csv_cell_is_never_a_formula(client: Client, text: str) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    database.execute_db("UPDATE analysis_results SET ticker = :text", {"text": text})
    (row,) = csv_rows(client, "/results")
    assert row["ticker"] == f"'{text}"
    assert float(row["score"]) < 0  # a negative number is a number


def test_an_outage_is_told_before_the_file_begins(client: Client) -> None:
    suspend(database.current())
    answer = client.get("/results", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")


def test_a_cursor_belongs_to_its_list(client: Client, analysed: list[Any]) -> None:
    cursor = client.get("/results?limit=2&sort=score").json["next_cursor"]
    for other in (
        "/results?sort=ticker",
        "/results?sort=score&strategy=trend",
        "/results?sort=score&universe=watchlist",
        "/history/AAPL?",
        "/watchlist?",
        "/tickers?",
    ):
        answer = client.get(f"{other}{'' if other.endswith('?') else '&'}cursor={cursor}")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor"), other


def test_flips(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "MSFT", "weights": {"rsi": 2}}).json
    answer = client.get(f"/results/{result['id']}/flips").json
    assert (answer["result_id"], answer["close"], answer["verdict"]) == (result["id"], result["close"], result["verdict"])
    assert set(answer) == {"result_id", "ticker", "close", "verdict", "unchanged", "above", "below", "searched_percent"}
    assert answer["unchanged"]["close"] == result["close"]
    for side, sign in (("above", 1), ("below", -1)):
        flip = answer[side]
        if flip is not None:
            assert (flip["close"] - result["close"]) * sign > 0
            assert flip["verdict"] != answer["unchanged"]["verdict"]
            assert all(turn["vote"] != turn["next_vote"] for turn in flip["turns"])
            moved = sum(change["next_contribution"] - change["contribution"] for change in flip["changes"])
            assert moved == pytest.approx(flip["score"] - answer["unchanged"]["score"])
    assert answer["above"] or answer["below"]


def test_flips_need_the_bars_of_the_result(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "IBM"}).json
    rows = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    later = rows + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n"
    client.put("/prices/IBM", later)
    assert client.get(f"/results/{result['id']}/flips").status_code == 200  # its bars are still there
    client.put("/prices/IBM", rows.replace(b"2013-03-01,200.65", b"2013-03-01,201.65"))
    answer = client.get(f"/results/{result['id']}/flips")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_organizations_do_not_see_each_other(client: Client) -> None:
    from features.accounts.api_keys import create_key

    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (2, 'Another', :created_at)", {"created_at": now()})
    _, other = create_key(database.current(), 2, "theirs")
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    client.post("/watchlist", {"ticker": "AAPL"})
    client.put("/prices/OURS", client.get("/prices/FB", headers={"Accept": "text/csv"}).data)
    assert client.get(f"/results/{result['id']}", key=other).status_code == 404
    assert client.get(f"/results/{result['id']}/flips", key=other).status_code == 404
    assert client.get(f"/results/{result['id']}/honesty", key=other).status_code == 404
    assert client.get("/history/AAPL", key=other).json["items"] == []
    assert client.get("/results", key=other).json["items"] == []
    assert client.get("/watchlist", key=other).json["items"] == []
    assert client.get("/prices/OURS", key=other).status_code == 404
    assert "OURS" not in [item["ticker"] for item in client.get("/tickers", key=other).json["items"]]
    theirs = client.post("/analyze", {"ticker": "AAPL"}, key=other).json
    assert (theirs["id"] != result["id"], theirs["fingerprint"] == result["fingerprint"]) == (True, True)


# ---- the latest result is never an older one --------------------------------------------------------------------------------------


def latest_ids(client: Client) -> dict[str, list[str]]:
    """The id of the latest result of MINE in each list that shows it; the history is newest first."""
    return {
        "results": [item["id"] for item in client.get("/results").json["items"]],
        "overview": [item["latest"]["id"] for item in client.get("/overview").json["items"]],
        "history": [item["id"] for item in client.get("/history/MINE?limit=1").json["items"]],
    }


def shows(result_id: str) -> dict[str, list[str]]:
    return {"results": [result_id], "overview": [result_id], "history": [result_id]}


@pytest.fixture
def mine(client: Client) -> Client:
    """A client with the ticker MINE on its watchlist."""
    client.put("/prices/MINE", csv_of(60))
    client.post("/watchlist", {"ticker": "MINE"})
    return client


class SlowEngine:
    """The engine; its first analysis waits for `may_end`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()
        self._make = analysis.compute_result
        monkeypatch.setattr(analysis, "compute_result", self)

    def __call__(self, *arguments: Any) -> Any:
        if not self.begun.is_set():
            self.begun.set()
            assert self.may_end.wait(60)
        return self._make(*arguments)


def test_an_analysis_of_older_prices_that_ends_later_is_not_the_latest(mine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = SlowEngine(monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(Client(mine.app).post, "/analyze", {"ticker": "MINE"})
        assert engine.begun.wait(60)
        mine.put("/prices/MINE", csv_of(61))
        newer = mine.post("/analyze", {"ticker": "MINE"}).json
        engine.may_end.set()
        older = slow.result(60).json
    assert (older["bars"], newer["bars"]) == (60, 61)
    assert latest_ids(mine) == shows(newer["id"])


def test_a_job_that_read_older_prices_and_ends_later_does_not_make_the_latest(mine: Client) -> None:
    ask(mine, "MINE")
    chunk = claim("w", 1)
    assert chunk is not None
    (outcome,) = (outcome for _, outcome in analyse_many(database.current(), 1, BulkParams(BALANCED), ["MINE"]))
    mine.put("/prices/MINE", csv_of(61))
    newer = mine.post("/analyze", {"ticker": "MINE"}).json
    end_chunk(chunk, {chunk.items[0]: outcome})
    assert len(mine.get("/history/MINE").json["items"]) == 2
    assert latest_ids(mine) == shows(newer["id"])


def test_a_job_that_found_a_stored_result_and_ends_later_does_not_make_it_the_latest(mine: Client) -> None:
    first = mine.post("/analyze", {"ticker": "MINE"}).json
    database.execute_db("DELETE FROM latest_results")
    ask(mine, "MINE")
    chunk = claim("w", 1)
    assert chunk is not None
    (outcome,) = (outcome for _, outcome in analyse_many(database.current(), 1, BulkParams(BALANCED), ["MINE"]))
    assert outcome.fingerprint == first["fingerprint"]
    mine.put("/prices/MINE", csv_of(61))
    newer = mine.post("/analyze", {"ticker": "MINE"}).json
    end_chunk(chunk, {chunk.items[0]: outcome})
    assert latest_ids(mine) == shows(newer["id"])


def test_prices_that_went_away_and_came_back_while_they_are_analysed(mine: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request does not share an analysis that began before another result became the latest: its own is the latest when it ends."""
    engine = SlowEngine(monkeypatch)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(Client(mine.app).post, "/analyze", {"ticker": "MINE"})
        assert engine.begun.wait(60)
        mine.put("/prices/MINE", csv_of(61))
        other = mine.post("/analyze", {"ticker": "MINE"}).json
        mine.put("/prices/MINE", csv_of(60))
        again = mine.post("/analyze", {"ticker": "MINE"}).json
        assert latest_ids(mine) == shows(again["id"])
        engine.may_end.set()
        assert slow.result(60).json["id"] == again["id"] != other["id"]
    assert latest_ids(mine) == shows(again["id"])
