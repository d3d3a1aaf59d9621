"""The evening run, set up by a form: what is made, who is told, and what is said of what cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
SENTENCE = "Every trading day, 30 minutes after the close of New York Stock Exchange: run the pipeline evening_digest."


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for path in ("/schedules", "/channels"):
        for item in site.api("GET", path).json()["items"]:
            site.api("DELETE", f"{path}/{item['id']}")


def opened(open_page: Open, **options: Any) -> Page:
    page = open_page("/schedules", **options)
    settled(page)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_label("1. Which tickers")).to_be_focused()
    expect(page.locator("#evening-preview")).to_contain_text("It runs first ")
    return page


def submit(page: Page) -> None:
    page.locator("#evening-submit").click()


def card(page: Page, name: str) -> Any:
    return page.get_by_role("list", name="Schedules").get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_an_address_is_all_that_it_needs(open_page: Open, site: Site) -> None:
    page = opened(open_page, timezone_id="Europe/Zurich")
    page.get_by_label("E-mail address").fill("me@example.com")
    submit(page)
    expect(page.get_by_text("Evening run is set up: it runs first")).to_be_visible()
    expect(card(page, "Evening run")).to_contain_text(SENTENCE)
    expect(card(page, "Evening run").get_by_role("button").first).to_be_focused()
    expect(page.locator("#evening-form")).to_be_hidden()
    (channel,) = site.api("GET", "/channels").json()["items"]
    assert (channel["name"], channel["address"], channel["time_zone"]) == ("Evening run: E-mail", "me@example.com", "Europe/Zurich")
    (schedule,) = site.api("GET", "/schedules").json()["items"]
    assert schedule["params"]["inputs"] == {
        "universe": "watchlist",
        "strategies": ["balanced"],
        "channels": [channel["id"]],
        "refresh": False,
        "cursor": "Evening run",
    }


def test_a_channel_that_there_is_is_proposed_and_a_second_run_needs_another_name(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("409")
    for name in ("Desk", "Phone"):
        site.api("POST", "/channels", json={"name": name, "type": "ntfy", "url": f"https://ntfy.example/{name}"})
    page = opened(open_page)
    expect(page.get_by_label("4. Who is told").locator("option:checked")).to_have_text("Desk (ntfy)")
    expect(page.locator("#evening-where")).to_be_hidden()
    page.get_by_label("4. Who is told").select_option("Phone (ntfy)")
    page.get_by_label("Trend", exact=False).check()
    page.get_by_label("3. After the close of").select_option("XETR")
    submit(page)
    expect(page.get_by_text("tells Phone.")).to_be_visible()
    (schedule,) = site.api("GET", "/schedules").json()["items"]
    assert schedule["calendar"] == "XETR"
    assert schedule["params"]["inputs"]["strategies"] == ["balanced", "trend"]

    page.get_by_role("button", name="Set it up").click()
    submit(page)
    expect(page.locator("#evening-problem")).to_contain_text("Evening run")
    page.get_by_label("5. What it is called").fill("Second run")
    submit(page)
    expect(card(page, "Second run")).to_be_visible()


def test_a_webhook_shows_its_secret_once(open_page: Open) -> None:
    page = opened(open_page)
    page.get_by_label("4. Who is told").select_option("A new webhook")
    page.get_by_label("URL", exact=True).fill("https://example.com/evening")
    submit(page)
    expect(page.get_by_role("heading", name="The secret of Evening run: Webhook")).to_be_focused()
    assert page.get_by_label("Secret", exact=True).input_value().startswith("whsec_")


def test_what_is_missing_is_asked_for_where_it_belongs(open_page: Open, watch: Watch) -> None:
    watch.expected.append("422")
    page = opened(open_page)
    problem = page.locator("#evening-problem")
    submit(page)
    expect(problem).to_contain_text("Give the e-mail address")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("E-mail address").fill("me at home")
    submit(page)
    expect(problem).to_contain_text("Give one e-mail address without a name")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_label("Balanced", exact=False).uncheck()
    submit(page)
    expect(problem).to_have_text("Choose a strategy.")
    page.get_by_label("5. What it is called").fill(" ")
    submit(page)
    expect(problem).to_have_text("Give it a name.")


@pytest.mark.parametrize("options", [{}, {"viewport": PHONE, "color_scheme": "dark"}])
def test_it_is_accessible_and_fits_a_phone(open_page: Open, options: dict[str, Any]) -> None:
    page = opened(open_page, **options)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
