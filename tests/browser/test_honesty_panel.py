"""Provenance on a ticker's page: the check for look-ahead."""

from __future__ import annotations

import json
from typing import Any

from kit.accessibility import serious
from kit.browser import Open, Site
from playwright.sync_api import Route, expect

PHONE = {"width": 390, "height": 844}
FLAGGED: dict[str, Any] = {
    "clean": False,
    "lookahead": {
        "days": 60,
        "first": "2011-08-03",
        "last": "2013-03-01",
        "max_difference": 0.5,
        "changed": 12,
        "examples": [
            {"day": "2012-05-04", "score": -0.3, "verdict": "Sell", "score_with_future": 0.2, "verdict_with_future": "Buy"},
        ],
    },
    "recursion": [],
    "meaning": ["Look-ahead found: on 60 days, scores change."],
}


def test_the_check_says_what_it_found(open_page: Open, site: Site) -> None:
    page = open_page("/tickers/IBM", viewport=PHONE)
    page.locator(".provenance summary").click()
    panel = page.locator(".honesty")
    expect(panel).to_be_empty()
    ask = page.get_by_role("button", name="Check for look-ahead")
    ask.focus()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("No look-ahead: on 60 days, later prices change no score by more than rounding, and no verdict.")
    expect(ask).to_be_focused()
    expect(panel.locator("table")).to_have_count(2)
    result = site.api("POST", "/analyze", json={"ticker": "IBM"}).json()
    said = site.api("GET", f"/results/{result['id']}/honesty").json()
    for sentence in said["meaning"]:
        expect(panel).to_contain_text(sentence)
    row = said["recursion"][0]
    expect(panel.locator("tbody tr", has_text="120 bars")).to_contain_text(f"{row['verdict_changes']} of {row['days']}")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_rule_that_looks_ahead_is_named(open_page: Open) -> None:
    page = open_page("/tickers/MSFT")
    page.route("**/honesty", _answer)
    page.locator(".provenance summary").click()
    page.get_by_role("button", name="Check for look-ahead").click()
    panel = page.locator(".honesty")
    expect(panel.locator("strong")).to_have_text("Look-ahead found: on 60 days, scores change.")
    expect(panel.locator("table", has_text="The days that differ most")).to_contain_text("Sell, -0.30")
    expect(panel.locator("table")).to_have_count(2)
    assert serious(page) == []


def _answer(route: Route) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps(FLAGGED))
