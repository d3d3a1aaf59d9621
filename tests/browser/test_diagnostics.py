"""The page of diagnostics, as the operator on call uses it."""

from __future__ import annotations

import re

import pytest
import requests
from kit.browser import Open, Site
from kit.servers import wait_until
from playwright.sync_api import expect

KEY_SHAPE = re.compile(r"^bw_[A-Za-z0-9_-]{43}$")
SIZES = [pytest.param({"width": 1280, "height": 900}, id="desktop"), pytest.param({"width": 390, "height": 844}, id="phone")]


def status_with(site: Site, key: str) -> int:
    return requests.get(site.url("/api/v1/watchlist"), headers={"X-API-Key": key}, timeout=60).status_code


@pytest.mark.parametrize("size", SIZES)
def test_a_key_is_made_used_and_revoked(open_page: Open, site: Site, size: dict[str, int]) -> None:
    page = open_page("/diagnostics")
    page.set_viewport_size(size)
    name = f"report {size['width']}"
    keys = page.locator("#keys")
    keys.get_by_role("button", name="Make a key").click()
    expect(keys.get_by_role("alert")).to_contain_text("Say what the key is for")
    expect(keys.get_by_label("Name of the new key")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    value = keys.get_by_label("The new key", exact=True)
    expect(value).to_have_value(KEY_SHAPE)
    key = value.input_value()
    expect(keys.get_by_role("row", name=name)).to_contain_text("never")
    assert status_with(site, key) == 200
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keys.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("The key is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    keys.get_by_role("button", name="I have it").click()
    expect(value).to_have_count(0)
    assert key not in page.content()
    wait_until(lambda: last_use(site, name))
    page.get_by_role("button", name="Refresh now").click()
    row = keys.get_by_role("row", name=name)
    expect(row).not_to_contain_text("never")
    row.get_by_role("button", name=f"Revoke {name}").click()
    dialog = page.get_by_role("dialog", name=f"Revoke “{name}”?")
    expect(dialog).to_contain_text("This cannot be undone.")
    page.keyboard.press("Escape")
    assert status_with(site, key) == 200
    row.get_by_role("button", name=f"Revoke {name}").click()
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text(f"“{name}” is revoked.")).to_be_visible()
    expect(keys.get_by_role("table", name="API keys that work").get_by_role("row", name=name)).to_have_count(0)
    wait_until(lambda: status_with(site, key) == 401)


def last_use(site: Site, name: str) -> str | None:
    items = site.api("GET", "/admin/keys").json()["items"]
    value = next(entry["last_used_at"] for entry in items if entry["name"] == name)
    assert value is None or isinstance(value, str)
    return value


@pytest.mark.parametrize("size", SIZES)
def test_live_workers_and_recent_errors(open_page: Open, site: Site, size: dict[str, int]) -> None:
    job = site.api("POST", "/bulk-analyze", json={"tickers": ["NOSUCH", "NEITHER"], "force": True}).json()
    wait_until(lambda: site.api("GET", f"/jobs/{job['id']}").json()["finished_at"])
    page = open_page("/diagnostics")
    page.set_viewport_size(size)
    workers = page.locator("#workers")
    listed = site.api("GET", "/admin/workers").json()["items"]
    expect(workers.locator("tr[data-pid]")).to_have_count(len(listed))
    expect(workers).to_contain_text("on 1 machine")
    for worker in listed:
        expect(workers.locator(f'tr[data-pid="{worker["pid"]}"]')).to_contain_text("Alive")
    if size["width"] < 640:  # cards, of which nothing is beyond the edge
        for card in page.locator(".sections tbody tr").filter(visible=True).all():
            assert card.evaluate("(row) => row.scrollWidth <= row.clientWidth && row.getBoundingClientRect().right <= innerWidth")
        expect(workers.locator("thead")).to_be_hidden()
    errors = page.locator("#errors")
    expect(errors).to_contain_text("2 items of a job failed: no prices")
    errors.locator(f'a[href="/tasks?job={job["id"]}&items=failed"]').click()
    expect(page.locator('tr[data-key="NOSUCH"]')).to_contain_text("There are no prices for it.")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("size", SIZES)
def test_the_runbook_needs_no_key(open_page: Open, site: Site, size: dict[str, int]) -> None:
    page = open_page(None, signed_in=False)
    page.set_viewport_size(size)
    page.goto(site.url("/docs/runbook#bellwethernoworkers"))
    expect(page.get_by_role("heading", name="BellwetherNoWorkers")).to_be_in_viewport()
    page.get_by_role("link", name="BellwetherBacklogUnclaimed").first.click()
    expect(page.get_by_role("heading", name="BellwetherBacklogUnclaimed")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
