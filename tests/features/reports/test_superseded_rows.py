"""Files that list results mark those whose prices were replaced as one."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from kit.companies import BARS, Company
from kit.jobs import run_jobs
from kit.market import Market, trading
from kit.reports import download, pairs, rows
from kit.support import Client

import database
from features.prices.refresh import Refresher
from models.series_fetch import RefreshOutcome
from utils.clock import now

AT = BARS - 15  # the bar of a split


@pytest.fixture
def job(client: Client) -> str:
    """A job that analysed two companies, of which the prices of ACME were replaced since."""
    market = Market({"ACME": Company(3, splits=((AT, 2.0),)), "GLOBEX": Company(4)}, AT - 1)
    with trading(market, "tiingo") as own:
        # With the clock of the analyses, by which the results of before a replacement are known.
        refresher = Refresher(database.current(), own.configured, now)
        for ticker in market.companies:
            assert refresher.refresh(ticker).outcome is RefreshOutcome.NEW
        asked = client.post("/bulk-analyze", {"tickers": ["ACME", "GLOBEX"]}).json
        run_jobs()
        market.evening = AT + 1
        assert refresher.refresh("ACME", force=True).outcome is RefreshOutcome.REPLACED
    return str(asked["id"])


def marks(sheet: Any) -> dict[str, str | None]:
    return {row["Ticker"]: row["Superseded"] for row in rows(sheet)}


def test_workbooks_mark_superseded_results(client: Client, job: str) -> None:
    expected = {"ACME": "Superseded", "GLOBEX": None}
    assert marks(download(client, f"/reports/jobs/{job}.xlsx")["Verdicts"]) == expected
    assert marks(download(client, "/reports/results.xlsx")["Balanced"]) == expected
    assert marks(download(client, "/reports/results.xlsx?columns=ticker,superseded")["Balanced"]) == expected
    for ticker, mark in expected.items():
        book = download(client, f"/reports/analysis/{ticker}.xlsx")
        assert [row["Superseded"] for row in rows(book["History"])] == [mark]
        assert ("Superseded" in pairs(book["Summary"])) == (mark is not None)
    client.post("/analyze", {"ticker": "ACME"})
    book = download(client, "/reports/analysis/ACME.xlsx")
    assert [row["Superseded"] for row in rows(book["History"])] == [None, None, "Superseded"], "its day is told anew, too"
    assert "Superseded" not in pairs(book["Summary"])


@pytest.mark.parametrize("query", ["", "?columns=ticker,superseded", "?limit=50"])
def test_csv_files_mark_superseded_results(client: Client, job: str, query: str) -> None:
    text = client.get(f"/results{query}", headers={"Accept": "text/csv"}).text
    assert {row["ticker"]: row["superseded"] for row in csv.DictReader(text.splitlines())} == {"ACME": "true", "GLOBEX": "false"}
