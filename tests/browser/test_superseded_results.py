"""Results of prices that were replaced as one: marked by a word, and run again by a button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, settled
from kit.servers import wait_until
from kit.watchlist import analyse, follow, rising
from playwright.sync_api import expect

from tools.price_files import price_files

TICKERS = ("AAPL", "MSFT")  # of the sample, whose prices the provider's replace


@pytest.fixture
def replaced(tmp_path: Path, start_own_site: StartSite) -> Iterator[Site]:
    """A server on which the prices of followed and analysed tickers have been replaced."""
    with price_files(TICKERS, rising(300, last=1).encode()) as address:
        own = start_own_site(tmp_path, LOCAL_WORKERS="1", PRICE_PROVIDERS="csv_url", CSV_URL_TEMPLATE=address)
        follow(own, *TICKERS, "IBM")
        for ticker in TICKERS:
            analyse(own, ticker)
        job = own.api("POST", "/refresh", json={"tickers": list(TICKERS)}).json()
        wait_until(lambda: own.api("GET", f"/jobs/{job['id']}").json()["status"] == "completed")
        yield own


def row_of(page: Any, ticker: str) -> Any:
    return page.locator("tbody tr", has=page.get_by_text(ticker, exact=True)).first


def test_superseded_verdicts_are_marked_and_run_again(open_page: Open, replaced: Site) -> None:
    for path in ("/", "/screener"):
        for scheme in ("light", "dark"):
            phone = open_page(path, at=replaced, viewport={"width": 390, "height": 844}, color_scheme=scheme)
            expect(phone.locator(".badge.superseded").first).to_be_visible()
            settled(phone)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 390
            assert serious(phone) == []
    page = open_page("/", at=replaced)
    for ticker in TICKERS:
        expect(row_of(page, ticker).locator(".superseded")).to_have_text("Superseded")
    expect(row_of(page, "IBM").locator(".superseded")).to_have_count(0)
    expect(page.get_by_role("button", name="2 verdicts superseded")).to_be_visible()
    again = page.get_by_role("button", name="Run again")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".badge.superseded")).to_have_count(0)
    expect(page.get_by_role("button", name="2 verdicts superseded")).to_have_count(0)
    expect(page.get_by_role("button", name="verdict changed")).to_have_count(0)
    screener = open_page("/screener?strategy=balanced", at=replaced)
    expect(row_of(screener, "AAPL")).to_be_visible()
    expect(screener.locator(".badge.superseded")).to_have_count(0)


def test_the_history_of_a_ticker_marks_them(open_page: Open, replaced: Site) -> None:
    page = open_page("/tickers/AAPL", at=replaced)  # which analyses it
    rows = page.locator(".verdict-history tbody tr")
    expect(rows.first.locator(".superseded")).to_have_count(0)
    expect(page.locator(".verdict-history .superseded")).to_have_count(1)
    page.locator("#history").get_by_role("button", name="Run again").click()
    expect(page.get_by_text("Nothing is to be run again")).to_be_visible()
