"""How new prices are: the same word and sentence on every page that shows a ticker's prices, also on a phone and in the dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, settled
from kit.freshness import expectation_of, file_behind
from kit.watchlist import analyse, follow, store, unfollow_all
from playwright.sync_api import expect

STATES = {"FRESH.L": ("Fresh", 0), "LATE.L": ("2 days late", 2), "OLD.L": ("Old", 9), "NOWHERE": ("1 day late", 1)}
PAGES = ("/", "/screener?columns=close", "/screener?columns=verdict,score", "/prices")


@pytest.fixture(scope="module")
def stored(site: Site) -> Iterator[Site]:
    """Followed and analysed tickers of every freshness."""
    unfollow_all(site)
    follow(site, *STATES, "NOSUCH")
    for ticker, (_, behind) in STATES.items():
        store(site, ticker, file_behind(ticker, behind))
        analyse(site, ticker)
    yield site
    unfollow_all(site)
    for ticker in STATES:
        site.api("DELETE", f"/prices/{ticker}")


def row_of(page: Any, ticker: str) -> Any:
    return page.locator("tbody tr", has=page.get_by_text(ticker, exact=True)).first


@pytest.mark.parametrize("path", PAGES)
def test_each_row_says_how_new_its_prices_are(open_page: Open, stored: Site, path: str) -> None:
    page = open_page(path)
    for ticker, (words, _) in STATES.items():
        expect(row_of(page, ticker).locator(".freshness")).to_have_text(words)
    colours = {
        row_of(page, ticker).locator(".freshness").evaluate("(badge) => getComputedStyle(badge).color") for ticker in list(STATES)[:3]
    }
    assert len(colours) == 3
    assert "2 trading days of the exchange XLON have passed since" in row_of(page, "LATE.L").locator(".freshness").get_attribute("title")
    assert "1 weekday has passed since" in row_of(page, "NOWHERE").locator(".freshness").get_attribute("title")


def test_the_overview_says_nothing_new_of_a_ticker_without_prices_and_counts_old_ones(open_page: Open, stored: Site) -> None:
    page = open_page("/")
    expect(row_of(page, "OLD.L").locator(".freshness")).to_have_count(1)
    expect(row_of(page, "NOSUCH").locator(".freshness")).to_have_count(0)
    expect(page.get_by_role("button", name="1 has old prices")).to_be_visible()


@pytest.mark.parametrize("ticker", STATES)
def test_the_page_of_a_ticker_says_it_at_the_top(open_page: Open, stored: Site, ticker: str) -> None:
    page = open_page(f"/tickers/{ticker}")
    expect(page.locator("#freshness .freshness")).to_have_text(STATES[ticker][0])


def test_the_stored_prices_of_a_ticker_say_it_in_a_sentence(open_page: Open, stored: Site) -> None:
    page = open_page("/prices?ticker=LATE.L", locale="en-GB")
    newest = expectation_of("LATE.L").newest
    sentence = rf"2 days late The newest prices are of .+\. 2 trading days .+ XLON have passed since, the last on {newest.day} "
    expect(page.locator(".quality .facts")).to_contain_text(re.compile(sentence))


@pytest.mark.parametrize("path", [*PAGES, "/tickers/OLD.L"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_badges_fit_a_phone_and_can_be_read(open_page: Open, stored: Site, path: str, scheme: str) -> None:
    page = open_page(path, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    expect(page.locator(".freshness").first).to_be_visible()
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []
