"""Upload and download of prices, and the list of tickers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from kit.reports import price_file
from kit.support import Client

import database
from app import Application
from features.prices import demo
from features.prices.providers.demo import DemoProvider
from models.day_text import day_text
from models.price_series import COLUMNS
from utils.clock import now, parse_iso, today

HEADER = "Date,Open,High,Low,Close,Volume\n"
CSV = {"Accept": "text/csv"}


def rows(count: int, start: date = date(2020, 1, 1), price: float = 100.0) -> str:
    """A file of plain daily bars."""
    days = (start + timedelta(days=number) for number in range(count))
    return HEADER + "".join(f"{day},{price},{price + 1},{price - 1},{price},1000\n" for day in days)


def stored(client: Client, ticker: str) -> Any:
    return client.get(f"/prices/{ticker}").json


def test_an_uploaded_file_is_analysed_like_any_other(client: Client) -> None:
    report = client.put("/prices/mine", rows(60))
    assert report.status_code == 200
    assert report.json == {
        "ticker": "MINE", "bars": 60, "first": "2020-01-01", "last": "2020-02-29", "dropped": 0, "rescaled": None, "splits": [],
        "price_basis": "unknown", "volume_basis": "unknown", "lost": None, "undo": "delete",
        "understood": {
            "delimiter": ",", "encoding": "utf-8", "decimal": ".", "dates": "ymd", "ignored": [], "order": "oldest_first",
            "columns": {"date": "Date", "open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"},
        },
        "preview": None, "warnings": report.json["warnings"],
    }  # fmt: skip
    assert [warning["code"] for warning in report.json["warnings"]] == ["weekend_bars", "stale", "short_history"]
    message = "The newest bar is of 29 February 2020; more than 5 weekdays have passed since."
    assert report.json["warnings"][1]["message"] == message
    result = client.post("/analyze", {"ticker": "MINE"}).json
    assert (result["provenance"]["provider"], result["provenance"]["adjustment"]) == ("upload", "none")


def test_an_exported_file_comes_back_unchanged(client: Client) -> None:
    before = stored(client, "AAPL")
    file = client.get("/prices/AAPL", headers=CSV)
    assert (file.mimetype, file.headers["Content-Disposition"]) == ("text/csv", 'attachment; filename="AAPL.csv"')
    assert client.put("/prices/COPY", file.data).json["bars"] == 3270
    after = stored(client, "COPY")
    assert [after[name] for name in ("dates", *COLUMNS)] == [before[name] for name in ("dates", *COLUMNS)]
    one, other = (client.post("/analyze", {"ticker": ticker}).json for ticker in ("AAPL", "COPY"))
    assert one["provenance"]["bars_sha256"] == other["provenance"]["bars_sha256"]
    assert one["score"] == other["score"]


@pytest.mark.parametrize(
    ("ticker", "name"),
    [("CON", "_CON.csv"), ("nul", "_NUL.csv"), ("COM1.L", "_COM1.L.csv"), ("CONN", "CONN.csv"), ("A.CON", "A.CON.csv")],
)
def test_an_exported_file_has_no_name_that_is_a_device_on_windows(client: Client, ticker: str, name: str) -> None:
    client.put(f"/prices/{ticker}", rows(1))
    answer = client.get(f"/prices/{ticker}", headers=CSV)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_period(client: Client) -> None:
    part = client.get("/prices/FB?start=2012-12-24&end=2012-12-26").json
    assert part["dates"] == ["2012-12-24", "2012-12-26"]
    assert {len(part[column]) for column in ("open", "high", "low", "close", "adj_close", "volume")} == {2}
    assert client.get("/prices/FB?start=2020-01-01").json["dates"] == []


def test_any_column_order_dates_and_line_ends(client: Client) -> None:
    text = "\ufeffvolume, close ,Low,High,open,DATE,adj_close\r\n10,2,1,3,2,1/31/2020,2\r\n\r\n20,2,1,3,2,1/30/2020,2\r\n"
    assert client.put("/prices/ORDER", text.encode()).status_code == 200
    got = stored(client, "ORDER")
    assert (got["dates"], got["volume"], got["adj_close"]) == (["2020-01-30", "2020-01-31"], [20, 10], [2.0, 2.0])


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        pytest.param("", "line 1", "empty", id="empty"),
        pytest.param(HEADER, "line 1", "no rows", id="no rows"),
        pytest.param("Date,Open,High,Close,Volume\n", "line 1, column Low", "missing", id="a missing column"),
        pytest.param("Date,Open,High,Low,Close,Close\n", "line 1, column Close", "twice", id="a header twice"),
        pytest.param(HEADER + "2020-13-01,1,1,1,1,1\n", "line 2, column Date", "not a date", id="no such month"),
        pytest.param(HEADER + "2020-02-30,1,1,1,1,1\n", "line 2, column Date", "not a date", id="no such day"),
        pytest.param(
            HEADER + "2020-01-01,1,1,1,1,1\n2020-01-02,1,1,1,1,1\n31.1.2020,1,1,1,1,1\n",
            "line 4, column Date",
            "as in the other rows",
            id="a date of another kind",
        ),
        pytest.param(HEADER + f"{today() + timedelta(days=3)},1,1,1,1,1\n", "line 2, column Date", "future", id="a future day"),
        pytest.param(HEADER + "2020-01-01,1,1,1,1,1\n2020-01-01,1,2,1,1,1\n", "line 3, column Date", "twice", id="a day twice"),
        pytest.param(HEADER + "2020-01-01,1,1,1,one,1\n", "line 2, column Close", "not a number", id="text for a number"),
        pytest.param(HEADER + "2020-01-01,1,inf,1,1,1\n", "line 2, column High", "not a number", id="infinity"),
        pytest.param(HEADER + "2020-01-01,1_0,1,1,1,1\n", "line 2, column Open", "not a number", id="Python's own notation"),
        pytest.param(HEADER + "2020-01-01,1,1e400,1,1,1\n", "line 2, column High", "plausible", id="an infinite number"),
        pytest.param(HEADER + "2020-01-01,=1+1,1,1,1,1\n", "line 2, column Open", "not a number", id="a formula"),
        pytest.param(HEADER + "2020-01-01,1,1,0,1,1\n", "line 2, column Low", "not above 0", id="a price of zero"),
        pytest.param(HEADER + "2020-01-01,-1,1,1,1,1\n", "line 2, column Open", "not above 0", id="a negative price"),
        pytest.param(HEADER + "2020-01-01,1,1,2,1,1\n", "line 2, column High", "below the low", id="high below low"),
        pytest.param(HEADER + "2020-01-01,1.106,1.1,1,1,1\n", "line 2, column Open", "outside", id="open outside the range"),
        pytest.param(HEADER + "2020-01-01,1,1.1,1,0.994,1\n", "line 2, column Close", "outside", id="close outside the range"),
        pytest.param(HEADER + "2020-01-01,1,1,1,1,-5\n", "line 2, column Volume", "negative", id="negative volume"),
        pytest.param(HEADER + "2020-01-01,1,1,1,1\n", "line 2", "5 cells", id="a cell too few"),
        pytest.param(HEADER + '2020-01-01,"1,1,1,1,1\n', "line 2", "CSV", id="an open quote"),
        pytest.param('"' + HEADER + "2020-01-01,1,1,1,1,1\n", "line 1", "a quote is left open", id="an open quote in the header"),
        pytest.param(
            HEADER + "2020-01-01,1,1,1,1,1\n\n2020-01-03,1,1,1,x,1\n", "line 4, column Close", "not a number", id="blank lines count"
        ),
        pytest.param(HEADER + "2020-01-01,,,,,\n" * 2, "line 1", "2 of 2 rows", id="no prices at all"),
    ],
)
def test_a_bad_file_is_refused_with_its_place_and_nothing_is_stored(client: Client, text: str, place: str, words: str) -> None:
    client.put("/prices/KEPT", rows(60))
    before = stored(client, "KEPT")
    answer = client.put("/prices/KEPT", text)
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
    assert answer.json["errors"][0]["field"] == place
    assert words in answer.json["errors"][0]["message"]
    assert place in answer.json["detail"]
    assert stored(client, "KEPT") == before


def test_many_faults_are_named_at_once(client: Client) -> None:
    answer = client.put("/prices/BAD", HEADER + "2020-01-01,x,1,1,1,1\n" * 120).json
    assert [error["field"] for error in answer["errors"]] == [f"line {line}, column Open" for line in range(2, 102)]
    assert answer["errors_total"] == 120
    assert "119 more" in answer["detail"]


def test_what_is_neither_utf8_nor_windows_1252_is_refused_with_its_line(client: Client) -> None:
    text = HEADER.encode() + b"2020-01-01,1,1,1,1,1\n\x81\x8d\n2020-01-02,1,1,1,1,1\n"
    answer = client.put("/prices/BAD", text).json
    assert answer["errors"] == [{"field": "line 3", "message": "neither UTF-8 nor Windows-1252. Save the file as UTF-8."}]


def test_a_range_that_is_a_little_too_small_is_widened(client: Client) -> None:
    report = client.put("/prices/NEAR", HEADER + "2020-01-01,100.4,100,99,98.6,1\n").json
    assert report["warnings"][0]["code"] == "range_widened"
    got = stored(client, "NEAR")
    assert (got["open"], got["high"], got["low"], got["close"]) == ([100.4], [100.4], [98.6], [98.6])


def test_rows_without_prices_are_dropped_and_told(client: Client) -> None:
    text = rows(45) + "2021-01-01,null,null,null,null,null\n2021-01-02,,,,,\n"
    report = client.put("/prices/HOLES", text).json
    assert (report["bars"], report["dropped"]) == (45, 2)
    too_many = client.put("/prices/HOLES", rows(9) + "2021-01-01,null,null,null,null,null\n2021-01-02,,,,,\n")
    assert (too_many.status_code, too_many.json["code"]) == (422, "price_quality")
    assert stored(client, "HOLES")["dates"][-1] == "2020-02-14"


def test_upload_replaces_or_extends(client: Client) -> None:
    client.put("/prices/GROW", rows(10))
    extended = client.put("/prices/GROW?extend=true", rows(10, start=date(2020, 1, 6), price=200)).json
    assert (extended["bars"], extended["first"], extended["last"]) == (15, "2020-01-01", "2020-01-15")
    assert stored(client, "GROW")["close"] == [200.0] * 15
    assert client.put("/prices/GROW", rows(3)).json["bars"] == 3


def test_uploads_at_the_same_time_lose_nothing(app: Application) -> None:
    days = [date(2020, 1, 1) + timedelta(days=number) for number in range(40)]

    def extend(day: date) -> int:
        return int(Client(app).put("/prices/RACE?extend=true", rows(1, start=day)).status_code)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(extend, days)) == {200}
    assert stored(Client(app), "RACE")["dates"] == [str(day) for day in days]


def test_a_split_seen_on_the_common_day_rescales_the_older_adjusted_closes(client: Client) -> None:
    header = "Date,Open,High,Low,Close,Adj Close,Volume\n"
    old = "".join(f"2020-01-0{day},100,100,100,100,100,10\n" for day in range(1, 6))
    new = "2020-01-05,100,100,100,100,50,10\n2020-01-06,50,50,50,50,50,20\n"
    client.put("/prices/SPLIT", header + old)
    report = client.put("/prices/SPLIT?extend=true", header + new).json
    assert stored(client, "SPLIT")["adj_close"] == [50.0] * 6
    assert "large_move" not in [warning["code"] for warning in report["warnings"]]
    apart = client.put("/prices/SPLIT?extend=true", header + "2020-01-08,50,50,50,50,50,20\n").json
    assert apart["warnings"][0]["code"] == "no_overlap"


def test_adjusted_and_unadjusted_prices_do_not_mix(client: Client) -> None:
    answer = client.put("/prices/AAPL?extend=true", rows(3, start=date(2013, 3, 2)))
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "line 1, column Adj Close")


def test_an_upload_is_the_organizations_own(client: Client) -> None:
    client.put("/prices/AAPL", rows(60))
    assert stored(client, "AAPL")["dates"][0] == "2020-01-01"
    items = {item["ticker"]: item for item in client.get("/tickers").json["items"]}
    assert (items["AAPL"]["provider"], items["AAPL"]["name"], items["IBM"]["provider"]) == ("upload", "Apple Inc.", "sample")
    assert len(items) == 5
    shared = database.query_db("SELECT bars FROM price_series WHERE org_id = 0 AND ticker = 'AAPL'", one=True)
    assert shared == {"bars": 3270}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("", ["AAPL", "FB", "GOOG", "IBM", "MSFT"], id="all"),
        pytest.param("?q=goo", ["GOOG"], id="start of the ticker"),
        pytest.param("?q=BUSINESS", ["IBM"], id="part of the name"),
        pytest.param("?q=M", ["MSFT", "IBM"], id="either"),
        pytest.param("?q=%25", [], id="a wildcard is a character"),
        pytest.param("?q=_", [], id="so is the other"),
        pytest.param("?q=%5C", [], id="and the escape"),
        pytest.param("?q='", [], id="a quote"),
    ],
)
def test_tickers_are_found(client: Client, query: str, expected: list[str]) -> None:
    items = client.get(f"/tickers{query}").json["items"]
    assert set(expected) <= {item["ticker"] for item in items}
    assert (items == []) == (expected == [])


def test_tickers_page(client: Client) -> None:
    first = client.get("/tickers?limit=3").json
    second = client.get(f"/tickers?limit=3&cursor={first['next_cursor']}").json
    assert [item["ticker"] for item in first["items"] + second["items"]] == ["AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert second["next_cursor"] is None


def test_a_file_of_the_allowed_size(client: Client) -> None:
    text = HEADER + "".join(f"{date(1960, 1, 1) + timedelta(days=number)},1,1,1,1,1\n" for number in range(20_000))
    padded = text + ("\n" + " " * 600) * ((5_000_000 - len(text)) // 601)
    padded += " " * (5_000_000 - len(padded))
    assert client.put("/prices/BIG", padded).json["bars"] == 20_000
    too_big = client.put("/prices/BIG", padded + "\n")
    assert (too_big.status_code, too_big.json["code"]) == (413, "payload_too_large")


# ---- what is stored ---------------------------------------------------------------------------------------------------------------


def test_quality_says_what_is_stored_and_what_is_missing(client: Client) -> None:
    lines = price_file(90).splitlines()
    del lines[20:32], lines[40:55]  # 12 and 15 days
    before = now()
    assert client.put("/prices/HOLES", "\n".join(lines)).status_code == 200
    report = client.get("/prices/holes/quality").json
    fields = ["ticker", "name", "provider", "bars", "first", "last", "freshness", "own", "updated_at", "gaps", "warnings", "former"]
    fields += ["fetch", "fetch_failure"]
    assert list(report) == fields
    assert (report["ticker"], report["name"], report["provider"], report["bars"]) == ("HOLES", None, "upload", len(lines) - 1)
    assert (report["first"], report["last"]) == (lines[1][:10], lines[-1][:10])
    assert before <= parse_iso(report["updated_at"]) <= now()
    assert report["gaps"] == [
        {"after": lines[19][:10], "before": lines[20][:10], "days": 13},
        {"after": lines[39][:10], "before": lines[40][:10], "days": 16},
    ]
    assert [warning["code"] for warning in report["warnings"]] == ["gap", "weekend_bars", "stale", "short_history"]
    gap = " to ".join(day_text(date.fromisoformat(line[:10])) for line in lines[39:41])
    assert report["warnings"][0]["message"] == f"The prices have 2 gaps of more than 10 days, the last from {gap}."


def test_quality_warns_as_an_analysis_does(client: Client) -> None:
    shared = client.get("/prices/AAPL/quality").json
    assert (shared["name"], shared["provider"], shared["gaps"]) == ("Apple Inc.", "sample", [])
    assert shared["warnings"] == client.post("/analyze", {"ticker": "AAPL"}).json["warnings"]
    demo.load(database.current(), DemoProvider(today(), 60), 1)
    assert [warning["code"] for warning in client.get("/prices/DEMO00001/quality").json["warnings"]] == ["short_history", "demo"]


def test_quality_of_what_cannot_be_read_or_is_not_there(client: Client) -> None:
    answer = client.get("/prices/NOPE/quality")
    assert (answer.status_code, answer.json["code"]) == (404, "ticker_not_found")
    row = database.query_db("SELECT data FROM price_series WHERE ticker = 'FB'", one=True)
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'FB'", {"data": bytes(row["data"])[:-8]})
    answer = client.get("/prices/FB/quality")
    assert (answer.status_code, answer.json["code"]) == (422, "price_quality")


def test_damaged_prices_are_told_and_can_be_replaced(client: Client) -> None:
    client.put("/prices/HURT", price_file(60))
    row = database.query_db("SELECT data FROM price_series WHERE ticker = 'HURT'", one=True)
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'HURT'", {"data": bytes(row["data"])[:-8]})
    split = {"kind": "split", "effective_day": "2012-02-01", "numerator": 2, "denominator": 1}
    for answer in (
        client.get("/prices/HURT"),
        client.get("/prices/HURT/actions"),
        client.post("/prices/HURT/actions", split),
        client("PUT", "/prices/HURT/bases", json={"volume_basis": "as_traded"}),
        client.put("/prices/HURT?extend=true", price_file(70)),
    ):
        assert (answer.status_code, answer.json["code"]) == (422, "price_quality")
        assert "damaged" in answer.json["detail"]
    assert client.put("/prices/HURT?dry_run=true", price_file(70)).json["bars"] == 70
    assert client.put("/prices/HURT", price_file(70)).status_code == 200
    assert len(stored(client, "HURT")["dates"]) == 70
