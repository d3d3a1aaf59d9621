"""The page of prices: files checked, stored, refused, undone; many at once; what is stored, deleted and restored."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.archives import packed
from kit.browser import Open, Site
from kit.servers import wait_until
from playwright.sync_api import expect

HEADER = "Date,Open,High,Low,Close,Volume\n"


def prices_csv(rows: int = 80) -> str:
    """A CSV file of a rising series that the service stores unchanged."""
    days = [f"2025-{1 + at // 28:02d}-{1 + at % 28:02d}" for at in range(rows)]
    return HEADER + "".join(f"{day},{100 + at},{102 + at},{99 + at},{101 + at},{1000 + at}\n" for at, day in enumerate(days))


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
    page.get_by_role("button", name="Day first: 5 August 2025").click()
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
    page.locator(".file-row").get_by_label("Prices stored before").select_option("extend")
    checked = page.locator('.file-row[data-state="checked"]')
    expect(checked).to_contain_text("OVERLAID would have 120 bars")
    expect(checked.locator(".rescaled")).to_contain_text("split 2:1")
    expect(checked.locator("figcaption")).to_contain_text("They differ on 20 of 20 days that both have")
    expect(checked.locator(".closes-canvas")).to_have_attribute("data-points", '{"stored":100,"file":40}')
    expect(checked.locator(".preview-rows tbody tr")).to_have_count(7)
    page.locator("#upload-all").click()
    expect(page.locator('.file-row[data-state="stored"]')).to_contain_text("120 bars")
    assert site.api("GET", "/prices/OVERLAID").json()["actions"][0]["numerator"] == 2


def test_a_split_is_told_and_taken_back(open_page: Open, site: Site) -> None:
    header, *lines = prices_csv(120).splitlines()
    rows = [line.split(",") for line in lines]
    halved = [",".join([day, *(str(float(price) / 2) for price in prices), volume]) for day, *prices, volume in rows[60:]]
    day = rows[60][0]
    site.api("PUT", "/prices/SPLITTED", data="\n".join([header, *lines[:60], *halved]), headers={"Content-Type": "text/csv"})
    page = open_page("/prices?ticker=SPLITTED")
    detail = page.locator("#detail-SPLITTED")
    expect(detail.locator(".warnings")).to_contain_text(re.compile(r"as by a split of 2:1 on \d+ \w+ 2025,"))
    detail.get_by_text("Add a split or dividend").click()
    detail.get_by_label("First day at the new price").fill(day)
    detail.get_by_label("New shares").fill("2")
    detail.get_by_role("button", name="Add", exact=True).click()
    expect(detail.locator(".actions tbody")).to_contain_text("Split 2:1")
    expect(detail.locator(".actions tbody")).to_contain_text("prices and volumes")
    expect(detail.get_by_label("Prices are")).to_have_value("as_traded")
    expect(detail.locator(".warnings")).not_to_contain_text("as by a split")
    detail.get_by_label("Volumes are").select_option("split_adjusted")
    expect(detail.locator(".actions tbody")).not_to_contain_text("volumes")
    detail.get_by_role("button", name="Remove Split 2:1", exact=False).click()
    expect(detail.locator(".warnings")).to_contain_text("as by a split")
    page.get_by_role("button", name="Undo").click()
    expect(detail.locator(".actions tbody")).to_contain_text("Split 2:1")


def put(site: Site, ticker: str, rows: int) -> None:
    """Store prices without the page."""
    assert site.api("PUT", f"/prices/{ticker}", data=prices_csv(rows), headers={"Content-Type": "text/csv"}).status_code == 200


def choose(page: Any, folder: Path, **files: str) -> None:
    """Choose files by their names, without the ending."""
    paths = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_text(content)
        paths.append(str(path))
    page.locator("#price-files").set_input_files(paths)


def bars_of(site: Site, ticker: str) -> int:
    return int(site.api("GET", f"/prices/{ticker}/quality").json()["bars"])


def test_what_is_stored_is_not_lost_unasked(open_page: Open, site: Site, tmp_path: Path, watch: Any) -> None:
    watch.expected.append("409")
    put(site, "KEEPS", 80)
    page = open_page("/prices")
    choose(page, tmp_path, KEEPS=prices_csv(60))
    row = page.locator(".file-row")
    mode = row.get_by_label("Prices stored before")
    expect(mode).to_have_value("extend")
    expect(page.locator('.file-row[data-state="checked"]')).to_contain_text("would have 80 bars")
    mode.select_option("replace")
    expect(row).to_contain_text("20 stored days (")
    page.locator("#upload-all").click()
    expect(row.get_by_role("alert")).to_contain_text("20 stored days of KEEPS")
    assert bars_of(site, "KEEPS") == 80
    row.get_by_role("button", name="Delete them and store").click()
    expect(page.locator('.file-row[data-state="stored"]')).to_contain_text("60 bars")
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Undone: what was stored before is back.")
    assert bars_of(site, "KEEPS") == 80


def test_the_undo_of_a_new_ticker_deletes_it(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page("/prices")
    choose(page, tmp_path, FRESH=prices_csv(60))
    page.locator('.file-row[data-state="checked"]').get_by_role("button", name="Store", exact=True).click()
    page.locator('.file-row[data-state="stored"]').get_by_role("button", name="Undo").click()
    expect(page.locator(".file-row")).to_contain_text("Undone: nothing of it is stored.")
    expect(page.locator("#upload-status")).to_be_empty()
    expect(page.locator("#analyse-stored")).to_be_hidden()
    page.locator(".file-row").get_by_role("button", name="Store without checking").click()
    expect(page.locator("#upload-status")).to_have_text("1 stored.")
    page.locator("#stored-list").get_by_role("button", name="FRESH").click()
    page.locator("#detail-FRESH").get_by_role("button", name="Delete these prices").click()
    expect(page.locator(".file-row")).to_contain_text("Its prices were deleted: nothing of it is stored.")
    expect(page.locator("#upload-status")).to_be_empty()
    assert site.api("GET", "/prices/FRESH").status_code == 404


def test_a_file_of_many_tickers_is_one_task_that_loses_nothing_unasked(open_page: Open, site: Site, tmp_path: Path) -> None:
    put(site, "LOSES", 80)
    archive = tmp_path / "export.zip"
    files: dict[str, str | bytes] = {"LOSES.csv": prices_csv(60), "GAINS.csv": prices_csv(60), "BAD.csv": "no prices", "read.me": ""}
    archive.write_bytes(packed(files))
    page = open_page("/prices")
    page.locator("#price-files").set_input_files(str(archive))
    row = page.locator(".file-row")
    row.get_by_label("Prices stored before").select_option("replace")
    row.get_by_role("button", name="Check").click()
    expect(row).to_contain_text("2 of 3 tickers could be stored; nothing is stored yet. 1 refused: see why below.")
    expect(row.locator(".loss")).to_contain_text("LOSES")
    expect(row.locator(".refused-files")).to_contain_text("BAD.csv")
    expect(row).to_contain_text("Not read: read.me.")
    row.get_by_role("button", name="Store", exact=True).click()
    expect(row).to_contain_text("1 of 3 tickers stored. 2 refused: see why below.")
    assert (bars_of(site, "LOSES"), bars_of(site, "GAINS")) == (80, 60)
    row.get_by_role("button", name="Delete those days and store all").click()
    expect(row).to_contain_text("2 of 3 tickers stored.")
    assert bars_of(site, "LOSES") == 60
    expect(page.get_by_role("button", name="Analyse these 2 tickers")).to_be_visible()
    assert serious(page) == []
    row.get_by_role("button", name="Undo all 2").click()
    expect(row).to_contain_text("Undone: 2 tickers have what was stored before.")
    assert bars_of(site, "LOSES") == 80
    assert site.api("GET", "/prices/GAINS").status_code == 404
    # A table with a column of tickers is one, too, unless all its rows are of one ticker.
    header, *lines = prices_csv(60).splitlines()
    table = tmp_path / "table.csv"
    table.write_text("\n".join([f"Ticker,{header}", *(f"{ticker},{line}" for ticker in ("LONG1", "LONG2") for line in lines)]))
    single = tmp_path / "ONLY.csv"
    single.write_text("\n".join([f"Ticker,{header}", *(f"ONLY,{line}" for line in lines)]))
    page.locator("#price-files").set_input_files([str(table), str(single)])
    expect(page.locator(".file-row")).to_have_count(3)
    expect(page.locator(".file-row").nth(2).get_by_label("Ticker")).to_have_value("ONLY")
    page.locator(".file-row").nth(1).get_by_role("button", name="Store", exact=True).click()
    expect(page.locator(".file-row").nth(1)).to_contain_text("2 of 2 tickers stored.")
    assert bars_of(site, "LONG2") == 60


def test_forty_files_in_one_go_and_their_analysis(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page("/prices")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method in ("PUT", "POST") else None)
    bad = prices_csv().replace("101,1000", "oops,1000", 1)
    choose(page, tmp_path, **{f"MANY{number}": bad if number == 7 else prices_csv() for number in range(40)})
    page.get_by_role("button", name="Check all 40 first").click()
    expect(page.locator('.file-row[data-state="checked"]')).to_have_count(39)
    assert site.api("GET", "/prices/MANY1").status_code == 404
    expect(page.locator('.file-row[data-state="refused"]')).to_contain_text("Line 2, at fault")
    page.locator("#upload-all").click()
    expect(page.locator("#upload-status")).to_have_text("39 stored.")
    assert len([url for url in sent if "/price" in url]) == 2
    assert bars_of(site, "MANY39") == 80
    page.get_by_role("button", name="Clear finished files").click()
    expect(page.locator(".file-row")).to_have_count(0)
    page.get_by_role("button", name="Analyse these 39 tickers").click()
    link = page.locator("#import-progress a")
    expect(link).to_contain_text("39 tickers")
    expect(page.locator("#import-progress")).to_contain_text("39 of 39 done")


def test_settings_for_all_files_and_rows_left_out(open_page: Open, site: Site, tmp_path: Path, watch: Any) -> None:
    watch.expected.append("422")
    page = open_page("/prices")
    bad = prices_csv().replace("101,1000", "oops,1000", 1)
    choose(page, tmp_path, ALLA=bad, ALLB=prices_csv())
    row = page.locator(".file-row").first
    row.get_by_role("button", name="Leave these rows out").click()
    expect(row).to_contain_text("1 row was left out for its faults")
    page.get_by_label("Leave out rows with faults").check()
    page.locator(".for-all").get_by_label("Prices stored before").select_option("extend")
    for each in page.locator(".file-row").all():
        expect(each.get_by_label("Prices stored before")).to_have_value("extend")
    page.locator("#upload-all").click()
    expect(page.locator("#upload-status")).to_have_text("2 stored.")
    assert bars_of(site, "ALLA") == 79


def test_two_files_of_one_ticker_do_not_replace_each_other(open_page: Open, site: Site, tmp_path: Path) -> None:
    page = open_page("/prices")
    choose(page, tmp_path, TWIN=prices_csv(60), TWIN_daily=prices_csv(80))
    expect(page.locator('.file-row[data-state="checked"]')).to_have_count(2)
    page.locator("#upload-all").click()
    expect(page.locator(".file-row").first).to_contain_text("has this ticker, too")
    assert site.api("GET", "/prices/TWIN").status_code == 404


def test_prices_are_deleted_and_restored_by_keyboard(open_page: Open, site: Site) -> None:
    put(site, "REMOVED", 80)
    page = open_page("/prices?ticker=REMOVED")
    remove = page.locator("#detail-REMOVED").get_by_role("button", name="Delete these prices")
    remove.focus()
    page.keyboard.press("Enter")
    deleted = page.locator('.deleted [data-ticker="REMOVED"]')
    expect(deleted).to_contain_text("80 bars")
    assert site.api("GET", "/prices/REMOVED").status_code == 404
    assert serious(page) == []
    restore = deleted.get_by_role("button", name="Restore REMOVED")
    restore.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stored-list")).to_contain_text("REMOVED")
    wait_until(lambda: site.api("GET", "/prices/REMOVED/quality").status_code == 200)
    assert bars_of(site, "REMOVED") == 80


def test_uploaded_files_are_downloaded_and_removed(open_page: Open, site: Site) -> None:
    put(site, "FILED", 80)
    page = open_page("/prices?ticker=FILED")
    files = page.locator("#originals-FILED")
    files.locator("summary").click()
    with page.expect_download() as saved:
        files.get_by_role("button", name="Download FILED.csv").click()
    assert saved.value.path().read_text() == prices_csv(80)
    assert serious(page) == []
    files.get_by_role("button", name="Remove FILED.csv").click()
    expect(files).to_have_count(0)
    assert site.api("GET", "/prices/FILED/originals").json()["items"] == []


def test_a_likely_split_is_added_by_its_button(open_page: Open, site: Site) -> None:
    header, *lines = prices_csv(120).splitlines()
    rows = [line.split(",") for line in lines]
    halved = [",".join([day, *(str(float(price) / 2) for price in prices), volume]) for day, *prices, volume in rows[60:]]
    site.api("PUT", "/prices/JUMPS", data="\n".join([header, *lines[:60], *halved]), headers={"Content-Type": "text/csv"})
    page = open_page("/prices?ticker=JUMPS")
    detail = page.locator("#detail-JUMPS")
    detail.get_by_role("button", name="Add this split (2:1)").click()
    expect(detail.locator(".actions tbody")).to_contain_text("Split 2:1")
    expect(detail.locator(".warnings")).not_to_contain_text("as by a split")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_opened_ticker_fits_a_phone(open_page: Open, site: Site, tmp_path: Path, scheme: str) -> None:
    put(site, "NARROW", 80)
    site.api("POST", "/prices/NARROW/actions", json={"kind": "dividend", "effective_day": "2025-02-03", "amount": 0.5, "currency": "USD"})
    page = open_page("/prices?ticker=NARROW", viewport={"width": 390, "height": 800}, color_scheme=scheme)
    expect(page.locator("#detail-NARROW .actions")).to_be_visible()
    scroller = page.locator("#stored-list > .table-scroll")
    assert scroller.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    choose(page, tmp_path, **{f"SMALL{number}": prices_csv() for number in range(6)})
    expect(page.locator("#upload-all")).to_be_in_viewport()
    expect(page.locator('.file-row[data-state="checked"]')).to_have_count(6)
    assert serious(page) == []
