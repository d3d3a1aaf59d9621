"""Watch lists on the pages: chosen, made, renamed and deleted on the overview, and a ticker's lists in its row and on its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.servers import wait_until
from kit.watchlist import ListPaths, follow, unfollow_all
from playwright.sync_api import expect


def delete_lists(site: Site) -> None:
    """Delete every list with a name, and empty the default one."""
    unfollow_all(site)
    for each in site.api("GET", "/watchlists").json()["items"]:
        if not each["is_default"]:
            site.api("DELETE", f"/watchlists/{each['id']}")


@pytest.fixture
def software(site: Site) -> Iterator[ListPaths]:
    """A list with MSFT, IBM and ACME, and notes of IBM; the default one has AAPL and IBM."""
    delete_lists(site)
    follow(site, "AAPL", "IBM")
    of = ListPaths.of(site.api("POST", "/watchlists", json={"name": "Software"}).json()["id"])
    site.api("POST", of.many, json={"tickers": ["MSFT", "IBM", "ACME"]})
    site.api("PATCH", f"{of.items}/IBM", json={"notes": "Of the list.", "name": "Big Blue"})
    yield of
    delete_lists(site)


def shown(page: Any) -> list[str]:
    tickers: list[str] = page.locator("tr[data-ticker]").evaluate_all("(rows) => rows.map((row) => row.dataset.ticker)")
    return tickers


def by_hand(site: Site, list_id: str) -> list[str]:
    answer = site.api("GET", "/overview", params={"sort": "position", "list": list_id}).json()
    return [item["ticker"] for item in answer["items"]]


def list_named(site: Site, name: str) -> Any:
    return next((each for each in site.api("GET", "/watchlists").json()["items"] if each["name"] == name), None)


def test_a_list_is_chosen_and_is_in_the_address(open_page: Open, software: ListPaths) -> None:
    page = open_page("/")
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    page.get_by_label("List", exact=True).select_option(label="Software")
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    assert f"list={software.list_id}" in page.url
    expect(page.locator('tr[data-ticker="IBM"] .notes')).to_have_text("Of the list.")
    page.reload()
    expect(page.get_by_label("List", exact=True).locator("option:checked")).to_have_text("Software")
    assert shown(page) == ["ACME", "IBM", "MSFT"]
    page.go_back()
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    expect(page.locator('tr[data-ticker="IBM"] .notes')).to_have_count(0)


def test_a_list_is_analysed_as_a_whole_and_offered_as_a_universe(open_page: Open, site: Site, software: ListPaths) -> None:
    page = open_page(f"/?list={software.list_id}")
    page.get_by_role("button", name="Analyse all").click()
    expect(page.locator("#bulk")).to_contain_text("Watch list (3 tickers)")
    expect(page.locator("#bulk")).to_contain_text("Completed")
    job = next(job for job in site.api("GET", "/jobs").json()["items"] if job["kind"] == "bulk_analysis")
    assert job["params"]["universe"] == f"watchlist:{software.list_id}"
    page.goto(site.url(f"/screener?universe=watchlist:{software.list_id}"))
    expect(page.get_by_label("Universe").locator("option:checked")).to_have_text("Watch list: Software")
    expect(page.locator("#count")).to_have_text("2 results")


def test_a_list_is_made_filled_renamed_deleted_and_brought_back(open_page: Open, site: Site, software: ListPaths, watch: Watch) -> None:
    watch.expected.append("409")
    page = open_page("/")
    page.get_by_role("button", name="New list").click()
    page.get_by_role("textbox", name="Name").fill("software")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("There is a watch list called 'software' already")
    page.get_by_role("button", name="New list").click()
    page.get_by_role("textbox", name="Name").fill("<b>Banks</b>")
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_contain_text("Nothing is on this list yet")
    page.get_by_role("combobox", name="Add tickers").fill("AAPL IBM")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("2 tickers are on “<b>Banks</b>”: AAPL, IBM")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Banks")
    page.keyboard.press("Enter")
    expect(page.get_by_label("List", exact=True).locator("option:checked")).to_have_text("Banks")
    made = list_named(site, "Banks")["id"]
    site.api("PATCH", f"/watchlists/{made}/items/IBM", json={"notes": "Kept.", "name": "Mine", "after": None})
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("#notices")).to_contain_text("“Banks” is deleted, with its 2 tickers.")
    expect(page.get_by_label("List", exact=True).locator("option:checked")).to_have_text("Watchlist")
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    assert list_named(site, "Banks") is None
    page.locator("#notices").get_by_role("button", name="Undo").last.click()
    expect(page.get_by_label("List", exact=True).locator("option:checked")).to_have_text("Banks")
    again = list_named(site, "Banks")["id"]
    assert by_hand(site, again) == ["IBM", "AAPL"]
    item = site.api("GET", f"/watchlists/{again}/items/IBM").json()
    assert (item["notes"], item["name"]) == ("Kept.", "Mine")
    assert [each["name"] for each in site.api("GET", "/watchlists").json()["items"]] == ["Watchlist", "Software", "Banks"]


def test_a_list_that_is_gone_is_told(open_page: Open, site: Site, software: ListPaths, watch: Watch) -> None:
    watch.expected.append("404")
    page = open_page(f"/?list={software.list_id}")
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    site.api("DELETE", f"/watchlists/{software.list_id}")
    page.reload()
    expect(page.locator("#notices")).to_contain_text("This list is not there any more; here is the watchlist.")
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    assert "list=" not in page.url


def test_rows_of_a_list_are_moved_noted_and_removed(open_page: Open, site: Site, software: ListPaths) -> None:
    page = open_page(f"/?list={software.list_id}&sort=hand")
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    assert shown(page) == ["MSFT", "IBM", "ACME"]
    page.locator('tr[data-ticker="ACME"]').get_by_role("link", name="ACME").focus()
    page.keyboard.press("Alt+ArrowUp")
    wait_until(lambda: by_hand(site, software.list_id) == ["MSFT", "ACME", "IBM"])
    settled(page)
    page.locator('tr[data-ticker="IBM"] .grip').hover()
    page.mouse.down()
    end = page.locator('tr[data-ticker="MSFT"]').bounding_box()
    page.mouse.move(end["x"] + 30, end["y"] + 40, steps=5)
    page.mouse.move(end["x"] + 30, end["y"] + 4, steps=5)
    page.mouse.up()
    wait_until(lambda: by_hand(site, software.list_id) == ["IBM", "MSFT", "ACME"])
    page.locator('tr[data-ticker="MSFT"] [data-action=notes]').click()
    page.get_by_role("textbox", name="Notes of MSFT").fill("Half typed")
    page.get_by_label("List", exact=True).select_option("default")
    expect(page.locator(".notes-editor")).to_have_count(0)
    page.get_by_label("List", exact=True).select_option(label="Software")
    text = page.get_by_role("textbox", name="Notes of MSFT")
    expect(text).to_have_value("Half typed")
    text.press("Control+Enter")
    expect(page.locator('tr[data-ticker="MSFT"] .notes')).to_have_text("Half typed")
    assert site.api("GET", f"{software.items}/MSFT").json()["notes"] == "Half typed"
    page.get_by_role("button", name="Remove IBM from “Software”").click()
    expect(page.locator("#notices")).to_contain_text("IBM is off “Software”.")
    assert by_hand(site, "default") == ["AAPL", "IBM"]
    page.locator("#notices").get_by_role("button", name="Undo").last.click()
    wait_until(lambda: by_hand(site, software.list_id) == ["IBM", "MSFT", "ACME"])
    assert site.api("GET", f"{software.items}/IBM").json()["notes"] == "Of the list."


def test_a_ticker_is_moved_to_another_list_and_back(open_page: Open, site: Site, software: ListPaths) -> None:
    page = open_page(f"/?list={software.list_id}")
    button = page.get_by_role("button", name="Lists of IBM")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Lists of IBM")
    expect(dialog.get_by_label("Watchlist")).to_be_focused()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Software")).to_be_checked()
    dialog.get_by_label("Software").uncheck()
    dialog.get_by_label("And on a new list").fill("Old ones")
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("IBM is on the watchlist, “Old ones”.")
    expect(page.locator("tr[data-ticker]")).to_have_count(2)
    moved = list_named(site, "Old ones")["id"]
    item = site.api("GET", f"/watchlists/{moved}/items/IBM").json()
    assert (item["name"], item["notes"]) == ("Big Blue", "Of the list.")
    page.locator("#notices").get_by_role("button", name="Undo").last.click()
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    wait_until(lambda: list_named(site, "Old ones") is None)
    assert by_hand(site, software.list_id) == ["MSFT", "IBM", "ACME"]


def test_the_lists_of_a_ticker_on_its_page(open_page: Open, site: Site, software: ListPaths, watch: Watch) -> None:
    watch.expected.append("409")
    page = open_page("/tickers/MSFT")
    lists = page.locator("#watch-lists")
    expect(lists).to_have_text("On 1 other list")
    expect(page.locator("#watch")).to_have_text("Add to watchlist")
    lists.click()
    dialog = page.get_by_role("dialog", name="Lists of MSFT")
    dialog.get_by_label("Watchlist").check()
    dialog.get_by_label("And on a new list").fill("SOFTWARE")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a watch list called 'SOFTWARE' already")
    dialog.get_by_label("And on a new list").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#watch")).to_have_text("✓ On the watchlist")
    assert by_hand(site, "default") == ["AAPL", "IBM", "MSFT"]
    lists.click()
    for name in ("Watchlist", "Software"):
        dialog.get_by_label(name).uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("MSFT is on no list.")
    expect(lists).to_have_text("Lists")
    assert by_hand(site, software.list_id) == ["IBM", "ACME"]


@pytest.mark.parametrize("width", [390, 1110, 1210, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lists_are_accessible_on_every_width(open_page: Open, software: ListPaths, width: int, scheme: str) -> None:
    page = open_page(f"/?list={software.list_id}&sort=hand", viewport={"width": width, "height": 800}, color_scheme=scheme)
    expect(page.locator("tr[data-ticker]")).to_have_count(3)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width < 700:
        page.get_by_role("button", name="Actions for IBM").click()
    page.get_by_role("button", name="Lists of IBM").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page) == []
