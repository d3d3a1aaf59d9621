"""An organization's strategies on the page of evidence: made from a base, tried on a ticker, stored, changed, archived; read by viewers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.people import create_member, sign_in_as
from playwright.sync_api import Locator, Page, expect

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for item in site.api("GET", "/strategies").json()["items"]:
        if item["version"] is not None:
            site.api("DELETE", f"/strategies/{item['id']}")


def rows(page: Page) -> Locator:
    return page.locator("#own-strategies tr[data-strategy]")


def opened(page: Page) -> Page:
    settled(page)
    expect(page.get_by_role("heading", name="Your own strategies")).to_be_visible()
    return page


def test_one_is_made_tried_stored_changed_and_removed(open_page: Open, site: Site) -> None:
    page = opened(open_page("/evidence"))
    expect(page.locator("#own-strategies")).to_contain_text("None is stored yet")
    page.get_by_role("button", name="Make a strategy").click()
    page.get_by_label("Name", exact=True).fill("Steady hand")
    page.get_by_label("Made from").select_option("trend")
    expect(page.get_by_label("ADX")).to_have_value("2.5")
    page.get_by_label("ADX").fill("4")
    page.get_by_label("Stop, % of the entry at least").fill("5")
    page.get_by_label("Try it on").fill("aapl")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#own-tried")).to_contain_text("AAPL: ")
    expect(page.locator("#own-tried")).to_contain_text("Trend following says")
    assert serious(page) == []
    page.get_by_role("button", name="Store", exact=True).click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("5%, 3 ×, 25%")
    expect(page.locator("#strategy option[value=steady-hand]")).to_have_text("Steady hand")
    stored = site.api("GET", "/strategies/steady-hand").json()
    assert (stored["indicator_weights"]["adx"], stored["base"], stored["version"]) == (4.0, "trend", 1)
    page.get_by_role("button", name="Change Steady hand").click()
    expect(page.get_by_label("ADX")).to_have_value("4")
    page.get_by_label("ADX").fill("3")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(rows(page)).to_contain_text("2, since ")
    page.get_by_role("button", name="Remove Steady hand").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#own-strategies")).to_contain_text("None is stored yet")
    expect(page.locator("#strategy option[value=steady-hand]")).to_have_count(0)


def test_what_is_refused_is_told_in_the_form(open_page: Open, watch: Watch) -> None:
    watch.expected.append("422")
    page = opened(open_page("/evidence"))
    page.get_by_role("button", name="Make a strategy").click()
    page.get_by_label("Name", exact=True).fill("Silent")
    for name in ("Trend", "Momentum", "Volatility", "Volume"):
        page.get_by_label(name, exact=True).fill("0")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(page.locator("#own-problem")).to_contain_text("No indicator would vote")


def test_an_archived_one_is_brought_back_and_a_viewer_only_reads(open_page: Open, site: Site) -> None:
    site.api("POST", "/strategies", json={"id": "kept", "name": "Kept", "base": "weekly"})
    site.api("POST", "/analyze", json={"ticker": "AAPL", "strategy": "kept"})
    site.api("DELETE", "/strategies/kept")
    page = opened(open_page("/evidence"))
    expect(rows(page)).to_contain_text("Archived")
    page.get_by_role("button", name="Bring back Kept").click()
    page.get_by_role("button", name="Store", exact=True).click()
    expect(page.get_by_role("button", name="Change Kept")).to_be_visible()
    viewer = create_member(site, f"own{next(_NUMBERS)}@example.com", "viewer")
    read = open_page(None, signed_in=False)
    sign_in_as(read, site, viewer, "/evidence")
    opened(read)
    expect(rows(read)).to_contain_text("Kept")
    expect(read.locator("#own-strategies").get_by_role("button")).to_have_count(0)
