"""The summaries of the Excel reports: counts with a chart, what changed, what failed, what the Buys cost, days and engines."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from datetime import date, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from kit.jobs import csv_of
from kit.reports import DANGEROUS, TICKERS, Item, analysed, download, make_job
from kit.support import Client

import database
from analysis.engine import ENGINE_VERSION
from features.reports import summary as summary_sheet
from models.analysis import Verdict
from models.day_text import day_text
from models.strategy import STRATEGIES


def section(sheet: Any, title: str) -> list[list[Any]]:
    """The rows below the heading that starts with `title`, up to an empty row."""
    lines = [list(row) for row in sheet.iter_rows(values_only=True)]
    start = next(index for index, line in enumerate(lines) if str(line[0] or "").startswith(title))
    below = lines[start + 1 :]
    end = next((index for index, line in enumerate(below) if line[0] is None), len(below))
    return below[:end]


def verdicts_of(sheet: Any) -> dict[str, int]:
    return {line[0]: line[1] for line in section(sheet, "Verdicts")}


def job_of(results: dict[str, Any], *more: Item, **params: Any) -> str:
    return make_job([*(Item(ticker, "succeeded", result["id"]) for ticker, result in results.items()), *more], params)


def test_a_job_is_summed_up(client: Client) -> None:
    results = analysed(client, strategy="trend")
    database.execute_db("UPDATE price_series SET name = 'Apple Inc.' WHERE ticker = 'AAPL'")
    bad = Item("BAD", "failed", None, "ticker_not_found", "There are no prices for BAD.")
    sheet = download(client, f"/reports/jobs/{job_of(results, bad, strategy='trend')}.xlsx")["Summary"]
    counts = Counter(result["verdict"] for result in results.values())
    assert verdicts_of(sheet) == {verdict: counts[verdict] for verdict in Verdict}
    assert [line[2] for line in section(sheet, "Verdicts")] == pytest.approx([counts[verdict] / 5 for verdict in Verdict])
    buys = [result["trade"] for result in results.values() if result["verdict"] in ("Buy", "Strong Buy")]
    assert buys
    value, risk = (sum(trade[key] for trade in buys) for key in ("position_value", "risk_amount"))
    (cost,) = section(sheet, "If every Buy were bought, with a capital of 100,000 for each strategy")
    assert cost[:2] == ["Trend following", len(buys)]
    assert cost[2:] == pytest.approx([value, value / 100_000, risk, risk / 100_000])
    assert section(sheet, "Failed: 1") == [["BAD", None, "There are no prices for this ticker", None, None, "There are no prices for BAD."]]
    facts = {line[0]: line[1:3] for line in sheet.iter_rows(values_only=True) if line[0]}
    assert facts["As of"] == (datetime(2013, 3, 1), "5 results")  # noqa: DTZ001 — as Excel has it
    assert facts["Engine version"][0] == f"{ENGINE_VERSION} (5)"
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
        "landscape",
        0,
        True,
    )


def test_a_job_says_what_changed(client: Client) -> None:
    lines = client.get("/prices/AAPL", headers={"Accept": "text/csv"}).data.splitlines(keepends=True)
    client.put("/prices/MINE", b"".join(lines[:500]))
    before = client.post("/analyze", {"ticker": "MINE", "strategy": "reversion"}).json
    after = None
    for bars in range(510, 800, 10):
        client.put("/prices/MINE", b"".join(lines[:bars]))
        after = client.post("/analyze", {"ticker": "MINE", "strategy": "reversion"}).json
        if after["verdict"] != before["verdict"]:
            break
        before = after
    assert after is not None
    assert after["verdict"] != before["verdict"]
    book = download(client, f"/reports/jobs/{job_of({'MINE': after}, strategy='reversion')}.xlsx")
    (line,) = section(book["Summary"], "Changed verdicts: 1")
    assert line == ["MINE", None, before["verdict"], after["verdict"], pytest.approx(after["score"]), "Mean reversion"]
    assert book["Verdicts"]["G2"].value == before["verdict"]
    listed = download(client, "/reports/results.xlsx?q=MINE")["Summary"]
    assert section(listed, "Changed verdicts: 1") == [line]
    summary = {row[0]: row[1] for row in download(client, "/reports/analysis/MINE.xlsx?strategy=reversion")["Summary"].values}
    assert summary["Verdict before"] == f"{before['verdict']}, until {day_text(date.fromisoformat(after['as_of']))}"


def test_the_list_is_summed_up(client: Client) -> None:
    client.put("/prices/SHORT", csv_of(20))
    client.post("/watchlist", {"ticker": "SHORT"})
    for strategy in ("balanced", "weekly"):
        analysed(client, strategy=strategy)
        client.post("/analyze", {"ticker": "SHORT", "strategy": strategy})
    book = download(client, "/reports/results.xlsx?sort=score")
    assert book.sheetnames == ["Summary", "Balanced", "Weekly target", "Filters"]
    sheet = book["Summary"]
    items = client.get("/results?limit=100").json["items"]
    counts = Counter(item["verdict"] for item in items)
    assert verdicts_of(sheet) == {verdict: counts[verdict] for verdict in Verdict}
    buys = [client.get(f"/results/{item['id']}").json for item in items if item["signal"] == "BUY"]
    for name, _, value, *_ in section(sheet, "If every Buy"):
        assert value == pytest.approx(sum(buy["trade"]["position_value"] for buy in buys if STRATEGIES[buy["strategy"]].name == name))
    failed = section(sheet, "Failed: 2")
    assert [(line[0], line[2]) for line in failed] == [("SHORT", "There are too few prices")] * 2
    assert [line[5].split(":")[0] for line in failed] == ["Balanced", "Weekly target"]
    assert section(download(client, "/reports/results.xlsx?q=AA")["Summary"], "Failed: 0") == []


def test_the_verdicts_are_drawn_in_their_colours(client: Client) -> None:
    results = analysed(client)
    for path in (f"/reports/jobs/{job_of(results)}.xlsx", "/reports/results.xlsx"):
        archive = zipfile.ZipFile(BytesIO(client.get(path).data))
        chart = archive.read("xl/charts/chart1.xml").decode()
        (first, last) = re.findall(r"<c:val><c:numRef><c:f>Summary!\$B\$(\d+):\$B\$(\d+)", chart)[0]
        sheet = openpyxl.load_workbook(BytesIO(client.get(path).data))["Summary"]
        assert [sheet.cell(row, 1).value for row in range(int(first), int(last) + 1)] == list(Verdict)
        colours = re.findall(r'<c:dPt>.*?<a:srgbClr val="(\w+)"/>', chart)
        assert colours == [background.strip("#") for background, _ in summary_sheet.VERDICT_COLOURS.values()]
        assert 'descr="How many results have each verdict"' in archive.read("xl/drawings/drawing1.xml").decode()


def test_a_long_section_says_how_many_more_there_are(client: Client) -> None:
    count = summary_sheet.MOST_LISTED + 7
    items = [Item(f"T{index:05}", "failed", None, "internal_error", f"Number {index}.") for index in range(count)]
    book = download(client, f"/reports/jobs/{make_job(items)}.xlsx")
    lines = section(book["Summary"], f"Failed: {count}")
    assert len(lines) == summary_sheet.MOST_LISTED + 1
    assert lines[-1][0] == "and 7 more on the other sheets"
    assert book["Failures"].max_row == count + 1


def test_the_list_has_the_chosen_columns(client: Client) -> None:
    analysed(client)
    book = download(client, "/reports/results.xlsx?columns=ticker,vote_macd,closes,distance_percent&sort=-rsi&votes=macd:sell")
    header, *lines = book["Balanced"].iter_rows(values_only=True)
    assert header == ("Ticker", "MACD 12,26,9 vote", "Advice", "Distance to the entry, %")
    items = client.get("/results?sort=-rsi&votes=macd:sell").json["items"]
    assert [line[0] for line in lines] == [item["ticker"] for item in items]
    assert {line[1] for line in lines} == {"Sell"}
    filters = dict(book["Filters"].iter_rows(min_row=2, values_only=True))
    assert filters == {"Tickers": "all", "Votes": "MACD 12,26,9 Sell", "Sorted by": "RSI 14, falling"}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_names_are_text_on_every_sheet(client: Client) -> None:
    results = analysed(client)
    job_id = job_of(results)
    for name in DANGEROUS:
        database.execute_db("UPDATE price_series SET name = :name", {"name": name})
        for path, sheet in ((f"/reports/jobs/{job_id}.xlsx", "Verdicts"), ("/reports/results.xlsx", "Balanced")):
            answer = client.get(path)
            cell = openpyxl.load_workbook(BytesIO(answer.data))[sheet]["B2"]
            assert (cell.value.lstrip(), cell.data_type, cell.hyperlink) == (name.lstrip(), "s", None)
    assert len(TICKERS) == len(results)


def test_a_listed_sell_has_advice_and_no_plan(client: Client) -> None:
    analysed(client)
    header, *lines = download(client, "/reports/results.xlsx")["Balanced"].iter_rows(values_only=True)
    shown = {line[0]: dict(zip(header, line, strict=True)) for line in lines}
    for item in client.get("/results").json["items"]:
        row = shown[item["ticker"]]
        assert (row["Signal"], row["Before"]) == (item["signal"].capitalize(), "First analysis")
        plan = [row[title] for title in ("Distance to the entry, %", "Entry", "Stop", "Target")]
        if item["signal"] == "BUY":
            assert plan == pytest.approx([item[key] for key in ("distance_percent", "entry", "stop_loss", "target")])
        else:
            assert plan == [None] * 4
    advice = {"Sell": "Sell what you own; else stay out.", "Hold": "Hold what you own; there is no trade to make."}
    told = {(row["Signal"], row["Advice"].removeprefix("Update the prices first. ")) for row in shown.values() if row["Signal"] in advice}
    assert told == {("Sell", advice["Sell"])}
    buy = shown["MSFT"]
    assert buy["Advice"] == f"Update the prices first. Wait for {buy['Entry']:,.2f} with a stop order."
