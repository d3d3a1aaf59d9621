"""The main uses of the dashboard: charts, the watchlist, jobs, reports, uploads, diagnostics and feature flags."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from kit.browser import Open, Site, StartSite
from playwright.sync_api import expect


@pytest.fixture
def desk(open_page: Open) -> Any:
    """The overview page of a signed-in user."""
    return open_page("/")


def test_what_the_chart_shows_is_what_is_stored(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/AAPL?strategy=balanced")
    chart = page.locator("[data-bars]")
    expect(chart).to_have_attribute("data-bars", "3270")
    stored = site.api("GET", "/series/AAPL", params={"keys": "close"}).json()
    assert chart.get_attribute("data-last") == stored["dates"][-1]
    assert float(str(chart.get_attribute("data-last-close"))) == pytest.approx(stored["series"]["close"][-1])
    result = site.api("POST", "/analyze", json={"ticker": "AAPL"}).json()
    expect(page.locator("[data-verdict]")).to_have_attribute("data-verdict", result["verdict"])
    lines = json.loads(str(chart.get_attribute("data-price-lines")))
    for level in result["levels"]["resistance"]:
        assert any(line["price"] == pytest.approx(level["price"]) for line in lines)
    for reading in result["indicators"]:
        expect(page.get_by_text(reading["reason"]).first).to_be_visible()
    page.get_by_role("button", name="EMA 50", exact=False).first.click()
    page.wait_for_url("**/tickers/AAPL?*ema*")
    drawn = site.api("GET", "/series/AAPL", params={"keys": "ema_50"}).json()["series"]["ema_50"][-1]
    expect(chart).to_have_attribute("data-overlays", lambda_json(drawn))


def lambda_json(value: float) -> Any:
    """A pattern for JSON that contains the first seven characters of a number."""
    import re

    return re.compile(re.escape(f"{value:.10g}"[:7]))


def test_the_watchlist_and_a_job_watched_live(desk: Any, site: Site) -> None:
    for item in site.api("GET", "/watchlist").json()["items"]:
        site.api("DELETE", f"/watchlist/{item['ticker']}")
    desk.reload()
    expect(desk.get_by_text("AAPL").first).to_be_visible()  # the empty state says how to begin
    for ticker in ("AAPL", "IBM"):
        desk.get_by_label("Add tickers").fill(ticker)
        desk.get_by_role("button", name="Add", exact=True).click()
        expect(desk.locator(f'tr[data-ticker="{ticker}"]')).to_be_visible()
    desk.get_by_label("Add tickers").fill("AAPL")
    desk.get_by_role("button", name="Add", exact=True).click()
    expect(desk.locator("#add-problem")).to_contain_text("already")
    desk.get_by_role("button", name="Analyse all").click()
    expect(desk.locator("#bulk")).to_contain_text("2")
    row = desk.locator('tr[data-ticker="AAPL"]')
    expect(row.locator(".badge").first).to_be_visible()
    desk.get_by_role("button", name="Remove IBM from the watchlist").click()
    expect(desk.locator('tr[data-ticker="IBM"]')).to_have_count(0)


def test_jobs_are_followed_to_their_end_and_cancelled(open_page: Open, start_own_site: StartSite, tmp_path: Path) -> None:
    idle = start_own_site(tmp_path)
    page = open_page("/tasks", at=idle)
    page.locator("#new-job > summary").click()
    page.get_by_label("These:").check()
    page.locator("#job-tickers").fill("AAPL, MSFT")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/tasks?job=*")
    page.get_by_role("button", name="Cancel").first.click()
    page.locator("#cancel-confirm").click()
    expect(page.locator("#page")).to_contain_text("Cancelled")


def test_a_job_with_a_failure_says_why_and_is_run_again(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    page.locator("#new-job > summary").click()
    page.get_by_label("These:").check()
    page.locator("#job-tickers").fill("AAPL\nNOSUCH")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/tasks?job=*")
    expect(page.locator('tr[data-key="NOSUCH"]')).to_contain_text("There are no prices for it.")
    expect(page.get_by_role("button", name="Retry", exact=False).first).to_be_visible()


def test_an_excel_report_opens(open_page: Open) -> None:
    page = open_page("/reports")
    page.locator("#report-ticker").fill("AAPL")
    with page.expect_download() as download:
        page.locator("#download-ticker-report").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert any("AAPL" in str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)


def test_diagnostics_and_a_switch(open_page: Open, site: Site, watch: Any) -> None:
    watch.expected.append("503")
    page = open_page("/diagnostics")
    expect(page.locator('[data-check="database"]').first).to_have_attribute("data-state", "ok")
    expect(page.locator("#flag-streams")).to_be_visible()
    site.api("PUT", "/admin/flags/streams", json={"enabled": False, "reason": "for a test"})
    try:
        # The stream is refused, so the page polls the job.
        tasks = open_page("/tasks")
        tasks.locator("#new-job > summary").click()
        tasks.get_by_label("These:").check()
        tasks.locator("#job-tickers").fill("AAPL GOOG")
        tasks.get_by_role("button", name="Start").click()
        expect(tasks.locator("#page")).to_contain_text("Completed")
    finally:
        site.api("PUT", "/admin/flags/streams", json={"enabled": True})
