"""What somebody sees who may read and no more: the stored results, and no offer of what they may not do."""

from __future__ import annotations

from itertools import count

from kit.browser import Open, Site, Watch, settled
from kit.jobs import csv_of
from kit.people import create_member, sign_in_as
from playwright.sync_api import expect

_NUMBERS = count(1)
OFF = {"enabled": False, "reason": "Tried by a test."}


def test_a_viewer_sees_the_newest_stored_result(open_page: Open, site: Site) -> None:
    stored = site.api("POST", "/analyze", json={"ticker": "IBM", "strategy": "balanced"}).json()
    viewer = create_member(site, f"vera{next(_NUMBERS)}@example.com", "viewer")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, viewer, "/tickers/IBM")
    verdict = page.locator(".ticker-verdict")
    expect(verdict).to_have_attribute("data-verdict", stored["verdict"])
    expect(verdict).to_have_attribute("data-score", str(stored["score"]))
    expect(page.locator("#refusal")).to_have_text(
        "This is the newest stored result. You read what is stored; analysts and administrators make new results."
    )
    expect(page.get_by_role("button", name="Analyse again")).to_have_count(0)
    expect(page.locator("#votes li").first).to_be_visible()
    site.api("PUT", "/prices/UNSEEN", data=csv_of(260), headers={"Content-Type": "text/csv"})
    try:
        page.goto(site.url("/tickers/UNSEEN"))
        settled(page)
        expect(page.get_by_role("alert").filter(has_text="Nobody has analysed it by this strategy")).to_be_visible()
    finally:
        site.api("DELETE", "/prices/UNSEEN")


def test_while_analyses_are_off_the_stored_result_stays(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("503")
    stored = site.api("POST", "/analyze", json={"ticker": "MSFT", "strategy": "balanced"}).json()
    site.api("PUT", "/admin/flags/analyses", json=OFF)
    try:
        page = open_page("/tickers/MSFT")
        expect(page.locator(".ticker-verdict")).to_have_attribute("data-verdict", stored["verdict"])
        expect(page.locator("#refusal")).to_contain_text("Tried by a test.")
    finally:
        site.api("PUT", "/admin/flags/analyses", json={"enabled": True})
    page.get_by_role("button", name="Analyse again").click()
    expect(page.locator("#refusal")).to_be_hidden()
