"""Signing in and out, the session cookie, and the CSRF token."""

from __future__ import annotations

from typing import Any

import pytest
from kit.browser import Open, Site, Watch
from kit.support import MASTER_KEY
from playwright.sync_api import Page, expect


def type_key(page: Page, key: str) -> None:
    """Type a key, whose form is folded where somebody has an account, as after other tests."""
    field = page.get_by_label("API key")
    if not field.is_visible():
        page.get_by_text("Sign in with an API key").click()
    field.fill(key)


def test_strangers_are_led_to_sign_in_and_back(open_page: Open, site: Site) -> None:
    page = open_page("/screener?verdict=Buy", signed_in=False)
    assert page.url == site.url("/login?next=%2Fscreener%3Fverdict%3DBuy")
    expect(page.get_by_text("Sign in to see the page that you asked for.")).to_be_visible()
    type_key(page, MASTER_KEY)
    page.get_by_role("button", name="Sign in with the key").click()
    page.wait_for_url(site.url("/screener?verdict=Buy"))
    assert page.get_by_role("heading", level=1).inner_text() == "Screener"


def test_a_wrong_key_is_refused_in_words(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")
    page = open_page("/login?next=//elsewhere.example", signed_in=False)
    type_key(page, "no key at all")
    page.get_by_role("button", name="Sign in with the key").click()
    assert "not valid" in page.get_by_role("alert").inner_text()
    type_key(page, MASTER_KEY)
    page.get_by_role("button", name="Sign in with the key").click()
    page.wait_for_url(site.url("/"))


def test_the_cookie_is_out_of_reach_and_signing_out_ends_it(open_page: Open, site: Site) -> None:
    page = open_page("/")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "bellwether_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url("/login?reason=signed-out"))
    expect(page.get_by_text("You have signed out.")).to_be_visible()
    page.goto(site.url("/"))
    assert page.url == site.url("/login")


@pytest.mark.parametrize("token", [None, "another"])
def test_a_change_without_the_token_is_refused(open_page: Open, site: Site, token: Any) -> None:
    page = open_page("/")
    headers = {"X-CSRF-Token": token} if token else {}
    answer = page.request.post(site.url("/api/v1/watchlist"), data={"ticker": "AAPL"}, headers=headers)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
