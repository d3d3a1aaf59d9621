"""Universes on the pages: stored from a file or typed, refused with the line of a fault, analysed, screened, replaced and deleted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
HOSTILE = '"><img src=x onerror="document.title=1">'


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Any:
    yield
    for item in site.api("GET", "/universes").json()["items"]:
        if not item["built_in"]:
            site.api("DELETE", f"/universes/{item['name']}")


def row_of(page: Page, name: str) -> Any:
    return page.locator(f'tr[data-universe="{name}"]')


def store(page: Page, name: str, text: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("or the table, or tickers alone").fill(text)
    page.get_by_role("button", name="Store", exact=True).click()


def test_a_file_is_stored_looked_at_replaced_and_deleted(open_page: Open, site: Site, tmp_path: Path) -> None:
    file = tmp_path / "constituents.csv"
    file.write_text(f'Symbol,Security,GICS Sector\nAAPL,Apple,Tech\nNVDA,"{HOSTILE.replace(chr(34), chr(34) * 2)}",Tech\n')
    page = open_page("/universes")
    settled(page)
    expect(row_of(page, "all")).to_contain_text("Every ticker with prices")
    expect(row_of(page, "all").get_by_role("button", name="Delete")).to_have_count(0)
    page.get_by_label("Name", exact=True).fill("tech")
    page.locator("#universe-file").set_input_files(str(file))
    page.get_by_role("button", name="Store", exact=True).click()
    expect(page.get_by_text("tech has 2 tickers, 1 of them with stored prices.")).to_be_visible()
    row_of(page, "tech").get_by_role("button", name="Tickers of tech").click()
    members = page.locator("#members li")
    expect(members).to_have_count(2)
    expect(members.nth(1)).to_contain_text("onerror")
    expect(members.nth(1)).to_contain_text("no prices yet")
    assert page.locator("main img").count() == 0
    row_of(page, "tech").get_by_role("button", name="Replace tech").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("tech")
    page.get_by_label("or the table, or tickers alone").fill("aapl, msft ibm")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(row_of(page, "tech").locator("td").first).to_have_text("3")
    row_of(page, "tech").get_by_role("button", name="Delete tech").click()
    page.get_by_role("button", name="Keep it").click()
    expect(row_of(page, "tech")).to_have_count(1)
    row_of(page, "tech").get_by_role("button", name="Delete tech").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row_of(page, "tech")).to_have_count(0)
    assert [item["name"] for item in site.api("GET", "/universes").json()["items"]] == ["all", "watchlist"]


def test_faults_are_told_beside_the_form(open_page: Open, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page("/universes")
    settled(page)
    problem = page.locator("#universe-problem")
    page.get_by_role("button", name="Store", exact=True).click()
    expect(problem).to_contain_text("small letters")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    store(page, "Tech", "AAPL")
    expect(problem).to_contain_text("small letters")
    store(page, "tech", "")
    expect(problem).to_contain_text("Choose a file, or type tickers.")
    store(page, "tech", "Symbol,Name\nAAPL,a\nA B,b\n")
    expect(problem).to_contain_text("line 3, column Symbol")
    expect(page.get_by_label("or the table, or tickers alone")).to_be_focused()
    page.get_by_label("or the table, or tickers alone").fill("AAPL")
    expect(problem).to_have_text("")


def test_a_universe_is_analysed_and_screened(open_page: Open, site: Site) -> None:
    site.api("PUT", "/universes/pair", json={"items": [{"ticker": "AAPL"}, {"ticker": "MSFT"}]})
    page = open_page("/universes")
    settled(page)
    row_of(page, "pair").get_by_role("button", name="Analyse pair").click()
    expect(page.locator("#bulk")).to_contain_text("pair (2 tickers), Balanced")
    expect(page.locator("#bulk")).to_contain_text("Completed")
    row_of(page, "pair").get_by_role("link", name="Screen pair").click()
    expect(page.get_by_label("Universe")).to_have_value("pair")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_label("Universe").select_option("watchlist")
    page.get_by_label("Universe").select_option("pair")
    expect(page).to_have_url(re.compile(r"universe=pair"))


def test_a_task_takes_a_universe(open_page: Open, site: Site) -> None:
    site.api("PUT", "/universes/pair", json={"items": [{"ticker": "AAPL"}, {"ticker": "IBM"}]})
    page = open_page("/tasks")
    settled(page)
    page.get_by_text("New analysis of many tickers").click()
    page.locator("#job-universe").select_option("pair")
    expect(page.get_by_label("A universe:")).to_be_checked()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="pair (2 tickers)")).to_be_visible()


def test_one_that_is_gone_is_told_in_the_screener(open_page: Open, watch: Watch) -> None:
    watch.expected.append("404")
    page = open_page("/screener?universe=gone")
    expect(page.get_by_text("There is no universe 'gone'").first).to_be_visible()
    expect(page.get_by_label("Universe")).to_have_value("gone")


def test_the_search_offers_what_is_not_stored(open_page: Open, site: Site) -> None:
    nvidia = {"ticker": "NVDA", "name": "Nvidia", "exchange": "XNAS", "sector": "Technology"}
    items = [nvidia, {"ticker": "AAPL", "exchange": "XNAS", "currency": "USD"}]
    site.api("PUT", "/universes/chips", json={"items": items})
    page = open_page("/universes")
    settled(page)
    page.get_by_role("combobox", name="Search for a ticker or a company").fill("nvid")
    option = page.get_by_role("option")
    expect(option).to_have_text("NVDA Nvidia · XNAS · not stored yet")
    page.get_by_role("combobox", name="Search for a ticker or a company").fill("AAPL")
    expect(option).to_have_text("AAPL Apple Inc. · XNAS")
    page.goto(site.url("/tickers/AAPL"))
    expect(page.locator("#facts")).to_contain_text("XNAS · USD")


def test_it_is_accessible_on_a_phone_in_the_dark(open_page: Open, site: Site) -> None:
    site.api("PUT", f"/universes/{'w' * 40}", json={"items": [{"ticker": "A" * 20, "name": "N" * 200}, {"ticker": "AAPL"}]})
    page = open_page("/universes", color_scheme="dark")
    page.set_viewport_size(PHONE)
    row_of(page, "w" * 40).get_by_role("button", name="Tickers of").click()
    expect(page.locator("#members li")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    row_of(page, "w" * 40).get_by_role("button", name="Delete").click()
    assert serious(page) == []
