"""The keyboard: one Tab stop a row, and arrow keys within the rows. Messages in the corner neither pile up nor vanish under the pointer."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, settled
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
    settled(page)
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


# ---- keys of every page -----------------------------------------------------------------------------------------------------------


def test_letters_go_to_pages_and_slash_searches(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    for letter, path in {
        "s": "/screener",
        "r": "/reports",
        "p": "/prices",
        "u": "/universes",
        "c": "/schedules",
        "h": "/channels",
        "l": "/pipelines",
        "n": "/news",
        "b": "/alerts",
        "d": "/diagnostics",
        "t": "/tasks",
        "o": "/",
    }.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(site.url(path))
        settled(page)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search for a ticker or a company")).to_be_focused()
    page.keyboard.type("?gt/")  # in a field they are letters
    expect(page.get_by_role("combobox", name="Search for a ticker or a company")).to_have_value("?gt/")
    assert page.url == site.url("/")


def test_the_list_of_keys_is_accessible_and_switches_them_off(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Go to Diagnostics")
    assert serious(page) == []
    page.keyboard.press("g")
    page.keyboard.press("s")  # nothing behind a dialog answers
    dialog.get_by_label("Use the shortcuts of a single key").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_label("Use the shortcuts of a single key").check()
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press("Control+g")
    page.keyboard.press("s")  # a key of the browser's own is no beginning
    assert page.url == site.url("/tasks")


@pytest.mark.parametrize("path", ["/", "/diagnostics"])
def test_every_page_is_reached_on_a_phone(open_page: Open, site: Site, path: str) -> None:
    page = open_page(path, color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    menu = page.get_by_role("button", name="Menu")
    expect(page.get_by_role("link", name="Reports")).to_be_hidden()
    menu.focus()
    page.keyboard.press("Enter")
    for name in ("Overview", "Screener", "Tasks", "Reports", "Prices", "Universes", "Evidence", "Diagnostics"):
        expect(page.get_by_role("navigation").get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Reports")).to_be_hidden()
    expect(menu).to_be_focused()
    menu.click()
    page.get_by_role("navigation").get_by_role("link", name="Prices").click()
    page.wait_for_url(site.url("/prices"))


def test_rarer_pages_are_behind_one_button(open_page: Open, site: Site) -> None:
    page = open_page("/")
    more = page.get_by_role("button", name="More", exact=True)
    news = page.get_by_role("navigation").get_by_role("link", name="News")
    expect(news).to_be_hidden()
    more.focus()
    page.keyboard.press("Enter")
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(news).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(news).to_be_hidden()
    expect(more).to_be_focused()
    more.click()
    page.locator("h1").click()
    expect(news).to_be_hidden()
    more.click()
    news.click()
    page.wait_for_url(site.url("/news"))
    expect(news).to_be_visible()
    expect(news).to_have_attribute("aria-current", "page")
