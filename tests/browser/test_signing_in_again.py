"""People whose session ends sign in again in place: by password and code, or by a passkey. The bell is of the page's organization."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, module, settled
from kit.people import DIALOG, Somebody, add_device, create_admin, end_session, own_session, sign_in_as
from kit.servers import free_port
from playwright.sync_api import expect
from pyotp import TOTP

_NUMBERS = count()


def set_up_totp(page: Any, site: Site, somebody: Somebody) -> str:
    """Turn a second factor on beside the page; its secret."""
    own = own_session(page, site)
    begun = own.post(site.url("/api/v1/auth/totp"), json={"password": somebody.password}, timeout=60)
    assert begun.status_code == 201, begun.text
    secret = str(begun.json()["secret"])
    sent = {"code": TOTP(secret).at(time.time() - 30)}
    assert own.post(site.url("/api/v1/auth/totp/confirm"), json=sent, timeout=60).status_code == 200
    return secret


def make_organization(page: Any, name: str) -> None:
    page.get_by_label("Name of the new organization").fill(name)
    page.get_by_role("button", name="Make it").click()


def test_somebody_with_a_second_factor_signs_in_again(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["401", "422"]
    somebody = create_admin(site, f"again{next(_NUMBERS)}@example.com")
    page = open_page(None, signed_in=False, color_scheme="light")
    sign_in_as(page, site, somebody, "/organization")
    secret = set_up_totp(page, site, somebody)
    end_session(page, site)
    make_organization(page, "Typed before")
    dialog = page.locator(DIALOG)
    expect(dialog.get_by_label("E-mail address")).to_have_value(somebody.email)
    dialog.get_by_label("Password", exact=True).fill(somebody.password)
    page.keyboard.press("Enter")
    code = dialog.get_by_label("Code of your authenticator app, or a recovery code")
    expect(code).to_be_focused()
    expect(dialog.get_by_role("button", name="Use an API key instead")).to_be_hidden()
    assert serious(page) == []
    code.fill("000000")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("The code is wrong")
    expect(code).to_be_focused()
    code.fill(TOTP(secret).at(time.time()))
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#organization-called")).to_have_text("Typed before")


def test_a_passkey_signs_in_again(open_page: Open, start_own_site: StartSite, tmp_path: Path, watch: Watch) -> None:
    watch.expected.append("401")
    port = free_port()
    site = start_own_site(tmp_path, PORT=str(port), PUBLIC_URL=f"http://localhost:{port}")
    site.host = "localhost"  # an address of numbers has no passkeys
    somebody = create_admin(site, "ada@example.com")
    page = open_page(None, signed_in=False, at=site, color_scheme="light")
    add_device(page)
    sign_in_as(page, site, somebody)
    card = page.locator("#passkeys")
    card.get_by_label("Name of this device").fill("Phone")
    card.get_by_label("Present password").fill(somebody.password)
    card.get_by_role("button", name="Add a passkey").click()
    expect(card.locator("#passkey-list")).to_contain_text("never used")
    page.goto(site.url("/organization"))
    settled(page)
    end_session(page, site)
    make_organization(page, "Typed before")
    dialog = page.locator(DIALOG)
    passkey = dialog.get_by_role("button", name="Sign in with a passkey")
    expect(passkey).to_be_visible()
    assert serious(page) == []
    dialog.get_by_role("button", name="Use an API key instead").click()
    expect(passkey).to_be_hidden()
    dialog.get_by_role("button", name="Use e-mail and password instead").click()
    passkey.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("#organization-called")).to_have_text("Typed before")


def test_a_passkey_that_is_refused_is_told_in_place(open_page: Open, start_own_site: StartSite, tmp_path: Path, watch: Watch) -> None:
    watch.expected.append("401")
    port = free_port()
    site = start_own_site(tmp_path, PORT=str(port), PUBLIC_URL=f"http://localhost:{port}")
    site.host = "localhost"
    page = open_page(None, signed_in=False, at=site)
    add_device(page)
    sign_in_as(page, site, create_admin(site, "ada@example.com"), "/organization")
    end_session(page, site)
    make_organization(page, "Typed before")
    dialog = page.locator(DIALOG)
    passkey = dialog.get_by_role("button", name="Sign in with a passkey")
    passkey.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Try again.")
    expect(passkey).to_be_focused()
    expect(page.get_by_label("Name of the new organization")).to_have_value("Typed before")


def test_no_passkey_is_offered_where_there_are_none(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("401")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, create_admin(site, f"none{next(_NUMBERS)}@example.com"), "/organization")
    end_session(page, site)
    make_organization(page, "Typed before")
    expect(page.locator(DIALOG).get_by_label("Password", exact=True)).to_be_focused()
    expect(page.locator(DIALOG).get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


def test_the_bell_tells_of_no_other_organization(open_page: Open, site: Site, watch: Watch) -> None:
    """The session changes to another organization, of which no tab of this browser has heard."""
    watch.expected.append("409")
    somebody = create_admin(site, f"bell{next(_NUMBERS)}@example.com")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody, "/organization")
    own = own_session(page, site)
    made = own.post(site.url("/api/v1/organizations"), json={"name": "The second"}, timeout=60).json()
    changed = own.put(site.url("/api/v1/auth/organization"), json={"organization_id": made["id"]}, timeout=60)
    assert changed.status_code == 204
    add_alert(site, made["id"])
    page.evaluate(f"{module('bell.js')}.then(({{ lookAtBell }}) => lookAtBell())")
    expect(page.locator("#banner")).to_contain_text("You act for another organization now")
    expect(page.locator("#bell")).to_have_accessible_name("Alerts")
    page.get_by_role("button", name="Load the page again").click()
    expect(page.locator("#bell")).to_have_accessible_name("Alerts, 1 unread")


def add_alert(site: Site, org_id: int) -> None:
    """Let something be told in an organization."""
    moment = "2026-01-02T00:00:00.000000+00:00"
    with closing(sqlite3.connect(site.log_path.parent / "var" / "bellwether.db", timeout=60)) as connection, connection:
        connection.execute(
            """
            INSERT INTO alerts (id, org_id, rule_id, rule_name, kind, fired_by, subject, day, message, data, created_at, told_at)
            VALUES ('a', ?, 'r', 'Rule', 'job_failed', 'condition', 'AAPL', '2026-01-02', 'It failed.', '{}', ?, ?)
            """,
            [org_id, moment, moment],
        )
