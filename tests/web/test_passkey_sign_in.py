"""Signing a browser in by a passkey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.accounts import person, set_up_totp
from kit.databases import Backend
from kit.passkeys import ORIGIN, PUBLIC_URL, add, answer_of
from kit.sessions import Browser
from kit.support import settings_for

import app as application
from app import Application, create_app
from tools.authenticator import Authenticator

BUTTON = 'id="passkey-sign-in"'


@pytest.fixture
def app(backend: Backend, tmp_path: Path) -> Iterator[Application]:
    app = create_app(settings_for(backend.url, tmp_path, public_url=PUBLIC_URL))
    application.start(app)
    yield app
    application.stop(app)


def test_a_browser_gets_a_session_in_place_of_its_former_one(app: Application) -> None:
    program, device, browser = person(app, "ada@example.com").program(), Authenticator(ORIGIN), Browser(app)
    add(program, device)
    set_up_totp(program)
    assert BUTTON in browser("GET", "/login").text
    former = browser.sign_in()
    assert browser("POST", "/login/passkey", json=answer_of(app, device)).status_code == 204
    cookie = browser.http.get_cookie("bellwether_session")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, browser.token != former) == (True, "Lax", True)
    assert browser("GET", "/api/v1/auth/me").json["email"] == "ada@example.com"
    assert not Browser(app).bring(former).is_known()


def test_another_site_signs_nobody_in(app: Application) -> None:
    device, browser = Authenticator(ORIGIN), Browser(app)
    add(person(app, "ada@example.com").program(), device)
    sent = answer_of(app, device)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser("POST", "/login/passkey", json=sent, headers=headers).status_code == 403
    assert browser("POST", "/login/passkey", json=sent, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 204


def test_what_is_no_passkey_is_refused_in_words(app: Application) -> None:
    browser, json = Browser(app), {"Accept": "application/json"}
    unknown = browser("POST", "/login/passkey", json=answer_of(app, Authenticator(ORIGIN, user_handle="AA")), headers=json)
    assert (unknown.status_code, unknown.json["code"]) == (401, "unauthorized")
    assert browser("POST", "/login/passkey", json={"challenge": "x"}, headers=json).status_code == 422
    assert browser("POST", "/login/passkey", data="x" * 20_000, content_type="application/json", headers=json).status_code == 413
    assert browser.http.get_cookie("bellwether_session") is None


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_there_is_no_button_where_they_are_off(backend: Backend, tmp_path: Path) -> None:
    app = create_app(settings_for(backend.url, tmp_path))
    application.start(app)
    assert BUTTON not in Browser(app)("GET", "/login").text
    application.stop(app)
