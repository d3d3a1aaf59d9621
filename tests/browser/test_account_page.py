"""The page of one's own account: name and address, password, second factor, sign-ins, organizations and keys."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import requests
from kit.accessibility import serious
from kit.browser import Open, Site, Watch
from kit.people import Somebody, create_admin, sign_in_as
from playwright.sync_api import expect
from pyotp import TOTP

_NUMBERS = count()
# Reads as a page does, until the dialog is there: a session that was ended elsewhere is refused within two seconds.
ASK_UNTIL_REFUSED = """() => {
  const script = document.querySelector('script[src*="/js/shell.js"]').src;
  import(script.replace("shell.js", "api.js")).then(({ api }) => api.get("/strategies").catch(() => {}));
  return document.querySelector("#sign-in-again");
}"""


@pytest.fixture
def somebody(site: Site) -> Somebody:
    return create_admin(site, f"ada{next(_NUMBERS)}@example.com")


def test_the_page_is_accessible_and_fits_a_phone(open_page: Open, site: Site, somebody: Somebody) -> None:
    page = open_page(None, signed_in=False, color_scheme="light")
    sign_in_as(page, site, somebody)
    expect(page.get_by_role("heading", name="Sign-ins")).to_be_visible()
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_name_and_address_are_changed(open_page: Open, site: Site, watch: Watch, somebody: Somebody) -> None:
    watch.expected.append("403")  # the first password is wrong
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody)
    expect(page.locator("#who")).to_have_attribute("data-email", somebody.email)
    form = page.locator("#profile-form")
    form.get_by_label("Name").fill("Ada Lovelace")
    expect(form.get_by_label("Present password, for another address")).to_be_hidden()
    form.get_by_label("E-mail address").fill(f"new-{somebody.email}")
    form.get_by_label("Present password, for another address").fill("not the password")
    form.get_by_role("button", name="Store").click()
    expect(form.get_by_role("alert")).to_contain_text("needs your present password")
    expect(form.get_by_label("Present password, for another address")).to_be_focused()
    page.keyboard.type("x")
    form.get_by_label("Present password, for another address").fill(somebody.password)
    page.keyboard.press("Enter")
    expect(page.locator("#notices")).to_contain_text("Your name and address are stored.")
    expect(page.locator("#who")).to_have_attribute("aria-label", "Account: Ada Lovelace")
    sign_in_as(page, site, Somebody(f"new-{somebody.email}"))
    expect(page.locator("#me-name")).to_have_value("Ada Lovelace")


def test_a_new_password_ends_the_other_sign_ins(open_page: Open, site: Site, watch: Watch, somebody: Somebody) -> None:
    """In two browsers: the other one is asked for the new password in place, and goes on as the same person."""
    watch.expected += ["401", "422"]  # refused passwords
    page, other = open_page(None, signed_in=False), open_page(None, signed_in=False)
    sign_in_as(page, site, somebody)
    sign_in_as(other, site, somebody, "/screener")
    page.locator("#password-form").get_by_label("Present password").fill(somebody.password)
    new = page.locator("#password-form").get_by_label("New password")
    new.fill("password")
    page.get_by_role("button", name="Set the new password").click()
    expect(page.locator("#password-form-problem")).not_to_have_text("")
    expect(new).to_be_focused()
    expect(new).to_have_attribute("aria-invalid", "true")
    new.fill("five plain words for Ada")
    page.get_by_role("button", name="Set the new password").click()
    expect(page.locator("#notices")).to_contain_text("All other sign-ins have ended.")
    expect(page.locator("#sign-ins tbody tr")).to_have_count(1)
    dialog = other.locator("#sign-in-again")
    other.wait_for_function(ASK_UNTIL_REFUSED, polling=100)
    expect(dialog.get_by_label("E-mail address")).to_have_value(somebody.email)
    expect(dialog.get_by_label("Password", exact=True)).to_be_focused()
    assert serious(other) == []
    dialog.get_by_label("Password", exact=True).fill(somebody.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("wrong")
    dialog.get_by_label("Password", exact=True).fill("five plain words for Ada")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)


def test_the_second_factor_is_set_up_used_and_removed(
    open_page: Open, site: Site, watch: Watch, somebody: Somebody, tmp_path: Path
) -> None:
    watch.expected.append("401")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody)
    factor = page.locator("#second-factor")
    factor.get_by_label("Present password").fill(somebody.password)
    factor.get_by_role("button", name="Set up an app").click()
    picture = factor.get_by_role("img", name="QR code")
    expect(picture).to_be_visible()
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 100
    secret = factor.get_by_label("Letters for the app").input_value()
    expect(factor.get_by_label("Code of the app")).to_be_focused()
    assert serious(page) == []
    page.keyboard.type(TOTP(secret).at(time.time() - 30))
    page.keyboard.press("Enter")
    expect(factor.locator("#recovery-codes li")).to_have_count(10)
    codes = factor.locator("#recovery-codes").inner_text().split()
    with page.expect_download() as saved:
        factor.get_by_role("link", name="Download").click()
    saved.value.save_as(tmp_path / "codes")
    assert (tmp_path / "codes").read_text().split() == codes
    factor.get_by_role("button", name="I have stored them").click()
    expect(factor).to_contain_text("10 recovery codes are left.")
    assert codes[0] not in page.content()
    page.goto(site.url("/login?next=/account"))
    page.get_by_label("E-mail address").fill(somebody.email)
    page.get_by_label("Password", exact=True).fill(somebody.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label("Code of your authenticator app, or a recovery code")).to_be_focused()
    assert serious(page) == []
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url(site.url("/account"))
    expect(factor).to_contain_text("9 recovery codes are left.")
    factor.get_by_label("Present password").fill(somebody.password)
    factor.get_by_role("button", name="Remove the second factor").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(factor.get_by_role("button", name="Set up an app")).to_be_visible()


def test_a_key_of_ones_own_does_what_was_chosen(open_page: Open, site: Site, somebody: Somebody) -> None:
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody)
    keys = page.locator("#keys")
    keys.get_by_label("Name of the new key").fill("a script")
    keys.get_by_text("What it may do, and until when").click()
    for scope in ("analyse", "manage", "mcp"):
        keys.locator(f"#key-may-{scope}").uncheck()
    keys.get_by_label("The last day on which it works").fill("2099-12-31")
    keys.get_by_role("button", name="Make a key").click()
    key = keys.get_by_label("The new key", exact=True).input_value()
    row = keys.get_by_role("row", name="a script")
    expect(row).to_contain_text("read")
    expect(row).to_contain_text("2099")

    def status(method: str) -> int:
        body = {"ticker": "AAPL"} if method == "POST" else None
        return requests.request(method, site.url("/api/v1/watchlist"), json=body, headers={"X-API-Key": key}, timeout=60).status_code

    assert [status("GET"), status("POST")] == [200, 403]
    row.get_by_role("button", name="Revoke a script").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(keys.get_by_role("table", name="API keys that work")).to_have_count(0)


def test_a_key_is_nobody_in_person(open_page: Open) -> None:
    page = open_page("/account")
    expect(page.get_by_role("heading", name="You are signed in with the master key")).to_be_visible()
    expect(page.locator("#who")).to_have_attribute("aria-label", "Account: API key")


def test_a_tab_of_the_former_organization_changes_nothing(open_page: Open, site: Site, watch: Watch) -> None:
    """Somebody changes to their other organization in one tab: what was typed in the other tab goes nowhere, and stays."""
    watch.expected.append("409")
    somebody = create_admin(site, f"two{next(_NUMBERS)}@example.com")
    add_organization(site, somebody, "The second club")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody, "/")
    page.get_by_label("Add tickers").fill("GOOG")
    tab = page.context.new_page()
    watch.follow(tab, site)
    tab.goto(site.url("/account"))
    tab.get_by_role("button", name="Act for The second club").click()
    expect(tab.locator("#organizations li", has_text="The second club")).to_contain_text("You act for it now")
    expect(page.locator("#banner")).to_contain_text("You act for another organization now")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#add-problem")).to_contain_text("This page belongs to another organization")
    expect(page.get_by_label("Add tickers")).to_have_value("GOOG")
    assert tab.evaluate("fetch('/api/v1/watchlist').then((answer) => answer.json())")["items"] == []
    page.locator("#banner").get_by_role("button", name="Change back").click()
    expect(page.locator("#banner")).to_have_text("")
    expect(tab.locator("#banner")).to_contain_text("You act for another organization now")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator('tr[data-ticker="GOOG"]')).to_be_visible()
    assert site.api("DELETE", "/watchlist/GOOG").status_code == 204


def add_organization(site: Site, somebody: Somebody, name: str) -> None:
    """Make somebody a member of another organization."""
    moment = "2026-01-01T00:00:00.000000+00:00"
    with closing(sqlite3.connect(site.log_path.parent / "var" / "bellwether.db", timeout=60)) as connection, connection:
        (user_id,) = connection.execute("SELECT id FROM users WHERE email = ?", [somebody.email]).fetchone()
        connection.execute("UPDATE organization_ids SET last_id = last_id + 1")
        (org_id,) = connection.execute("SELECT last_id FROM organization_ids").fetchone()
        connection.execute("INSERT INTO organizations (id, name, created_at) VALUES (?, ?, ?)", [org_id, name, moment])
        connection.execute("INSERT INTO members (org_id, user_id, role, joined_at) VALUES (?, ?, 'viewer', ?)", [org_id, user_id, moment])
