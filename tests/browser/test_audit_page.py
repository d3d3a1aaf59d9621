"""The page of the audit log: a change is found with its before and after, the address filters, and it is for administrators."""

from __future__ import annotations

import csv
import io
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.people import create_admin, sign_in_as
from playwright.sync_api import expect

HOSTILE = '"><img src=x onerror="document.title=1">'
PHONE = {"width": 390, "height": 844}
_NUMBERS = count()


@pytest.fixture
def ticker(site: Site) -> Any:
    """A ticker of its own on the watch list, so that its entries are those of this test."""
    ticker = f"AUD{next(_NUMBERS)}"
    assert site.api("POST", "/watchlist", json={"ticker": ticker, "notes": "Wait."}).status_code == 201
    yield ticker
    site.api("DELETE", f"/watchlist/{ticker}")


def entries(page: Any) -> Any:
    return page.locator("[data-entry]")


def test_a_change_of_another_page_is_found_with_its_before_and_after(open_page: Open, ticker: str) -> None:
    page = open_page("/")
    settled(page)
    row = page.locator(f'tr[data-ticker="{ticker}"]')
    row.locator("[data-action=notes]").click()
    page.get_by_role("textbox", name=f"Notes of {ticker}").fill(HOSTILE)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(row).to_contain_text("onerror")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Audit", exact=True).click()
    settled(page)
    entry = entries(page).filter(has_text=ticker).first
    expect(entry.get_by_role("heading")).to_have_text("Changed a ticker of the default watch list")
    expect(entry).to_contain_text("Master key · ")
    expect(entry).to_contain_text("from 127.0.0.1")
    expect(entry).to_contain_text("request ")
    expect(entry.get_by_role("row", name="notes")).to_contain_text("Wait.")
    expect(entry.get_by_role("row", name="notes")).to_contain_text(HOSTILE)
    expect(entry.get_by_role("columnheader")).to_have_text(["Field", "Before", "After"])
    expect(entry.get_by_role("rowheader", name="ticker")).to_have_count(0)
    assert page.locator("main img").count() == 0
    assert serious(page) == []


def test_entries_are_filtered_by_an_address_that_can_be_shared(open_page: Open, site: Site, ticker: str) -> None:
    page = open_page("/audit")
    settled(page)
    page.get_by_label("To what").fill(f"watchlist/{ticker}")
    page.keyboard.press("Enter")
    expect(entries(page)).to_have_count(1)
    assert page.url == site.url(f"/audit?target=watchlist%2F{ticker}")
    page.get_by_label("What", exact=True).select_option(label="Removed from the default watch list")
    expect(page.get_by_text("No such entry")).to_be_visible()
    page.go_back()
    expect(entries(page)).to_have_count(1)
    expect(page.get_by_label("What", exact=True)).to_have_value("")
    page.get_by_label("Through", exact=True).fill("2020-01-01")
    expect(page.get_by_text("No such entry")).to_be_visible()
    page.get_by_label("Through", exact=True).fill("")
    page.get_by_label("From", exact=True).fill("2020-01-01")
    expect(entries(page)).to_have_count(1)
    shared = open_page(page.url.removeprefix(site.url("")))
    settled(shared)
    expect(shared.get_by_label("From", exact=True)).to_have_value("2020-01-01")
    expect(entries(shared)).to_have_count(1)
    shared.get_by_role("link", name="Only what Master key did").click()
    settled(shared)
    expect(shared.get_by_label("Who", exact=True)).to_have_value("master")
    shared.get_by_role("button", name="Clear the filters").click()
    expect(entries(shared)).not_to_have_count(1)
    assert shared.url == site.url("/audit")


def test_what_a_newer_service_does_is_named_by_its_id(open_page: Open) -> None:
    page = open_page("/audit?action=move_a_mountain&actor=gone&from=never")
    settled(page)
    expect(page.get_by_text("No such entry")).to_be_visible()
    expect(page.locator("#audit-action option:checked")).to_have_text("Move a mountain")
    expect(page.get_by_label("Who", exact=True)).to_have_value("gone")


def test_older_entries_come_by_keyboard_and_a_file_has_all(open_page: Open, site: Site, tmp_path: Path) -> None:
    for _ in range(30):
        site.api("POST", "/watchlist", json={"ticker": "AUDIT"})
        site.api("DELETE", "/watchlist/AUDIT")
    page = open_page("/audit?target=watchlist%2FAUDIT")
    settled(page)
    expect(entries(page)).to_have_count(50)
    page.get_by_role("button", name="Show older").focus()
    page.keyboard.press("Enter")
    expect(entries(page)).to_have_count(60)
    expect(entries(page).nth(50).get_by_role("link").first).to_be_focused()
    expect(page.get_by_role("button", name="Show older")).to_have_count(0)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as CSV").click()
    saving.value.save_as(tmp_path / "audit.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "audit.csv").read_text())))
    assert (saving.value.suggested_filename, len(rows)) == ("bellwether-audit.csv", 60)
    assert {row["target"] for row in rows} == {"watchlist/AUDIT"}


def test_operators_see_the_whole_installation(open_page: Open, site: Site) -> None:
    page = open_page("/audit")
    settled(page)
    expect(entries(page).first.locator(".badge")).to_have_count(0)
    page.get_by_label("Whole installation").check()
    expect(entries(page).first.locator(".badge")).to_contain_text("rganization")
    assert page.url == site.url("/audit?all=true")


def test_a_long_value_is_folded(open_page: Open, site: Site, ticker: str) -> None:
    site.api("PATCH", f"/watchlist/{ticker}", json={"notes": "w" * 250})
    page = open_page(f"/audit?target=watchlist%2F{ticker}&action=change_watchlist_item", color_scheme="dark", viewport=PHONE)
    settled(page)
    expect(page.locator(".difference pre")).to_be_hidden()
    page.locator(".difference summary").click()
    expect(page.locator(".difference pre")).to_have_text("w" * 250)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []


def test_a_viewer_is_told_that_it_is_for_administrators(open_page: Open, site: Site, watch: Watch) -> None:
    admin = create_admin(site, f"audit{next(_NUMBERS)}@example.com")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, admin, "/organization")
    page.locator("#main").get_by_role("link", name="audit log").click()
    expect(entries(page).first).to_be_visible()
    email = f"viewer{next(_NUMBERS)}@example.com"
    page.goto(site.url("/organization"))
    page.locator("#invite-form").get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_label("The link", exact=True).input_value()
    other = open_page(None, signed_in=False, color_scheme="light")
    other.goto(link)
    other.get_by_label("Your name").fill("Vera")
    other.get_by_label("Password", exact=True).fill(admin.password)
    other.get_by_role("button", name="Make the account and join").click()
    other.wait_for_url(site.url("/login?reason=registered"))
    sign_in_as(other, site, type(admin)(email), "/audit")
    expect(other.get_by_role("heading", name="This page is for administrators")).to_be_visible()
    other.get_by_role("button", name="More", exact=True).click()
    expect(other.get_by_role("link", name="Audit", exact=True)).to_have_count(0)
    assert serious(other) == []
