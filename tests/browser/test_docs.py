"""The documentation of the API: accessible on desktop and phone, light and dark; by keyboard; calls can be tried."""

from __future__ import annotations

from typing import Any

import pytest
from kit.accessibility import violations
from kit.browser import Open, Site, Watch
from kit.effort import IS_WHOLE
from kit.support import MASTER_KEY
from playwright.sync_api import expect

OPENED = ("bulk-analyze", "jobs/{job_id}/events", "analyze", "results")  # axe takes seconds for each
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_is_accessible_with_everything_open(open_page: Open, size: str, scheme: Any) -> None:
    page = open_page("/docs", signed_in=False, color_scheme=scheme)
    page.set_viewport_size(SIZES[size])
    expect(page.locator(".operation").first).to_be_visible()
    assert violations(page) == []
    for operation in OPENED if IS_WHOLE else OPENED[:1]:
        page.locator(".operation > summary", has=page.get_by_text(f"/api/v1/{operation}", exact=True)).first.click()
    for _ in range(3):  # what is opened holds parts that can be opened
        page.evaluate("document.querySelectorAll('.operation[open] details').forEach((part) => { part.open = true; })")
    expect(page.get_by_role("group", name="The call by curl").first).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]


def test_a_call_is_tried_by_keyboard_with_a_key(open_page: Open, site: Site) -> None:
    page = open_page("/docs", signed_in=False)
    page.get_by_label("API key").fill(MASTER_KEY)
    page.keyboard.press("Tab")
    page.keyboard.type("analyze one ticker analyse post")
    expect(page.locator("#found")).to_have_text("1 operation")
    page.locator(".operation > summary:visible").focus()
    page.keyboard.press("Enter")
    trial = page.locator(".operation[open] form.trial")
    trial.get_by_label("Body").fill('{"ticker": "AAPL", "strategy": "trend"}')
    expect(trial.get_by_role("group", name="The call by curl")).to_contain_text(f"curl -X POST '{site.url('/api/v1/analyze')}'")
    trial.get_by_role("button", name="Send").press("Enter")
    expect(trial.get_by_role("status")).to_contain_text("200 OK")
    expect(trial.get_by_role("status")).to_be_focused()
    expect(trial.get_by_role("group", name="The answer", exact=True)).to_contain_text('"strategy": "trend"')
    assert MASTER_KEY not in page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])")


def test_whoever_is_signed_in_needs_no_key(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("422")
    page = open_page("/docs")
    page.get_by_label("Find").fill("post watchlist")
    page.locator(".operation > summary:visible").first.click()
    trial = page.locator(".operation[open] form.trial")
    trial.get_by_label("Body").fill('{"ticker": "no ticker at all"}')
    trial.get_by_role("button", name="Send").click()
    expect(trial.get_by_role("status")).to_contain_text("422")
    trial.get_by_label("Body").fill('{"ticker": "FB"}')
    trial.get_by_role("button", name="Send").click()
    expect(trial.get_by_role("status")).to_contain_text("201")
    assert site.api("DELETE", "/watchlist/FB").status_code == 204


def test_an_untouched_call_replaces_nothing_unasked(open_page: Open, site: Site) -> None:
    page = open_page("/docs")
    page.get_by_label("Find").fill("accounts csrf_token")  # a group and a field of the answer
    expect(page.locator(".operation > summary:visible")).to_contain_text("/api/v1/session")
    page.get_by_label("Find").fill("price-imports post")
    page.locator(".operation > summary:visible").click()
    trial = page.locator(".operation[open] form.trial")
    expect(trial.get_by_label("dry_run (query)")).to_have_value("true")
    expect(trial.get_by_label("Idempotency-Key (header)")).to_have_value("")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    trial.get_by_label("dry_run (query)").fill("")
    trial.get_by_role("button", name="Send").click()
    assert asked == [f"POST {site.url('/api/v1/price-imports')}\n\nThis may change, replace or delete what is stored. Send it?"]
    expect(trial.get_by_role("status")).to_be_empty()


def test_the_keys_of_the_dashboard_work_here(open_page: Open, site: Site) -> None:
    page = open_page("/docs")
    page.keyboard.press("/")
    expect(page.get_by_label("Find")).to_be_focused()
    page.keyboard.type("g?")  # in a field they are letters
    expect(page.get_by_label("Find")).to_have_value("g?")
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Go to Screener")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url(site.url("/screener"))


def test_an_address_leads_to_a_group_or_an_operation(open_page: Open) -> None:
    page = open_page("/docs#/Administration")
    expect(page.get_by_role("heading", name="Administration")).to_be_focused()
    page.locator("#group-Administration .operation > summary").first.click()
    page.wait_for_function("location.hash !== '#/Administration'")  # the address follows when the operation has opened
    here = page.evaluate("location.hash")
    other = open_page(f"/docs{here}")
    expect(other.locator(".operation[open]")).to_have_count(1)
    expect(other.locator(".operation[open] > summary")).to_be_focused()


def test_a_document_that_does_not_come_is_told(open_page: Open, watch: Watch, site: Site) -> None:
    watch.expected.append("503")
    page = open_page(None, signed_in=False)
    page.route("**/openapi.json", lambda route: route.fulfill(status=503, body="{}"))
    page.goto(site.url("/docs"))
    expect(page.get_by_role("alert")).to_have_text("The document could not be loaded. The service answered 503.")
    page.unroute("**/openapi.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".operation").first).to_be_visible()


def test_what_is_typed_before_the_document_has_come_filters_it(open_page: Open, site: Site) -> None:
    page = open_page(None)
    held: list[Any] = []
    page.route("**/openapi.json", lambda route: held.append(route))  # noqa: PLW0108 — Playwright marks the function that it is given
    page.goto(site.url("/docs"))
    page.get_by_label("Find").fill("post watchlist")
    assert page.locator("#found").inner_text() == ""
    held[0].continue_()
    expect(page.locator("#found")).to_have_text("5 operations")
