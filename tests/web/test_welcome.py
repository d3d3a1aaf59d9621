"""The first run: the master key makes the first administrator, once; and what the sign-in page shows before and after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import PASSWORD, person
from kit.databases import Backend
from kit.protection import client_of
from kit.sessions import Browser
from kit.support import MASTER_KEY, Client

from app import Application
from models.access import Role

FORM = {"key": MASTER_KEY, "email": "root@example.com", "name": "Root", "password": PASSWORD}
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def test_the_master_key_makes_the_first_administrator_once(app: Application) -> None:
    browser = Browser(app)
    assert 'action="/welcome"' in browser("GET", "/welcome").text
    made = browser("POST", "/welcome", data=FORM)
    assert (made.status_code, made.location) == (303, "/")
    me = browser("GET", "/api/v1/auth/me").json
    assert (me["email"], me["is_operator"], me["organization"]["id"], me["organization"]["role"]) == ("root@example.com", True, 1, "admin")
    for method in ("GET", "POST"):
        again = Browser(app)(method, "/welcome", data={**FORM, "email": "other@example.com"})
        assert (again.status_code, again.location) == (303, "/login?reason=has-administrator")
    assert len(Client(app).get("/admin/users").json["items"]) == 1


def test_of_two_at_once_one_is_the_first(app: Application) -> None:
    def make(number: int) -> str:
        answer = Browser(app)("POST", "/welcome", data={**FORM, "email": f"root{number}@example.com"})
        assert answer.status_code == 303
        return str(answer.location)

    with ThreadPoolExecutor(4) as pool:
        led_to = sorted(pool.map(make, range(4)))
    assert led_to == ["/", *["/login?reason=has-administrator"] * 3]
    assert len(Client(app).get("/admin/users").json["items"]) == 1


REFUSED: dict[str, tuple[dict[str, str], int, str]] = {
    "another key": ({"key": "no key at all"}, 401, "This is not the master key."),
    "no key": ({"key": ""}, 401, "This is not the master key."),
    "no address": ({"email": "root"}, 422, "An e-mail address is written as in maria@example.com."),
    "no name": ({"name": " "}, 422, "."),
    "a password that is tried first": ({"password": "password"}, 422, "assword"),
}


@ON_SQLITE
def test_what_does_not_fit_is_told_and_typed_once(app: Application) -> None:
    for name, (wrong, status, words) in REFUSED.items():
        answer = Browser(app)("POST", "/welcome", data={**FORM, **wrong})
        assert (name, answer.status_code) == (name, status)
        assert 'role="alert"' in answer.text
        assert words in answer.text
        assert PASSWORD not in answer.text
        assert MASTER_KEY not in answer.text
        assert "Set-Cookie" not in answer.headers
    assert Client(app).get("/admin/users").json["items"] == []


@ON_SQLITE
def test_wrong_keys_are_tries(app: Application) -> None:
    browser = Browser(app)
    statuses = [browser("POST", "/welcome", data={**FORM, "key": "wrong"}).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


@ON_SQLITE
def test_another_site_makes_nobody(app: Application) -> None:
    answer = Browser(app)("POST", "/welcome", data=FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert Client(app).get("/admin/users").json["items"] == []


@ON_SQLITE
def test_the_sign_in_page_offers_what_there_is(backend: Backend, tmp_path: Path) -> None:
    app = client_of(backend, tmp_path, registration_enabled=True).app
    browser = Browser(app)
    first = browser("GET", "/login").text
    assert 'href="/welcome"' in first
    assert '<details open id="by-key">' in first
    assert 'href="/register"' in first
    person(app, "ada@example.com", org_id=1, is_operator=True)
    later = browser("GET", "/login").text
    assert 'href="/welcome"' not in later
    assert '<details id="by-key">' in later


@ON_SQLITE
def test_pages_say_what_is_not_offered(app: Application) -> None:
    browser = Browser(app)
    assert "Nobody can register here" in browser("GET", "/register").text
    assert "This installation sends no e-mail" in browser("GET", "/forgot-password").text
    assert 'href="/register"' not in browser("GET", "/login").text


def test_a_page_of_another_organization_is_refused(app: Application) -> None:
    """A page names the organization that it was made for; its session may act for another one since, chosen in another tab."""
    browser = person(app, "ada@example.com").browser()
    own = browser("GET", "/api/v1/session").json

    def add(organization: str) -> Any:
        headers = {"X-CSRF-Token": own["csrf_token"], "X-Organization": organization}
        return browser("POST", "/api/v1/watchlist", json={"ticker": "AAPL"}, headers=headers)

    refused = add(str(own["org_id"] + 1))
    assert (refused.status_code, refused.json["code"]) == (409, "other_organization")
    assert "another organization" in refused.json["detail"]
    assert browser("GET", "/api/v1/strategies", headers={"X-Organization": "1"}).status_code == 409
    assert browser("GET", "/api/v1/watchlist").json["items"] == []
    assert add("").status_code == 201
    assert browser("GET", "/api/v1/session", headers={"X-Organization": str(own["org_id"])}).status_code == 200


@ON_SQLITE
def test_who_has_left_chooses_another_organization(app: Application) -> None:
    """Whoever is no longer a member of the organization that they act for is led to their account, and can sign out."""
    somebody = person(app, "ada@example.com", Role.ANALYST, org_id=1)
    person(app, "root@example.com", org_id=1)
    browser = somebody.browser()
    csrf = browser.csrf
    removed = Client(app).delete(f"/organization/members/{somebody.id}")
    assert removed.status_code == 204, removed.text
    led = browser("GET", "/screener", headers={"Accept": "text/html"})
    assert (led.status_code, led.location) == (303, "/account")
    assert 'data-person="yes"' in browser("GET", "/account", headers={"Accept": "text/html"}).text
    assert browser("GET", "/api/v1/session").json["role"] is None
    assert browser("POST", "/logout", headers={"X-CSRF-Token": csrf}).status_code == 204
