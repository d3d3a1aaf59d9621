"""Excel reports: no file stays on disk, and the allowed content of cells."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from kit.paths import ROOT
from kit.reports import DANGEROUS, Item, analysed, download, make_job, pairs, rows
from kit.support import Client

import database
from features.reports.workbook import Column, write_workbook
from models.strategy import STRATEGIES

# ---- nothing is left --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def made_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The temporary folders that a test creates; at its end they must all be removed."""
    place = tmp_path / "temporary"
    place.mkdir()
    folders: list[str] = []
    make = tempfile.mkdtemp

    def remember(*arguments: Any, **options: Any) -> str:
        folders.append(make(*arguments, **options))
        return folders[-1]

    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(tempfile, "mkdtemp", remember)
    yield folders
    gc.collect()  # a file left open raises a ResourceWarning
    assert all(Path(folder).parent == place for folder in folders)
    assert list(place.iterdir()) == []


def test_nothing_is_left_on_disk(client: Client, made_folders: list[str]) -> None:
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    job_id = make_job([Item("AAPL", "succeeded", result["id"])])
    download(client, "/reports/analysis/AAPL.xlsx")
    download(client, f"/reports/jobs/{job_id}.xlsx")
    download(client, "/reports/results.xlsx")
    assert len(made_folders) == 3


def test_nothing_is_left_on_disk_when_writing_fails_half_way(client: Client, made_folders: list[str]) -> None:
    good, bad = (client.post("/analyze", {"ticker": ticker}).json["id"] for ticker in ("AAPL", "FB"))
    database.execute_db("UPDATE analysis_results SET body = '{}' WHERE id = :id", {"id": bad})
    items = [Item(f"T{index:04}", "succeeded", good) for index in range(600)]
    answer = client.get(f"/reports/jobs/{make_job([*items, Item('Z', 'succeeded', bad)])}.xlsx")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert len(made_folders) == 1


# ---- the screener -----------------------------------------------------------------------------------------------------------------


def test_the_report_of_the_screener_has_the_whole_filtered_list(client: Client) -> None:
    for strategy in ("balanced", "trend"):
        analysed(client, strategy=strategy)
    for ticker in ("AAPL", "IBM", "MSFT"):
        client.post("/watchlist", {"ticker": ticker})
    query = "universe=watchlist&max_score=0.9&sort=ticker"
    book = download(client, f"/reports/results.xlsx?{query}")
    assert book.sheetnames == ["Summary", "Balanced", "Trend following", "Filters"]
    wanted = sorted(client.get(f"/results?{query}").json["items"], key=lambda item: (item["strategy"], item["ticker"]))
    shown = rows(book["Balanced"]) + rows(book["Trend following"])
    assert len(shown) == len(wanted) == 6
    for row, item in zip(shown, wanted, strict=True):
        assert (row["Close"], row["Score"]) == pytest.approx((item["close"], item["score"]))
        assert (row["Ticker"], row["Name"], row["Strategy"], row["Verdict"], row["Signal"], row["Bars"], row["Result id"]) == (
            item["ticker"], item["name"], STRATEGIES[item["strategy"]].name, item["verdict"], item["signal"].capitalize(), item["bars"],
            item["id"],
        )  # fmt: skip
        assert row["As of"] == datetime.fromisoformat(item["as_of"])
        assert isinstance(row["Analysed (UTC)"], datetime)
    filters = pairs(book["Filters"])
    assert filters == {"Tickers": "on the watchlist", "Highest score": 0.9, "Sorted by": "Ticker, rising"}
    assert pairs(book["Summary"])["Results"] == 6
    assert (book["Balanced"].auto_filter.ref, book["Balanced"].freeze_panes) == ("A1:X4", "A2")


def test_the_report_of_the_screener_with_nothing_in_it(client: Client) -> None:
    book = download(client, "/reports/results.xlsx?q=NOPE")
    assert (rows(book["Results"]), pairs(book["Filters"])["Ticker or name starts with"]) == ([], "NOPE")
    assert client.get("/reports/results.xlsx?limit=5").json["code"] == "validation_error"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_ticker_in_the_report_of_the_screener_is_never_a_formula(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    for text in DANGEROUS:
        database.execute_db("UPDATE analysis_results SET ticker = :text", {"text": text})
        cell = download(client, "/reports/results.xlsx")["Balanced"]["A2"]
        assert (cell.value.lstrip(), cell.data_type, cell.hyperlink) == (text.lstrip(), "s", None)


# ---- a ticker's period ------------------------------------------------------------------------------------------------------------


def test_the_report_of_a_ticker_has_its_history(client: Client) -> None:
    days = ("2012-06-15", "2012-09-14", "2012-12-14")
    results = [client.post("/analyze", {"ticker": "AAPL", "as_of": day}).json for day in days]
    results.append(client.post("/analyze", {"ticker": "AAPL", "weights": {"rsi": 9}}).json)
    results.append(client.post("/analyze", {"ticker": "AAPL"}).json)
    client.post("/analyze", {"ticker": "AAPL", "strategy": "trend"})
    client.post("/analyze", {"ticker": "FB"})

    def history(query: str = "") -> list[dict[str, Any]]:
        return rows(download(client, f"/reports/analysis/AAPL.xlsx{query}")["History"])

    shown = history()
    assert [row["Result id"] for row in shown] == [result["id"] for result in results[::-1]]
    assert [row["Parameters"] for row in shown] == ["as the latest", "others than the latest", *["as the latest"] * 3]
    for row, result in zip(shown, results[::-1], strict=True):
        assert (row["Verdict"], row["As of"].date().isoformat()) == (result["verdict"], result["as_of"])
        assert row["Signal"] == result["signal"].capitalize()
        assert (row["Close"], row["Score"]) == pytest.approx((result["close"], result["score"]))
    for query, wanted in (
        ("?start=2012-09-14", results[1:]),
        ("?end=2012-09-14", results[:2]),
        ("?start=2012-09-01&end=2012-12-31", results[1:3]),
        ("?start=2014-01-01", []),
        ("?start=1999-09-01&end=1999-12-31", []),
    ):
        assert [row["Result id"] for row in history(query)] == [result["id"] for result in wanted[::-1]], query


def test_the_report_of_a_ticker_has_the_prices_of_a_period(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})

    def days(query: str) -> list[str]:
        return [row["Date"].date().isoformat() for row in rows(download(client, f"/reports/analysis/AAPL.xlsx?{query}")["Prices"])]

    for query in ("start=2005-01-01&end=2006-12-31", "start=2012-12-03", "end=2000-02-01", "start=2030-01-01", "end=1970-01-01"):
        assert days(query) == client.get(f"/prices/AAPL?{query}").json["dates"], query
    assert len(days("start=2005-01-01&end=2006-12-31")) > 250
    book = download(client, "/reports/analysis/AAPL.xlsx?end=2005-01-01")
    assert pairs(book["Summary"])["As of"].date().isoformat() == "2013-03-01"  # the newest result is shown all the same
    assert client.get("/reports/analysis/AAPL.xlsx?start=x").json["errors"][0]["field"] == "start"


# ---- cells ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param("", None, id="empty text"),
        pytest.param(math.nan, None, id="no number"),
        pytest.param(-math.inf, None, id="infinity"),
        pytest.param(0, 0, id="zero"),
        pytest.param(1e-9, 1e-9, id="small"),
        pytest.param(date(2013, 3, 1), datetime(2013, 3, 1), id="day"),  # noqa: DTZ001 — as Excel has it
        pytest.param(date(1899, 12, 31), "1899-12-31", id="day before the calendar"),
        pytest.param(datetime(2013, 3, 1, 12, 30, tzinfo=UTC), datetime(2013, 3, 1, 12, 30), id="moment"),  # noqa: DTZ001
        pytest.param("\ud800x", "\ufffdx", id="half a character"),
        pytest.param("x" * 40_000, "x" * 32_767, id="longer than a cell"),
        pytest.param("<r>" + "x" * 32_760 + "</r>" + "x" * 99, " <r>" + "x" * 32_760 + "</r", id="markup where it is cut off"),
    ],
)
def test_a_cell(value: Any, wanted: Any) -> None:
    file = write_workbook("x", lambda book: book.add_sheet("S", (Column("T", 9), Column("U", 9))).append("first", value))
    with file.content as content:
        assert openpyxl.load_workbook(content)["S"]["B2"].value == wanted


def test_the_web_process_starts_without_the_library() -> None:
    code = "import sys, app, features.reports.routes.direct; sys.exit('xlsxwriter' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
