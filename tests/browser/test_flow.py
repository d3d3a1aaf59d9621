"""The main uses of the dashboard: charts, the watchlist, jobs, reports, uploads, diagnostics and feature flags."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from kit.browser import Open, Site, start_site
from playwright.sync_api import expect

HEADER = "Date,Open,High,Low,Close,Volume\n"


@pytest.fixture
def desk(open_page: Open) -> Any:
    """The overview page of a signed-in user."""
    return open_page("/")


def prices_csv(rows: int = 80) -> str:
    """A CSV file of a rising series that the service stores unchanged."""
    days = [f"2025-{1 + at // 28:02d}-{1 + at % 28:02d}" for at in range(rows)]
    return HEADER + "".join(f"{day},{100 + at},{102 + at},{99 + at},{101 + at},{1000 + at}\n" for at, day in enumerate(days))


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
    expect(desk.locator("#bulk")).to_contain_text("2", timeout=60_000)
    row = desk.locator('tr[data-ticker="AAPL"]')
    expect(row.locator(".badge").first).to_be_visible()
    desk.get_by_role("button", name="Remove IBM from the watchlist").click()
    expect(desk.locator('tr[data-ticker="IBM"]')).to_have_count(0)


def test_jobs_are_followed_to_their_end_and_cancelled(open_page: Open, tmp_path: Path, watch: Any) -> None:
    idle = start_site(tmp_path, LOCAL_WORKERS="0", SKIP_STARTUP_REFRESH="true")
    try:
        page = open_page("/tasks", at=idle)
        page.locator("#new-job > summary").click()
        page.get_by_label("These:").check()
        page.locator("#job-tickers").fill("AAPL, MSFT")
        page.get_by_role("button", name="Start").click()
        page.wait_for_url("**/tasks?job=*")
        page.get_by_role("button", name="Cancel").first.click()
        page.locator("#cancel-confirm").click()
        expect(page.locator("#page")).to_contain_text("Cancelled")
        page.goto("about:blank")
    finally:
        idle.stop()


def test_a_job_with_a_failure_says_why_and_is_run_again(open_page: Open, site: Site) -> None:
    page = open_page("/tasks")
    page.locator("#new-job > summary").click()
    page.get_by_label("These:").check()
    page.locator("#job-tickers").fill("AAPL\nNOSUCH")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/tasks?job=*")
    expect(page.locator('tr[data-key="NOSUCH"]')).to_contain_text("ticker_not_found", timeout=60_000)
    expect(page.get_by_role("button", name="Retry", exact=False).first).to_be_visible()


def test_an_excel_report_opens(open_page: Open) -> None:
    page = open_page("/reports")
    page.locator("#report-ticker").fill("AAPL")
    with page.expect_download() as download:
        page.locator("#download-ticker-report").click()
    book = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert any("AAPL" in str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)


def test_a_bad_and_a_good_file(open_page: Open, site: Site, tmp_path: Path, watch: Any) -> None:
    watch.expected.append("422")
    bad, good = tmp_path / "BADFILE.csv", tmp_path / "GOODFILE.csv"
    bad.write_text(prices_csv().replace("101,1000", "<img src=x onerror=alert(1)>,1000", 1))
    good.write_text(prices_csv())
    page = open_page("/prices")
    page.locator("#price-files").set_input_files([str(bad), str(good)])
    refused = page.locator('.file-row[data-state="refused"]')
    expect(refused).to_contain_text("Line 2, at fault")
    expect(refused).to_contain_text("onerror=alert(1)")  # shown as text
    checked = page.locator('.file-row[data-state="checked"]')
    expect(checked).to_contain_text("GOODFILE would have 80 bars")
    assert site.api("GET", "/prices/GOODFILE/quality").status_code == 404
    checked.get_by_role("button", name="Store", exact=True).click()
    expect(page.locator('.file-row[data-state="stored"]')).to_contain_text("80")
    assert site.api("GET", "/prices/GOODFILE/quality").json()["bars"] == 80
    assert site.api("GET", "/prices/BADFILE/quality").status_code == 404


def test_dates_that_can_be_read_in_two_ways(open_page: Open, site: Site, tmp_path: Path, watch: Any) -> None:
    watch.expected.append("422")
    file = tmp_path / "SLASH.csv"
    file.write_text("Date;Open;High;Low;Close;Volume\n05/08/2025;1,5;1,6;1,4;1,5;10\n07/08/2025;1,5;1,6;1,4;1,5;10\n")
    page = open_page("/prices")
    page.locator("#price-files").set_input_files(str(file))
    page.get_by_role("button", name="Day first").click()
    expect(page.locator('.file-row[data-state="checked"]')).to_contain_text("dates as day first")
    page.locator("#upload-all").click()
    stored = page.locator('.file-row[data-state="stored"]')
    expect(stored).to_contain_text("dates as day first, semicolons between columns, a decimal comma")
    assert site.api("GET", "/prices/SLASH/quality").json()["last"] == "2025-08-07"


def test_old_and_new_prices_are_shown_over_each_other_before_they_are_stored(open_page: Open, site: Site, tmp_path: Path) -> None:
    header, *lines = prices_csv(120).splitlines()
    before = "\n".join([header, *lines[:100]])
    assert site.api("PUT", "/prices/OVERLAID", data=before, headers={"Content-Type": "text/csv"}).status_code == 200
    rows = [line.split(",") for line in lines]
    halved = [",".join([day, *(str(float(price) / 2) for price in prices), volume]) for day, *prices, volume in rows]
    file = tmp_path / "OVERLAID.csv"
    file.write_text("\n".join([header, *halved[80:]]))
    page = open_page("/prices")
    page.locator("#price-files").set_input_files(str(file))
    page.get_by_label("What is stored").select_option("extend")
    checked = page.locator('.file-row[data-state="checked"]')
    expect(checked).to_contain_text("OVERLAID would have 120 bars")
    expect(checked.locator(".rescaled")).to_contain_text("split 2:1")
    expect(checked.locator("figcaption")).to_contain_text("They differ on 20 of 20 common days shown")
    expect(checked.locator(".closes-canvas")).to_have_attribute("data-points", '{"stored":100,"file":40}')
    expect(checked.locator(".preview-rows tbody tr")).to_have_count(7)
    page.locator("#upload-all").click()
    expect(page.locator('.file-row[data-state="stored"]')).to_contain_text("120 bars")
    assert site.api("GET", "/prices/OVERLAID").json()["actions"][0]["numerator"] == 2


def test_many_files_are_checked_only_when_asked(open_page: Open, site: Site, tmp_path: Path) -> None:
    files = [tmp_path / f"MANY{number}.csv" for number in range(12)]
    for file in files:
        file.write_text(prices_csv())
    page = open_page("/prices")
    page.locator("#price-files").set_input_files([str(file) for file in files])
    expect(page.get_by_text("More than 10 files are not checked by themselves.")).to_be_visible()
    page.get_by_role("button", name="Check", exact=True).nth(2).click()
    expect(page.locator('.file-row[data-state="checked"]')).to_contain_text("MANY2 would have 80 bars")
    page.locator("#upload-all").click()
    expect(page.locator("#upload-status")).to_have_text("12 stored.", timeout=60_000)
    assert site.api("GET", "/prices/MANY11/quality").json()["bars"] == 80


def test_a_split_is_told_and_taken_back(open_page: Open, site: Site) -> None:
    header, *lines = prices_csv(120).splitlines()
    rows = [line.split(",") for line in lines]
    halved = [",".join([day, *(str(float(price) / 2) for price in prices), volume]) for day, *prices, volume in rows[60:]]
    day = rows[60][0]
    site.api("PUT", "/prices/SPLITTED", data="\n".join([header, *lines[:60], *halved]), headers={"Content-Type": "text/csv"})
    page = open_page("/prices?ticker=SPLITTED")
    detail = page.locator("#detail-SPLITTED")
    expect(detail.locator(".warnings")).to_contain_text(f"the last of 2:1 on {day}")
    detail.get_by_text("Record one").click()
    detail.get_by_label("First day without it").fill(day)
    detail.get_by_label("New shares").fill("2")
    detail.get_by_role("button", name="Record", exact=True).click()
    expect(detail.locator(".actions tbody")).to_contain_text("Split 2:1")
    expect(detail.locator(".actions tbody")).to_contain_text("prices and volumes")
    expect(detail.get_by_label("Prices are")).to_have_value("as_traded")
    expect(detail.locator(".warnings")).not_to_contain_text("as of a split")
    detail.get_by_label("Volumes are").select_option("split_adjusted")
    expect(detail.locator(".actions tbody")).not_to_contain_text("volumes")
    detail.get_by_role("button", name="Remove Split 2:1", exact=False).click()
    expect(detail.locator(".warnings")).to_contain_text("as of a split")
    page.get_by_role("button", name="Undo").click()
    expect(detail.locator(".actions tbody")).to_contain_text("Split 2:1")


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
        expect(tasks.locator("#page")).to_contain_text("Completed", timeout=60_000)
    finally:
        site.api("PUT", "/admin/flags/streams", json={"enabled": True})
