"""On paper: A4, without what can only be pressed, whole tables; and on wide screens, the room is used."""

from __future__ import annotations

import json
import re
import zlib

import pytest
from kit.browser import PAGES, Open, Site, settled
from playwright.sync_api import expect

A4_WIDTH = 703  # CSS pixels between the margins


@pytest.mark.parametrize("path", PAGES)
def test_a_printed_page_has_what_was_read_and_nothing_to_press(open_page: Open, site: Site, path: str) -> None:
    site.api("POST", "/watchlist", json={"ticker": "AAPL"})
    site.api("PATCH", "/watchlist/AAPL", json={"notes": "Bought at 400."})
    page = open_page(path, color_scheme="dark")
    settled(page)
    page.set_viewport_size({"width": A4_WIDTH, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("h1").first).to_be_visible()
    controls = (
        "[...document.querySelectorAll('button, input, select, textarea')].filter((one) => one.checkVisibility() && !one.closest('th'))"
    )
    pressed = f"{controls}.filter((one) => getComputedStyle(one).borderStyle !== 'none')"  # what was chosen and counted is a text
    assert page.evaluate(f"{pressed}.map((one) => one.outerHTML)") == []
    if path == "/":
        for read in ("#strategy", "#period", "#order", "#summary [data-group='']", "[data-part=old]", "[data-ticker=AAPL] .notes"):
            expect(page.locator(read)).to_be_visible()
        expect(page.get_by_text("Add tickers")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tables = "[...document.querySelectorAll('main table')].filter((one) => one.checkVisibility())"
    assert page.evaluate(f"{tables}.filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.className)") == []


def test_a_print_says_of_when_it_is(open_page: Open) -> None:
    page = open_page("/screener", timezone_id="Europe/Zurich", locale="de-DE")
    settled(page)
    assert len(page.pdf(prefer_css_page_size=True)) > 1000  # which fires what printing fires
    printed = page.locator("#printed").text_content()
    assert re.fullmatch(r", 127\.0\.0\.1:\d+/screener, printed \d{1,2} \w{3,4} \d{4}, \d\d:\d\d CES?T", printed or "")


def images_of(pdf: bytes) -> list[tuple[int, bytes]]:
    """The pictures in a PDF that Chromium has made: the width, and the pixels as bytes of red, green and blue."""
    images = []
    for part in pdf.split(b"endobj"):
        head, _, rest = part.partition(b"stream")
        if b"/Subtype /Image" in head and b"/ICCBased" in head:
            width = int(head.partition(b"/Width ")[2].split()[0])
            images.append((width, zlib.decompress(rest.strip(b"\r\n").partition(b"\nendstream")[0])))
    return images


def test_the_chart_is_printed_in_the_colours_of_paper_and_stays_as_it_is(open_page: Open) -> None:
    """A canvas that is sized for paper would be painted too late, and would stay at that size."""
    page = open_page("/tickers/AAPL", color_scheme="dark")
    settled(page)
    expect(page.locator("[data-bars='3270']")).to_be_visible()
    look = """() => {
      const canvas = document.querySelector('[data-bars] canvas');
      const { width } = document.querySelector('[data-bars] table').getBoundingClientRect();
      return JSON.stringify([[...canvas.getContext('2d').getImageData(2, 2, 1, 1).data], width, canvas.width]);
    }"""
    before = page.evaluate(look)
    tags = page.locator(".chart-tag").first.get_attribute("style")
    width, pixels = max(images_of(page.pdf(prefer_css_page_size=True)))
    assert width > A4_WIDTH
    assert pixels[:3] == b"\xff\xff\xff"
    colours = {pixels[at : at + 3].hex() for at in range(0, len(pixels), 3)}
    assert {"a52420", "0a6b3b"} <= colours, "candles that rose and fell, as on a light page"
    page.wait_for_function(f"({look})() === {json.dumps(before)}")
    expect(page.locator(".chart-tag").first).to_have_attribute("style", tags or "")


@pytest.mark.parametrize("width", [1920, 2560])
def test_a_wide_screen_is_used(open_page: Open, width: int) -> None:
    page = open_page("/screener")
    settled(page)
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.locator("main table").bounding_box()["width"] > 1700
    widest = "Math.max(...[...document.querySelectorAll('main p')].map((one) => one.getBoundingClientRect().width))"
    assert page.evaluate(widest) < 1000
