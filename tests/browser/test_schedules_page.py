"""Schedules on the page: made with a look at the next times, paused, changed, run, run again, looked at and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
HOSTILE = '"><img src=x onerror="document.title=1">'
HALF_HOURS = {"name": "Half hours", "cron": "*/30 * * * *", "time_zone": "UTC", "action": "refresh", "params": {"universe": "all"}}


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Any:
    yield
    for item in site.api("GET", "/schedules").json()["items"]:
        site.api("DELETE", f"/schedules/{item['id']}")


def made(site: Site, **changes: Any) -> Any:
    answer = site.api("POST", "/schedules", json=HALF_HOURS | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


def card(page: Page, name: str) -> Any:
    return page.get_by_role("list", name="Schedules").get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_one_is_made_changed_paused_and_deleted(open_page: Open, site: Site) -> None:
    page = open_page("/schedules")
    settled(page)
    expect(page.get_by_text("Nothing is scheduled yet.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Every trading day, 30 minutes after the close of New York Stock Exchange.")
    page.get_by_label("Exchange").select_option("XLON")
    expect(preview).to_contain_text("the close of London Stock Exchange.")
    page.get_by_role("button", name="Make the schedule").click()
    expect(card(page, HOSTILE)).to_contain_text(
        "Every trading day, 30 minutes after the close of London Stock Exchange: refresh the prices of the watch list."
    )
    assert page.locator("main img").count() == 0
    card(page, HOSTILE).get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Afternoon")
    page.get_by_label("At times of my own").check()
    page.get_by_label("Cron expression").fill("30 17 * * MON-FRI")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    expect(preview).to_contain_text("At 17:30 on Monday through Friday (Europe/Berlin).")
    page.get_by_role("button", name="Store the changes").click()
    expect(card(page, "Afternoon")).to_contain_text("At 17:30 on Monday through Friday (Europe/Berlin)")
    card(page, "Afternoon").get_by_role("button", name="Pause").click()
    expect(card(page, "Afternoon").locator(".badge")).to_have_text("paused")
    card(page, "Afternoon").get_by_role("button", name="Resume").click()
    expect(card(page, "Afternoon").locator(".badge")).to_have_count(0)
    card(page, "Afternoon").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    expect(card(page, "Afternoon")).to_have_count(1)
    card(page, "Afternoon").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing is scheduled yet.")).to_be_visible()
    assert site.api("GET", "/schedules").json()["items"] == []


def test_faults_are_told_beside_the_form(open_page: Open, watch: Watch) -> None:
    watch.expected += ["422", "409"]
    page = open_page("/schedules")
    settled(page)
    problem = page.locator("#schedule-problem")
    page.get_by_role("button", name="Make the schedule").click()
    expect(problem).to_have_text("Give it a name.")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Odd")
    page.get_by_label("At times of my own").check()
    page.get_by_role("button", name="Make the schedule").click()
    expect(problem).to_contain_text("30 17 * * MON-FRI")
    page.get_by_label("Cron expression").fill("0 0 30 2 *")
    page.get_by_role("button", name="Make the schedule").click()
    expect(problem).to_contain_text("day-of-month")
    expect(page.get_by_label("Cron expression")).to_be_focused()
    page.get_by_label("What is done").select_option("report")
    page.get_by_role("button", name="Make the schedule").click()
    expect(problem).to_have_text("Choose a channel.")
    expect(page.get_by_label("To whom")).to_be_focused()
    page.get_by_label("What is done").select_option("pipeline")
    page.get_by_label("Parameters as JSON").fill("{")
    page.get_by_role("button", name="Make the schedule").click()
    expect(problem).to_have_text("The parameters are no JSON.")


def test_a_report_is_sent_to_a_channel(open_page: Open, site: Site) -> None:
    desk = site.api("POST", "/channels", json={"name": "Desk", "type": "ntfy", "url": "https://ntfy.example/desk"}).json()
    page = open_page("/schedules")
    settled(page)
    page.get_by_label("Name", exact=True).fill("Morning")
    page.get_by_label("What is done").select_option("report")
    expect(page.get_by_label("To whom").locator("option:checked")).to_have_text("Desk (ntfy)")
    page.get_by_role("button", name="Make the schedule").click()
    expect(card(page, "Morning")).to_contain_text("send the report of the watch list with the strategy balanced.")
    params = site.api("GET", "/schedules").json()["items"][0]["params"]
    assert (params["channels"], params["universe"], params["strategy"]) == ([desk["id"]], "watchlist", "balanced")
    assert site.api("DELETE", f"/channels/{desk['id']}").ok


def test_portfolios_are_valued_and_indexes_published(open_page: Open, site: Site) -> None:
    savings = site.api("POST", "/portfolios", json={"name": "Savings", "base_currency": "USD"}).json()
    page = open_page("/schedules")
    settled(page)
    for action, sentence in (
        ("portfolio_valuation", "value all portfolios."),
        ("index_rebalancing", "publish what is new of all indexes."),
    ):
        page.get_by_label("Name", exact=True).fill(action)
        page.get_by_label("What is done").select_option(action)
        expect(page.get_by_label("Parameters as JSON")).to_be_hidden()
        expect(page.get_by_label("Of which tickers")).to_be_hidden()
        page.get_by_role("button", name="Make the schedule").click()
        expect(card(page, action)).to_contain_text(sentence)
    stored = {each["action"]: each for each in site.api("GET", "/schedules").json()["items"]}
    for action in ("portfolio_valuation", "index_rebalancing"):
        assert stored[action]["params"] == {}
    card(page, "portfolio_valuation").get_by_role("button", name="Edit").click()
    page.get_by_label("Savings").check()
    page.get_by_role("button", name="Store the changes").click()
    expect(page.get_by_text("portfolio_valuation is due next")).to_be_visible()
    assert site.api("GET", f"/schedules/{stored['portfolio_valuation']['id']}").json()["params"] == {"portfolios": [savings["id"]]}
    card(page, "portfolio_valuation").get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Savings")).to_be_checked()
    site.api("DELETE", f"/portfolios/{savings['id']}")
    for action in stored:
        assert site.api("DELETE", f"/schedules/{stored[action]['id']}").ok


def test_what_became_of_due_times(open_page: Open, site: Site, watch: Watch) -> None:
    """Without a provider of prices the refresh cannot start: the ledger and the calendar say so, in words."""
    watch.expected.append("409")
    made(site, name="Thirds of a day", cron="0 */8 * * *")
    page = open_page("/schedules")
    settled(page)
    card(page, "Thirds of a day").get_by_role("button", name="Run now").click()
    expect(page.get_by_text("Thirds of a day was not run.")).to_be_visible()
    card(page, "Thirds of a day").get_by_role("button", name="Due times").click()
    expect(page.get_by_role("heading", name="Due times of Thirds of a day")).to_be_focused()
    expect(page.locator("#next-times li")).to_have_count(10)
    page.get_by_role("button", name="Backfill").click()
    expect(page.get_by_text("due times run again, one after the other.")).to_be_visible()

    def is_over() -> bool:
        firings = site.api(
            "GET", f"/schedules/{page.locator('[data-schedule]').get_attribute('data-schedule')}/firings?state=waiting"
        ).json()
        return firings["items"] == []

    while not is_over():
        page.wait_for_timeout(200)
    card(page, "Thirds of a day").get_by_role("button", name="Due times").click()
    row = page.locator("#firings tr").filter(has_text="run again").first
    expect(row).to_contain_text("failed")
    expect(row).to_contain_text("No provider of prices is configured")
    page.get_by_label("Show", exact=True).select_option("missed")
    expect(page.locator("#firings tr")).to_have_text(["None yet."])
    page.reload()
    settled(page)
    expect(page.locator("[data-days] [data-state=failed]").first).to_contain_text("failed")


def test_what_a_schedule_names_and_is_gone_is_told(open_page: Open, site: Site) -> None:
    portfolio = site.api("POST", "/portfolios", json={"name": "For a while", "base_currency": "USD"}).json()["id"]
    made(site, name="Of it", params={"universe": f"portfolio:{portfolio}"})
    page = open_page("/schedules")
    settled(page)
    expect(card(page, "Of it")).to_contain_text("refresh the prices of what the portfolio For a while holds.")
    expect(card(page, "Of it").locator(".bad")).to_have_count(0)
    assert site.api("DELETE", f"/portfolios/{portfolio}").status_code == 204
    page.reload()
    settled(page)
    expect(card(page, "Of it").locator(".bad")).to_contain_text("There is no portfolio with the id")


def test_it_works_by_keyboard(open_page: Open, site: Site) -> None:
    made(site)
    page = open_page("/schedules")
    settled(page)
    card(page, "Half hours").get_by_role("button", name="Due times").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Due times of Half hours")).to_be_focused()
    card(page, "Half hours").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(card(page, "Half hours").get_by_role("button", name="Delete")).to_be_focused()


def test_it_is_accessible_on_a_phone_in_the_dark(open_page: Open, site: Site) -> None:
    made(site, name="w" * 80)
    made(site, name="Other")
    page = open_page("/schedules", color_scheme="dark")
    page.set_viewport_size(PHONE)
    settled(page)
    card(page, "w" * 80).get_by_role("button", name="Due times").click()
    expect(page.locator("#next-times li")).to_have_count(10)
    page.get_by_label("At times of my own").check()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    card(page, "Other").get_by_role("button", name="Delete").click()
    assert serious(page) == []
