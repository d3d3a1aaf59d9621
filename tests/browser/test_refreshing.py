"""Refreshing prices from the pages, what they tell of providers, and where fetched prices come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, settled
from kit.companies import Company
from kit.market import Market
from kit.price_server import PriceServer, Reply, price_server
from kit.providers import KEY
from kit.servers import wait_until
from kit.watchlist import follow
from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}
TICKERS = ("ACME", "GLOBEX", "INITECH")
NEVER_FETCHED = ("HOOLI", "UMBRELLA", "WAYNE")  # before their test, of the site that tests share


@pytest.fixture
def market() -> Market:
    return Market({ticker: Company(seed, splits=((60, 2.0),)) for seed, ticker in enumerate(TICKERS + NEVER_FETCHED)})


@pytest.fixture(scope="module")
def provider() -> Iterator[PriceServer]:
    with price_server(lambda _: Reply(b"", 503)) as server:
        yield server


@pytest.fixture
def server(provider: PriceServer, market: Market) -> PriceServer:
    """A provider that answers as the test's market does."""
    provider.answer = market.tiingo
    return provider


@pytest.fixture(scope="module")
def served(provider: PriceServer, tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    site = start_on_sample(tmp_path_factory.mktemp("served"), **asking(provider))
    yield site
    site.stop()


@pytest.fixture
def fresh(served: Site, server: PriceServer) -> Iterator[Site]:
    """A site whose provider has not failed; what the test follows is not followed afterwards."""
    yield served
    for ticker in TICKERS + NEVER_FETCHED:
        served.api("DELETE", f"/watchlist/{ticker}")


def asking(server: PriceServer, calls: str = "1000/hour") -> dict[str, str]:
    return {"PRICE_PROVIDERS": "tiingo", "TIINGO_URL": server.address, "TIINGO_API_KEY": KEY, "TIINGO_CALLS": calls, "LOCAL_WORKERS": "1"}


def refresh(site: Site, **order: Any) -> str:
    """Refresh through the API, to the end."""
    job = site.api("POST", "/refresh", json=order).json()
    wait_until(lambda: site.api("GET", f"/jobs/{job['id']}").json()["finished_at"])
    return str(job["id"])


def test_the_followed_tickers_are_refreshed_and_then_analysed(open_page: Open, fresh: Site) -> None:
    follow(fresh, *TICKERS)
    page = open_page(None, at=fresh)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/api/v1/providers") else None)
    page.goto(fresh.url("/"))
    page.get_by_role("button", name="Refresh prices").click()
    assert len(asked) == 1
    area = page.locator(".refresh-area")
    expect(area.get_by_role("link", name="Refresh of the prices of the watchlist (3 tickers)")).to_be_visible()
    expect(area).to_contain_text("3 tickers have new prices.")
    area.get_by_role("button", name="Analyse them").click()
    expect(page.locator('tr[data-ticker="GLOBEX"]')).to_contain_text(re.compile("Buy|Hold|Sell"))
    expect(area).not_to_contain_text("have new prices")
    page.get_by_role("button", name="Refresh prices").click()
    expect(page.get_by_text("completed, 3 of 3 tickers looked at")).to_have_count(1)
    area.get_by_role("link").click()
    expect(page.locator('tr[data-key="ACME"]')).to_contain_text("Current")


def test_tickers_are_followed_and_fetched_at_once(open_page: Open, fresh: Site) -> None:
    page = open_page("/", at=fresh)
    expect(page.get_by_role("button", name="Refresh prices")).to_be_visible()
    page.locator("#add-ticker").fill("HOOLI UMBRELLA")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Follow them and fetch their prices").click()
    expect(page.locator(".refresh-area")).to_contain_text("2 tickers have new prices.")
    expect(page.locator('tr[data-ticker="HOOLI"]')).to_contain_text("HOOLI Inc")


def test_waiting_for_the_limit_is_told_with_its_clock(
    open_page: Open, start_own_site: StartSite, server: PriceServer, tmp_path: Path
) -> None:
    site = start_own_site(tmp_path, **asking(server, "3/hour"))  # two calls for each new ticker
    follow(site, *TICKERS)
    page = open_page("/", at=site, viewport=PHONE)
    page.get_by_role("button", name="Refresh prices").click()
    words = page.locator(".refresh-area .job-words")
    expect(words).to_contain_text(
        re.compile(r"1 of 3 done .*2 of 3 wait until the provider may be asked: the next goes on (at|on) .*, the last about (at|on) ")
    )
    page.reload()
    expect(words).to_contain_text("2 of 3 wait until the provider")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.goto(site.url("/diagnostics"))
    card = page.locator('[data-provider="tiingo"]')
    expect(card).to_contain_text(re.compile(r"[01] of 3 calls of this hour left"))


def test_waiting_is_seen_by_polls_where_there_is_no_stream(
    open_page: Open, start_own_site: StartSite, server: PriceServer, tmp_path: Path, watch: Watch
) -> None:
    """The job's version is the same when an item that was asked for begins to wait."""
    watch.expected += ["503", "Failed to load resource"]
    site = start_own_site(tmp_path, **asking(server, "3/hour"))
    page = open_page(None, at=site)
    page.route("**/api/v1/jobs/*/events", lambda route: route.fulfill(status=503))
    job = site.api("POST", "/refresh", json={"tickers": list(TICKERS)}).json()
    page.goto(site.url(f"/tasks?job={job['id']}"))
    expect(page.locator(".job-words")).to_contain_text("2 of 3 wait until the provider may be asked")


def test_a_universe_is_refreshed_and_a_task_refreshes_first(
    open_page: Open, start_own_site: StartSite, server: PriceServer, tmp_path: Path
) -> None:
    site = start_own_site(tmp_path, **asking(server))
    assert site.api("PUT", "/universes/pair", json={"items": [{"ticker": "ACME"}, {"ticker": "GLOBEX"}]}).ok
    page = open_page("/universes", at=site, viewport=PHONE)
    page.get_by_role("button", name="Refresh the prices of pair").click()
    expect(page.locator("#bulk")).to_contain_text("Refresh of the prices of pair (2 tickers)")
    expect(page.locator("#bulk")).to_contain_text("Completed")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.goto(site.url("/tasks"))
    page.get_by_text("New analysis of many tickers").click()
    page.get_by_label("Tickers, separated by spaces").fill("ACME INITECH")
    page.get_by_label("Refresh the prices first").check()
    assert serious(page) == []
    page.get_by_role("button", name="Start").click()
    expect(page.locator("h1")).to_have_text("Refresh and analyse 2 tickers, Balanced")
    expect(page.locator('tr[data-key="INITECH"]')).to_contain_text(re.compile("close .* of "))
    server.answer = lambda asked: Reply(b"", 403)
    again = site.api("POST", "/bulk-analyze", json={"tickers": ["AAPL"], "refresh": True}).json()
    page.goto(site.url(f"/tasks?job={again['id']}"))
    row = page.locator('tr[data-key="AAPL"]')
    expect(row).to_contain_text("Not refreshed")
    expect(row).to_contain_text("refused the key")
    expect(page.locator("main")).to_contain_text("brought up to date before each analysis")


def test_a_ticker_is_refreshed_from_its_page_which_tells_where_its_prices_are_from(open_page: Open, fresh: Site, market: Market) -> None:
    refresh(fresh, tickers=["ACME"])
    page = open_page("/tickers/ACME", at=fresh)
    expect(page.locator("[data-verdict]")).to_be_visible()
    panel = page.locator(".provenance")
    panel.locator("summary").click()
    for words in ("from tiingo on", "Final", "as traded", "XNYS, USD"):
        expect(panel).to_contain_text(words)
    before = page.locator("#as-of").inner_text()
    market.evening += 3
    wait_until(lambda: fresh.api("POST", "/refresh", json={"tickers": ["ACME"], "force": True}).status_code in (200, 202))
    page.get_by_role("button", name="Refresh prices").click()
    expect(page.locator(".refresh-area")).to_contain_text("Completed")
    page.reload()
    expect(page.locator("#as-of")).not_to_have_text(before)


def test_a_ticker_s_own_providers_are_chosen_on_its_page(open_page: Open, fresh: Site) -> None:
    refresh(fresh, tickers=["ACME"])
    page = open_page("/tickers/ACME", at=fresh, viewport=PHONE)
    expect(page.locator("[data-verdict]")).to_be_visible()
    page.locator(".provenance summary").click()
    choice = page.get_by_label("Providers that these prices are asked of")
    expect(choice).to_have_value("")
    assert serious(page) == []
    choice.select_option("tiingo only")
    wait_until(lambda: fresh.api("GET", "/tickers/ACME/providers").json()["providers"] == ["tiingo"])
    expect(choice).to_be_focused()
    fresh.api("PUT", "/tickers/ACME/providers", json={"providers": ["yahoo", "csv_url"]})
    page.reload()
    page.locator(".provenance summary").click()
    expect(choice.locator("option:checked")).to_have_text("yahoo, then csv_url only")
    choice.select_option("tiingo, as for every ticker")
    wait_until(lambda: fresh.api("GET", "/tickers/ACME/providers").json()["providers"] == [])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_prices_that_nobody_can_serve_say_why(open_page: Open, start_own_site: StartSite, server: PriceServer, tmp_path: Path) -> None:
    site = start_own_site(tmp_path, **asking(server))
    refresh(site, tickers=["ACME"])
    server.answer = lambda asked: Reply(b"Bad gateway", 502)
    job = refresh(site, tickers=["ACME"], force=True)
    page = open_page("/prices?ticker=ACME", at=site)
    facts = page.locator(".quality .facts")
    expect(facts).to_contain_text("The prices from before are kept.")
    expect(page.get_by_role("row", name=re.compile("Split 2:1")).last).to_contain_text("tiingo")
    expect(page.get_by_role("button", name=re.compile("Remove Split"))).to_have_count(0)
    page.goto(site.url(f"/tasks?job={job}"))
    expect(page.locator('tr[data-key="ACME"]')).to_contain_text("Failed")
    page.goto(site.url("/diagnostics"))
    expect(page.locator('[data-provider="tiingo"]')).to_contain_text("Last error")
    expect(page.locator('[data-provider="tiingo"]').get_by_text("Failing")).to_be_visible()


def test_tasks_tell_what_became_of_each_ticker(open_page: Open, fresh: Site) -> None:
    job = refresh(fresh, tickers=["WAYNE", "NONE"])
    page = open_page(f"/tasks?job={job}", at=fresh)
    row = page.locator('tr[data-key="WAYNE"]')
    expect(row).to_contain_text(re.compile(r"New \d+ new bars, \d+ bars to .+, from tiingo"))
    expect(page.locator("h1")).to_contain_text("Refresh of the prices of 2 tickers")
    expect(page.locator('tr[data-key="NONE"]')).to_contain_text("Failed")
    page.goto(fresh.url("/prices"))
    page.get_by_role("button", name="Refresh prices").click()
    expect(page.locator(".refresh-area").get_by_role("link", name=re.compile("prices of all"))).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_provider_the_prices_page_says_how_to_configure_one(open_page: Open, site: Site, scheme: str) -> None:
    page = open_page("/prices", viewport=PHONE, color_scheme=scheme)
    hint = page.locator(".no-provider")
    hint.locator("summary").click()
    expect(hint).to_contain_text("PRICE_PROVIDERS=tiingo TIINGO_API_KEY=…")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    for path in ("/", "/tickers/AAPL", "/prices"):
        page.goto(site.url(path))
        settled(page)
        expect(page.get_by_role("button", name="Refresh prices")).to_have_count(0)
    page.goto(site.url("/universes"))
    settled(page)
    expect(page.get_by_role("button", name="Refresh prices")).to_have_count(0)
    page.goto(site.url("/tasks"))
    page.get_by_text("New analysis of many tickers").click()
    expect(page.get_by_label("Refresh the prices first")).to_be_hidden()
    page.goto(site.url("/diagnostics"))
    cards = page.locator("[data-provider]")
    expect(cards.first).to_contain_text("Not configured")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
