"""The pages for who has not signed in: the first administrator, a new password by a link, registering, and a forgotten password."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, settled
from kit.people import PASSWORD, Somebody, create_admin, flask, sign_in_as
from kit.support import MASTER_KEY
from playwright.sync_api import expect

_NUMBERS = count()
NEW = "five plain words for Grace"


def test_a_fresh_installation_is_set_up_in_the_browser(open_page: Open, start_own_site: StartSite, watch: Watch, tmp_path: Path) -> None:
    watch.expected.append("401")
    site = start_own_site(tmp_path, REGISTRATION_ENABLED="true")
    page = open_page("/", signed_in=False, at=site)
    expect(page.get_by_label("API key")).to_be_focused()
    page.get_by_role("link", name="Make the first administrator").click()
    page.get_by_label("Master key").fill("no key at all")
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("E-mail address").fill("grace@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    assert serious(page) == []
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_role("alert")).to_have_text("This is not the master key.")
    expect(page.get_by_label("E-mail address")).to_have_value("grace@example.com")
    page.get_by_label("Master key").fill(MASTER_KEY)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the administrator").click()
    page.wait_for_url(site.url("/"))
    expect(page.get_by_role("link", name="Account: Grace")).to_be_visible()
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("link", name="Diagnostics")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url("/login?reason=signed-out"))
    expect(page.locator("#by-key")).not_to_have_attribute("open", "")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name").fill("Linus")
    page.get_by_label("E-mail address").fill("linus@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url(site.url("/login?reason=registered"))
    sign_in_as(page, site, Somebody("linus@example.com"))
    expect(page.locator("#organizations")).to_contain_text("admin")


def test_a_link_sets_a_new_password_once(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["404", "422"]
    somebody = create_admin(site, f"grace{next(_NUMBERS)}@example.com")
    path = flask(site, "user", "password-link", somebody.email).split()[0]
    page = open_page(path, signed_in=False)
    field = page.get_by_label("New password", exact=True)
    expect(field).to_be_focused()
    assert page.url == site.url("/set-password")
    assert serious(page) == []
    page.keyboard.type("12345678")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).not_to_have_text("")
    expect(field).to_have_value("12345678")
    field.fill(NEW)
    page.get_by_role("button", name="Show").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(site.url("/login?reason=renewed"))
    sign_in_as(page, site, Somebody(somebody.email, NEW))
    page.goto(site.url(path))
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("This link is not valid any more")


@pytest.mark.parametrize("path", ["/welcome", "/join", "/register", "/forgot-password", "/set-password"])
def test_they_are_accessible_and_fit_a_phone(open_page: Open, site: Site, path: str) -> None:
    page = open_page(path, signed_in=False, color_scheme="light")
    settled(page)
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_passwords_can_be_pasted_and_are_as_long_as_one_likes(open_page: Open, site: Site) -> None:
    """What ASVS asks of fields for passwords: their type, what fills them in, pasting, and room."""
    page = open_page("/login", signed_in=False, permissions=["clipboard-read", "clipboard-write"])
    field = page.get_by_label("Password", exact=True)
    assert [field.get_attribute(name) for name in ("type", "autocomplete")] == ["password", "current-password"]
    long = "a long sentence, " * 50
    page.evaluate("(text) => navigator.clipboard.writeText(text)", long)
    field.focus()
    page.keyboard.press("Control+V")
    expect(field).to_have_value(long)
    show = page.locator("#by-password").get_by_role("button", name="Show")
    show.click()
    expect(field).to_have_attribute("type", "text")
    expect(show).to_have_attribute("aria-pressed", "true")
