"""The backtest of a ticker page: its rules, its curves and numbers beside buy-and-hold, its trades as a table and on the candles."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def slots_may_be_taken(watch: Watch) -> None:
    """A chart that the page before asked for may still be made: the answer is then 503, and the page asks again."""
    watch.expected.append("503")


def backtest(site: Site, **order: Any) -> Any:
    return site.api("POST", "/backtests", json={"ticker": "AAPL", **order}).json()


def run(open_page: Open, path: str = "/tickers/AAPL?tab=record", **options: Any) -> Page:
    page: Page = open_page(path, **options)
    settled(page)
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.get_by_role("heading", name="In numbers")).to_be_visible()
    return page


def test_its_numbers_curves_and_trades_are_those_of_the_api(open_page: Open, site: Site) -> None:
    page = run(open_page)
    made = backtest(site)
    own, hold = made["metrics"], made["benchmark"]["metrics"]
    row = page.locator("tr[data-metric=cagr] td")
    expect(row).to_have_text([f"{100 * each['cagr']['value']:+.2f}%" for each in (own, hold)])
    expect(page.locator("tr[data-metric=sharpe] td")).to_have_text([f"{each['sharpe']['value']:.2f}" for each in (own, hold)])
    for words in made["assumptions"]:
        expect(page.get_by_text(words)).to_be_visible()
    page.get_by_text("What these numbers mean").click()
    expect(page.get_by_text(own["sortino"]["definition"])).to_be_visible()
    picture = page.get_by_role("img", name=re.compile(f"became {made['equity']['values'][-1]:,.0f} by the strategy"))
    expect(picture).to_be_visible()
    page.get_by_text("The curves as a table").click()
    years = {day[:4] for day in made["equity"]["dates"]}
    expect(page.get_by_role("table", name="What each year brought").locator("tbody tr")).to_have_count(len(years))
    trades = page.get_by_role("table", name=re.compile("^Trades on AAPL")).locator("tbody tr")
    expect(trades).to_have_count(10)
    page.get_by_role("button", name=re.compile("Show all")).click()
    expect(trades).to_have_count(len(made["trades"]))
    expect(trades.first).to_contain_text(f"{100 * made['trades'][-1]['return']:+.2f}%")
    with page.expect_download() as download:
        page.locator("#trades-csv").click()
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert len(rows) == 1 + len(made["trades"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the backtest as Excel").click()
    assert download.value.suggested_filename.startswith("bellwether-backtest-AAPL-")


def test_rules_are_sent_and_wrong_ones_are_told_beside_the_form(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    start = page.get_by_role("button", name="Run the backtest")
    trouble = page.locator("section[aria-labelledby=backtest-title] [role=alert]")
    page.get_by_label("Cost of a round trip").fill("")
    start.click()
    expect(trouble).to_contain_text("Cost: a number of basis points from 0 to 1000")
    expect(page.get_by_label("Cost of a round trip")).to_be_focused()
    page.get_by_label("Cost of a round trip").fill("50")
    page.get_by_label("From", exact=True).fill("2010-01-01")
    page.get_by_label("To", exact=True).fill("2009-01-01")
    start.click()
    expect(trouble).to_contain_text("The first day is after the last.")
    page.get_by_label("To", exact=True).fill("2012-01-03")
    page.get_by_label("Trades", exact=True).select_option("long_short")
    page.get_by_label("With stops and targets").uncheck()
    start.click()
    made = backtest(site, cost_bp=50, side="long_short", stops=False, start="2010-01-01", end="2012-01-03")
    expect(page.locator("tr[data-metric=total_return] td").first).to_have_text(f"{100 * made['metrics']['total_return']['value']:+.2f}%")
    expect(trouble).to_have_text("")
    expect(start).to_be_focused()
    expect(page.get_by_text("sold short").first).to_be_visible()


def test_trades_are_switched_on_the_candles(open_page: Open, site: Site) -> None:
    page = run(open_page)
    made = backtest(site)
    marks = sum(1 if trade["open"] else 2 for trade in made["trades"])
    page.get_by_role("button", name="Show the trades on the chart").click()
    expect(page.get_by_role("tab", name="Analysis")).to_be_focused()
    expect(page.locator("#chart")).to_have_attribute("data-trade-marks", str(marks))
    toggle = page.get_by_role("button", name="Trades of a backtest")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert "show=levels%2Ctrade%2Ctrades" in page.url
    page.get_by_role("radio", name="Weekly target").check()
    weekly = backtest(site, strategy="weekly")
    expect(page.locator("#chart")).to_have_attribute("data-trade-marks", str(sum(1 if trade["open"] else 2 for trade in weekly["trades"])))
    toggle.click()
    expect(page.locator("#chart")).to_have_attribute("data-trade-marks", "0")
    page.get_by_role("tab", name="Record").click()
    # The chart has asked for the backtest of this strategy, so it is here as well.
    expect(page.locator("tr[data-metric=total_return] td").first).to_have_text(f"{100 * weekly['metrics']['total_return']['value']:+.2f}%")


def test_what_cannot_be_traded_says_why(open_page: Open, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    page.get_by_label("From", exact=True).fill("2040-01-01")
    page.get_by_role("button", name="Run the backtest").click()
    expect(page.locator("section[aria-labelledby=backtest-title] [role=alert]")).not_to_have_text("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_fits_a_phone_and_is_printed(open_page: Open, scheme: str) -> None:
    page = run(open_page, color_scheme=scheme)
    for folded in page.locator("#backtest-outcome details.folded > summary").all():
        folded.click()
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="In numbers")).to_be_visible()
    expect(page.get_by_role("button", name="Run the backtest")).to_be_hidden()
