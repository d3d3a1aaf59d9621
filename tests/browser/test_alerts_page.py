"""Alerts on the pages: rules made, tried, changed and deleted; the inbox, read and unread; the bell of every page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.support import settings_for
from playwright.sync_api import Page, expect

from database import Database, DatabaseOptions
from features.alerts.looking import look_at_ages
from infrastructure.feature import Universes

PHONE = {"width": 390, "height": 844}
HOSTILE = '"><img src=x onerror="document.title=1">'
STALE = {"on": "prices_stale", "tickers": ["AAPL"], "conditions": {"trading_days": 5}}


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for rule in site.api("GET", "/alert-rules").json()["items"]:
        site.api("DELETE", f"/alert-rules/{rule['id']}")
    site.api("POST", "/alerts/read-all", json={})


def make(site: Site, **more: Any) -> Any:
    answer = site.api("POST", "/alert-rules", json={"name": "Old prices", **STALE, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def fire(site: Site) -> None:
    """Let the rules on old prices be looked at, as maintenance does every hour."""
    folder = site.log_path.parent / "var"
    own = Database(DatabaseOptions.of(settings_for(f"sqlite:///{folder}/bellwether.db", folder)))
    try:
        look_at_ages(own, Universes())
    finally:
        own.close()


def card(page: Page, name: str) -> Any:
    return page.locator("#rules li").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_a_rule_is_made_tried_changed_and_deleted(open_page: Open, site: Site) -> None:
    page = open_page("/alerts")
    settled(page)
    expect(page.get_by_text("No rule yet")).to_be_visible()
    page.get_by_role("button", name="New rule").click()
    form = page.locator("#rule-dialog")
    expect(form.get_by_label("Name")).to_be_focused()
    form.get_by_label("Name").fill(HOSTILE)
    form.get_by_label("or only these").fill("aapl, ibm")
    form.get_by_label("Trading days that it must stay so").fill("2")
    form.get_by_role("button", name="What would it see?").click()
    expect(form.locator(".sentence")).to_have_text(
        "Tells you when Balanced turns to Strong Buy or Buy on AAPL or IBM, and stays so for 2 trading days. It tells in the inbox."
    )
    form.get_by_role("button", name="Store").click()
    expect(form).not_to_be_visible()
    rule = card(page, HOSTILE)
    expect(rule).to_contain_text("stays so for 2 trading days")
    assert page.locator("main img").count() == 0
    rule.get_by_role("button", name="Test").click()
    expect(rule).to_contain_text("It watches 2 tickers")
    rule.get_by_role("button", name="Where it stands").click()
    expect(rule).to_contain_text("AAPL")
    rule.get_by_role("button", name="Change").click()
    expect(form.get_by_label("or only these")).to_have_value("AAPL IBM")
    form.get_by_label("Name").fill("Better")
    form.get_by_label("or only these").fill("")
    form.get_by_role("button", name="Store").click()
    rule = card(page, "Better")
    expect(rule).to_contain_text("a ticker of your watchlist")
    rule.get_by_role("button", name="Switch off").click()
    expect(rule).to_contain_text("It is switched off.")
    rule.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    expect(rule).to_have_count(1)
    rule.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No rule yet")).to_be_visible()
    assert site.api("GET", "/alert-rules").json()["items"] == []


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("A price crosses a level", {"Level": "90"}, "rises above or falls below 90"),
        ("A plan's entry, stop or target is reached", {}, "reach the entry, stop or target of the plan of Balanced"),
        ("A verdict's record falls", {"Below": "55"}, "falls below 55 % right"),
        ("Prices fall behind", {"Trading days behind": "3"}, "are 3 trading days behind"),
        ("A job fails", {"Least share of failed items, in %": "10"}, "when a job fails, or 10 % or more of its items do"),
        ("A schedule misses its time", {}, "when a schedule misses its time"),
    ],
)
def test_each_kind_of_rule_is_made(open_page: Open, kind: str, fields: dict[str, str], words: str) -> None:
    page = open_page("/alerts")
    settled(page)
    page.get_by_role("button", name="New rule").click()
    form = page.locator("#rule-dialog")
    form.get_by_label("Name").fill("One")
    form.get_by_label("What to watch").select_option(label=kind)
    for label, value in fields.items():
        form.get_by_label(label).fill(value)
    form.get_by_role("button", name="Store").click()
    expect(card(page, "One")).to_contain_text(words)


def test_faults_are_told_in_the_form(open_page: Open, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page("/alerts")
    settled(page)
    page.get_by_role("button", name="New rule").click()
    form = page.locator("#rule-dialog")
    form.get_by_label("or only these").fill("A/B")
    form.get_by_role("button", name="Store").click()
    expect(form.get_by_role("alert")).to_have_text("A/B is no ticker.")
    form.get_by_label("or only these").fill("AAPL")
    form.get_by_role("button", name="Store").click()
    expect(form.get_by_role("alert")).to_contain_text("name")
    form.get_by_role("button", name="Cancel").click()
    expect(form).not_to_be_visible()


def test_what_is_met_as_a_rule_begins_is_shown_to_be_so(open_page: Open, site: Site) -> None:
    portfolio = site.api("POST", "/portfolios", json={"name": "All in one", "base_currency": "USD"}).json()["id"]
    bought = {"type": "buy", "day": "2024-01-03", "ticker": "AAPL", "quantity": "1", "price": "100"}
    assert site.api("POST", f"/portfolios/{portfolio}/transactions", json=bought).status_code == 201
    conditions = {"percent": 30, "portfolios": [portfolio]}
    try:
        make(site, name="Too much", on="weight_above", tickers=None, conditions=conditions)
        page = open_page("/alerts")
        settled(page)
        rule = card(page, "Too much")
        rule.get_by_role("button", name="Where it stands").click()
        held = rule.get_by_role("row").filter(has_text="All in one: AAPL")
        expect(held).to_contain_text("met, not told: it was so when the rule began")
    finally:
        site.api("DELETE", f"/portfolios/{portfolio}")


def test_it_is_accessible_by_keyboard_and_on_a_phone(open_page: Open, site: Site) -> None:
    make(site, name="W" * 100)
    page = open_page("/alerts", color_scheme="light")
    settled(page)
    page.get_by_role("button", name="New rule").focus()
    page.keyboard.press("Enter")
    form = page.locator("#rule-dialog")
    expect(form.get_by_label("Name")).to_be_focused()
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(form).not_to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/alerts")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []


def test_the_inbox_and_the_bell(open_page: Open, site: Site) -> None:
    make(site, name=HOSTILE, tickers=["AAPL", "IBM"])
    fire(site)
    page = open_page("/")
    bell = page.locator("#bell")
    expect(bell).to_have_accessible_name("Alerts, 2 unread")
    bell.click()
    page.wait_for_url("**/alerts")
    items = page.locator("#inbox li")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text("the newest price is of")
    assert page.locator("main img").count() == 0
    expect(page.get_by_role("link", name="Look at AAPL")).to_have_attribute("href", "/tickers/AAPL")
    items.filter(has_text="AAPL").get_by_role("button", name="Mark as read").click()
    expect(bell).to_have_accessible_name("Alerts, 1 unread")
    again = items.filter(has_text="AAPL").get_by_role("button", name="Mark as unread")
    expect(again).to_be_focused()
    page.get_by_label("Ticker", exact=True).fill("AAPL")
    page.get_by_label("Ticker", exact=True).press("Enter")
    expect(page.get_by_text("No such alert")).to_be_visible()
    page.get_by_label("Show").select_option(label="All")
    expect(items).to_have_count(1)
    again.click()
    expect(bell).to_have_accessible_name("Alerts, 2 unread")
    page.get_by_label("Ticker", exact=True).fill("")
    page.get_by_label("Show").select_option(label="Unread")
    expect(items).to_have_count(2)
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.get_by_text("Nothing new")).to_be_visible()
    expect(bell).to_have_accessible_name("Alerts")


def test_the_bell_looks_when_its_page_is_seen_again(open_page: Open, site: Site) -> None:
    make(site)
    page = open_page("/reports")
    settled(page)
    expect(page.locator("#bell-number")).to_be_hidden()
    fire(site)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#bell-number")).to_have_text("1")


def test_what_was_sent_is_told_below_and_can_be_sent_again(open_page: Open, site: Site) -> None:
    """The site has no mail server, so that nothing arrives."""
    channel = site.api("POST", "/channels", json={"name": "Desk", "type": "email", "address": "me@example.com"}).json()
    site.api("POST", f"/channels/{channel['id']}/test")
    page = open_page("/alerts")
    settled(page)
    sent = page.get_by_role("list", name="Deliveries").get_by_role("listitem").first
    expect(sent).to_contain_text("Desk")
    page.get_by_label("Channel", exact=True).select_option("Desk")
    expect(sent).to_contain_text("SMTP_HOST is not set")
    sent.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("did not arrive.")).to_be_visible()
    assert site.api("DELETE", f"/channels/{channel['id']}").ok
