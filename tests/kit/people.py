"""Helpers of the browser tests: people with an account at a site, and how they sign in."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from kit.browser import PATIENCE, Site, settled
from kit.paths import ROOT
from kit.servers import wait_until
from kit.support import MASTER_KEY, SECRET_KEY

PASSWORD = "four plain words here"
DIALOG = "#sign-in-again"  # asks somebody whose session has ended
# A telephone that checks its user by itself.
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Somebody:
    """Somebody with an account."""

    email: str
    password: str = PASSWORD


def create_admin(site: Site, email: str) -> Somebody:
    """Make an administrator from the terminal, as whoever runs the service does."""
    flask(site, "create-admin", email, "--password", PASSWORD)
    return Somebody(email)


def create_member(site: Site, email: str, role: str) -> Somebody:
    """Invite somebody into the first organization, and let them join."""
    invited = site.api("POST", "/organization/invitations", json={"email": email, "role": role}).json()
    token = invited["url"].partition("#")[2]
    answer = requests.post(
        site.url("/api/v1/auth/join"), json={"token": token, "name": email.partition("@")[0], "password": PASSWORD}, timeout=60
    )
    assert answer.ok, answer.text
    return Somebody(email)


def flask(site: Site, *arguments: str) -> str:
    """What a terminal command says about the data of a site."""
    variables = {"PATH": os.environ["PATH"], "DATA_DIR": str(site.log_path.parent / "var")}
    variables |= {"MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}
    command = [str(Path(sys.executable).with_name("flask")), *arguments]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=True, timeout=PATIENCE // 1000).stdout


def sign_in_as(page: Any, site: Site, somebody: Somebody, path: str = "/account") -> None:
    """Sign in by the form, and open a page."""
    page.goto(site.url(f"/login?next={path}"))
    page.get_by_label("E-mail address").fill(somebody.email)
    page.get_by_label("Password", exact=True).fill(somebody.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.url(path))
    settled(page)


def end_session(page: Any, site: Site) -> None:
    """End the page's session from elsewhere, and wait until the service refuses it."""
    browser = own_session(page, site)
    assert browser.post(site.url("/logout"), timeout=60).status_code == 204
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "bellwether_session"]
    wait_until(lambda: requests.get(site.url("/api/v1/session"), cookies={cookie["name"]: cookie["value"]}, timeout=60).status_code == 401)


def own_session(page: Any, site: Site) -> requests.Session:
    """The session of a page's browser for calls without the page, with the token for changes."""
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "bellwether_session"]
    session = requests.Session()
    session.cookies.set(cookie["name"], cookie["value"])
    session.headers["X-CSRF-Token"] = session.get(site.url("/api/v1/session"), timeout=60).json()["csrf_token"]
    return session


def add_device(page: Any) -> None:
    """Give the page a device that makes passkeys and signs in by them."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
