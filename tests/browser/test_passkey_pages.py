"""A passkey in a real browser, whose authenticator is Chromium's virtual one: added on the page Account, and signed in by."""

from __future__ import annotations

from pathlib import Path

from kit.accessibility import serious
from kit.browser import Open, StartSite, Watch
from kit.people import add_device, create_admin, sign_in_as
from kit.servers import free_port
from playwright.sync_api import expect


def test_a_passkey_is_added_and_signs_in(open_page: Open, start_own_site: StartSite, tmp_path: Path, watch: Watch) -> None:
    watch.expected += ["403", "401"]  # a wrong password; a passkey that was removed
    port = free_port()
    site = start_own_site(tmp_path, PORT=str(port), PUBLIC_URL=f"http://localhost:{port}")
    site.host = "localhost"  # an address of numbers has no passkeys
    somebody = create_admin(site, "ada@example.com")
    page = open_page(None, signed_in=False, at=site)
    add_device(page)
    sign_in_as(page, site, somebody)
    card = page.locator("#passkeys")
    expect(card).to_contain_text("You have none.")
    card.get_by_label("Name of this device").fill("Ada's phone")
    card.get_by_label("Present password").fill("not the password")
    card.get_by_role("button", name="Add a passkey").click()
    expect(card.get_by_role("alert")).to_contain_text("needs your present password")
    card.get_by_label("Present password").fill(somebody.password)
    card.get_by_role("button", name="Add a passkey").click()
    expect(card.locator("#passkey-list")).to_contain_text("never used")
    assert serious(page) == []
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(site.url("/login?reason=signed-out"))
    page.goto(site.url("/login?next=/account"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(site.url("/account"))
    expect(page.locator("#who")).to_have_attribute("data-email", somebody.email)
    expect(card.locator("#passkey-list")).to_contain_text("last used")
    expect(page.locator("#sign-ins")).to_contain_text("two factors")
    card.get_by_label("Present password").fill(somebody.password)
    card.get_by_role("button", name="Remove Ada's phone").click()
    page.get_by_role("button", name="Remove it").click()
    expect(card).to_contain_text("You have none.")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#passkey-problem")).to_contain_text("was refused")
