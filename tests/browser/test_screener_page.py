"""The screener with 500 rows: columns to choose, sorting by any of them, filters, the total, saved screens, and a phone."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, settled
from kit.paths import ROOT
from kit.servers import wait_until
from kit.support import MASTER_KEY, SECRET_KEY
from playwright.sync_api import expect

ROWS = 500
PAGE = 100


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    """A server with 500 analysed demo tickers beside the sample."""
    folder = tmp_path_factory.mktemp("market")
    site = start_on_sample(folder, LOCAL_WORKERS="1")
    try:
        flask = str(Path(sys.executable).with_name("flask"))
        variables = {"DATA_DIR": str(folder / "var"), "MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY, "PATH": os.environ["PATH"]}
        subprocess.run([flask, "demo", "load", str(ROWS), "--bars", "80"], cwd=ROOT, env=variables, check=True, capture_output=True)
        job = site.api("POST", "/bulk-analyze", json={"universe": "all"}).json()
        wait_until(lambda: site.api("GET", f"/jobs/{job['id']}").json()["finished_at"], 120)
        yield site
    finally:
        site.stop()


def results(site: Site, **params: Any) -> Any:
    return site.api("GET", "/results", params={"strategy": "balanced", **params}).json()


def shown(page: Any, column: str) -> list[str]:
    """The texts of a column."""
    texts: list[str] = page.locator(f"tbody .{column}-cell").all_inner_texts()
    return texts


def tickers(page: Any) -> list[str]:
    texts: list[str] = page.locator("tbody tr").evaluate_all("rows => rows.map((row) => row.dataset.ticker)")
    return texts


def opened(open_page: Open, market: Site, path: str = "/screener", **options: Any) -> Any:
    page = open_page(path, at=market, **options)
    settled(page)
    return page


def test_columns_are_chosen_by_keyboard_and_remembered(open_page: Open, market: Site) -> None:
    page = opened(open_page, market)
    assert page.locator("thead th[data-sort=volume]").count() == 0
    page.locator("#columns summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="Volume").focus()
    page.keyboard.press("Space")
    expect(page.locator("thead th[data-sort=volume]")).to_be_visible()
    page.get_by_role("checkbox", name="MACD vote").check()
    page.get_by_role("checkbox", name="Before").uncheck()
    expect(page.locator("thead th[data-sort=former_verdict]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#columns")).not_to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.matches('#columns summary')")
    assert set(shown(page, "vote_macd")) <= {"Buy", "Neutral", "Sell"}
    with_them = page.url
    page.goto(market.url("/screener"))  # the browser remembers, and the address says it for others
    settled(page)
    expect(page.locator("thead th[data-sort=vote_macd]")).to_be_visible()
    assert page.url == with_them
    other = opened(open_page, market, f"/{with_them.removeprefix(market.url())}")
    expect(other.locator("thead th[data-sort=volume]")).to_be_visible()
    page.locator("#columns summary").click()
    page.get_by_role("button", name="Reset columns").click()
    expect(page.locator("thead th[data-sort=volume]")).to_have_count(0)


def test_any_column_sorts_both_ways_over_all_rows(open_page: Open, market: Site) -> None:
    page = opened(open_page, market, "/screener?columns=rsi,distance_percent,vote_cci,closes")
    expect(page.locator("#count")).to_have_text(f"{PAGE} of {ROWS + 5} results")
    for title, key in (
        ("RSI 14", "rsi"),
        ("Distance to the entry", "distance_percent"),
        ("CCI vote", "vote_cci"),
        ("Last 21 closes", "closes"),
    ):
        for sort in (f"-{key}", key):
            with page.expect_response(lambda answer, sort=sort: f"sort={sort}&" in f"{answer.url}&"):
                page.get_by_role("button", name=title, exact=True).click()
            settled(page)
            expect(page.locator(f"thead th[data-sort={key}]")).to_have_attribute(
                "aria-sort", "descending" if sort[0] == "-" else "ascending"
            )
            assert tickers(page) == [item["ticker"] for item in results(market, sort=sort, limit=PAGE)["items"]]
    for loaded in (200, 300, 400, 500, 505):
        page.get_by_role("button", name="Load more").click()
        expect(page.locator("tbody tr")).to_have_count(loaded)
    expect(page.locator("#count")).to_have_text("505 results")
    assert len(set(tickers(page))) == ROWS + 5


def test_a_row_says_what_is_old_what_is_first_and_no_vote_of_what_does_not_vote(open_page: Open, market: Site) -> None:
    page = opened(open_page, market, "/screener?q=AAPL&columns=close,former_verdict,entry,vote_atr")
    expect(page.locator("thead th[data-sort]")).to_have_text(["Ticker", "Before", "Close", "Entry"])
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Mar 1, 2013Old")
    expect(row).to_contain_text("First analysis")
    expect(row.locator(".entry-cell")).to_have_text("–")  # a Sell, whose plan is that of a short sale


def test_filters_count_and_can_be_taken_away(open_page: Open, market: Site) -> None:
    page = opened(open_page, market, "/screener?columns=rsi,vote_macd,close")
    page.locator("#more-filters summary").click()
    page.get_by_label("RSI from").fill("40")
    page.get_by_label("RSI to").fill("60")
    page.get_by_label("Indicator", exact=True).select_option("MACD")
    page.get_by_label("Vote", exact=True).select_option("Sell")
    page.get_by_role("button", name="Add", exact=True).click()
    total = results(market, min_rsi=40, max_rsi=60, votes="macd:sell", limit=1)["total"]
    assert 0 < total < ROWS
    expect(page.locator("#count")).to_contain_text(f"{total} result")
    settled(page)
    assert set(shown(page, "vote_macd")) == {"Sell"}
    assert all(40 <= float(text) <= 60 for text in shown(page, "rsi"))
    page.get_by_label("RSI from").fill("70")
    expect(page.locator("#filters-problem")).to_contain_text("RSI from: the lowest is above the highest")
    page.get_by_label("RSI from").fill("400")
    expect(page.locator("#filters-problem")).to_contain_text("a number from 0 to 100")
    page.get_by_role("button", name="Take away the filter MACD: Sell").click()
    expect(page.locator("#votes li")).to_have_count(0)
    page.get_by_role("button", name="Reset", exact=True).click()
    expect(page.locator("#count")).to_have_text(f"{PAGE} of {ROWS + 5} results")
    page.get_by_label("Ticker or name").fill("demo 0012")
    expect(page.locator("#count")).to_have_text("10 results")
    page.go_back()
    expect(page.locator("#count")).not_to_have_text("10 results")


def test_records_are_shown_filtered_in_percent_and_saved_as_shares(open_page: Open, market: Site) -> None:
    page = opened(open_page, market, "/screener?columns=verdict,record_hit,record_lift,record_n&sort=-record_hit")
    page.locator("#more-filters summary").click()
    page.get_by_label("Record", exact=True).select_option("With a record")
    recorded = results(market, has_record="true", sort="-record_hit")
    assert 0 < recorded["total"] <= 5
    expect(page.locator("tbody tr")).to_have_count(recorded["total"])
    assert tickers(page) == [item["ticker"] for item in recorded["items"]]
    assert shown(page, "record_hit") == [f"{100 * item['record_hit']:.1f}%" for item in recorded["items"]]
    assert shown(page, "record_n") == [f"{item['record_n']:,}" for item in recorded["items"]]
    least = int(100 * recorded["items"][0]["record_hit"])
    page.get_by_label("Right after 20 days from").fill(str(least))
    expect(page.locator("tbody tr")).to_have_count(results(market, min_hit=least / 100, limit=1)["total"])
    page.get_by_label("Beyond any day to").fill("101")
    expect(page.locator("#filters-problem")).to_contain_text("a number from -100 to 100")
    page.get_by_label("Beyond any day to").fill("")
    page.get_by_role("button", name="Save as").click()
    page.get_by_label("Name", exact=True).last.fill("With a record")
    page.keyboard.press("Enter")
    expect(page.get_by_text("With a record is saved.")).to_be_visible()
    (screen,) = market.api("GET", "/screens").json()["items"]
    try:
        assert (screen["query"]["min_hit"], screen["query"]["has_record"]) == (least / 100, True)
        other = opened(open_page, market, f"/screener?screen={screen['id']}")
        expect(other.get_by_label("Right after 20 days from")).to_have_value(str(least))
        expect(other.get_by_label("Record", exact=True)).to_have_value("true")
    finally:
        market.api("DELETE", f"/screens/{screen['id']}")
    page.get_by_role("button", name="Reset", exact=True).click()
    page.get_by_label("Record", exact=True).select_option("Without one")
    expect(page.locator("tbody .record_n-cell").first).to_have_text("None")


def test_a_screen_is_saved_opened_by_its_link_changed_and_deleted(open_page: Open, market: Site, watch: Any) -> None:
    page = opened(open_page, market, "/screener?signal=BUY&sort=-rsi&columns=name,rsi", permissions=["clipboard-read", "clipboard-write"])
    expected = results(market, signal="BUY", sort="-rsi", limit=PAGE)
    page.get_by_role("button", name="Save as").click()
    page.get_by_label("Name", exact=True).last.fill("Hot buys")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hot buys is saved.")).to_be_visible()
    (screen,) = market.api("GET", "/screens").json()["items"]
    assert screen["query"] == {"strategy": "balanced", "signal": "BUY", "sort": "-rsi", "columns": "name,rsi"}
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("The link is copied.")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == market.url(f"/screener?screen={screen['id']}")
    other = opened(open_page, market, f"/screener?screen={screen['id']}")
    assert tickers(other) == [item["ticker"] for item in expected["items"]]
    assert [title.strip() for title in other.locator("thead th button").all_inner_texts()] == ["Ticker", "Name", "RSI 14"]
    other.get_by_label("Signal").select_option("Any")
    expect(other.get_by_label("Saved screen", exact=True).locator("option:checked")).to_have_text("Hot buys (changed)")
    assert other.url == market.url(f"/screener?screen={screen['id']}&signal=")
    other.reload()
    expect(other.locator("#count")).to_have_text(f"{PAGE} of {ROWS + 5} results")
    other.get_by_role("button", name="Save changes").click()
    expect(other.get_by_label("Saved screen", exact=True).locator("option:checked")).to_have_text("Hot buys")
    assert "signal" not in market.api("GET", f"/screens/{screen['id']}").json()["query"]
    other.get_by_role("button", name="Undo").click()
    expect(other.get_by_text("Hot buys is as it was.")).to_be_visible()
    assert market.api("GET", f"/screens/{screen['id']}").json()["query"] == screen["query"]
    other.get_by_role("button", name="Rename").click()
    field = other.get_by_label("Name", exact=True).last
    expect(field).to_have_value("Hot buys")
    field.fill("All by RSI")
    other.keyboard.press("Enter")
    expect(other.get_by_label("Saved screen", exact=True).locator("option:checked")).to_have_text("All by RSI")
    watch.expected.append("409")
    other.get_by_role("button", name="Save as").click()
    other.get_by_label("Name", exact=True).last.fill("All by RSI")
    other.keyboard.press("Enter")
    expect(other.get_by_text("There is a screen called 'All by RSI' already.")).to_be_visible()
    other.get_by_role("button", name="Delete", exact=True).click()
    other.locator("dialog").get_by_role("button", name="Delete").click()
    expect(other.get_by_text("All by RSI is deleted.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_text("There is no such saved screen")).to_be_visible()
    settled(page)
    assert market.api("GET", "/screens").json()["items"] == []


def test_the_file_has_the_columns_and_rows_of_the_page(open_page: Open, market: Site) -> None:
    page = opened(open_page, market, "/screener?columns=name,rsi,vote_obv&q=DEMO0012&sort=rsi")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    header, *lines = list(csv.reader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert header == ["ticker", "name", "rsi", "vote_obv", "superseded"]
    assert [line[0] for line in lines] == tickers(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_columns_are_accessible_and_fit_a_phone(open_page: Open, market: Site, scheme: str) -> None:
    eighth = results(market, sort="-score", limit=8)["items"][-1]["score"]  # axe takes a minute for hundreds of rows
    page = opened(open_page, market, f"/screener?min_score={eighth}", color_scheme=scheme)
    page.locator("#columns summary").click()
    for box in page.locator("#columns input").all():
        box.check()
    page.locator("#more-filters summary").click()
    settled(page)
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#columns").evaluate("panel => panel.removeAttribute('open')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    first = page.locator("tbody tr").first
    assert "Day change" in first.locator(".change_percent-cell").evaluate("cell => getComputedStyle(cell, '::before').content")
    page.get_by_label("Sorted by").select_option("RSI 14, rising")
    settled(page)
    assert tickers(page)[0] == results(market, sort="rsi", min_score=eighth, limit=1)["items"][0]["ticker"]
    assert serious(page) == []


def test_a_list_that_fails_to_come_leaves_the_filters(open_page: Open, market: Site, watch: Any) -> None:
    watch.expected += ["503", "Failed to load resource"]
    page = opened(open_page, market)
    problem = '{"code":"unavailable","title":"Service Unavailable","status":503,"detail":"The database does not answer right now."}'
    page.route("**/api/v1/screens", lambda route: route.fulfill(status=503, content_type="application/problem+json", body=problem))
    page.goto(market.url("/screener?min_score=0.2"))
    expect(page.get_by_text("The saved screens could not be listed.")).to_be_visible()
    settled(page)
    expect(page.get_by_label("Score from")).to_have_value("0.2")
    assert tickers(page)
