"""Following tickers on the overview: several at once, those without prices, and long lists with their way back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.watchlist import follow, rising, store, unfollow_all
from playwright.sync_api import expect

PASTE = """([text]) => {
  const data = new DataTransfer();
  data.setData("text", text);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""

EDITOR = "**/overview/notes.js*"
# Rows get their true height in the frame after they come into sight.
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(autouse=True)
def _nothing_followed(site: Site) -> Iterator[None]:
    unfollow_all(site)
    yield
    unfollow_all(site)


def followed(site: Site) -> list[str]:
    return [item["ticker"] for item in site.api("GET", "/overview", params={"sort": "position"}).json()["items"]]


def add(page: Any, text: str) -> None:
    page.get_by_label("Add tickers").fill(text)
    page.get_by_label("Add tickers").press("Enter")


def test_several_at_once(open_page: Open, site: Site) -> None:
    page = open_page("/")
    add(page, "msft, AAPL ibm;AAPL")
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    assert followed(site) == ["MSFT", "AAPL", "IBM"]
    expect(page.locator("#add-problem")).to_have_text("AAPL was named more than once.")
    expect(page.get_by_label("Add tickers")).to_have_value("")
    add(page, "AAPL GOOG")
    expect(page.locator("#add-problem")).to_have_text("AAPL is on the watchlist already.")
    expect(page.locator("tr[data-ticker]")).to_have_count(4)
    add(page, "FB A$B (C)")
    expect(page.locator("#add-problem")).to_contain_text("“A$B” and “(C)” are not valid tickers")
    expect(page.get_by_label("Add tickers")).to_have_value("FB A$B (C)")
    assert "FB" not in followed(site)
    page.get_by_label("Add tickers").fill("")
    page.evaluate(PASTE, ["FB\r\nAAPL\nMSFT"])
    expect(page.get_by_label("Add tickers")).to_have_value("FB, AAPL, MSFT")
    page.keyboard.press("Enter")
    expect(page.locator("#add-problem")).to_have_text("AAPL and MSFT are on the watchlist already.")
    expect(page.locator('tr[data-ticker="FB"]')).to_be_visible()


def test_what_was_added_is_analysed_when_asked(open_page: Open, site: Site) -> None:
    store(site, "UNSEEN", rising(300))
    page = open_page("/")
    add(page, "UNSEEN")
    page.get_by_role("button", name="Analyse it").click()
    expect(page.locator('tr[data-ticker="UNSEEN"] .badge').first).to_be_visible()


def test_what_has_no_prices_is_asked_about(open_page: Open, site: Site) -> None:
    page = open_page("/")
    add(page, "APPLE, IBM, XYZ")
    question = page.locator("#add-question")
    expect(question).to_contain_text("No prices are stored for APPLE and XYZ. Follow them anyway?")
    expect(question.get_by_role("button", name="Follow them anyway")).to_be_focused()
    assert followed(site) == ["IBM"]
    question.get_by_role("button", name="AAPL, Apple Inc.").click()
    expect(page.locator('tr[data-ticker="AAPL"]')).to_be_visible()
    expect(question).to_be_empty()
    add(page, "XYZ")
    expect(question).to_contain_text("No prices are stored for XYZ. Follow it anyway?")
    page.get_by_role("button", name="Do not follow it").click()
    expect(question).to_be_empty()
    assert followed(site) == ["IBM", "AAPL"]
    add(page, "XYZ")
    expect(question.get_by_role("button", name="Follow it anyway")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator('tr[data-ticker="XYZ"]')).to_contain_text("No prices yet.")
    assert followed(site) == ["IBM", "AAPL", "XYZ"]


def test_removing_is_undone_with_its_place_and_notes(open_page: Open, site: Site) -> None:
    follow(site, "MSFT", "AAPL", "IBM")
    site.api("PATCH", "/watchlist/AAPL", json={"notes": "two\nlines"})
    page = open_page("/?sort=hand")
    page.get_by_role("button", name="Remove AAPL from the watchlist").click()
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("tr[data-ticker]").nth(1)).to_have_attribute("data-ticker", "AAPL")
    expect(page.locator('tr[data-ticker="AAPL"] .notes')).to_have_text("two\nlines")
    assert followed(site) == ["MSFT", "AAPL", "IBM"]


def test_the_page_of_a_ticker_keeps_its_notes_and_gives_them_back(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("503")  # a chart that finds no slot is asked for again
    follow(site, "MSFT", "AAPL", "IBM")
    page = open_page("/tickers/AAPL")
    page.get_by_role("button", name="Add a note").click()
    page.keyboard.type("Bought at 400.")
    page.keyboard.press("Control+Enter")
    notes = page.locator("#ticker-notes")
    expect(notes).to_have_text("Notes: Bought at 400.")
    expect(page.get_by_role("button", name="Edit notes")).to_be_focused()
    page.get_by_role("button", name="On the watchlist").click()
    expect(notes).to_be_empty()
    expect(page.get_by_role("button", name="Add to watchlist")).to_be_enabled()
    assert followed(site) == ["MSFT", "IBM"]
    page.get_by_role("button", name="Undo").click()
    expect(notes).to_have_text("Notes: Bought at 400.")
    assert followed(site) == ["MSFT", "AAPL", "IBM"]
    # Notes that are taken away come back, too.
    page.get_by_role("button", name="Edit notes").click()
    page.get_by_role("textbox", name="Notes of AAPL").fill("")
    page.keyboard.press("Control+Enter")
    expect(notes).to_be_empty()
    page.get_by_role("button", name="Undo").click()
    expect(notes).to_have_text("Notes: Bought at 400.")


def test_back_from_a_ticker_is_where_one_was(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("404")  # nobody has prices of these tickers
    follow(site, *(f"FAR{number:03}" for number in range(120)), "AAPL")
    page = open_page("/?sort=-score&q=FAR1")
    expect(page.locator("#count")).to_have_text("20 of 121")
    page.get_by_label("Search in the list").fill("FAR")
    expect(page.locator("#count")).to_have_text("120 of 121")
    link = page.locator('tr[data-ticker="FAR077"] a').first
    link.scroll_into_view_if_needed()
    page.evaluate(TWO_FRAMES)
    top = link.bounding_box()["y"]
    link.click()
    page.wait_for_url("**/tickers/FAR077")
    page.go_back()
    expect(page.locator("#count")).to_have_text("120 of 121")
    expect(page.get_by_label("Search in the list")).to_have_value("FAR")
    expect(link).to_be_in_viewport()
    expect(link).to_be_focused()
    assert abs(link.bounding_box()["y"] - top) < 3
    page.goto(site.url("/tickers/FAR077"))
    page.goto(site.url("/?sort=-score&q=FAR"))
    expect(page.locator("#count")).to_have_text("120 of 121")
    assert page.evaluate("scrollY") == 0  # who comes anew begins at the top


def test_five_hundred_rows(open_page: Open, site: Site) -> None:
    follow(site, *(f"T{number:03}" for number in range(499)))
    follow(site, "AAPL", "MSFT")
    page = open_page("/")
    expect(page.locator("#count")).to_have_text("501 followed")
    expect(page.locator("tr[data-ticker]")).to_have_count(501)
    page.locator('tr[data-ticker="T400"] a').first.scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 5000
    assert page.locator("thead").bounding_box()["y"] == 0
    page.get_by_label("Search in the list").fill("T49")
    expect(page.locator("#count")).to_have_text("9 of 501")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark"), (390, "light"), (1280, "dark")])
def test_everything_open_is_accessible_and_fits(open_page: Open, site: Site, width: int, scheme: str) -> None:
    follow(site, "AAPL", "MSFT", "NOSUCH")
    site.api("POST", "/analyze", json={"ticker": "NOSUCH"})
    page = open_page("/?sort=hand", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    settled(page)
    page.locator('tr[data-ticker="MSFT"] [data-action=notes]').click()
    add(page, "XYZ")
    expect(page.get_by_role("button", name="Follow it anyway")).to_be_visible()
    settled(page)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    row = page.locator('tr[data-ticker="AAPL"]')
    for part in (".name-cell a", ".verdict-cell .badge", ".score-cell .number", ".close-cell"):
        expect(row.locator(part).first).to_be_visible()


def test_an_editor_that_comes_late_takes_the_focus_from_nobody(open_page: Open, site: Site) -> None:
    follow(site, "AAPL")
    page = open_page(None)
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route)

    page.route(EDITOR, hold)
    page.goto(site.url("/"))
    with page.expect_request(EDITOR):
        page.locator('tr[data-ticker="AAPL"] [data-action=notes]').click()
    field = page.get_by_label("Add tickers")
    field.fill("XYZ")
    held[0].continue_()
    expect(page.get_by_role("textbox", name="Notes of AAPL")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("XYZ")


def test_on_a_phone_the_actions_of_a_row_are_behind_a_button(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("503")  # a chart that finds no slot is asked for again
    follow(site, "AAPL", "MSFT")
    page = open_page("/", viewport={"width": 390, "height": 844})
    remove = page.get_by_role("button", name="Remove AAPL from the watchlist")
    expect(remove).to_be_hidden()
    page.get_by_role("button", name="Actions for AAPL").click()
    remove.click()
    expect(page.get_by_role("button", name="Actions for MSFT")).to_be_focused()
    page.get_by_role("link", name="MSFT").last.click()
    expect(page.get_by_role("button", name="3M")).to_have_attribute("aria-pressed", "true")
