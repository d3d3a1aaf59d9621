"""The Record tab of the ticker page: how often each verdict was right, what came after it, and the record beside the verdict."""

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
A4: ViewportSize = {"width": 703, "height": 1000}  # between the margins
TOO_WIDE = "[...document.querySelectorAll('main table')].filter((one) => one.getBoundingClientRect().right > innerWidth).length"


@pytest.fixture(autouse=True)
def slots_may_be_taken(watch: Watch) -> None:
    """A chart that the page before asked for may still be made: the answer is then 503, and the page asks again."""
    watch.expected.append("503")


def evidence(site: Site, ticker: str = "AAPL", **params: Any) -> Any:
    return site.api("GET", f"/evidence/{ticker}", params=params).json()


def at(answer: Any, days: int) -> Any:
    (horizon,) = [each for each in answer["horizons"] if each["h"] == days]
    return horizon


def row(page: Page, verdict: str) -> Any:
    return page.locator("section[aria-labelledby=record-title] tbody tr").filter(has=page.locator(f".badge:text-is('{verdict}')"))


def test_tabs_are_in_the_address_and_go_by_the_keyboard(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL?strategy=trend")
    expect(page.locator("[data-bars='3270']")).to_be_visible()
    page.get_by_role("tab", name="Analysis").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Record")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Record")).to_be_visible()
    expect(page.locator("#chart")).to_be_hidden()
    assert page.url == site.url("/tickers/AAPL?tab=record&strategy=trend")
    page.keyboard.press("Home")
    expect(page.locator("#chart")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tabpanel", name="Record")).to_be_visible()
    page.goto(site.url("/tickers/AAPL?tab=nothing"))
    expect(page.get_by_role("tab", name="Analysis")).to_have_attribute("aria-selected", "true")


def test_a_chart_that_was_out_of_sight_shows_the_bars_of_its_span(open_page: Open) -> None:
    page = open_page("/tickers/AAPL?tab=record&range=3M")
    settled(page)
    page.get_by_role("tab", name="Analysis").click()
    expect(page.locator("[data-bars='3270']")).to_be_visible()
    box = page.locator("#chart").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 3, box["y"] + 40)  # the first bar in sight
    expect(page.locator(".chart-legend strong")).to_have_text(re.compile(r"(Nov|Dec) \d+, 2012"))


def test_the_table_is_that_of_the_api_at_each_horizon(open_page: Open, site: Site) -> None:
    answer = evidence(site)
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    for days in (20, 60):
        button = page.get_by_role("button", name=f"{days} days", exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(button).to_be_focused()
        horizon = at(answer, days)
        for told in horizon["verdicts"]:
            if not told["n"]:
                continue
            cells = row(page, told["verdict"])
            expect(cells).to_contain_text(f"{told['n']:,}")
            expect(cells).to_contain_text(f"{100 * told['mean']:+.2f}%")
            if told["hit"] is not None:
                expect(cells).to_contain_text(f"{100 * told['hit']:.1f}%")
                expect(cells).to_contain_text("too few to say" if told["too_few"] else f"{100 * told['lift']:+.1f}")
            expect(page.get_by_text(told["sentence"])).to_be_visible()
    assert page.url == site.url("/tickers/AAPL?tab=record&horizon=60")
    assert page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => name.includes('/evidence/AAPL')).length") == 1


def test_the_record_stands_beside_the_verdict(open_page: Open, site: Site) -> None:
    told = site.api("POST", "/analyze", json={"ticker": "AAPL"}).json()["record"]
    page = open_page("/tickers/AAPL")
    expect(page.locator("#record")).to_contain_text(told["sentence"])
    badges = ["No better than any day", "Better than any day", "Worse than any day"]
    assert page.locator("#record .badge").inner_text() in badges
    page.get_by_role("button", name="The whole record").click()
    expect(page.get_by_role("tab", name="Record")).to_be_focused()
    expect(page.locator("#record-lead")).to_contain_text("Sell today.")
    site.api("POST", "/analyze", json={"ticker": "FB"})
    page.goto(site.url("/tickers/FB"))
    expect(page.locator("#record")).to_contain_text("No record")


def test_nothing_is_said_of_a_result_without_a_record(open_page: Open, site: Site) -> None:
    older = site.api("POST", "/analyze", json={"ticker": "AAPL"}).json()
    del older["record"]
    page = open_page(None)
    page.route("**/api/v1/analyze", lambda route: route.fulfill(json=older))
    page.goto(site.url("/tickers/AAPL"))
    expect(page.locator("[data-verdict]").first).to_be_visible()
    expect(page.locator("#record")).to_be_hidden()


def test_another_strategy_has_another_record(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    page.get_by_role("radio", name="Weekly target").check()
    expect(page.get_by_text(at(evidence(site, strategy="weekly"), 20)["verdicts"][1]["sentence"])).to_be_visible()
    lead = page.locator("#record-lead")
    expect(lead).to_contain_text(f"{site.api('POST', '/analyze', json={'ticker': 'AAPL', 'strategy': 'weekly'}).json()['verdict']} today.")


def test_the_fan_is_of_the_verdict_that_is_picked(open_page: Open, site: Site) -> None:
    fan = evidence(site)["fan"]
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    pick = page.get_by_label("After the verdict")
    pick.select_option("Buy")
    (line,) = [each for each in fan["lines"] if each["verdict"] == "Buy"]
    expect(page.get_by_role("img", name=re.compile("60 days after Buy"))).to_have_attribute(
        "aria-label", re.compile(re.escape(f"median {100 * line['quantiles'][2][-1]:+.2f}%"))
    )
    page.get_by_text("The fan as a table").click()
    cells = page.get_by_role("table", name=re.compile("Returns before cost after Buy")).locator("tbody tr").last.locator("td")
    expect(cells).to_have_text([f"{100 * row[-1]:+.2f}%" for row in [*line["quantiles"], fan["lines"][0]["quantiles"][2]]])
    pick.focus()
    pick.select_option("Hold")
    expect(pick).to_be_focused()
    expect(page.get_by_role("img", name=re.compile("60 days after Hold"))).to_be_visible()


def test_a_short_history_has_none_and_says_why(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/FB?tab=record")
    settled(page)
    expect(page.get_by_text("No record over 20 days yet")).to_be_visible()
    expect(page.locator("section[aria-labelledby=record-title]")).to_contain_text("400")


def test_its_words_can_be_unfolded_and_its_table_saved(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL?tab=record")
    settled(page)
    page.get_by_text("How this is counted").click()
    answer = evidence(site)
    for meaning in answer["definitions"].values():
        expect(page.get_by_text(meaning)).to_be_visible()
    with page.expect_download() as download:
        page.locator("#evidence-csv").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert {int(each["horizon"]) for each in rows} == {5, 10, 20, 60}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_fits_a_phone_and_is_printed(open_page: Open, scheme: str) -> None:
    page = open_page("/tickers/AAPL?tab=record", color_scheme=scheme)
    settled(page)
    for folded in page.locator("main details.folded > summary").all():
        folded.click()
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    assert page.evaluate(TOO_WIDE) == 0
    expect(page.get_by_text("How often was each verdict right?")).to_be_visible()
    expect(page.locator("#evidence-csv")).to_be_hidden()


def test_a_record_that_does_not_come_says_why_and_is_asked_again(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["503", "Failed to load resource"]
    page = open_page(None)
    problem = '{"code":"unavailable","title":"Service Unavailable","status":503,"detail":"The database does not answer right now."}'
    answers = iter([503])

    def refuse(route: Any) -> None:
        if next(answers, None):
            route.fulfill(status=503, content_type="application/problem+json", body=problem)
        else:
            route.continue_()

    page.route("**/api/v1/evidence/AAPL*", refuse)
    page.goto(site.url("/tickers/AAPL?tab=record"))
    panel = page.get_by_role("tabpanel", name="Record")
    expect(panel).to_contain_text("The database does not answer right now.")
    panel.get_by_role("button", name="Try again").click()
    expect(row(page, "Buy")).to_be_visible()
