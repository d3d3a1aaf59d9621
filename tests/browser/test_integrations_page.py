"""The page Integrations: who sees what of it, a test that works, and one that fails and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, sign_in
from kit.mail import Box, mail_server
from kit.people import create_admin, sign_in_as
from kit.receivers import Receiver, receiving
from playwright.sync_api import expect


def card_of(page: Any, name: str) -> Any:
    return page.locator(f'[data-integration="{name}"]')


def test_a_test_that_works_and_one_that_fails_by_keyboard(open_page: Open, start_own_site: StartSite, tmp_path: Path) -> None:
    with receiving() as gone:
        port = gone.port
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_FROM": "bellwether@example.com", "SMTP_SECURITY": "none"}
    site = start_own_site(tmp_path, **mail)
    page = open_page("/integrations", at=site, color_scheme="light")
    storage, smtp = card_of(page, "storage"), card_of(page, "smtp")
    storage.get_by_role("button", name="Test: Storage of files").focus()
    page.keyboard.press("Enter")
    expect(storage.get_by_role("status")).to_contain_text("It works")
    expect(storage.get_by_role("list", name="Steps").get_by_role("listitem")).to_have_count(3)
    expect(storage).to_contain_text("Works")
    assert page.evaluate("document.activeElement.textContent") == "Test"
    smtp.get_by_role("button", name="Test: Mail server").click()
    expect(smtp.get_by_role("status")).to_contain_text("It does not work")
    expect(smtp.get_by_role("status")).to_contain_text("The mail server cannot be reached")
    expect(smtp.get_by_role("status")).to_contain_text("Check SMTP_HOST, SMTP_PORT and SMTP_SECURITY")
    expect(smtp.locator(".badge")).to_have_text("Look at it")
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def test_a_person_gets_a_message(open_page: Open, start_own_site: StartSite, tmp_path: Path) -> None:
    box = Box()
    with mail_server(box) as port:
        mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_FROM": "bellwether@example.com", "SMTP_SECURITY": "none"}
        site = start_own_site(tmp_path, **mail)
        page = open_page(None, signed_in=False, at=site)
        sign_in_as(page, site, create_admin(site, "root@example.com"), "/integrations")
        smtp = card_of(page, "smtp")
        smtp.get_by_label("send me a message").check()
        smtp.get_by_role("button", name="Test: Mail server").click()
        expect(smtp.get_by_role("status")).to_contain_text("has taken a message for root@example.com")
    assert [mail["To"] for mail in box.mails] == ["root@example.com"]


def test_what_is_not_set_up_says_which_settings_do_it(open_page: Open) -> None:
    page = open_page("/integrations")
    tiingo = card_of(page, "prices-tiingo")
    expect(tiingo).to_contain_text("Not set up")
    expect(tiingo).to_contain_text("TIINGO_API_KEY")
    expect(tiingo.get_by_role("button")).to_have_count(0)
    expect(card_of(page, "redis")).to_contain_text("REDIS_URL")


@pytest.fixture
def receiver() -> Any:
    with receiving() as found:
        yield found


def test_a_channel_is_tried_by_a_message(open_page: Open, start_own_site: StartSite, tmp_path: Path, receiver: Receiver) -> None:
    site = start_own_site(tmp_path, LOCAL_WORKERS="1", WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
    made = site.api("POST", "/channels", json={"name": "Hook", "type": "webhook", "url": receiver.url("/hook"), "time_zone": "UTC"})
    page = open_page("/integrations", at=site)
    channel = card_of(page, f"channel-{made.json()['id']}")
    channel.get_by_role("button", name="Test: Webhook: Hook").click()
    expect(channel.get_by_role("status")).to_contain_text("arrived")
    assert len(receiver.received) == 1


def test_an_administrator_sees_the_organization_and_what_is_there(open_page: Open, site: Site) -> None:
    made = site.api("POST", "/admin/keys", json={"name": "Administrator", "scopes": ["read", "admin"]}).json()
    page = open_page(None, signed_in=False)
    sign_in(page, site, made["key"])
    page.goto(site.url("/"))
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("heading", name="Your organization")).to_be_visible()
    expect(card_of(page, "api-keys")).to_contain_text("valid")
    expect(card_of(page, "storage")).to_contain_text("Set up")
    expect(card_of(page, "storage").get_by_role("button")).to_have_count(0)
    assert "STORAGE_URL" not in page.content()


def test_who_is_no_administrator_is_told_so(open_page: Open, site: Site) -> None:
    made = site.api("POST", "/admin/keys", json={"name": "Analyst"}).json()
    page = open_page(None, signed_in=False)
    sign_in(page, site, made["key"])
    page.goto(site.url("/"))
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("link", name="Integrations")).to_have_count(0)
    page.goto(site.url("/integrations"))
    expect(page.get_by_role("heading", name="This page is for administrators")).to_be_visible()
