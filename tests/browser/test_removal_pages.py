"""Removing an organization and an account in the browser: what would go, the download, and the dialog behind it."""

from __future__ import annotations

import zipfile
from itertools import count
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, Watch, settled
from kit.people import PASSWORD, Somebody, create_admin, sign_in_as
from playwright.sync_api import expect

_NUMBERS = count()


@pytest.fixture
def club(open_page: Open, site: Site) -> Any:
    """The page of an organization that its administrator has just made."""
    page = open_page(None, signed_in=False, color_scheme="light")
    sign_in_as(page, site, create_admin(site, f"remover{next(_NUMBERS)}@example.com"), "/organization")
    page.get_by_label("Name of the new organization").fill("The club")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#organization-called")).to_have_text("The club")
    return page


def download(page: Any) -> list[str]:
    """The names in what the page downloads."""
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download everything").click()
    return zipfile.ZipFile(waited.value.path()).namelist()


def test_an_administrator_removes_an_organization(club: Any, site: Site, watch: Watch) -> None:
    watch.expected += ["403", "422"]
    button = club.get_by_role("button", name="Remove this organization …")
    expect(club.locator("#removal-counts")).to_contain_text("members: 1")
    expect(club.locator("#removal-members")).to_contain_text("1 person is a member")
    expect(button).to_be_disabled()
    assert "people.ndjson" in download(club)
    expect(button).to_be_enabled()
    assert serious(club) == []
    button.click()
    dialog = club.get_by_role("dialog")
    expect(dialog.get_by_label("Name of the organization")).to_be_focused()
    assert serious(club) == []
    submit = dialog.get_by_role("button", name="Remove this organization")
    dialog.get_by_label("Name of the organization").fill("Another club")
    submit.click()
    expect(dialog.get_by_role("alert")).to_contain_text("exactly")
    expect(dialog.get_by_label("Name of the organization")).to_be_focused()
    dialog.get_by_label("Name of the organization").fill("The club")
    dialog.get_by_label("Present password", exact=True).fill("wrong")
    submit.click()
    expect(dialog.get_by_role("alert")).to_contain_text("password")
    club.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    dialog.get_by_label("Name of the organization").fill("The club")
    dialog.get_by_label("Present password", exact=True).fill(PASSWORD)
    submit.click()
    club.wait_for_url(site.url("/account"))
    settled(club)
    expect(club.locator("#organizations")).not_to_contain_text("The club")
    expect(club.locator("#organizations")).to_contain_text("You act for it now")


def test_the_first_organization_says_that_it_stays(open_page: Open, site: Site) -> None:
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, create_admin(site, f"remover{next(_NUMBERS)}@example.com"), "/organization")
    expect(page.locator("#removal-obstacle")).to_contain_text("The first organization cannot be removed")
    expect(page.locator("#removal-button")).to_have_count(0)
    expect(page.get_by_role("link", name="Download everything")).to_be_visible()


def test_somebody_removes_their_account(club: Any, open_page: Open, site: Site) -> None:
    email = f"leaver{next(_NUMBERS)}@example.com"
    club.locator("#invite-form").get_by_label("E-mail address").fill(email)
    club.get_by_role("button", name="Invite").click()
    page = open_page(None, signed_in=False, color_scheme="light")
    page.goto(club.get_by_label("The link", exact=True).input_value())
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account and join").click()
    page.wait_for_url(site.url("/login?reason=registered"))
    sign_in_as(page, site, Somebody(email))
    expect(page.locator("#removal-left")).to_contain_text("The club")
    assert "users.ndjson" in download(page)
    button = page.get_by_role("button", name="Remove your account …")
    expect(button).to_be_enabled()
    assert serious(page) == []
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your e-mail address").fill(email)
    dialog.get_by_label("Present password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Remove your account").click()
    page.wait_for_url(site.url("/login?reason=removed"))
    expect(page.get_by_text("Your account is removed")).to_be_visible()
    club.reload()
    settled(club)
    expect(club.locator("#members")).not_to_contain_text(email)


def test_what_stands_in_the_way_is_said(club: Any, site: Site) -> None:
    email = f"stays{next(_NUMBERS)}@example.com"
    club.locator("#invite-form").get_by_label("E-mail address").fill(email)
    club.get_by_role("button", name="Invite").click()
    link = club.get_by_label("The link", exact=True).input_value()
    guest = club.context.browser.new_context().new_page()
    guest.goto(link)
    guest.get_by_label("Your name").fill("Kim")
    guest.get_by_label("Password", exact=True).fill(PASSWORD)
    guest.get_by_role("button", name="Make the account and join").click()
    guest.wait_for_url(site.url("/login?reason=registered"))
    guest.context.close()
    club.goto(site.url("/account"))
    settled(club)
    expect(club.locator("#removal-obstacle")).to_contain_text("The club")
    expect(club.locator("#removal-button")).to_be_disabled()
