"""Helpers of the tests of sign-ins through a provider: applications that know one which runs on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.authentication import CSRF_HEADER
from app import Application, create_app
from app import start as start_app
from kit.accounts import Person
from kit.databases import Backend
from kit.sessions import Browser
from kit.support import settings_for
from tools.openid_provider import CLIENT, WORDS, Provider, providing

PUBLIC = "https://bellwether.example"
MakeSite = Callable[..., "Site"]


@dataclass
class Site:
    """An application that knows a provider, and the browsers of its users."""

    app: Application
    provider: Provider

    def to_provider(self, browser: Browser, path: str = "/login/openid/openid") -> str:
        """Where the browser is sent by the provider after it has signed somebody in."""
        sent = browser("GET", path)
        assert (sent.status_code, sent.location.startswith(self.provider.issuer + "/authorize?")) == (303, True), sent.text
        back = httpx.get(sent.location, follow_redirects=False).headers["Location"]
        assert back.startswith(PUBLIC + "/login/openid/openid/callback?")
        return str(back.removeprefix(PUBLIC))

    def sign_in(self, browser: Browser | None = None) -> Any:
        """The answer to a browser that comes back."""
        browser = browser or Browser(self.app)
        return browser("GET", self.to_provider(browser))

    def connect(self, somebody: Person) -> Any:
        """The answer to somebody who connects an account."""
        browser = somebody.browser()
        begun = browser("POST", "/api/v1/auth/identities", json={"provider": "openid"}, headers={CSRF_HEADER: browser.csrf})
        back = httpx.get(begun.json["url"], follow_redirects=False).headers["Location"].removeprefix(PUBLIC)
        return browser("GET", back)


@contextmanager
def making_sites(backend: Backend, data_dir: Path) -> Iterator[MakeSite]:
    """Makes applications that know a provider, with settings of their own."""
    with providing() as provider:

        def build(**more: Any) -> Site:
            known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": WORDS, "oidc_name": "Loopback"}
            app = create_app(settings_for(backend.url, data_dir, public_url=PUBLIC, **{**known, **more}))
            start_app(app)
            return Site(app, provider)

        yield build
