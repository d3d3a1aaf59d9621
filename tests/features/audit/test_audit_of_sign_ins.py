"""What sign-ins leave in the audit log: by a provider, a passkey, a mailed link, the master key; and those that are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, accounts, person
from kit.databases import Backend
from kit.mail import Box, mail_server
from kit.openid import MakeSite, making_sites
from kit.passkeys import ORIGIN, PUBLIC_URL, add, answer_of, asked
from kit.sessions import Browser
from kit.support import MASTER_KEY, Client, settings_for

import app as application
import database
from api.authentication import CSRF_HEADER
from app import Application, create_app
from features.accounts.routes.openid_cookie import COOKIE, PATH
from features.deliveries import channels
from features.deliveries.unsubscribing import Unsubscribing
from tools.authenticator import Authenticator

OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
Told = tuple[str, str | None, Any]


def told(app: Application, kind: str = "") -> list[Told]:
    """The action, the target and what is new of each entry, the oldest first; of the actions that begin with a word."""
    found = Client(app).get("/audit?all=true&limit=500").json["items"]
    return [(each["action"], each["target"], each["after"]) for each in reversed(found) if each["action"].startswith(kind)]


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Iterator[MakeSite]:
    with making_sites(backend, tmp_path) as build:
        yield build


@pytest.fixture
def keyed(backend: Backend, tmp_path: Path) -> Iterator[Application]:
    """An application with passkeys."""
    app = create_app(settings_for(backend.url, tmp_path, public_url=PUBLIC_URL))
    application.start(app)
    yield app
    application.stop(app)


# ---- through a provider -----------------------------------------------------------------------------------------------------------


def test_an_account_at_a_provider_is_connected_used_and_disconnected(make: MakeSite) -> None:
    site = make()
    ada = person(site.app, "ada@example.com")
    assert site.connect(ada).status_code == 303
    browser = Browser(site.app)
    assert site.sign_in(browser).status_code == 303
    (listed,) = browser("GET", "/api/v1/auth/identities").json["items"]
    assert browser("DELETE", f"/api/v1/auth/identities/{listed['id']}", headers={CSRF_HEADER: browser.csrf}).status_code == 204
    at_provider = {"provider": f"{site.provider.issuer}/…", "email": "ada@example.com"}
    assert told(site.app)[1:] == [
        ("connect_identity", f"users/{ada.id}", at_provider),
        ("sign_in", f"users/{ada.id}", {"by": "provider", "two_factor": False}),
        ("disconnect_identity", f"identities/{listed['id']}", None),
    ]
    entry = Client(site.app).get("/audit?all=true&action=disconnect_identity").json["items"][0]
    assert (entry["before"], entry["actor"], entry["organization_id"]) == (at_provider, ada.id, ada.org_id)


def test_whoever_registers_through_a_provider_is_told(make: MakeSite) -> None:
    site = make(registration_enabled=True)
    browser = Browser(site.app)
    assert site.sign_in(browser).status_code == 303
    who = browser("GET", "/api/v1/session").json["user_id"]
    (made, signed_in) = told(site.app)
    assert made[:2] == ("register", f"users/{who}")
    assert (made[2]["email"], signed_in[0]) == ("ada@example.com", "sign_in")


def test_refused_sign_ins_through_a_provider_are_told(make: MakeSite) -> None:
    site = make()
    ada = person(site.app, "ada@example.com")
    assert site.sign_in().status_code == 401  # nobody is known by it
    refused = ("sign_in_refused", None, {"by": "provider"})
    assert told(site.app, "sign_in_") == [refused]
    assert site.connect(ada).status_code == 303
    assert Client(site.app)("PATCH", f"/admin/users/{ada.id}", json={"disabled": True}).status_code == 200
    assert site.sign_in().status_code == 401
    of_ada = ("sign_in_refused", f"users/{ada.id}", {"by": "provider"})
    assert told(site.app, "sign_in_") == [refused, of_ada]
    browser = Browser(site.app)
    back = site.to_provider(browser)
    assert browser("GET", f"{back}x").status_code == 401  # another state
    assert told(site.app, "sign_in_") == [refused, of_ada, refused]


def test_an_account_that_is_not_connected_is_no_refused_sign_in(make: MakeSite) -> None:
    site = make()
    assert site.connect(person(site.app, "ada@example.com")).status_code == 303
    assert site.connect(person(site.app, "eve@example.com")).status_code == 409
    assert told(site.app, "sign_in_") == []


def test_a_flood_of_those_who_come_back_does_not_fill_the_log(make: MakeSite) -> None:
    """Somebody has kept what a browser brings back once."""
    site = make()
    browser = Browser(site.app)
    back = site.to_provider(browser)
    pending = browser.http.get_cookie(COOKIE, path=PATH)
    assert pending is not None
    for _ in range(30):
        browser.http.set_cookie(COOKIE, pending.value, path=PATH)
        assert browser("GET", f"{back}x").status_code == 401
    actions = [action for action, *_ in told(site.app)]
    assert (actions.count("sign_in_refused"), actions.count("sign_in_delayed")) == (10, 1)


def test_who_comes_back_without_having_gone_leaves_nothing(make: MakeSite) -> None:
    """A link or an image of another site can make a browser ask for it."""
    site = make()
    assert Browser(site.app)("GET", "/login/openid/openid/callback?state=x&code=x").status_code == 401
    assert told(site.app) == []


# ---- by a passkey -----------------------------------------------------------------------------------------------------------------


def changed(sent: dict[str, Any], **response: str) -> dict[str, Any]:
    """What is sent, with other parts of the authenticator's response."""
    credential = sent["credential"]
    return {**sent, "credential": {**credential, "response": {**credential["response"], **response}}}


def other_challenge(app: Application, device: Authenticator) -> dict[str, Any]:
    return {**answer_of(app, device), "challenge": asked(app)["challenge"]}


def of_a_copy(app: Application, device: Authenticator) -> dict[str, Any]:
    device.sign_count = 0
    return answer_of(app, device)


REFUSED: dict[str, Callable[[Application, Authenticator], dict[str, Any]]] = {
    "another signature": lambda app, device: changed(answer_of(app, device), signature="AAAA"),
    "another challenge": other_challenge,
    "another person": lambda app, device: changed(answer_of(app, device), userHandle="AAAA"),
    "a copy": of_a_copy,
}


@pytest.mark.parametrize("why", REFUSED)
def test_refused_passkeys_are_told(keyed: Application, why: str) -> None:
    ada, device = person(keyed, "ada@example.com"), Authenticator(ORIGIN)
    assert add(ada.program(), device).status_code == 201
    assert Browser(keyed)("POST", "/login/passkey", json=answer_of(keyed, device), headers=OWN).status_code == 204
    assert told(keyed, "sign_in")[-1] == ("sign_in", f"users/{ada.id}", {"by": "passkey", "two_factor": True})
    assert Browser(keyed)("POST", "/login/passkey", json=REFUSED[why](keyed, device), headers=OWN).status_code == 401
    refused = Client(keyed).get("/audit?all=true").json["items"][0]
    assert (refused["action"], refused["target"], refused["after"]) == ("sign_in_refused", f"users/{ada.id}", {"by": "passkey"})
    assert (refused["actor_kind"], refused["organization_id"], refused["ip"]) == ("anybody", ada.org_id, "127.0.0.1")


def test_an_unknown_passkey_is_told_of_nobody(keyed: Application) -> None:
    stranger = Authenticator(ORIGIN, user_handle="AAAA")
    assert Browser(keyed)("POST", "/login/passkey", json=answer_of(keyed, stranger), headers=OWN).status_code == 401
    assert told(keyed) == [("sign_in_refused", None, {"by": "passkey"})]


def test_a_passkey_of_a_disabled_person_is_told(keyed: Application) -> None:
    ada, device = person(keyed, "ada@example.com"), Authenticator(ORIGIN)
    assert add(ada.program(), device).status_code == 201
    assert Client(keyed)("PATCH", f"/admin/users/{ada.id}", json={"disabled": True}).status_code == 200
    assert Client(keyed).post("/auth/passkeys/login", answer_of(keyed, device), key=None).status_code == 401
    assert told(keyed, "sign_in_") == [("sign_in_refused", f"users/{ada.id}", {"by": "passkey"})]


# ---- by links, and by the master key ----------------------------------------------------------------------------------------------


def forgotten(app: Application, ada: Person) -> None:
    """Ask for a link as Ada does, and as somebody whom nobody knows; wait until what there was to send is sent."""
    for email in (ada.email, "nobody@example.com"):
        assert Client(app).post("/auth/password/forgot", {"email": email}, key=None).status_code == 202
    accounts(app).mail.close()


def test_a_mailed_link_and_the_password_set_by_it_are_told(backend: Backend, tmp_path: Path) -> None:
    box = Box()
    with mail_server(box) as port:
        smtp = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_from": "bellwether@example.com"}
        app = create_app(settings_for(backend.url, tmp_path, public_url=PUBLIC_URL, **smtp))
        application.start(app)
        ada = person(app, "ada@example.com")
        forgotten(app, ada)
        (mail,) = box.mails
        token = next(word for word in mail.get_content().split() if "#" in word).rpartition("#")[2]
        assert Client(app).post("/auth/password/reset", {"token": token, "password": "other plain words here"}, key=None).status_code == 204
        asked_for, renewed = Client(app).get("/audit?all=true").json["items"][::-1]
        assert (asked_for["action"], asked_for["target"], asked_for["after"]) == ("forgot_password", f"users/{ada.id}", {"sent": True})
        assert (asked_for["actor_kind"], asked_for["organization_id"], asked_for["ip"]) == ("anybody", ada.org_id, "127.0.0.1")
        assert (renewed["action"], renewed["target"], renewed["actor"]) == ("reset_password", f"users/{ada.id}", ada.id)
        assert renewed["after"] == {"token": "(hidden)", "password": "(hidden)"}
        assert token not in str(database.query_db("SELECT * FROM audit_log"))
        application.stop(app)


def test_the_first_administrator_is_told(app: Application) -> None:
    form = {"key": MASTER_KEY, "email": "root@example.com", "name": "Root", "password": PASSWORD}
    assert Browser(app)("POST", "/welcome", data={**form, "key": "no key at all"}).status_code == 401
    assert told(app) == []
    assert Browser(app)("POST", "/welcome", data=form).status_code == 303
    made, signed_in = Client(app).get("/audit").json["items"][::-1]
    assert (made["action"], made["actor"], made["actor_kind"]) == ("make_first_administrator", "master", "operator key")
    assert made["after"] == {"name": "Root", "email": "root@example.com", "is_operator": True}
    assert (signed_in["action"], signed_in["target"], signed_in["actor_name"]) == ("sign_in", made["target"], "Root")
    assert MASTER_KEY not in str(database.query_db("SELECT * FROM audit_log"))


def test_e_mails_that_are_stopped_by_their_link_are_told(backend: Backend, tmp_path: Path) -> None:
    settings = settings_for(backend.url, tmp_path, public_url=PUBLIC_URL)
    app = create_app(settings)
    application.start(app)
    made = Client(app).post("/channels", {"name": "Me", "type": "email", "address": "me@example.com"}).json
    with database.read() as connection:
        link = Unsubscribing(settings.resolve_secret_key, settings.public_url).link(channels.find(connection, 1, made["id"]))
    assert link is not None
    assert app.test_client().post(link.removeprefix(PUBLIC_URL)).status_code == 200
    entry = Client(app).get("/audit").json["items"][0]
    assert (entry["action"], entry["target"], entry["actor_kind"]) == ("unsubscribe", f"channels/{made['id']}", "anybody")
    assert (entry["before"], entry["after"], entry["organization_id"]) == ({"enabled": True}, {"enabled": False}, 1)
    assert "me@example.com" not in str(entry)
    application.stop(app)
