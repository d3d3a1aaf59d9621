"""An account at an OpenID provider in a real browser: connected on the page Account, signed in by, and disconnected."""

from __future__ import annotations

from pathlib import Path

from kit.accessibility import serious
from kit.browser import Open, StartSite, Watch
from kit.people import create_admin, sign_in_as
from kit.servers import free_port
from playwright.sync_api import expect

from tools.openid_provider import CLIENT, WORDS, providing


def test_an_account_is_connected_and_signs_in(open_page: Open, start_own_site: StartSite, tmp_path: Path, watch: Watch) -> None:
    watch.expected += ["401"]  # an account that is not connected any more
    port = free_port()
    with providing() as provider:
        watch.also.add(provider.issuer)
        client = {"OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": WORDS, "OIDC_NAME": "Loopback"}
        site = start_own_site(tmp_path, PORT=str(port), PUBLIC_URL=f"http://127.0.0.1:{port}", **client)
        somebody = create_admin(site, "ada@example.com")
        page = open_page(None, signed_in=False, at=site)
        sign_in_as(page, site, somebody)
        card = page.locator("#identities")
        card.get_by_role("button", name="Connect Loopback").click()
        page.wait_for_url(site.url("/account"))
        expect(card.locator("#identity-list")).to_contain_text("Loopback · ada@example.com · never used")
        assert serious(page) == []
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(site.url("/login?reason=signed-out"))
        page.goto(site.url("/login?next=/account"))
        page.get_by_role("link", name="Sign in with Loopback").click()
        page.wait_for_url(site.url("/account"))
        expect(card.locator("#identity-list")).to_contain_text("last used")
        card.get_by_role("button", name="Disconnect Loopback").click()
        page.get_by_role("button", name="Disconnect it").click()
        expect(card).to_contain_text("You have connected none.")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in with Loopback").click()
        expect(page.locator("#problem")).to_contain_text("Nobody here is known by this account")
