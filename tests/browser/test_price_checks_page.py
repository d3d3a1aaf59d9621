"""What comparisons between providers found, on the pages: on Diagnostics, on the ticker's own pages, and as a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, settled
from kit.companies import Company
from kit.market import Market
from kit.price_server import Asked, PriceServer, Reply, price_server
from kit.providers import KEY
from kit.servers import wait_until
from playwright.sync_api import expect

from database import Database
from features.prices.cross_check import queue_check
from infrastructure.sql.options import DatabaseOptions

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def market() -> Market:
    return Market({"ACME": Company(1)})


def wrong(market: Market) -> Any:
    """Files of a market with two closes that are 10 % too high."""

    def answer(asked: Asked) -> Reply:
        lines = market.csv(asked).body.decode().splitlines()
        for at in (-3, -2):
            cells = lines[at].split(",")
            cells[2] = cells[4] = repr(float(cells[4]) * 1.1)
            lines[at] = ",".join(cells)
        return Reply("\n".join(lines).encode(), headers={"Content-Type": "text/csv"})

    return answer


@pytest.fixture
def servers(market: Market) -> Iterator[tuple[PriceServer, PriceServer]]:
    with price_server(market.tiingo) as first, price_server(market.csv) as other:
        yield first, other


@pytest.fixture
def own(start_own_site: StartSite, servers: tuple[PriceServer, PriceServer], tmp_path: Path) -> Site:
    """A server with two providers."""
    first, other = servers
    site = start_own_site(
        tmp_path,
        LOCAL_WORKERS="1",
        PRICE_PROVIDERS="tiingo,csv_url",
        TIINGO_URL=first.address,
        TIINGO_API_KEY=KEY,
        CSV_URL_TEMPLATE=f"{other.address}/{{ticker}}.csv?from={{since}}",
    )
    wait_for(site, site.api("POST", "/refresh", json={"tickers": ["ACME"]}).json())
    return site


def wait_for(site: Site, job: Any) -> str:
    wait_until(lambda: site.api("GET", f"/jobs/{job['id']}").json()["status"] == "completed")
    return str(job["id"])


def compare(site: Site, folder: Path) -> str:
    """Queue what a night queues, and wait for it. Returns the job's id."""
    with closing(Database(DatabaseOptions(f"sqlite:///{next((folder / 'var').glob('*.db'))}"))) as database:
        queue_check(database)
    return wait_for(site, site.api("GET", "/jobs?limit=1").json()["items"][0])


def test_differences_are_told_where_people_look(
    open_page: Open, own: Site, servers: tuple[PriceServer, PriceServer], market: Market, tmp_path: Path
) -> None:
    page = open_page("/diagnostics", at=own)
    section = page.locator("#price-checks")
    expect(section).to_contain_text("Nothing has been compared yet")
    compare(own, tmp_path)
    page.get_by_role("button", name="Refresh now").click()
    expect(section).to_contain_text("No differences")
    page.goto(own.url("/tickers/ACME"))
    settled(page)
    expect(page.get_by_text("Providers differ")).to_be_hidden()
    servers[1].answer = wrong(market)
    job = compare(own, tmp_path)
    page.goto(own.url("/diagnostics"))
    row = section.locator('tr[data-ticker="ACME"]')
    for words in ("tiingo", "csv_url", "+10.00%", "2 of ", "Single closes differ"):
        expect(row).to_contain_text(words)
    region = section.get_by_role("region", name="Closes that differ, by ticker")
    region.focus()
    page.keyboard.press("Tab")
    expect(row.get_by_role("link", name="ACME")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".ticker-header .price-difference")).to_contain_text("Providers differ")
    for path in ("/tickers/ACME", "/prices?ticker=ACME"):
        page.goto(own.url(path))
        expect(page.locator(".price-difference")).to_contain_text("closes differ by more than 0.5% since")
    page.goto(own.url(f"/tasks?job={job}"))
    expect(page.locator("h1")).to_contain_text("Comparison of the prices of 1 ticker between providers")
    expect(page.locator('tr[data-key="ACME"]')).to_contain_text("Providers differ")
    expect(page.locator(".summary")).to_contain_text("1 differ")
    for path in ("/diagnostics", "/tickers/ACME", "/prices?ticker=ACME", f"/tasks?job={job}"):
        for scheme in ("light", "dark"):
            phone = open_page(path, at=own, viewport=PHONE, color_scheme=scheme)
            expect(phone.get_by_text("Providers differ").or_(phone.get_by_text("Single closes differ")).first).to_be_visible()
            settled(phone)
            assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert serious(phone) == []


def test_fewer_than_two_providers_are_not_compared(open_page: Open, site: Site) -> None:
    page = open_page("/diagnostics")
    expect(page.locator("#price-checks")).to_contain_text("two providers are configured; none is.")
