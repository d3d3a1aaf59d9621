"""The screener: every column is right, can be sorted by both ways and paged without loss; filters, the total, and what changed."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from kit.jobs import csv_of, queue, run_jobs
from kit.support import Client

import database
from features.analyses.screening import fill_in_screener
from features.analyses.store import screener as screener_store
from models.indicator import INDICATORS
from models.screen import SCREEN_COLUMNS, SORT_KEYS, ResultFilter
from models.strategy import STRATEGIES
from utils.clock import now, parse_iso

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def listed(client: Client, query: str, limit: int = 500) -> list[dict[str, Any]]:
    """Every item, page by page; each page says the same total, which is their number."""
    items: list[dict[str, Any]] = []
    cursor, totals = "", set()
    while cursor is not None:
        page = client.get(f"/results?{query}&limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
        items += page["items"]
        totals.add(page["total"])
        cursor = page["next_cursor"]
    assert totals == {len(items)}
    return items


@pytest.fixture
def results(client: Client) -> dict[tuple[str, str], dict[str, Any]]:
    """Every sample ticker by every strategy, as analysed: by ticker and strategy. YOUNG has too few bars for the slow averages."""
    client.put("/prices/YOUNG", csv_of(60))
    pairs = [(ticker, strategy) for ticker in (*TICKERS, "YOUNG") for strategy in STRATEGIES]
    return {pair: client.post("/analyze", {"ticker": pair[0], "strategy": pair[1]}).json for pair in pairs}


def expected(client: Client, result: dict[str, Any]) -> dict[str, Any]:
    """A line of the screener as its result and its prices tell it."""
    prices = client.get(f"/prices/{result['ticker']}").json
    closes = [close if adjusted is None else adjusted for close, adjusted in zip(prices["close"], prices["adj_close"], strict=True)]
    trade = result["trade"] or {}
    record = result["record"]
    readings = {reading["key"]: reading for reading in result["indicators"]}
    return {
        **{key: result[key] for key in ("id", "ticker", "strategy", "as_of", "bars", "close", "score", "verdict", "signal", "fingerprint")},
        "change_percent": pytest.approx(100 * (closes[-1] / closes[-2] - 1)),
        "month_percent": pytest.approx(100 * (closes[-1] / closes[-21] - 1)),
        "volume": prices["volume"][-1],
        "rsi": readings["rsi"]["value"],
        **{key: trade.get(key) for key in ("entry", "stop_loss", "target")},
        "distance_percent": pytest.approx(100 * (trade["entry"] / result["close"] - 1)) if trade else None,
        **{f"record_{key}": record[key] if record["available"] else None for key in ("hit", "lift", "n")},
        "votes": {key: reading["vote"] if reading["available"] else None for key, reading in readings.items()},
        "former_verdict": None,
        "verdict_since": None,
        "previous_score": None,
        "last_day": result["as_of"],
        "freshness": client.get(f"/prices/{result['ticker']}/quality").json["freshness"],
        "closes": None,
        "created_at": result["created_at"],
        "analysed_at": result["created_at"],
        "superseded": False,
    }


def test_each_line_is_what_the_result_and_the_prices_say(client: Client, results: dict[Any, Any]) -> None:
    names = {item["ticker"]: item["name"] for item in client.get("/tickers").json["items"]}
    items = listed(client, "sort=ticker")
    assert {(item["ticker"], item["strategy"]) for item in items} == set(results)
    for item in items:
        assert item == {**expected(client, results[item["ticker"], item["strategy"]]), "name": names[item["ticker"]]}
    assert None in {vote for item in items for vote in item["votes"].values()}  # YOUNG has no EMA 200
    assert {item["distance_percent"] is None for item in items} == {True, False}


def sort_value(item: dict[str, Any], key: str) -> Any:
    """What a person would call the value of a column; None where there is none."""
    if key.startswith("vote_"):
        return item["votes"][key.removeprefix("vote_")]
    special = {
        "verdict": item["score"],
        "closes": item["month_percent"],
        "name": item["name"] and item["name"].lower(),
        "former_verdict": item["verdict_since"],
        "move": None if item["previous_score"] is None else item["score"] - item["previous_score"],
    }
    return special[key] if key in special else item[key]


@pytest.fixture
def changed(client: Client, results: dict[Any, Any]) -> None:
    """Some of the results have a former one."""
    for number, (ticker, strategy) in enumerate(results):
        if number % 3:
            values = {"ticker": ticker, "strategy": strategy, "score": (number % 7 - 3) / 10, "verdict": "Hold" if number % 2 else None}
            database.execute_db(
                "UPDATE latest_results SET previous_score = :score, former_verdict = :verdict, verdict_since = :since "
                "WHERE ticker = :ticker AND strategy = :strategy",
                {**values, "since": now() - timedelta(days=number % 5)},
            )


@pytest.mark.usefixtures("results", "changed")
def test_every_column_sorts_both_ways_and_pages_without_loss(client: Client) -> None:
    items = listed(client, "sort=ticker")
    for key in SORT_KEYS:
        for sign in ("", "-"):
            by_ticker = sorted(items, key=lambda item: (item["ticker"], item["strategy"]))
            values = {item["id"]: sort_value(item, key) for item in items}
            # `reverse` keeps the order of equals, which is that of their tickers.
            there = sorted(
                (item for item in by_ticker if values[item["id"]] is not None), key=lambda item: values[item["id"]], reverse=bool(sign)
            )
            wanted = [item["id"] for item in there] + [item["id"] for item in by_ticker if values[item["id"]] is None]
            for limit in (7, 500):
                assert [item["id"] for item in listed(client, f"sort={sign}{key}", limit)] == wanted, (sign, key, limit)


def since(item: dict[str, Any]) -> datetime:
    return parse_iso(item["verdict_since"])


@pytest.mark.usefixtures("changed")
def test_filters_keep_what_they_say(client: Client, results: dict[Any, Any]) -> None:
    items = listed(client, "sort=ticker")
    trades = [item["distance_percent"] for item in items if item["distance_percent"] is not None]
    middle = sorted(trades)[len(trades) // 2]
    for query, keeps in (
        ("min_rsi=40&max_rsi=60", lambda item: 40 <= item["rsi"] <= 60),
        (f"min_distance={middle}", lambda item: item["distance_percent"] is not None and item["distance_percent"] >= middle),
        (f"max_distance={middle}", lambda item: item["distance_percent"] is not None and item["distance_percent"] <= middle),
        ("min_change=0", lambda item: item["change_percent"] >= 0),
        ("max_change=0", lambda item: item["change_percent"] <= 0),
        ("min_close=100&max_close=500", lambda item: 100 <= item["close"] <= 500),
        ("min_volume=10000000", lambda item: item["volume"] >= 1e7),
        ("changed_days=3", lambda item: item["former_verdict"] is not None and since(item) > now() - timedelta(days=3)),
        ("votes=macd:buy", lambda item: item["votes"]["macd"] == 1),
        ("votes=macd:sell,rsi:neutral", lambda item: (item["votes"]["macd"], item["votes"]["rsi"]) == (-1, 0)),
        ("votes=ema_cross:neutral", lambda item: item["votes"]["ema_cross"] == 0),
        ("signal=BUY&strategy=trend&min_rsi=10", lambda item: item["signal"] == "BUY" and item["strategy"] == "trend"),
    ):
        wanted = {item["id"] for item in items if keeps(item)}
        found = listed(client, f"{query}&sort=-rsi", 4)
        assert {item["id"] for item in found} == wanted, query
        assert len(found) == len(wanted)


def test_a_company_is_found_by_the_start_of_a_word_of_its_name(client: Client) -> None:
    for ticker in TICKERS:
        client.post("/analyze", {"ticker": ticker})
    database.execute_db("UPDATE price_series SET name = 'International Business Machines' WHERE ticker = 'IBM'")
    database.execute_db("UPDATE price_series SET name = '50%_Off \\ Co' WHERE ticker = 'FB'")
    for query, found in (
        ("business", ["IBM"]), ("BUSINESS%20MACH", ["IBM"]), ("usiness", []), ("ib", ["IBM"]), ("50%25_o", ["FB"]), ("%5C%20co", ["FB"]),
        ("%20", TICKERS), ("%25", []),
    ):  # fmt: skip
        assert [item["ticker"] for item in listed(client, f"q={query}&sort=ticker")] == list(found), query


def test_what_it_was_before(client: Client) -> None:
    client.put("/prices/MINE", csv_of(80))
    first = client.post("/analyze", {"ticker": "MINE"}).json
    client.put("/prices/MINE", csv_of(90))
    second = client.post("/analyze", {"ticker": "MINE"}).json
    (item,) = listed(client, "sort=move")
    assert (item["id"], item["previous_score"]) == (second["id"], first["score"])
    assert (item["former_verdict"] is not None) == (first["verdict"] != second["verdict"])
    client.post("/analyze", {"ticker": "MINE"})  # the same again changes nothing
    assert listed(client, "sort=move") == [item]
    client.put("/prices/MINE", csv_of(80))  # the prices of before: their result is the latest again, with its own values
    client.post("/analyze", {"ticker": "MINE"})
    (again,) = listed(client, "sort=move")
    later = ("analysed_at", "former_verdict", "verdict_since")
    assert again == {**expected(client, first), "previous_score": second["score"], "name": None, **{key: again[key] for key in later}}
    assert again["analysed_at"] > item["analysed_at"]


def test_a_job_marks_stored_results_with_their_values(client: Client) -> None:
    """A result that only a job finds stored and makes the latest has its values, and so have new ones."""
    client.put("/prices/MINE", csv_of(80))
    first = client.post("/analyze", {"ticker": "MINE"}).json
    client.put("/prices/MINE", csv_of(90))
    client.post("/analyze", {"ticker": "MINE"})
    client.put("/prices/MINE", csv_of(80))
    queue("MINE", "AAPL")
    assert run_jobs() == 2
    items = {item["ticker"]: item for item in listed(client, "sort=ticker")}
    assert (items["MINE"]["id"], items["MINE"]["volume"]) == (first["id"], first["volume"])
    apple = client.get(f"/results/{items['AAPL']['id']}").json
    assert {key: items["AAPL"][key] for key in ("rsi", "votes", "entry")} == {
        key: expected(client, apple)[key] for key in ("rsi", "votes", "entry")
    }


def test_prices_newer_than_the_result_are_told(client: Client) -> None:
    client.put("/prices/MINE", csv_of(80))
    client.post("/analyze", {"ticker": "MINE"})
    client.put("/prices/MINE", csv_of(90))
    (item,) = listed(client, "columns=closes,ticker")
    prices = client.get("/prices/MINE").json
    assert item["last_day"] == prices["dates"][-1] > item["as_of"]
    assert item["closes"] == pytest.approx(prices["close"][-21:])


def test_a_csv_file_has_the_chosen_columns(client: Client, results: dict[Any, Any]) -> None:
    text = client.get(f"/results?columns={','.join(SCREEN_COLUMNS)}&sort=ticker", headers={"Accept": "text/csv"}).text
    header, *lines = list(csv.reader(io.StringIO(text, newline="")))
    assert header == list(SCREEN_COLUMNS)
    for line, item in zip(lines, listed(client, "sort=ticker&columns=closes"), strict=True):
        row = dict(zip(header, line, strict=True))
        assert [float(close) for close in row["closes"].split()] == item["closes"]
        assert {key: row[f"vote_{key}"] for key in INDICATORS} == {
            key: "" if vote is None else str(vote) for key, vote in item["votes"].items()
        }
        assert (row["ticker"], row["former_verdict"], row["entry"]) == (
            item["ticker"],
            "",
            "" if item["entry"] is None else str(item["entry"]),
        )
    few = client.get("/results?columns=rsi,ticker,rsi&sort=ticker", headers={"Accept": "text/csv"}).text
    assert few.splitlines()[0] == "rsi,ticker"


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ("sort=shoe", "sort", "there is no order 'shoe'"),
        ("sort=--score", "sort", "there is no order"),
        ("columns=ticker,shoe", "columns", "there is no column 'shoe'; there are ticker, name"),
        ("columns=,", "columns", "there is no column ''"),
        ("votes=macd:maybe", "votes", "there is no vote 'macd:maybe'"),
        ("min_rsi=-1", "min_rsi", "at least 0"),
        ("changed_days=0", "changed_days", "at least 1"),
        ("min_volume=inf", "min_volume", "finite"),
    ],
)
def test_bad_filters_say_what_there_is(client: Client, query: str, field: str, words: str) -> None:
    answer = client.get(f"/results?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    (error,) = answer.json["errors"]
    assert error["field"] == field
    assert words in error["message"]


def test_values_are_filled_in_where_older_code_wrote(client: Client, results: dict[Any, Any]) -> None:
    """Rows of before have no values, and an older version that runs during a deploy leaves those of another result."""
    before = listed(client, "sort=ticker")
    database.execute_db("UPDATE latest_results SET screened_id = NULL, rsi = NULL, votes = NULL, close = NULL WHERE ticker < 'G'")
    database.execute_db("UPDATE latest_results SET screened_id = 'x', rsi = 99, volume = 1, entry = 1 WHERE ticker >= 'M'")
    between = {(item["ticker"], item["strategy"]): item for item in listed(client, "sort=ticker")}
    assert {item["rsi"] for (ticker, _), item in between.items() if not "G" <= ticker < "M"} == {None}
    assert {item["verdict"] for item in between.values()} == {item["verdict"] for item in before}
    assert fill_in_screener(database.current(), batch=4) == 20
    assert fill_in_screener(database.current()) == 0
    assert listed(client, "sort=ticker") == before


def test_a_position_is_one_place_in_the_list(client: Client, results: dict[Any, Any]) -> None:
    """A page continues behind its last line although lines before it were removed."""
    filters = ResultFilter(sort="-rsi")
    with database.read() as connection:
        whole = screener_store.list_latest(connection, 1, filters, 100)
    database.execute_db("DELETE FROM latest_results WHERE ticker = :ticker", {"ticker": whole[0].result.ticker})
    rest = [line.result.id for line in whole[10:] if line.result.ticker != whole[0].result.ticker]
    with database.read() as connection:
        after = screener_store.list_latest(connection, 1, filters, 100, whole[9].position())
    assert [line.result.id for line in after] == rest
