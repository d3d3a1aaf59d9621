"""The page of news: a feed is added, read, paused and deleted; items tell their rule; a series is uploaded and votes for the regime."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, settled
from kit.feeds import item, rss, serving
from kit.macro import days_to, months_to, series_file
from kit.receivers import LOOPBACK, Receiver, receiving
from playwright.sync_api import expect

from utils.clock import today

PHONE = {"width": 390, "height": 844}
HOSTILE = '<![CDATA[<img src=x onerror="document.title=1">Hot $AAPL]]>'


@pytest.fixture(scope="module")
def feeds() -> Iterator[Receiver]:
    items = (item("Apple Inc. beats its forecast", 1), f"<item><title>{HOSTILE}</title><link>javascript:alert(1)</link></item>")
    with receiving(serving(rss(*items, title="Wire"))) as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    """A site that may ask servers of this machine."""
    site = start_on_sample(tmp_path_factory.mktemp("news"), LOCAL_WORKERS="1", WEBHOOK_ALLOWED_NETWORKS=",".join(LOOPBACK))
    yield site
    site.stop()


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Any:
    yield
    for feed in site.api("GET", "/feeds").json()["items"]:
        site.api("DELETE", f"/feeds/{feed['id']}")


def test_a_feed_is_added_read_and_deleted(open_page: Open, site: Site, feeds: Receiver) -> None:
    page = open_page("/news", at=site)
    settled(page)
    page.get_by_label("Address of the feed").fill(feeds.url("/wire"))
    page.get_by_role("button", name="Add the feed").click()
    row = page.locator("#feeds li")
    expect(row).to_contain_text("Never read yet")
    row.get_by_role("button", name="Read now").click()
    expect(page.locator("#news li")).to_have_count(2)
    expect(row).to_contain_text("Wire")
    expect(page.locator("#news")).to_contain_text("AAPL (company name: “Apple Inc”)")
    expect(page.locator("#news")).to_contain_text("AAPL (cash tag: “$AAPL”)")
    assert page.locator("main img").count() == page.locator('#news a[href^="javascript"]').count() == 0
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.goto(site.url("/tickers/AAPL"))
    expect(page.get_by_role("heading", name="News about AAPL")).to_be_visible()
    page.goto(site.url("/news?ticker=MSFT"))
    expect(page.locator("#news")).to_contain_text("No news")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("not read")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#feeds")).to_contain_text("No feed is read.")


def test_what_is_wrong_is_told_beside_the_field(open_page: Open, site: Site, feeds: Receiver, watch: Watch) -> None:
    watch.expected += ["422", "409"]
    site.api("POST", "/feeds", json={"url": feeds.url("/wire")})
    page = open_page("/news", at=site)
    settled(page)
    problem = page.locator("#feed-problem")
    address = page.get_by_label("Address of the feed")
    for text, words in (("", "Give the address"), ("news.example.com", "must begin with https"), (feeds.url("/wire"), "is read already")):
        address.fill(text)
        address.press("Enter")
        expect(problem).to_contain_text(words)
        expect(address).to_be_focused()
    page.get_by_role("button", name="Store the series").click()
    expect(page.locator("#series-problem")).to_contain_text("Give a name")


def test_an_error_of_a_feed_stands_with_it(open_page: Open, site: Site, feeds: Receiver) -> None:
    feed = site.api("POST", "/feeds", json={"url": "http://10.1.2.3/feed"}).json()
    page = open_page("/news", at=site)
    settled(page)
    page.locator(f'[data-feed="{feed["id"]}"]').get_by_role("button", name="Read now").click()
    expect(page.locator(f'[data-feed="{feed["id"]}"] .field-problem')).to_contain_text("not public")


def test_series_make_the_regime(open_page: Open, site: Site, tmp_path: Path) -> None:
    day = today()
    site.api("PUT", "/macro/T10Y3M", data=series_file(days_to(day, 3), [1, 1, -0.5]), headers={"Content-Type": "text/csv"})
    file = tmp_path / "UNRATE.csv"
    file.write_text(series_file(months_to(day - timedelta(days=day.day), 15), [4.0] * 15))
    page = open_page("/news", at=site)
    settled(page)
    expect(page.locator("#regime")).to_contain_text("SP500 is not stored")
    expect(page.locator("#regime")).to_contain_text("INDPRO is not stored")
    page.locator("#series-name").fill("unrate")
    page.locator("#series-file").set_input_files(str(file))
    page.get_by_role("button", name="Store the series").click()
    expect(page.locator("#series")).to_contain_text("UNRATE")
    expect(page.locator("#regime")).to_contain_text("mixed")
    expect(page.locator("#regime")).to_contain_text("Sahm (2019)")
    months = months_to(day - timedelta(days=day.day), 24)
    for name, levels in (("INDPRO", (100, 100, 101)), ("CPIAUCSL", (280, 300, 294))):
        values = [levels[0]] * 12 + [levels[1]] * 6 + [levels[2]] * 6
        site.api("PUT", f"/macro/{name}", data=series_file(months, values), headers={"Content-Type": "text/csv"})
    page.reload()
    expect(page.get_by_role("region", name="Phase of the cycle, by a rule")).to_contain_text("recovery")
    expect(page.get_by_role("region", name="Phase of the cycle, by a rule")).to_contain_text("no forecast")
    assert serious(page) == []
    page.goto(site.url("/tickers/AAPL"))
    expect(page.get_by_text("Macro regime: mixed; cycle by rule: recovery")).to_be_visible()
    page.goto(site.url("/news"))
    page.get_by_role("button", name="Delete: UNRATE").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#regime")).to_contain_text("unknown")
