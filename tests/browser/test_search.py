"""The search in the header takes tickers and names of companies, by keyboard and by pointer."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch
from playwright.sync_api import expect

PRICES = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2025-09-{day:02},10,11,9,10.5,{day}\n" for day in range(1, 31))


def search_field(page: Any) -> Any:
    return page.get_by_role("combobox", name="Search for a ticker or a company")


def test_a_name_leads_to_its_ticker(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    search_field(page).press_sequentially("apple")
    option = page.get_by_role("option", name="AAPL Apple Inc.")
    expect(option).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("ArrowDown")
    assert search_field(page).get_attribute("aria-activedescendant") == option.get_attribute("id")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/tickers/AAPL"))


@pytest.mark.parametrize(("typed", "presses"), [("ibm", 1), ("microsoft", 1), ("inc", 2)])
def test_enter_takes_the_exact_ticker_the_only_fit_or_marks_the_best(open_page: Open, site: Site, typed: str, presses: int) -> None:
    page = open_page("/tasks")
    search_field(page).fill(typed)
    for _ in range(presses - 1):
        page.keyboard.press("Enter")
        expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
        assert page.url == site.url("/tasks")
    page.keyboard.press("Enter")
    page.wait_for_url({"ibm": site.url("/tickers/IBM"), "microsoft": site.url("/tickers/MSFT"), "inc": "**/tickers/*"}[typed])


def test_an_exact_ticker_is_found_among_many_that_fit_better_by_the_alphabet(open_page: Open, site: Site, watch: Watch) -> None:
    """The service lists by ticker: more than it lists at once come before the one that was typed."""
    watch.expected.append("422")  # thirty bars are too few to be analysed
    for number in range(55):
        site.api("PUT", f"/prices/ZQ{number:02}", data=PRICES, headers={"Content-Type": "text/csv"})
    site.api("PUT", "/prices/ZQ99X", data=PRICES, headers={"Content-Type": "text/csv"})
    page = open_page("/tasks")
    search_field(page).fill("zq")
    expect(page.locator("#ticker-search-note")).to_have_text("The best 8 of 50 or more")
    search_field(page).fill("ZQ99X")
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/tickers/ZQ99X"))


def test_what_is_unknown_is_said_with_a_way_on(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    search_field(page).fill("nosuch")
    page.keyboard.press("Enter")
    popup = page.locator("#ticker-search-popup")
    expect(popup).to_contain_text("No ticker begins with “NOSUCH”, and no name has it. No provider of prices is configured.")
    assert page.url == site.url("/tasks")
    page.keyboard.press("Tab")
    expect(popup.get_by_role("link", name="Upload prices for NOSUCH")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    expect(popup).to_be_hidden()


def test_a_search_that_fails_says_so(open_page: Open, watch: Watch) -> None:
    watch.expected.append("503")
    page = open_page("/tasks")
    problem = '{"code":"unavailable","title":"Not now","status":503,"detail":"The database does not answer right now."}'
    page.route("**/api/v1/tickers?**", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem))
    search_field(page).fill("apple")
    expect(page.locator("#ticker-search-note")).to_have_text("The database does not answer right now.")


def test_what_was_asked_before_does_not_come_after(open_page: Open) -> None:
    """An answer that comes late is dropped."""
    page = open_page("/tasks")
    held: list[Any] = []
    page.route("**/api/v1/tickers?q=A&**", lambda route: held.append(route))  # noqa: PLW0108 — Playwright marks the function that it is given
    with page.expect_request("**/api/v1/tickers?q=A&**"):
        search_field(page).fill("a")
    search_field(page).fill("ibm")
    expect(page.locator("#ticker-suggestions [role=option]")).to_have_count(1)
    assert page.evaluate("performance.getEntriesByType('resource').length") > 0
    held[0].abort()
    expect(page.get_by_role("option", name="IBM")).to_be_visible()
    expect(page.locator("#ticker-suggestions [role=option]")).to_have_count(1)
