"""The Excel report of a ticker, read back: it has the stored data, and no cell is a formula."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest
from kit.reports import DANGEROUS, REMOVED, download, pairs, price_file, rows
from kit.support import Client

import database
from models.strategy import STRATEGIES


@pytest.mark.parametrize(("ticker", "strategy"), [("AAPL", "balanced"), ("FB", "weekly"), ("MSFT", "trend")])
def test_the_report_of_a_ticker_says_what_its_result_says(client: Client, ticker: str, strategy: str) -> None:
    result = client.post("/analyze", {"ticker": ticker, "strategy": strategy}).json
    book = download(client, f"/reports/analysis/{ticker.lower()}.xlsx?strategy={strategy}")
    assert book.sheetnames == ["Summary", "Indicators", "Levels", "Prices", "History"]
    summary = pairs(book["Summary"])
    for label in ("Ticker", "Verdict", "Fingerprint"):
        assert summary[label] == result[label.lower()]
    assert summary["Signal"] == result["signal"].capitalize()
    assert summary["Adjustment"] == "by the source's adjusted closes"
    assert summary["Strategy"] == STRATEGIES[strategy].name
    assert summary["Parameters"].startswith(f"Strategy {STRATEGIES[strategy].name}; capital 100,000; risk 2% a trade; ")
    assert summary["As of"] == datetime.fromisoformat(result["as_of"])
    assert (summary["Close"], summary["Score"]) == pytest.approx((result["close"], result["score"]))
    assert [row["Value"] for row in rows(book["Summary"]) if row["Field"] == "Warning"] == [line["message"] for line in result["warnings"]]
    provenance = result["provenance"]
    assert (summary["Provider"], summary["Bars SHA-256"]) == (provenance["provider"], provenance["bars_sha256"])
    assert summary["Sheet Prices"] == "the prices analysed"
    trade = result["trade"]
    assert summary["Advice"] == (trade["advice"] if trade else "Hold what you own; there is no trade to make.")
    if result["signal"] != "BUY":
        assert "Entry" not in summary
    else:
        labels = {
            "Order": "order", "Distance to the entry, %": "distance_percent", "Entry": "entry", "Entry method": "entry_method",
            "Stop": "stop_loss", "Target": "target", "Reward:risk": "reward_risk", "Shares": "shares",
            "Position value": "position_value", "Risk amount": "risk_amount",
        }  # fmt: skip
        assert {label: summary[label] for label in labels} == {
            label: pytest.approx(trade[key]) if isinstance(trade[key], float) else trade[key] for label, key in labels.items()
        }


def test_the_report_of_a_ticker_explains_every_indicator_and_level(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    book = download(client, "/reports/analysis/AAPL.xlsx")
    shown = rows(book["Indicators"])
    assert len(shown) == 12
    votes = {1: "Buy", 0: "Neutral", -1: "Sell"}
    words = {"Category": lambda reading: reading["category"].capitalize(), "Vote": lambda reading: votes[reading["vote"]]}
    for row, reading in zip(shown, result["indicators"], strict=True):
        for title, value in row.items():
            wanted = words[title](reading) if title in words else reading[title.lower()]
            assert value == (pytest.approx(wanted, rel=1e-12) if isinstance(wanted, float) else wanted), (reading["key"], title)
    assert sum(row["Contribution"] for row in shown) == pytest.approx(result["score"])
    levels = [{"Kind": kind, **level} for kind in ("support", "resistance") for level in result["levels"][kind]]
    assert levels
    assert [(row["Kind"], row["Touches"], row["Last touch"].date().isoformat()) for row in rows(book["Levels"])] == [
        (level["Kind"], level["touches"], level["last_touch"]) for level in levels
    ]
    assert [row["Price"] for row in rows(book["Levels"])] == pytest.approx([level["price"] for level in levels])


def test_the_report_of_a_ticker_has_its_newest_prices_as_stored_and_a_chart(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    stored = client.get("/prices/AAPL").json
    answer = client.get("/reports/analysis/AAPL.xlsx")
    shown = rows(openpyxl.load_workbook(BytesIO(answer.data))["Prices"])
    assert [row["Date"].date().isoformat() for row in shown] == stored["dates"][-250:]
    for title in ("Open", "High", "Low", "Close", "Volume"):
        assert [row[title] for row in shown] == pytest.approx(stored[title.lower()][-250:], rel=1e-12)
    levels = result["levels"]["support"] + result["levels"]["resistance"]
    assert result["signal"] == "SELL"  # whose plan is that of a short sale, and not drawn
    lines = len(levels)
    chart = zipfile.ZipFile(BytesIO(answer.data)).read("xl/charts/chart1.xml").decode()
    assert chart.count("<c:ser>") == 3 + lines
    assert all(f"Prices!${column}$2:${column}$251" in chart for column in "EGH")
    closes = stored["close"]
    for days in (20, 50):  # also the first of them, from closes before those shown
        means = [sum(closes[end - days : end]) / days for end in range(len(closes) - 249, len(closes) + 1)]
        assert [row[f"SMA {days}"] for row in shown] == pytest.approx(means)
    assert "Stop" not in shown[0]


def test_the_plan_of_a_buy_is_drawn(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL", "strategy": "weekly"}).json
    assert result["signal"] == "BUY"
    shown = rows(download(client, "/reports/analysis/AAPL.xlsx?strategy=weekly")["Prices"])
    assert [row["Stop"] for row in shown] == pytest.approx([result["trade"]["stop_loss"]] * 250)


def test_a_young_ticker_has_blanks_with_reasons(client: Client) -> None:
    client.put("/prices/YOUNG", price_file(60))
    client.post("/analyze", {"ticker": "YOUNG"})
    book = download(client, "/reports/analysis/YOUNG.xlsx")
    row = next(row for row in rows(book["Indicators"]) if row["Name"] == "EMA 50/200")
    assert (row["Value"], row["Vote"], row["Contribution"]) == (None, "No data", 0)
    assert "200" in row["Reason"]
    prices = rows(book["Prices"])
    assert [row["SMA 20"] is None for row in prices] == [True] * 19 + [False] * 41


def test_flat_prices_are_no_trade(client: Client) -> None:
    client.put("/prices/FLAT", price_file(60, step=0))
    assert client.post("/analyze", {"ticker": "FLAT"}).json["trade"] is None
    summary = pairs(download(client, "/reports/analysis/FLAT.xlsx")["Summary"])
    assert (summary["Signal"], summary["Advice"]) == ("Hold", "Hold what you own; there is no trade to make.")
    assert "Entry" not in summary


def test_days_before_excels_calendar_are_text(client: Client) -> None:
    client.put("/prices/OLD", price_file(60, start=date(1899, 12, 30)))
    client.post("/analyze", {"ticker": "OLD"})
    shown = [row["Date"] for row in rows(download(client, "/reports/analysis/OLD.xlsx")["Prices"])]
    assert shown[:2] == ["1899-12-30", "1899-12-31"]
    assert all(isinstance(day, datetime) for day in shown[2:])


def test_prices_replaced_since_the_analysis_are_called_that(client: Client) -> None:
    client.post("/analyze", {"ticker": "IBM"})
    raw = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    later = raw + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n"
    client.put("/prices/IBM", later)
    book = download(client, "/reports/analysis/IBM.xlsx")
    assert pairs(book["Summary"])["Sheet Prices"] == "the prices analysed"
    assert rows(book["Prices"])[-1]["Date"] == datetime(2013, 3, 1)  # noqa: DTZ001 — as Excel has it
    client.put("/prices/IBM", raw.replace(b"2013-03-01,200.65", b"2013-03-01,201.65"))
    assert pairs(download(client, "/reports/analysis/IBM.xlsx")["Summary"])["Sheet Prices"].startswith("replaced")
    database.execute_db("DELETE FROM price_series WHERE ticker = 'IBM'")
    book = download(client, "/reports/analysis/IBM.xlsx")
    assert pairs(book["Summary"])["Sheet Prices"] == "no prices are stored any more"
    assert rows(book["Prices"]) == []


@pytest.mark.parametrize("ticker", ["BRK.B", "A.XLSX", "^GSPC", "EURUSD=X", "A&B", "X-_."])
def test_any_ticker_has_a_report_with_a_safe_file_name(client: Client, ticker: str) -> None:
    quoted = ticker.replace("^", "%5E").replace("&", "%26")
    client.put(f"/prices/{quoted}", price_file(60))
    client.post("/analyze", {"ticker": ticker})
    answer = client.get(f"/reports/analysis/{quoted}.xlsx")
    assert answer.status_code == 200
    safe = ticker.replace("^", "_").replace("=", "_").replace("&", "_")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=bellwether-{safe}-balanced-2012-03-01.xlsx"
    assert pairs(openpyxl.load_workbook(BytesIO(answer.data))["Summary"])["Ticker"] == ticker


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_name_is_never_a_formula(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    for name in DANGEROUS:
        database.execute_db("UPDATE price_series SET name = :name WHERE ticker = 'AAPL'", {"name": name})
        cell = download(client, "/reports/analysis/AAPL.xlsx")["Summary"]["B3"]
        assert (cell.value.lstrip(), cell.data_type, cell.hyperlink) == (name.lstrip(), "s", None)


@pytest.mark.parametrize(
    ("path", "status", "code", "detail"),
    [
        pytest.param("/reports/analysis/NOPE.xlsx", 404, "ticker_not_found", "no prices", id="unknown ticker"),
        pytest.param("/reports/analysis/FB.xlsx", 404, "not_found", "POST /api/v1/analyze", id="not analysed"),
        pytest.param("/reports/analysis/AAPL.xlsx?strategy=trend", 404, "not_found", "trend", id="other strategy"),
        pytest.param("/reports/analysis/AAPL.xlsx?strategy=x", 422, "validation_error", "strategy", id="no such strategy"),
        pytest.param("/reports/analysis/AAPL.xlsx?capital=1", 422, "validation_error", "capital", id="unknown parameter"),
        pytest.param("/reports/analysis/-A.xlsx", 422, "validation_error", "ticker", id="no ticker at all"),
        pytest.param("/reports/analysis/AAPL", 404, "not_found", "path", id="without the suffix"),
        pytest.param("/reports/jobs/x.xlsx", 404, "job_not_found", "job", id="impossible id"),
        pytest.param("/reports/jobs/%00.xlsx", 404, "job_not_found", "job", id="NUL as id"),
        pytest.param(f"/reports/jobs/{REMOVED}.xlsx", 404, "job_not_found", "job", id="unknown id"),
    ],
)
def test_what_there_is_no_report_of(client: Client, path: str, status: int, code: str, detail: str) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert detail in answer.json["detail"]


def test_an_analysis_of_another_day_or_with_overrides_is_not_the_latest(client: Client) -> None:
    client.post("/analyze", {"ticker": "FB", "as_of": "2013-01-15"})
    client.post("/analyze", {"ticker": "FB", "reward_risk": 3})
    assert client.get("/reports/analysis/FB.xlsx").json["code"] == "not_found"
