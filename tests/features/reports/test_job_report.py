"""The Excel report of a job, read back: it has the outcome of every ticker, and no cell is a formula."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from kit.reports import DANGEROUS, REMOVED, TICKERS, Item, analysed, download, make_job, pairs, price_file, rows
from kit.support import Client

import database
from models.analysis import Verdict
from models.errors import TickerNotFound
from utils.clock import now


def test_the_report_of_a_job(client: Client) -> None:
    results = analysed(client)
    client.put("/prices/FLAT", price_file(60, step=0))
    results["FLAT"] = client.post("/analyze", {"ticker": "FLAT"}).json
    items = [Item(ticker, "succeeded", result["id"]) for ticker, result in results.items()]
    items += [Item("GONE", "succeeded", REMOVED), Item("BAD", "failed", None, "ticker_not_found", str(TickerNotFound("BAD")))]
    items += [Item("LATE", "cancelled")]
    job_id = make_job(items)
    answer = client.get(f"/reports/jobs/{job_id}.xlsx")
    assert answer.headers["Content-Disposition"] == f"attachment; filename=bellwether-job-{job_id}.xlsx"
    book = openpyxl.load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["Summary", "Verdicts", "Failures", "Parameters"]

    shown = {row["Ticker"]: row for row in rows(book["Verdicts"])}
    assert list(shown) == sorted([*results, "GONE"])
    for ticker, result in results.items():
        row, trade = shown[ticker], result["trade"] or {}
        assert (row["Verdict"], row["Signal"], row["Result id"]) == (result["verdict"], result["signal"].capitalize(), result["id"])
        assert row["Before"] == "First analysis"
        assert row["Advice"] == trade.get("advice", "Hold what you own; there is no trade to make.")
        assert row["As of"] == datetime.fromisoformat(result["as_of"])
        assert (row["Close"], row["Score"]) == pytest.approx((result["close"], result["score"]))
        columns = {
            "Entry": "entry", "Stop": "stop_loss", "Target": "target", "Reward:risk": "reward_risk", "Shares": "shares",
            "Position value": "position_value", "Risk amount": "risk_amount",
        }  # fmt: skip
        for title, key in columns.items():
            assert row[title] == (pytest.approx(trade[key]) if result["signal"] == "BUY" else None), (ticker, title)
    assert {value for title, value in shown["GONE"].items() if title not in ("Ticker", "Result id")} == {None}
    assert shown["GONE"]["Result id"] == REMOVED
    assert rows(book["Failures"]) == [
        {
            "Ticker": "BAD",
            "Name": None,
            "Status": "Failed",
            "Tries": 1,
            "Problem": "There are no prices for this ticker",
            "Message": "There are no prices for BAD.",
        },
        {"Ticker": "LATE", "Name": None, "Status": "Cancelled", "Tries": 1, "Problem": None, "Message": None},
    ]


def test_the_verdicts_can_be_sorted_and_are_coloured(client: Client) -> None:
    results = analysed(client)
    book = download(client, f"/reports/jobs/{make_job([Item(ticker, 'succeeded', results[ticker]['id']) for ticker in TICKERS])}.xlsx")
    sheet = book["Verdicts"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:U6")
    rules = {str(area.sqref): area.rules for area in sheet.conditional_formatting}
    assert [rule.formula for rule in rules["F2:F6"]] == [[f'"{verdict}"'] for verdict in Verdict]
    assert all(rule.dxf.fill.bgColor.rgb for rule in rules["F2:F6"])
    scale = rules["E2:E6"][0].colorScale
    assert [(point.type, point.val) for point in scale.cfvo] == [("num", -1), ("num", 0), ("num", 1)]
    assert sheet["C2"].is_date
    assert [sheet[cell].number_format for cell in ("E2", "N4", "O4")] == ["0.000", "#,##0", "#,##0.00"]


@pytest.mark.parametrize(
    "sizing",
    [
        pytest.param({"capital": 25_000.0, "risk_percent": 0.5}, id="risk"),
        pytest.param({"capital": 1_000_000.0, "max_position_percent": 3.0}, id="cap"),
        pytest.param({"strategy": "weekly", "capital": 77_777.0}, id="the strategy's cap"),
    ],
)
def test_positions_are_of_the_jobs_own_sizing(client: Client, sizing: dict[str, Any]) -> None:
    results = analysed(client, **sizing)
    job_id = make_job([Item(ticker, "succeeded", results[ticker]["id"]) for ticker in TICKERS], sizing)
    shown = {row["Ticker"]: row for row in rows(download(client, f"/reports/jobs/{job_id}.xlsx")["Verdicts"])}
    trades = {ticker: result["trade"] for ticker, result in results.items() if result["signal"] == "BUY"}
    assert any(trade["shares"] > 0 for trade in trades.values())
    for ticker, trade in trades.items():
        row = shown[ticker]
        assert row["Shares"] == trade["shares"]
        assert (row["Position value"], row["Risk amount"]) == pytest.approx((trade["position_value"], trade["risk_amount"]))


def test_the_parameters_of_a_job(client: Client) -> None:
    params = {
        "universe": "all", "strategy": "trend", "capital": 5000.0, "weights": {"rsi": 2.0, "trend": 0.5}, "indicators": ["rsi", "adx"],
        "as_of": "2012-06-01",
    }  # fmt: skip
    job_id = make_job([Item("BAD", "failed", None, "ticker_not_found", "None."), Item("LATER", "queued")], params)
    book = download(client, f"/reports/jobs/{job_id}.xlsx")
    facts = pairs(book["Summary"])
    assert (facts["Job id"], facts["Status"], facts["Finished (UTC)"]) == (job_id, "Processing", None)
    assert [facts[name] for name in ("Tickers", "Succeeded", "Failed", "Cancelled")] == [2, 0, 1, 0]
    assert facts["Created (UTC)"] == pytest.approx(now().replace(tzinfo=None), abs=timedelta(minutes=5))
    assert facts["Parameters"] == (
        "Strategy Trend following; capital 5,000; risk 2% a trade; a position of at most 25% of the capital; targets 3 times as far as "
        "stops; indicators: RSI 14, ADX 14; weights: the strategy's, but RSI 14 2, all trend indicators 0.5; as of 1 June 2012."
    )
    assert pairs(book["Parameters"]) == {
        "Tickers": "all tickers",
        "Strategy": "Trend following",
        "Capital": 5000,
        "Risk a trade, % of capital": 2,
        "Position at most, % of capital": 25,
        "Target distance ÷ stop distance": 3,
        "Indicators": "RSI 14, ADX 14",
        "Weights": "the strategy's, but RSI 14 2, all trend indicators 0.5",
        "As of": datetime(2012, 6, 1),  # noqa: DTZ001 — as Excel has it
    }
    assert ([row["Ticker"] for row in rows(book["Failures"])], rows(book["Verdicts"])) == (["BAD"], [])


def test_a_job_that_could_not_be_run_has_a_report(client: Client) -> None:
    job_id = make_job([Item("A", "failed", None, "job_unreadable", "Its parameters cannot be read.")])
    unreadable = ('{"strategy": ["x"], "as_of": "soon", "capital": "much"}', "[]", "{'strategy': 'gone'", '"text"')
    for params in unreadable:
        database.execute_db(
            "UPDATE analysis_jobs SET status = 'failed', error_code = 'job_unreadable', error = 'Made by another version.', "
            "params = :params WHERE id = :id",
            {"params": params, "id": job_id},
        )
        book = download(client, f"/reports/jobs/{job_id}.xlsx")
        assert pairs(book["Summary"])["Reason"] == "Made by another version."
        assert len(rows(book["Failures"])) == 1


def test_a_message_is_never_a_formula_and_never_breaks_the_file(client: Client) -> None:
    broken = {"a\x01b\x0cc\x1f": "a\ufffdb\ufffdc\ufffd", "\x02=1": "\ufffd=1", "line\nfeed": "line\nfeed", "\ufffe": "\ufffd"}
    messages = {**{message: message for message in DANGEROUS}, **broken}
    items = [Item(f"T{index:02}", "failed", None, "=code", message) for index, message in enumerate(messages)]
    answer = client.get(f"/reports/jobs/{make_job(items)}.xlsx")
    book = openpyxl.load_workbook(BytesIO(answer.data))
    for row, wanted in zip(book["Failures"].iter_rows(min_row=2), messages.values(), strict=True):
        code, message = row[4], row[5]
        assert (code.value, code.data_type, code.quotePrefix) == ("=code", "s", True)
        assert (message.value.lstrip(), message.data_type, message.hyperlink) == (wanted.lstrip(), "s", None)
        assert bool(message.quotePrefix) == wanted.startswith(("=", "+", "-", "@"))
    archive = zipfile.ZipFile(BytesIO(answer.data))
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"</row>" in whole
    assert not any(tag in whole for tag in (b"<f>", b"<f ", b"<hyperlink"))


def test_a_large_job_is_read_in_pages_without_loss(client: Client) -> None:
    results = [result["id"] for result in analysed(client).values()]
    items = [
        Item(f"T{index:05}", "failed", None, "internal_error", f"Number {index}.")
        if index % 7 == 0
        else Item(f"T{index:05}", "succeeded", results[index % 5])
        for index in range(1200)
    ]
    book = download(client, f"/reports/jobs/{make_job(items)}.xlsx")
    shown = rows(book["Verdicts"])
    assert [(row["Ticker"], row["Result id"]) for row in shown] == [
        (item.ticker, item.result_id) for item in items if item.status == "succeeded"
    ]
    assert all(row["Verdict"] for row in shown)
    assert [row["Message"] for row in rows(book["Failures"])] == [item.error for item in items if item.status == "failed"]


@pytest.mark.parametrize("count", [500, 501, 1000])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_job_that_fills_its_last_page(client: Client, count: int) -> None:
    items = [Item(f"T{index:05}", "cancelled") for index in range(count)]
    assert len(rows(download(client, f"/reports/jobs/{make_job(items)}.xlsx")["Failures"])) == count


def test_reports_are_for_their_organization(client: Client) -> None:
    from features.accounts.api_keys import create_key

    database.execute_db("INSERT INTO organizations (id, name, created_at) VALUES (2, 'Another', :created_at)", {"created_at": now()})
    _, other = create_key(database.current(), 2, "theirs")
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    job_id = make_job([Item("AAPL", "succeeded", result["id"])])
    for path, code in ((f"/reports/jobs/{job_id}.xlsx", "job_not_found"), ("/reports/analysis/AAPL.xlsx", "not_found")):
        assert client.get(path).status_code == 200
        answer = client.get(path, key=other)
        assert (answer.status_code, answer.json["code"]) == (404, code)
        assert client.get(path, key=None).status_code == 401
