"""Rules on what one owns, made by the form of the page Alerts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, settled
from playwright.sync_api import expect


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for rule in site.api("GET", "/alert-rules").json()["items"]:
        site.api("DELETE", f"/alert-rules/{rule['id']}")


def test_rules_on_holdings_and_indexes_are_made_and_changed(open_page: Open, site: Site) -> None:
    savings = site.api("POST", "/portfolios", json={"name": "Savings", "base_currency": "USD"}).json()
    page = open_page("/alerts", viewport={"width": 1280, "height": 600})
    settled(page)
    page.get_by_role("button", name="New rule").click()
    form = page.locator("#rule-dialog")
    form.get_by_label("Name").fill("Too much of one")
    form.get_by_label("What to watch").select_option("weight_above")
    expect(form.locator("#which-tickers")).to_be_hidden()
    form.get_by_label("Most of the portfolio, in %").fill("15")
    form.get_by_label("Trading days that it must stay so").fill("2")
    assert serious(page) == []
    form.get_by_role("button", name="What would it see?").click()
    expect(form).to_contain_text("when a holding takes 15 % or more of any portfolio, and stays so for 2 trading days")
    form.get_by_role("button", name="Store").click()
    expect(page.locator("#rules")).to_contain_text("when a holding takes 15 % or more of any portfolio")
    page.locator("#rules").get_by_role("button", name="Change").first.click()
    expect(form.get_by_label("Most of the portfolio, in %")).to_have_value("15")
    form.get_by_label("Most of the portfolio, in %").fill("25")
    form.get_by_label("Savings").check()
    form.evaluate("dialog => dialog.scrollTo(0, 0)")
    expect(form.get_by_role("button", name="Store")).to_be_in_viewport()
    form.get_by_role("button", name="Store").click()
    expect(page.locator("#rules")).to_contain_text("when a holding takes 25 % or more")
    (rule,) = site.api("GET", "/alert-rules").json()["items"]
    assert (rule["on"], rule["conditions"], rule["for_days"]) == (
        "weight_above",
        {"percent": 25.0, "dead_band": 1.0, "portfolios": [savings["id"]]},
        2,
    )
    site.api("DELETE", f"/portfolios/{savings['id']}")
    page.get_by_role("button", name="New rule").click()
    form.get_by_label("Name").fill("Rebalance")
    form.get_by_label("What to watch").select_option("rebalancing_due")
    expect(form.get_by_role("group", name="Which indexes (none: all)")).to_be_visible()
    form.get_by_role("button", name="Store").click()
    expect(page.locator("#rules")).to_contain_text("when the rebalancing of any index is due")
