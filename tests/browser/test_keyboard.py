"""The keyboard: one Tab stop a row, and arrow keys within the rows. Messages in the corner neither pile up nor vanish under the pointer."""

from __future__ import annotations

from typing import Any

import pytest
from kit.browser import Open, Site
from playwright.sync_api import expect

FOCUSED = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


@pytest.fixture
def three(site: Site) -> Any:
    """Three followed tickers."""
    for ticker in ("AAPL", "GOOG", "IBM"):
        site.api("POST", "/watchlist", json={"ticker": ticker})
    yield
    for ticker in ("AAPL", "GOOG", "IBM"):
        site.api("DELETE", f"/watchlist/{ticker}")


@pytest.mark.usefixtures("three")
def test_a_row_is_one_tab_stop_and_the_arrows_go_on(open_page: Open) -> None:
    page = open_page("/")
    page.locator('tr[data-ticker="AAPL"] a').first.focus()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "GOOG"
    page.keyboard.press("End")
    last = page.evaluate(FOCUSED)
    assert "GOOG" in last
    assert last != "GOOG"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED) == last.replace("GOOG", "IBM")
    page.keyboard.press("Home")
    assert page.evaluate(FOCUSED) == "IBM"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert "GOOG" in page.evaluate(FOCUSED)
    assert page.evaluate(FOCUSED) != "GOOG"
    # The row remembers: Tab goes on to the next row, and back to the control that was left.
    here = page.evaluate(FOCUSED)
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == here


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("path", ["/", "/screener", "/tasks", "/reports"])
def test_every_row_has_exactly_one_tab_stop(open_page: Open, path: str) -> None:
    page = open_page(path)
    expect(page.locator("main tbody tr").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    stops = """[...document.querySelectorAll('main tbody tr')].filter((row) => row.querySelector('a[href], button:not(:disabled)'))
      .map((row) => [...row.querySelectorAll('a[href], button:not(:disabled)')].filter((control) => control.tabIndex === 0).length)"""
    assert set(page.evaluate(stops)) == {1}


def test_messages_do_not_pile_up(open_page: Open) -> None:
    page = open_page("/tasks")
    say = """async (texts) => {
      const { notify } = await import(document.querySelector('script[src*="/js/shell.js"]').src.replace("shell.js", "notices.js"));
      for (const text of texts) notify(text);
    }"""
    notices = page.locator("#notices .notice")
    page.evaluate(say, ["One", "One", "One"])
    expect(notices).to_have_count(1)
    page.evaluate(say, ["Two", "Three", "Four"])
    expect(notices.locator("span")).to_have_text(["Two", "Three", "Four"])
    page.get_by_role("button", name="Close: Three").click()
    expect(notices.locator("span")).to_have_text(["Two", "Four"])
