"""The overview answers what changed: the briefing, rows in words, orders, moves by hand in two tabs, and notes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from kit.browser import Open, Site, Watch, settled
from kit.servers import wait_until
from kit.watchlist import analyse, change_verdict, follow, outdate, rising, store, unfollow_all
from playwright.sync_api import expect

TICKERS = ("AAPL", "CHANGED", "OUTDATED", "NOSUCH", "SHORT", "STEADY")
PROBLEM = json.dumps({"code": "unavailable", "title": "Unavailable", "status": 503, "detail": "The database does not answer right now."})


@pytest.fixture(scope="module")
def verdicts(site: Site) -> tuple[str, str]:
    """Prices and analyses in every state; the verdicts of CHANGED before and now."""
    unfollow_all(site)
    follow(site, *TICKERS)
    store(site, "SHORT", rising(30))
    store(site, "STEADY", rising(300))
    outdate(site, "OUTDATED")
    changed = change_verdict(site, "CHANGED")
    for ticker in ("AAPL", "STEADY"):
        analyse(site, ticker)
    return changed


@pytest.fixture
def six(site: Site, verdicts: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """Six followed tickers in every state; the verdicts of CHANGED."""
    unfollow_all(site)
    follow(site, *TICKERS)
    for ticker in ("NOSUCH", "SHORT"):
        analyse(site, ticker)
    yield verdicts
    unfollow_all(site)


def shown(page: Any) -> list[str]:
    """The tickers of the rows that are shown, in order."""
    tickers: list[str] = page.locator("tr[data-ticker]").evaluate_all("(rows) => rows.map((row) => row.dataset.ticker)")
    return tickers


def row_of(page: Any, ticker: str) -> Any:
    return page.locator(f'tr[data-ticker="{ticker}"]')


def by_hand(site: Site) -> list[str]:
    return [item["ticker"] for item in site.api("GET", "/overview", params={"sort": "position"}).json()["items"]]


def refuse(page: Any, path: str) -> None:
    """Answer changes under a path with a problem."""
    page.route(
        f"**{path}",
        lambda route: (
            route.continue_()
            if route.request.method == "GET"
            else route.fulfill(status=503, content_type="application/problem+json", body=PROBLEM)
        ),
    )


def test_the_briefing_says_what_changed_and_shows_it(open_page: Open, six: tuple[str, str]) -> None:
    former, present = six
    page = open_page("/")
    briefing = page.locator("#briefing")
    expect(briefing).to_contain_text(f"CHANGED {former} → {present}")
    expect(briefing).to_contain_text("NOSUCH has no stored prices")
    expect(briefing).to_contain_text("SHORT has 30 bars; an analysis needs at least 50")
    expect(briefing).to_contain_text("AAPL: newest close of")
    expect(briefing).to_contain_text(re.compile(r"OUTDATED: verdict of .+, prices to "))
    expect(page.locator("#count")).to_have_text("6 followed")
    for part, tickers in (
        ("1 verdict changed", ["CHANGED"]),
        ("2 analyses failed", ["NOSUCH", "SHORT"]),
        ("2 have old prices", ["AAPL", "CHANGED"]),
        ("1 verdict older than its prices", ["OUTDATED"]),
    ):
        button = page.get_by_role("button", name=part)
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#count")).to_have_text(f"{len(tickers)} of 6")
        assert shown(page) == tickers
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Enter")
        expect(page.locator("#count")).to_have_text("6 followed")
    page.go_back()
    expect(page.locator("#count")).to_have_text("1 of 6")
    briefing.get_by_role("link", name="CHANGED").first.click()
    page.wait_for_url("**/tickers/CHANGED")


@pytest.mark.usefixtures("verdicts")
def test_nothing_changed_is_said_too(open_page: Open, site: Site) -> None:
    unfollow_all(site)
    follow(site, "STEADY")
    page = open_page("/")
    expect(page.locator("#briefing")).to_contain_text(
        "No verdict changed in the last 7 days. No analysis failed. All prices are recent, and all verdicts are of the newest close."
    )
    unfollow_all(site)


def test_the_period_is_chosen_and_may_be_the_last_visit(open_page: Open, site: Site, six: tuple[str, str]) -> None:
    page = open_page(None)
    page.add_init_script("localStorage.setItem('overview.visits', JSON.stringify({last: Date.now() + 60000, before: null}))")
    page.goto(site.url("/"))
    expect(page.locator("#period option")).to_have_count(3)  # no visit before this one
    expect(row_of(page, "CHANGED").locator(".was")).to_have_text(f"← was {six[0]}")
    page.add_init_script("localStorage.setItem('overview.visits', JSON.stringify({last: Date.now() - 31 * 60000, before: null}))")
    page.reload()
    page.locator("#period").select_option("visit")
    expect(page.locator("#briefing")).to_contain_text("1 verdict changed")
    page.add_init_script("localStorage.setItem('overview.visits', JSON.stringify({last: Date.now(), before: Date.now() - 1}))")
    page.reload()
    expect(page.locator("#briefing")).to_contain_text("No verdict changed in the time since your last visit.")
    expect(row_of(page, "CHANGED").locator(".was")).to_have_count(0)
    assert "since=visit" in page.url


def test_a_row_says_of_which_days_it_is(open_page: Open, six: tuple[str, str]) -> None:
    page = open_page("/", locale="en-GB")
    aapl = row_of(page, "AAPL")
    expect(aapl.locator(".close-cell")).to_have_text("430.471 Mar 2013Old")
    expect(aapl.locator(".verdict-cell")).to_contain_text("of 1 Mar 2013")
    badges = row_of(page, "CHANGED").locator(".verdict-cell .badge")
    expect(badges).to_have_text([six[1], six[0]])
    expect(row_of(page, "OUTDATED").locator(".verdict-cell")).to_contain_text("Older than its prices")
    expect(row_of(page, "SHORT").locator(".failure-cell")).to_have_text(
        "Last analysis failed: SHORT has 30 bars; an analysis needs at least 50. "
    )
    expect(row_of(page, "NOSUCH").get_by_role("link", name="Upload prices").first).to_be_visible()
    expect(row_of(page, "STEADY").locator(".failure-cell, .is-old")).to_have_count(0)


@pytest.mark.usefixtures("six")
def test_a_failure_goes_when_the_analysis_succeeds(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page("/")
    page.get_by_role("button", name="Analyse SHORT now").click()
    expect(page.locator("#notices")).to_contain_text("SHORT was not analysed. SHORT has 30 bars")
    store(site, "SHORT", rising(80))
    page.get_by_role("button", name="Analyse SHORT now").click()
    expect(row_of(page, "SHORT").locator(".verdict-cell .badge").first).to_be_visible()
    expect(row_of(page, "SHORT").locator(".failure-cell")).to_have_count(0)
    expect(page.get_by_role("button", name="Analyse SHORT now")).to_be_focused()
    expect(page.locator("#briefing")).to_contain_text("1 analysis failed")
    store(site, "SHORT", rising(30))


@pytest.mark.usefixtures("six")
def test_orders_and_search_are_in_the_address(open_page: Open, site: Site) -> None:
    page = open_page("/")
    expect(page.locator("tr[data-ticker]")).to_have_count(6)
    scores = {item["ticker"]: item["latest"]["score"] for item in site.api("GET", "/overview").json()["items"] if item["latest"]}
    page.get_by_label("Order").select_option("-score")
    assert shown(page)[: len(scores)] == sorted(scores, key=lambda ticker: -scores[ticker])
    page.get_by_label("Order").select_option("-change")
    assert shown(page)[0] == "CHANGED"
    page.get_by_role("button", name="Verdict", exact=True).click()
    expect(page.get_by_label("Order")).to_have_value("-verdict")
    assert shown(page)[: len(scores)] == sorted(scores, key=lambda ticker: -scores[ticker])  # equal verdicts by their score
    page.get_by_role("button", name="Verdict", exact=True).click()
    expect(page.get_by_role("columnheader", name="Verdict")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_label("Order")).to_have_value("verdict")
    page.get_by_label("Search in the list").fill("apple")
    expect(page.locator("#count")).to_have_text("1 of 6")
    assert shown(page) == ["AAPL"]
    page.reload()
    expect(page.locator("#count")).to_have_text("1 of 6")
    expect(page.get_by_label("Search in the list")).to_have_value("apple")
    page.get_by_label("Search in the list").fill("zzz")
    expect(page.locator("#page")).to_contain_text("None of the followed tickers has “zzz”.")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("tr[data-ticker]")).to_have_count(6)


def grab(page: Any, ticker: str) -> None:
    """Press the pointer on the grip of a row, once nothing moves it any more."""
    settled(page)
    row_of(page, ticker).locator(".grip").hover()
    page.mouse.down()
    expect(row_of(page, ticker)).to_have_class(re.compile("is-dragged"))


@pytest.mark.usefixtures("six")
def test_rows_are_moved_by_keys_buttons_and_pointer(open_page: Open, site: Site) -> None:
    page = open_page("/?sort=hand")
    row_of(page, "AAPL").get_by_role("link", name="AAPL").focus()
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    assert shown(page)[:3] == ["CHANGED", "OUTDATED", "AAPL"]
    expect(page.locator("#said")).to_have_text("AAPL is number 3 of 6.")
    expect(row_of(page, "AAPL").get_by_role("link", name="AAPL")).to_be_focused()
    wait_until(lambda: by_hand(site)[:3] == ["CHANGED", "OUTDATED", "AAPL"])
    page.get_by_role("button", name="Move CHANGED up").click()
    expect(page.locator("#said")).to_have_text("CHANGED is first already.")
    page.get_by_role("button", name="Move STEADY up").click()
    wait_until(lambda: by_hand(site) == ["CHANGED", "OUTDATED", "AAPL", "NOSUCH", "STEADY", "SHORT"])
    wait_until(lambda: shown(page) == by_hand(site))
    target = row_of(page, "CHANGED")
    grab(page, "SHORT")
    end = target.bounding_box()
    page.mouse.move(end["x"] + 30, end["y"] + 40, steps=5)
    page.mouse.move(end["x"] + 30, end["y"] + 4, steps=5)
    expect(target).to_have_class(re.compile("drop-before"))
    page.mouse.up()
    assert shown(page)[0] == "SHORT"
    wait_until(lambda: by_hand(site)[0] == "SHORT")
    # Escape drops nothing.
    grab(page, "SHORT")
    end = row_of(page, "STEADY").bounding_box()
    page.mouse.move(end["x"] + 30, end["y"] + 4, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert shown(page)[0] == "SHORT"
    page.reload()
    expect(page.locator("tr[data-ticker]").first).to_have_attribute("data-ticker", "SHORT")


@pytest.mark.usefixtures("six")
def test_two_tabs_move_rows(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["503", "409"]
    one, two = open_page("/?sort=hand"), open_page("/?sort=hand")
    for page in (one, two):
        expect(page.locator("tr[data-ticker]")).to_have_count(6)
    one.get_by_role("button", name="Move STEADY up").click()
    wait_until(lambda: by_hand(site)[4] == "STEADY")
    two.get_by_role("button", name="Move AAPL down").click()
    wait_until(lambda: by_hand(site)[:2] == ["CHANGED", "AAPL"])
    expect(two.locator("tr[data-ticker]").nth(4)).to_have_attribute("data-ticker", "STEADY")  # what the other tab did
    # What another tab has taken off cannot be stood behind: the page says so, and shows what there is.
    site.api("DELETE", "/watchlist/STEADY")
    two.get_by_role("button", name="Move NOSUCH down").click()
    expect(two.locator("#notices")).to_contain_text("NOSUCH was not moved. STEADY is not on the watchlist")
    expect(two.locator("tr[data-ticker]")).to_have_count(5)
    refuse(two, "/api/v1/watchlist/*")
    two.get_by_role("button", name="Move NOSUCH up").click()
    expect(two.locator("#notices")).to_contain_text("NOSUCH was not moved. The database does not answer right now.")
    expect(two.locator("tr[data-ticker]").nth(3)).to_have_attribute("data-ticker", "NOSUCH")
    assert by_hand(site) == ["CHANGED", "AAPL", "OUTDATED", "NOSUCH", "SHORT"]


@pytest.mark.usefixtures("six")
def test_notes_are_edited_by_keyboard_and_kept_when_saving_fails(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("503")
    page = open_page("/")
    row_of(page, "AAPL").get_by_role("link", name="AAPL").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    text = page.get_by_role("textbox", name="Notes of AAPL")
    expect(text).to_be_focused()
    page.keyboard.type("Bought at 400.")
    page.keyboard.press("Enter")
    page.keyboard.type("Sell half over 700.")
    refuse(page, "/api/v1/watchlist/AAPL")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notes-editor .field-problem")).to_contain_text("Not saved; your text is still here. The database does not answer")
    expect(text).to_have_value("Bought at 400.\nSell half over 700.")
    page.get_by_label("Order").select_option("-score")  # the editor goes with its row
    expect(page.locator('tr[data-ticker="AAPL"] + tr .notes-editor textarea')).to_have_value("Bought at 400.\nSell half over 700.")
    page.unroute("**/api/v1/watchlist/AAPL")
    text.press("Control+Enter")
    expect(text).to_have_count(0)
    expect(row_of(page, "AAPL").locator(".notes")).to_have_text("Bought at 400.\nSell half over 700.")
    expect(row_of(page, "AAPL").locator("[data-action=notes]")).to_be_focused()
    notes = {item["ticker"]: item["notes"] for item in site.api("GET", "/watchlist").json()["items"]}
    assert notes["AAPL"] == "Bought at 400.\nSell half over 700."
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Notes of AAPL").press("Escape")  # nothing was typed
    expect(page.locator(".notes-editor")).to_have_count(0)
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Notes of AAPL").fill("")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(row_of(page, "AAPL").locator("[data-action=notes]")).to_have_text("Add a note for AAPL")
