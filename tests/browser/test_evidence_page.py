"""The page of evidence: computed as a job over a universe, by tenths of the score and by verdict, and the strategies beside each other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.servers import wait_until
from playwright.sync_api import Page, ViewportSize, expect

PHONE: ViewportSize = {"width": 390, "height": 844}
A4: ViewportSize = {"width": 703, "height": 1000}  # between the margins
TOO_WIDE = "[...document.querySelectorAll('main table')].filter((one) => one.getBoundingClientRect().right > innerWidth).length"
EMPTY, COUNTED = "untouched", "counted"


@pytest.fixture(scope="module")
def universes(site: Site) -> Iterator[Site]:
    """Two universes: one that nobody has computed anything of, and one of which two strategies are computed."""
    for name in (EMPTY, COUNTED):
        site.api("PUT", f"/universes/{name}", json={"items": [{"ticker": "AAPL"}, {"ticker": "IBM"}, {"ticker": "FB"}]})
    for strategy in ("balanced", "trend"):
        job = site.api("POST", "/evidence", json={"universe": COUNTED, "strategy": strategy}).json()
        wait_until(lambda job=job: site.api("GET", f"/jobs/{job['id']}").json()["finished_at"], 120)
    yield site
    for name in (EMPTY, COUNTED):
        site.api("DELETE", f"/universes/{name}")


def evidence(site: Site, strategy: str = "balanced") -> Any:
    return site.api("GET", "/evidence", params={"universe": COUNTED, "strategy": strategy}).json()


def horizon(answer: Any, days: int = 20) -> Any:
    (found,) = [each for each in answer["horizons"] if each["h"] == days]
    return found


def opened(open_page: Open, path: str = f"/evidence?universe={COUNTED}", **options: Any) -> Page:
    page: Page = open_page(path, **options)
    settled(page)
    return page


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def test_nothing_yet_says_what_it_is_and_is_computed(open_page: Open, universes: Site) -> None:
    page = opened(open_page, f"/evidence?universe={EMPTY}&strategy=weekly")
    expect(page.get_by_text(f"Nothing has been computed for Weekly target over {EMPTY} yet")).to_be_visible()
    expect(page.get_by_text("takes seconds for some hundred tickers")).to_be_visible()
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator("#bulk")).to_contain_text(f"{EMPTY} (3 tickers), Weekly target")
    expect(page.locator("#bulk")).to_contain_text("Completed")
    expect(page.get_by_role("heading", name="Did higher scores bring more?")).to_be_visible()
    expect(page.get_by_text("2 tickers counted, 1 with too short a history.")).to_be_visible()
    expect(page.get_by_role("button", name="Compute again")).to_be_enabled()
    expect(page.get_by_text("Not computed over this universe yet: Balanced,")).to_be_visible()


def test_it_shows_what_the_api_says(open_page: Open, universes: Site) -> None:
    answer = evidence(universes)
    page = opened(open_page)
    expect(page.get_by_text(answer["beat"]["sentence"])).to_be_visible()
    expect(page.get_by_text(answer["survivorship"])).to_be_visible()
    for days in (20, 5):
        button = page.get_by_role("button", name=f"{days} days", exact=True)
        button.click()
        expect(button).to_be_focused()
        at = horizon(answer, days)
        rows = page.locator("section[aria-labelledby=verdicts-title] tbody tr")
        for row, told in zip(rows.all(), [each for each in at["verdicts"] if each["n"]], strict=True):
            expect(row).to_contain_text(told["verdict"])
            expect(row).to_contain_text(f"{told['n']:,}")
            expect(row).to_contain_text("Names no direction" if told["hit"] is None else percent(told["hit"]))
        first, last = at["deciles"][0], at["deciles"][-1]
        label = re.compile(f"{re.escape(percent(first['hit']))} in the lowest, {re.escape(percent(last['hit']))} in the highest")
        expect(page.get_by_role("img", name=label)).to_be_visible()
    assert page.url == universes.url(f"/evidence?universe={COUNTED}&horizon=5")
    page.get_by_text("The curve as a table").click()
    cells = page.get_by_role("table", name=re.compile("by tenths of the score")).locator("tbody tr")
    expect(cells).to_have_count(len(horizon(answer, 5)["deciles"]))
    shown = page.get_by_label("Shown", exact=True)
    shown.focus()
    shown.select_option("excess")
    expect(page.get_by_role("img", name=re.compile("^Mean return beyond"))).to_be_visible()
    expect(shown).to_be_focused()
    page.reload()
    expect(page.get_by_role("img", name=re.compile("^Mean return beyond"))).to_be_visible()


def test_strategies_stand_beside_each_other(open_page: Open, universes: Site) -> None:
    page = opened(open_page)
    table = page.get_by_role("table", name="The strategies over 20 days")
    expect(table.locator("tbody tr")).to_have_count(2)
    trend = evidence(universes, "trend")
    row = table.locator("tr[data-strategy=trend]")
    expect(row).to_contain_text(f"{trend['beat']['beat']} of {trend['beat']['tickers']}")
    (buy,) = [each for each in horizon(trend)["verdicts"] if each["verdict"] == "Buy"]
    expect(row).to_contain_text(f"{100 * buy['lift']:+.1f}")
    page.get_by_label("Strategy", exact=True).select_option("Trend following")
    expect(page.get_by_text(trend["beat"]["sentence"])).to_be_visible()
    assert page.url == universes.url(f"/evidence?universe={COUNTED}&strategy=trend")
    page.go_back()
    expect(page.get_by_text(evidence(universes)["beat"]["sentence"])).to_be_visible()


def test_a_job_that_runs_is_gone_on_with_after_a_reload(open_page: Open, universes: Site) -> None:
    """By hand: a job over three tickers is over before a page can be loaded again."""
    (done, *_) = universes.api("GET", "/jobs", params={"limit": 5}).json()["items"]
    job = {**done, "kind": "evidence", "id": "running", "status": "processing", "progress": 0.4, "finished_at": None, "version": 1}
    job |= {"params": {"evidence_id": "e", "universe": COUNTED, "strategy": "weekly", "horizons": [20], "cost_bp": 20.0}}
    page = open_page(None)
    state = {"job": job}
    ended = {**job, "status": "completed", "progress": 1.0, "version": 2}

    def answer(route: Any) -> None:
        if "strategy=weekly" in route.request.url and state["job"]["status"] == "processing":
            route.fulfill(status=202, json=state["job"])
        else:
            route.continue_()

    page.route("**/api/v1/evidence?*", answer)
    page.route("**/api/v1/jobs/running/events", lambda route: route.fulfill(status=204))
    page.route("**/api/v1/jobs/running*", lambda route: route.fulfill(json=state["job"]))
    page.goto(universes.url(f"/evidence?universe={COUNTED}&strategy=weekly"))
    progress = page.locator("#bulk")
    expect(progress).to_contain_text("Weekly target")
    expect(progress).to_contain_text("Processing")
    state["job"] = ended
    expect(progress).to_contain_text("Completed")
    expect(page.get_by_text(f"Nothing has been computed for Weekly target over {COUNTED} yet")).to_be_visible()


def test_its_table_is_saved(open_page: Open, universes: Site) -> None:
    page = opened(open_page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(), newline="")))
    assert {int(row["horizon"]) for row in rows} == {5, 10, 20, 60}
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the evidence as Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def test_one_that_is_gone_is_told(open_page: Open, watch: Watch) -> None:
    watch.expected.append("404")
    page = open_page("/evidence?universe=gone")
    expect(page.get_by_text("There is no universe 'gone'").first).to_be_visible()
    expect(page.get_by_label("Universe", exact=True)).to_have_value("gone")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("universes")
def test_it_is_accessible_fits_a_phone_and_is_printed(open_page: Open, scheme: str) -> None:
    page = opened(open_page, color_scheme=scheme)
    for folded in page.locator("main details.folded > summary").all():
        folded.click()
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    assert page.evaluate(TOO_WIDE) == 0
    expect(page.get_by_text("Did higher scores bring more?")).to_be_visible()
    expect(page.locator("#compute")).to_be_hidden()
