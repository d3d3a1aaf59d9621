"""The kept reports of the page Reports: made by its form or of a job, downloaded, removed."""

from __future__ import annotations

import json

from kit.accessibility import serious
from kit.browser import Open, Site
from kit.jobs import csv_of
from playwright.sync_api import expect


def test_a_report_is_made_downloaded_and_removed(open_page: Open, site: Site) -> None:
    site.api("POST", "/analyze", json={"ticker": "AAPL"})
    page = open_page("/reports")
    page.locator("#kept-type").select_option("ticker")
    page.locator("#keep-report").click()
    expect(page.locator("#kept-problem")).to_have_text("Which ticker?")
    page.locator("#kept-ticker").fill("aapl")
    page.locator("#kept-format").select_option("json")
    page.locator("#keep-report").click()
    row = page.locator("#kept-list tbody tr").first
    expect(row).to_contain_text("AAPL, Balanced")
    expect(row).to_contain_text("Ready")
    with page.expect_download() as saved:
        row.get_by_role("button", name="Download").click()
    assert json.loads(saved.value.path().read_text())["result"]["ticker"] == "AAPL"
    assert saved.value.suggested_filename.startswith("bellwether-AAPL-balanced-")
    assert serious(page) == []
    row.get_by_role("button", name="Remove").click()
    expect(page.locator("#kept-list")).to_contain_text("No reports are kept.")
    assert site.api("GET", "/reports").json()["items"] == []


def test_a_report_that_cannot_be_made_says_why(open_page: Open, site: Site) -> None:
    site.api("PUT", "/prices/UNREAD", data=csv_of(300), headers={"Content-Type": "text/csv"})
    site.api("POST", "/reports", json={"type": "ticker", "ticker": "UNREAD", "strategy": "weekly"})
    page = open_page("/reports", viewport={"width": 390, "height": 844})
    row = page.locator("#kept-list tbody tr").first
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("UNREAD has not been analysed by the strategy weekly yet.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    row.get_by_role("button", name="Remove").click()
    expect(page.locator("#kept-list")).to_contain_text("No reports are kept.")
    site.api("DELETE", "/prices/UNREAD")


def test_the_report_of_a_job_is_kept(open_page: Open, site: Site) -> None:
    job = site.api("POST", "/bulk-analyze", json={"tickers": ["AAPL"], "force": True}).json()
    page = open_page("/reports")
    page.locator(f'tr[data-job="{job["id"]}"]').get_by_role("button", name="Keep").click()
    row = page.locator("#kept-list tbody tr").first
    expect(row).to_contain_text("A job")
    expect(row).to_contain_text("Ready")
    task = open_page(f"/tasks?job={site.api('GET', '/reports').json()['items'][0]['job_id']}")
    expect(task.locator("#page")).to_contain_text("Ready bellwether-job-")
