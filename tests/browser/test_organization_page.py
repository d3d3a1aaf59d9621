"""The page of an organization, and the page behind an invitation's link."""

from __future__ import annotations

import re
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
    sign_in_as(page, site, create_admin(site, f"club{next(_NUMBERS)}@example.com"), "/organization")
    page.get_by_label("Name of the new organization").fill("The club")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#organization-called")).to_have_text("The club")
    return page


def invite(page: Any, email: str, role: str) -> str:
    """The link of an invitation."""
    page.locator("#invite-form").get_by_label("E-mail address").fill(email)
    page.get_by_label("As what").select_option(role)
    page.get_by_role("button", name="Invite").click()
    return str(page.get_by_label("The link", exact=True).input_value())


def test_somebody_new_joins_by_a_link(club: Any, open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["404", "422"]
    email = f"ben{next(_NUMBERS)}@example.com"
    link = invite(club, email, "analyst")
    assert serious(club) == []
    page = open_page(None, signed_in=False, color_scheme="light")
    page.goto(link)
    expect(page.locator("#invited")).to_have_text("You are invited to The club as analyst.")
    assert page.url == site.url("/join")
    assert serious(page) == []
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("Password", exact=True).fill("password")
    page.get_by_role("button", name="Make the account and join").click()
    expect(page.get_by_role("alert")).not_to_have_text("")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make the account and join").click()
    page.wait_for_url(site.url("/login?reason=registered"))
    sign_in_as(page, site, Somebody(email), "/organization")
    row = page.locator("#members tr", has_text=email)
    expect(row).to_contain_text("analyst")
    expect(page.get_by_role("heading", name="Invitations")).to_have_count(0)
    expect(row.get_by_role("button")).to_have_count(1)
    page.goto(link)
    expect(page.get_by_text("This link is not valid any more")).to_be_visible()


def test_who_has_an_account_signs_in_to_join(club: Any, open_page: Open, site: Site) -> None:
    somebody = create_admin(site, f"eve{next(_NUMBERS)}@example.com")
    link = invite(club, somebody.email, "viewer")
    page = open_page(None, signed_in=False)
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    dialog = page.locator("#sign-in-again")
    expect(dialog.get_by_label("E-mail address")).to_have_value(somebody.email)
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Join", exact=True).click()
    page.wait_for_url(site.url("/"))
    page.goto(site.url("/organization"))
    expect(page.locator("#organization")).to_contain_text("The club")


def test_roles_change_and_members_leave(club: Any, open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["409", "403"]  # the last administrator stays; the bell of who has left
    somebody = create_admin(site, f"kim{next(_NUMBERS)}@example.com")
    link = invite(club, somebody.email, "viewer")
    page = open_page(None, signed_in=False)
    sign_in_as(page, site, somebody)
    page.goto(link)
    page.get_by_role("button", name="Join", exact=True).click()
    page.wait_for_url(site.url("/"))
    club.reload()
    settled(club)
    row = club.locator("#members tr", has_text=somebody.email)
    row.get_by_role("combobox").select_option("analyst")
    expect(club.locator("#notices")).to_contain_text("is analyst now.")
    club.get_by_role("button", name="Leave the organization").click()
    club.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    expect(club.locator("#notices")).to_contain_text("You stay.")
    page.goto(site.url("/organization"))
    page.get_by_role("button", name="Leave the organization").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    page.wait_for_url(site.url("/account"))
    expect(page.locator("#organizations")).not_to_contain_text("The club")


def test_an_invitation_is_revoked(club: Any, open_page: Open, watch: Watch) -> None:
    watch.expected.append("404")
    email = f"max{next(_NUMBERS)}@example.com"
    link = invite(club, email, "viewer")
    club.get_by_role("button", name=f"Revoke the invitation of {email}").click()
    expect(club.locator("#invitations")).to_contain_text("No invitation is open.")
    page = open_page(None, signed_in=False)
    page.goto(link)
    expect(page.get_by_text("This link is not valid any more")).to_be_visible()


def test_an_administrator_switches_a_feature_off_and_on(club: Any, watch: Watch) -> None:
    toggle = club.locator("#feature-streams")
    toggle.click()
    dialog = club.get_by_role("dialog", name="Switch streams off?")
    dialog.get_by_label("Why? Callers will read it.").fill("It is too much")
    dialog.get_by_role("button", name="Switch off").click()
    expect(club.locator("#notices")).to_contain_text("streams is switched off.")
    expect(toggle).to_have_attribute("aria-checked", "false")
    row = club.locator("#features li", has=toggle)
    expect(row).to_contain_text(re.compile(r"Switched off \S.* by club\d+: It is too much"))
    row.get_by_text("Changes").click()
    expect(row.locator("ol")).to_contain_text(re.compile(r"^Off .* by club\d+: It is too much"))
    assert serious(club) == []
    toggle.click()
    club.get_by_role("dialog").get_by_role("button", name="Switch on").click()
    expect(toggle).to_have_attribute("aria-checked", "true")


def test_what_an_operator_has_switched_off_for_an_organization(club: Any, open_page: Open, site: Site) -> None:
    listed = site.api("GET", "/admin/organizations?limit=500").json()["items"]
    number = max(each["id"] for each in listed if each["name"] == "The club")
    page = open_page("/diagnostics")
    page.locator(f"#features-of-{number}").click()
    page.locator(f"#flag-of-{number}-news").click()
    page.get_by_role("dialog").get_by_label("Why? Callers will read it.").fill("For a test")
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(page.locator(f"#flag-of-{number}-news")).to_have_attribute("aria-checked", "false")
    assert serious(page) == []
    club.reload()
    settled(club)
    row = club.locator("#features li", has=club.locator("#feature-news"))
    expect(row).to_contain_text("Switched off by an operator of the installation")
    expect(club.locator("#feature-news")).to_be_disabled()


def test_limits_and_budgets_are_set_and_shown(club: Any, open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected.append("422")
    expect(club.locator("#limits tr[data-limit='members']")).to_contain_text("any number")
    listed = site.api("GET", "/admin/organizations?limit=500").json()["items"]
    number = max(each["id"] for each in listed if each["name"] == "The club")
    page = open_page("/diagnostics")
    page.locator(f"#limits-of-{number}").click()
    page.locator("#organization-limits-members").fill("7")
    page.locator("#organization-limits-reads_per_minute").fill("900")
    page.locator("#organization-limits").get_by_role("button", name="Set").click()
    expect(page.locator("#organization-chosen tr[data-limit='members']")).to_contain_text("7")
    assert serious(page) == []
    club.reload()
    settled(club)
    expect(club.locator("#limits tr[data-limit='members']")).to_contain_text("7")
    club.get_by_role("button", name="Budgets of").click()
    club.locator("#budgets-reads_per_minute").fill("901")
    club.locator("#budgets").get_by_role("button", name="Set").click()
    expect(club.locator("#budgets").get_by_role("alert")).to_contain_text("at most 900")
    club.locator("#budgets-reads_per_minute").fill("800")
    club.locator("#budgets").get_by_role("button", name="Set").click()
    expect(club.locator("#member-budgets tr[data-limit='reads_per_minute']")).to_contain_text("800")
    assert serious(club) == []
