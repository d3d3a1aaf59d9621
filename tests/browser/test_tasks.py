"""The page of tasks: it follows what others start, says what came of a job in words, and leaves alone whoever reads it."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from kit.browser import Open, Site, Watch
from kit.servers import wait_until
from playwright.sync_api import Page, expect

SIZES = [pytest.param({"width": 1280, "height": 900}, id="desktop"), pytest.param({"width": 390, "height": 844}, id="phone")]


def start_job(site: Site, *tickers: str, **more: Any) -> str:
    """Start a job as another program does."""
    answer = site.api("POST", "/bulk-analyze", json={"tickers": list(tickers), "force": True, **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def finished(site: Site, job_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = site.api("GET", f"/jobs/{job_id}").json()
        return job if job["finished_at"] else None

    job: dict[str, Any] = wait_until(ended)
    return job


def answer_with(job: dict[str, Any], route: Any) -> None:
    route.fulfill(json=job)


def row_of(page: Page, job_id: str) -> Any:
    return page.locator(f'tr[data-job="{job_id}"]')


@pytest.mark.parametrize("size", SIZES)
def test_jobs_that_others_start_appear_by_themselves(open_page: Open, site: Site, size: dict[str, int]) -> None:
    """Another tab and another program start jobs. The focus and the place on the page stay as they are."""
    for _ in range(12):
        finished(site, start_job(site, "AAPL"))
    page, other = open_page("/tasks"), open_page("/tasks")
    page.set_viewport_size(size)
    name = page.locator("tr[data-job]").nth(8).get_attribute("data-job")
    place = page.locator(f'tr[data-job="{name}"] a')
    place.focus()
    page.evaluate("scrollBy(0, 120)")
    top = place.evaluate("(link) => Math.round(link.getBoundingClientRect().top)")
    job_id = start_job(site, "IBM", "MSFT", "GOOG")
    for tab in (page, other):
        expect(row_of(tab, job_id)).to_contain_text("3 tickers, Balanced")
        expect(row_of(tab, job_id)).to_contain_text("Completed")
        assert tab.locator("tr[data-job]").first.get_attribute("data-job") == job_id
    assert page.evaluate("document.activeElement.closest('tr').dataset.job") == name
    assert abs(place.evaluate("(link) => Math.round(link.getBoundingClientRect().top)") - top) <= 1
    expect(page.locator("#page [role=status]", has_text="New job: 3 tickers, Balanced.")).to_have_count(1)


def test_a_list_that_was_empty_gets_its_first_row(open_page: Open, site: Site) -> None:
    page = open_page("/tasks?status=cancelled")
    if page.locator("tr[data-job]").count() == 0:
        expect(page.get_by_text("No job is in this state")).to_be_visible()
    job_id = start_job(site, "AAPL")
    expect(row_of(page, job_id)).to_have_count(0)
    page.get_by_label("Status").select_option("completed")
    expect(row_of(page, job_id)).to_be_visible()


def test_a_page_that_nobody_looks_at_does_not_ask(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    expect(page.locator("#page table, #page .state").first).to_be_visible()
    asked: list[str] = []
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.on("request", lambda request: asked.append(request.url))
    job_id = start_job(site, "AAPL", "FB")
    finished(site, job_id)
    page.wait_for_timeout(3000)  # longer than between two polls
    assert [url for url in asked if "/jobs" in url] == []
    page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(row_of(page, job_id)).to_contain_text("Completed")


@pytest.mark.parametrize("size", SIZES)
def test_what_came_of_a_job(open_page: Open, site: Site, size: dict[str, int]) -> None:
    job_id = start_job(site, "AAPL", "FB", "GOOG", "IBM", "MSFT", "NOSUCH")
    finished(site, job_id)
    items = {item["key"]: item for item in site.api("GET", f"/jobs/{job_id}/items").json()["items"]}
    page = open_page(f"/tasks?job={job_id}")
    page.set_viewport_size(size)
    for ticker, item in items.items():
        row = page.locator(f'tr[data-key="{ticker}"]')
        if item["error"]:
            expect(row).to_contain_text("There are no prices for it.")
            expect(row.get_by_role("link", name="Upload prices")).to_have_attribute("href", f"/prices?ticker={ticker}")
        else:
            expect(row).to_contain_text(item["outcome"])
            expect(row.get_by_role("img", name=re.compile("Score"))).to_have_count(1)
            expect(row.get_by_role("link", name=ticker)).to_have_attribute("href", f"/tickers/{ticker}")
    expect(page.locator("#page")).not_to_contain_text("JSON")
    line = page.get_by_role("list", name="What came of it")
    expect(line).to_contain_text("Failed 1: no prices")
    verdict = items["AAPL"]["outcome"]
    alike = {key for key, item in items.items() if item["outcome"] == verdict}
    link = line.get_by_role("link", name=f"{verdict} {len(alike)}", exact=True)
    link.click()
    expect(page.locator("tr[data-key]")).to_have_count(len(alike))
    expect(page).to_have_url(re.compile(f"outcome={verdict.replace(' ', '.')}"))
    expect(page.get_by_label("Verdict")).to_have_value(verdict)
    page.get_by_label("Show").select_option("failed")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    page.go_back()
    expect(page.locator("tr[data-key]")).to_have_count(len(alike))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the job's whole id").click()
    expect(page.get_by_text("The id is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == job_id
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_kind_that_the_page_does_not_know(open_page: Open, site: Site) -> None:
    """Its parameters and outcomes are told by the names of their fields."""
    job_id = start_job(site, "AAPL")
    finished(site, job_id)
    page = open_page(None)
    known = site.api("GET", f"/jobs/{job_id}").json()
    other = {**known, "kind": "tide_table", "params": {"on_bad_rows": "drop", "files": 3, "tickers": ["A", "B"]}}
    item = {
        **site.api("GET", f"/jobs/{job_id}/items").json()["items"][0],
        "key": "prices.csv",
        "outcome": "Stored",
        "changed": None,
        "facts": {"bars": 3270, "first_day": "2013-01-02", "note": None},
    }
    page.route(f"**/jobs/{job_id}", lambda route: route.fulfill(json=other))
    page.route(f"**/jobs/{job_id}/items**", lambda route: route.fulfill(json={"items": [item], "next_cursor": None}))
    page.goto(site.url(f"/tasks?job={job_id}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Tide table: 1 item")
    expect(page.locator(".facts")).to_contain_text("On bad rows")
    row = page.locator('tr[data-key="prices.csv"]')
    for words in ("Stored", "Bars", "3,270", "First day"):
        expect(row).to_contain_text(words)
    # There is no report of its verdicts, neither here nor among the reports.
    expect(page.locator("[data-command=report]")).to_have_count(0)
    page.route("**/api/v1/jobs?**", lambda route: route.fulfill(json={"items": [known, other], "next_cursor": None}))
    page.goto(site.url("/reports"))
    rows = page.locator(f'tr[data-job="{job_id}"]')
    expect(rows.nth(0)).to_contain_text("1 ticker, Balanced")
    expect(rows.nth(0).get_by_role("button")).to_have_text(["Excel", "Keep"])
    expect(rows.nth(1)).to_contain_text("Tide table: 1 item")
    expect(rows.nth(1).get_by_role("link")).to_have_text("See the task")
    expect(rows.nth(1).get_by_role("button")).to_have_count(0)


def test_the_time_that_is_left_is_told_in_words(open_page: Open, site: Site, watch: Watch) -> None:
    job_id = start_job(site, "AAPL")
    finished(site, job_id)
    running = {**site.api("GET", f"/jobs/{job_id}").json(), "status": "processing", "finished_at": None, "total": 10, "progress": 0.1}
    watch.expected.append("503")
    page = open_page(None)
    for seconds, words in ((0.4, "less than a second left"), (12.0, "about 12 s left"), (None, "time left not known yet")):
        page.unroute_all()
        page.route("**/events", lambda route: route.fulfill(status=503, body="{}"))
        page.route(f"**/jobs/{job_id}*", partial(answer_with, {**running, "eta_seconds": seconds}))
        page.goto(site.url(f"/tasks?job={job_id}"))
        expect(page.locator(".job-words")).to_contain_text(words)
