"""On paper: A4, without what can only be pressed, whole tables; and on wide screens, the room is used."""

from __future__ import annotations

import re

import pytest
from kit.browser import Open, Site, settled
from playwright.sync_api import expect

A4_WIDTH = 703  # CSS pixels between the margins
PAGES = ("/", "/tickers/AAPL", "/screener", "/tasks", "/reports", "/prices", "/diagnostics")


@pytest.mark.parametrize("path", PAGES)
def test_a_printed_page_has_what_was_read_and_nothing_to_press(open_page: Open, site: Site, path: str) -> None:
    site.api("POST", "/watchlist", json={"ticker": "AAPL"})
    page = open_page(path, color_scheme="dark")
    settled(page)
    page.set_viewport_size({"width": A4_WIDTH, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("h1").first).to_be_visible()
    pressed = (
        "[...document.querySelectorAll('button, input, select, textarea')].filter((one) => one.checkVisibility() && !one.closest('th'))"
    )
    assert page.evaluate(f"{pressed}.map((one) => one.outerHTML)") == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tables = "[...document.querySelectorAll('main table')].filter((one) => one.checkVisibility())"
    assert page.evaluate(f"{tables}.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.className)") == []


def test_a_print_says_of_when_it_is(open_page: Open) -> None:
    page = open_page("/screener", timezone_id="Europe/Zurich", locale="de-DE")
    settled(page)
    assert len(page.pdf(prefer_css_page_size=True)) > 1000  # which fires what printing fires
    printed = page.locator("#printed").text_content()
    assert re.fullmatch(r", 127\.0\.0\.1:\d+/screener, printed \d{1,2} \w{3,4} \d{4}, \d\d:\d\d CES?T", printed or "")


def test_the_chart_is_brought_to_paper_and_back(open_page: Open) -> None:
    """A canvas keeps its colours and its width unless it is drawn anew before the page is laid out on paper."""
    page = open_page("/tickers/AAPL", color_scheme="dark")
    settled(page)
    expect(page.locator("[data-bars='3270']")).to_be_visible()
    corner = """() => {
      const canvas = document.querySelector('[data-bars] canvas');
      const { width } = document.querySelector('[data-bars] table').getBoundingClientRect();
      return [[...canvas.getContext('2d').getImageData(2, 2, 1, 1).data], width];
    }"""
    before = page.evaluate(corner)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper, width = page.evaluate(corner)
    assert paper == [255, 255, 255, 255] != before[0]
    assert width < A4_WIDTH < before[1]
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(f"({corner})()[1] === {before[1]}")
    page.wait_for_function(f"String(({corner})()[0]) === '{','.join(map(str, before[0]))}'")


@pytest.mark.parametrize("width", [1920, 2560])
def test_a_wide_screen_is_used(open_page: Open, width: int) -> None:
    page = open_page("/screener")
    settled(page)
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.locator("main table").bounding_box()["width"] > 1700
    widest = "Math.max(...[...document.querySelectorAll('main p')].map((one) => one.getBoundingClientRect().width))"
    assert page.evaluate(widest) < 1000
