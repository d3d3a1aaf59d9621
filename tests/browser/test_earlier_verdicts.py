"""What an earlier tool said, on the page of its ticker: a fold that is not there for tickers of which it said nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, settled
from kit.earlier_tool import FIRST, INDICATORS, write_file
from kit.people import flask
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}
HOSTILE = '"><img src=x onerror="document.title=1">'


def said(ticker: str, number: int, **more: Any) -> dict[str, Any]:
    """A row of the earlier tool."""
    row = {"score": 0.31, "verdict": "BUY", "entry": 270.5, "stop_loss": 259.7, "target": 292.1, "raw_data": str(INDICATORS)}
    return {"ticker": ticker, **row, "created_at": f"2025-10-{number:02}T09:15:00", **more}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    """A site into which a database of the earlier tool was imported."""
    folder = tmp_path_factory.mktemp("earlier")
    site = start_on_sample(folder)
    rows = [said("AAPL", number) for number in range(1, 13)]
    rows += [said("AAPL", 20, verdict="Sell", score=-0.4, raw_data=str([{"name": HOSTILE}])), said("GONE.NS", 1)]
    flask(site, "import-legacy", str(write_file(folder / "earlier.db", FIRST, {"analysis_results": rows})))
    yield site
    site.stop()


def test_they_are_unfolded_with_what_was_kept_beside_them(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL", at=site, color_scheme="light")
    settled(page)
    fold = page.locator(".earlier-verdicts")
    expect(fold.get_by_role("table")).to_be_hidden()
    fold.locator("> summary").focus()
    page.keyboard.press("Enter")
    expect(fold).to_contain_text("They are no results of this engine")
    newest = fold.locator("tbody tr").first
    expect(newest).to_contain_text("Sell")
    expect(newest).to_contain_text("-0.40")
    expect(newest).to_contain_text("292.10")
    fold.locator("tbody summary").first.click()
    expect(fold.locator("pre")).to_contain_text("onerror")
    assert page.locator("main img").count() == 0
    expect(fold.locator("tbody th")).to_have_count(10)
    fold.get_by_role("button", name="Load more").click()
    expect(fold.locator("tbody th")).to_have_count(13)
    expect(fold.locator("tbody th").nth(10)).to_be_focused()
    expect(fold.get_by_role("button", name="Load more")).to_be_hidden()
    assert serious(page) == []


def test_they_are_there_without_prices(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("404")
    page = open_page("/tickers/GONE.NS", at=site, color_scheme="dark", viewport=PHONE)
    settled(page)
    expect(page.get_by_text("No prices for GONE.NS")).to_be_visible()
    page.locator(".earlier-verdicts > summary").click()
    expect(page.locator(".earlier-verdicts tbody tr").first).to_contain_text("Buy")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []


def test_other_tickers_have_no_fold(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/IBM", at=site)
    settled(page)
    expect(page.locator(".earlier-verdicts")).to_have_count(0)
