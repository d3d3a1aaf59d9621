"""The page of a ticker that nobody has stored: its prices are fetched, and the verdict and the chart are there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.browser import Open, StartSite, Watch
from kit.companies import Company
from kit.market import Market
from kit.price_server import Asked, PriceServer, Reply, price_server
from kit.providers import KEY
from playwright.sync_api import expect


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server(Market({"NVDA": Company(1)}).tiingo) as server:
        yield server


def asking(server: PriceServer, seconds: str = "60") -> dict[str, str]:
    """The settings of a server that asks a provider, and whose callers wait so long for what it fetches."""
    provider = {"PRICE_PROVIDERS": "tiingo", "TIINGO_URL": server.address, "TIINGO_API_KEY": KEY}
    return {**provider, "FETCH_ON_DEMAND_SECONDS": seconds, "LOCAL_WORKERS": "1"}


def test_a_ticker_that_no_search_finds_is_fetched_all_the_same(
    open_page: Open, start_own_site: StartSite, watch: Watch, server: PriceServer, tmp_path: Path
) -> None:
    watch.expected.append("404")
    page = open_page("/tasks", at=start_own_site(tmp_path, **asking(server)))  # this market answers no search
    page.locator("#ticker-search-field").fill("nvda")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Fetch prices for NVDA")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("NVDA")
    expect(page.locator("main")).to_contain_text("analysed")


def test_type_a_ticker_get_a_verdict(open_page: Open, start_own_site: StartSite, watch: Watch, server: PriceServer, tmp_path: Path) -> None:
    watch.expected.append("404")
    site = start_own_site(tmp_path, **asking(server))
    page = open_page("/tickers/NVDA", at=site)
    expect(page.locator("h1")).to_contain_text("NVDA")
    expect(page.locator("[data-bars]")).to_be_visible()
    expect(page.locator("main")).to_contain_text("analysed")
    page.goto(site.url("/tickers/NOSUCH"))
    expect(page.locator("main")).to_contain_text("Tiingo has no ticker NOSUCH")


def test_a_page_whose_prices_are_still_fetched_goes_on_by_itself(
    open_page: Open, start_own_site: StartSite, watch: Watch, server: PriceServer, tmp_path: Path
) -> None:
    watch.expected += ["404", "503"]
    may_answer, answer = threading.Event(), server.answer

    def late(asked: Asked) -> Reply:
        may_answer.wait()
        return answer(asked)

    server.answer = late
    page = open_page("/tickers/NVDA", at=start_own_site(tmp_path, **asking(server, "1")))
    expect(page.locator("main")).to_contain_text("This page goes on by itself.")
    may_answer.set()
    expect(page.locator("[data-bars]")).to_be_visible()
    expect(page.locator("main")).to_contain_text("analysed")
