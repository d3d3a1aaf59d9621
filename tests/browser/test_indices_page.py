"""The page Indices: made by its form, shown with members and rebalancings, beside something else, and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, settled
from playwright.sync_api import expect

RULES = {"members": {"tickers": ["AAPL", "IBM", "MSFT"]}, "rebalance": "quarterly", "start": "2011-01-03"}


@pytest.fixture
def index(site: Site) -> Iterator[Any]:
    delete_all(site)
    yield site.api("POST", "/indexes", json={"name": "Computers", **RULES}).json()
    delete_all(site)


def delete_all(site: Site) -> None:
    for each in site.api("GET", "/indexes").json()["items"]:
        site.api("DELETE", f"/indexes/{each['id']}")


def test_it_shows_levels_members_and_rebalancings(open_page: Open, site: Site, index: Any) -> None:
    page = open_page("/indices")
    expect(page.get_by_role("heading", name="Computers")).to_be_visible()
    members = page.get_by_role("table", name="The members and their weights")
    expect(members.get_by_role("link")).to_have_count(3)
    items = site.api("GET", f"/indexes/{index['id']}/allocations").json()["items"]
    expect(members.get_by_role("row").nth(1)).to_contain_text(items[0]["ticker"])
    lines = site.api("GET", f"/indexes/{index['id']}/rebalances").json()["items"]
    expect(page.locator("[data-rebalancing]")).to_have_count(len(lines))
    newest = max(lines[0]["positions"], key=lambda each: abs(each["after"] - each["before"]))
    page.locator("[data-rebalancing] summary").first.click()
    expect(page.locator("[data-rebalancing] li").first).to_contain_text(f"{newest['ticker']}: {newest['before']:.1%}")
    page.get_by_role("button", name="Simulate").click()
    expect(page.locator("#simulated")).to_contain_text("10,000.00 on")
    expect(page.locator("#simulated")).to_contain_text(
        "for the first purchase and the rebalancings. The first purchase costs 0.1 % of the amount"
    )


def test_it_stands_beside_something_else(open_page: Open, site: Site, index: Any) -> None:
    page = open_page(f"/indices?index={index['id']}")
    page.get_by_role("button", name="With them reinvested").click()
    settled(page)
    page.get_by_label("Beside").fill("goog")
    page.get_by_role("button", name="Compare").click()
    settled(page)
    assert page.url.endswith(f"/indices?index={index['id']}&variant=total&beside=GOOG")
    page.get_by_text("Beside GOOG, in numbers").click()
    expect(page.get_by_role("table", name="The numbers of both")).to_contain_text("Beta")
    page.get_by_label("Beside").fill("index: computers")
    page.get_by_role("button", name="Compare").click()
    settled(page)
    assert page.url.endswith(f"beside={index['id']}")
    expect(page.get_by_label("Beside")).to_have_value("Index: Computers")
    page.goto(site.url(f"/indices?index={index['id']}&beside=FB"))
    expect(page.get_by_role("button", name="With them reinvested")).to_have_attribute("aria-pressed", "true")
    found = site.api("GET", f"/indexes/{index['id']}/compare", params={"with": "FB", "variant": "total", "series": "true"}).json()
    expect(page.locator("#index-footing")).to_contain_text("both have values from May 18, 2012 to")
    expect(page.locator("#index-footing")).to_contain_text(found["notes"][0])
    own, other = (f"{100 * (found['series'][name][-1] - 1):+.2f}%" for name in ("index", "other"))
    expect(page.locator(".record-lead")).to_have_text(f"From May 18, 2012 to Mar 1, 2013: Computers {own}, FB {other}.")


def test_an_address_of_no_index_says_so(open_page: Open, index: Any) -> None:
    page = open_page("/indices?index=nope")
    expect(page.get_by_role("heading", name="There is no such index.")).to_be_visible()
    expect(page.get_by_role("link", name=index["name"])).to_be_visible()
    page.get_by_role("link", name="All indices").click()
    expect(page.get_by_role("heading", name=index["name"])).to_be_visible()
    expect(page.get_by_text("The next weights have been due since")).to_be_visible()


def test_one_is_tried_made_and_deleted(open_page: Open, site: Site, index: Any) -> None:
    page = open_page("/indices")
    page.get_by_text("Make an index").click()
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("alert").filter(has_text="Give it a name.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Two of them")
    page.get_by_label("or tickers").fill("aapl, msft")
    page.get_by_label("Weights follow").select_option("inverse_volatility")
    page.get_by_label("Most of one member, %").fill("60")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="As it would be")).to_be_visible()
    assert len(site.api("GET", "/indexes").json()["items"]) == 1
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Two of them")).to_be_visible()
    made = site.api("GET", "/indexes").json()["items"][1]
    assert (made["rules"]["single_cap"], made["members"]) == (0.6, 2)
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.get_by_label("or tickers")).to_have_value("AAPL MSFT")
    page.get_by_label("Name", exact=True).fill("Both of them")
    page.get_by_label("Most of one member, %").fill("70")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Both of them")).to_be_visible()
    changed = site.api("GET", f"/indexes/{made['id']}").json()
    assert changed["rules"] == {**made["rules"], "single_cap": 0.7}
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Computers")).to_be_visible()
    assert [each["name"] for each in site.api("GET", "/indexes").json()["items"]] == ["Computers"]


def test_every_rule_can_be_asked_for(open_page: Open, site: Site, index: Any) -> None:
    page = open_page("/indices")
    page.get_by_text("Make an index").click()
    form = page.locator("#index-form")
    form.get_by_label("Name", exact=True).fill("Blend")
    form.get_by_label("or tickers").fill("AAPL MSFT IBM")
    form.get_by_label("Weights follow").select_option("blend")
    part = form.locator(".index-blend > .index-part")
    part.nth(0).get_by_label("A part follows").select_option("custom")
    part.nth(0).get_by_label("Weights, a ticker").fill("aapl 2\nMSFT: 1,5")
    part.nth(1).get_by_label("A part follows").select_option("momentum")
    part.nth(1).get_by_label("of which left out").fill("5")
    part.nth(1).get_by_label("Its share").fill("3")
    form.get_by_text("More rules").click()
    form.get_by_label("Strong Sell").check()
    form.get_by_label("Hold").check()
    form.get_by_label("Most of one group, %").fill("70")
    form.get_by_label("Groups, a ticker").fill("AAPL Devices\nMSFT Software houses\nIBM Software houses")
    assert serious(page) == []
    form.get_by_role("button", name="Make it").click()
    expect(form.get_by_role("alert")).to_contain_text("“MSFT: 1,5” is no ticker with what belongs to it")
    part.nth(0).get_by_label("Weights, a ticker").fill("aapl 2\nMSFT: 1.5")
    form.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="Blend")).to_be_visible()
    rules = site.api("GET", "/indexes").json()["items"][1]["rules"]
    custom, momentum = rules["weighting"]["parts"]
    assert (custom["method"], custom["weights"], custom["share"]) == ("custom", {"AAPL": 2, "MSFT": 1.5}, 1)
    assert (momentum["method"], momentum["lookback"], momentum["skip"], momentum["share"]) == ("momentum", 252, 5, 3)
    assert rules["members"]["screen"] == {"strategy": "balanced", "verdicts": ["Hold", "Strong Sell"]}
    assert (rules["group_cap"], rules["groups"]) == (0.7, {"AAPL": "Devices", "IBM": "Software houses", "MSFT": "Software houses"})
    expect(
        page.get_by_text("Weights follow a blend of given weights (1), momentum of the last year (3), no group above 70")
    ).to_be_visible()
    page.get_by_role("button", name="Change", exact=True).click()
    expect(part.nth(0).get_by_label("Weights, a ticker")).to_have_value("AAPL 2\nMSFT 1.5")
    expect(form.get_by_label("Strong Sell")).to_be_checked()
    expect(form.get_by_label("Groups, a ticker")).to_have_value("AAPL Devices\nMSFT Software houses\nIBM Software houses")
    form.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Blend is changed.")).to_be_visible()
    assert site.api("GET", "/indexes").json()["items"][1]["rules"] == rules
