"""Sign-in through an OpenID provider that the test runs on loopback: what is taken, what is refused, and who is known by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey
from kit.accounts import code_now, person, set_up_totp
from kit.databases import Backend
from kit.openid import PUBLIC, MakeSite, Site, making_sites
from kit.sessions import Browser
from kit.support import Client

import database
from api.authentication import CSRF_HEADER
from config import ConfigError, Settings
from tools.openid_provider import CLIENT, WORDS, providing


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Iterator[MakeSite]:
    """Makes the application, with settings of its own."""
    with making_sites(backend, tmp_path) as build:
        yield build


@pytest.fixture
def site(make: MakeSite) -> Site:
    return make()


def identities() -> list[dict[str, Any]]:
    return list(database.query_db("SELECT * FROM identities ORDER BY id"))


# ---- who is known -----------------------------------------------------------------------------------------------------------------


def test_somebody_connects_an_account_and_signs_in_by_it(site: Site) -> None:
    ada = person(site.app, "ada@example.com")
    assert "Sign in with Loopback" in Browser(site.app)("GET", "/login").text
    assert site.sign_in().status_code == 401  # the same address alone connects nobody
    connected = site.connect(ada)
    assert (connected.status_code, connected.location) == (303, "/account")
    browser = Browser(site.app)
    back = browser("GET", site.to_provider(browser, "/login/openid/openid?next=/screener"))
    assert (back.status_code, back.location) == (303, "/screener")
    assert browser("GET", "/api/v1/session").json["user_id"] == ada.id
    (listed,) = browser("GET", "/api/v1/auth/identities").json["items"]
    assert (listed["provider"], listed["email"], listed["used_at"] is not None) == ("Loopback", "ada@example.com", True)
    gone = browser("DELETE", f"/api/v1/auth/identities/{listed['id']}", headers={CSRF_HEADER: browser.csrf})
    assert (gone.status_code, site.sign_in().status_code) == (204, 401)


def test_a_subject_is_known_by_its_issuer(make: MakeSite) -> None:
    """The same subject at two issuers is two people; another address at the provider is the same one."""
    with providing() as second:
        first = make()
        ada = person(first.app, "ada@example.com")
        assert first.connect(ada).status_code == 303
        other = Site(make(oidc_issuer=second.issuer).app, second)
        assert second.subject == first.provider.subject
        assert other.sign_in().status_code == 401
        eve = person(other.app, "eve@example.com")
        assert other.connect(eve).status_code == 303
        assert {row["user_id"] for row in identities()} == {ada.id, eve.id}
        first.provider.email = "somebody@else.example"
        browser = Browser(first.app)
        assert first.sign_in(browser).status_code == 303
        assert browser("GET", "/api/v1/session").json["user_id"] == ada.id


def test_an_account_at_the_provider_is_one_persons(site: Site) -> None:
    ada, eve = person(site.app, "ada@example.com"), person(site.app, "eve@example.com")
    assert site.connect(ada).status_code == 303
    assert site.connect(eve).status_code == 409
    assert [row["user_id"] for row in identities()] == [ada.id]


def test_whoever_registers_by_it_has_an_organization_and_no_password(make: MakeSite) -> None:
    site = make(registration_enabled=True)
    browser = Browser(site.app)
    assert site.sign_in(browser).status_code == 303
    me = browser("GET", "/api/v1/auth/me").json
    assert (me["email"], me["name"], me["has_password"], me["organization"]["role"]) == ("ada@example.com", "Ada L.", False, "admin")
    (listed,) = browser("GET", "/api/v1/auth/identities").json["items"]
    kept = browser("DELETE", f"/api/v1/auth/identities/{listed['id']}", headers={CSRF_HEADER: browser.csrf})
    assert (kept.status_code, "only way" in kept.json["detail"]) == (409, True)
    site.provider.subject = "another"
    assert site.sign_in().status_code == 409  # the address is taken
    site.provider.email, site.provider.email_verified = "new@example.com", False
    assert site.sign_in().status_code == 401  # nobody has shown that it is theirs
    site.provider.email = None
    assert site.sign_in().status_code == 401
    assert len(identities()) == 1


def test_a_second_factor_is_asked_for_as_well(site: Site) -> None:
    ada = person(site.app, "ada@example.com")
    assert site.connect(ada).status_code == 303
    secret, _ = set_up_totp(ada.program())
    browser = Browser(site.app)
    asked = site.sign_in(browser)
    assert (asked.status_code, browser.http.get_cookie("bellwether_session")) == (401, None)
    challenge = asked.text.partition('name="challenge" value="')[2].partition('"')[0]
    assert browser("POST", "/login", data={"challenge": challenge, "code": code_now(secret)}).status_code == 303
    assert browser.is_known()


def test_a_disabled_person_does_not_get_in(site: Site) -> None:
    ada = person(site.app, "ada@example.com")
    assert site.connect(ada).status_code == 303
    assert Client(site.app)("PATCH", f"/admin/users/{ada.id}", json={"disabled": True}).status_code == 200
    assert site.sign_in().status_code == 401


# ---- what belongs together --------------------------------------------------------------------------------------------------------


def test_state_and_browser_belong_together(site: Site) -> None:
    ada = person(site.app, "ada@example.com")
    assert site.connect(ada).status_code == 303
    browser, stranger = Browser(site.app), Browser(site.app)
    back = site.to_provider(browser)
    assert stranger("GET", back).status_code == 401  # a link to somebody else's sign-in
    wrong = back.replace("state=", "state=x")
    assert browser("GET", wrong).status_code == 401
    assert browser("GET", back).status_code == 401  # a pending sign-in is brought back once, also a wrong one
    back = site.to_provider(browser)
    assert (
        browser("GET", back.partition("&")[0].replace("code=", "error=access_denied&c=") + "&" + back.partition("&")[2]).status_code == 401
    )
    back = site.to_provider(browser)
    assert browser("GET", back).status_code == 303
    assert browser("GET", back).status_code == 401


def test_the_provider_gets_what_it_needs_to_tell_our_code_from_others(site: Site) -> None:
    sent = parse_qs(urlsplit(Browser(site.app)("GET", "/login/openid/openid").location).query)
    assert (sent["response_type"], sent["scope"], sent["code_challenge_method"]) == (["code"], ["openid email profile"], ["S256"])
    assert all(len(sent[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    assert WORDS not in str(sent)


def test_a_code_that_was_begun_by_others_has_another_verifier(site: Site) -> None:
    ada = person(site.app, "ada@example.com")
    assert site.connect(ada).status_code == 303
    theirs, browser = Browser(site.app), Browser(site.app)
    stolen = parse_qs(urlsplit(site.to_provider(theirs)).query)["code"][0]
    own = site.to_provider(browser)
    code = parse_qs(urlsplit(own).query)["code"][0]
    assert browser("GET", own.replace(code, stolen)).status_code == 401
    assert site.provider.refusals == ["verifier"]


Spoil = Callable[[dict[str, Any], dict[str, Any]], Any]
FAULTS: dict[str, Spoil] = {
    "another nonce": lambda header, claims: claims.update(nonce="another"),
    "no nonce": lambda header, claims: claims.pop("nonce"),
    "another audience": lambda header, claims: claims.update(aud="another client"),
    "several audiences": lambda header, claims: claims.update(aud=[CLIENT, "another"]),
    "another party": lambda header, claims: claims.update(azp="another client"),
    "another issuer": lambda header, claims: claims.update(iss="https://accounts.example.com"),
    "expired": lambda header, claims: claims.update(exp=claims["iat"] - 61),
    "no end": lambda header, claims: claims.pop("exp"),
    "from the future": lambda header, claims: claims.update(iat=claims["iat"] + 600),
    "no subject": lambda header, claims: claims.pop("sub"),
    "an empty subject": lambda header, claims: claims.update(sub=""),
    "a subject that is a number": lambda header, claims: claims.update(sub=4711),
    "a long subject": lambda header, claims: claims.update(sub="x" * 256),
    "no signature": lambda header, claims: header.update(alg="none"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_id_tokens_that_are_refused(site: Site, fault: str) -> None:
    assert site.connect(person(site.app, "ada@example.com")).status_code == 303
    assert site.sign_in().status_code == 303

    def spoil(header: dict[str, Any], claims: dict[str, Any]) -> None:
        FAULTS[fault](header, claims)

    site.provider.spoil = spoil
    assert site.sign_in().status_code == 401


def test_other_keys_are_refused_and_new_ones_are_read(make: MakeSite) -> None:
    site = make()
    assert site.connect(person(site.app, "ada@example.com")).status_code == 303
    site.provider.sign_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert site.sign_in().status_code == 401
    # Our client's secret, which the provider knows as well, signs nothing.
    site.provider.sign_with = OctKey.import_key(WORDS.encode() + b" " * 32)
    site.provider.spoil = lambda header, claims: header.update(alg="HS256")
    assert site.sign_in().status_code == 401
    site.provider.spoil, site.provider.sign_with = (lambda header, claims: None), None
    site.provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
    site.provider.spoil = lambda header, claims: header.update(kid="two")
    assert Site(make().app, site.provider).sign_in().status_code == 303


def test_metadata_of_another_issuer_are_refused(make: MakeSite) -> None:
    site = make()
    site.provider.spoil_metadata = lambda told: told.update(issuer="https://accounts.example.com")
    refused = Browser(site.app)("GET", "/login/openid/openid")
    assert (refused.status_code, "another name" in refused.text) == (401, True)
    site.provider.spoil_metadata = lambda told: told.pop("token_endpoint")
    assert Browser(make().app)("GET", "/login/openid/openid").status_code == 401


def test_a_provider_that_is_away_is_told(make: MakeSite) -> None:
    site = make(oidc_issuer="http://127.0.0.1:9")
    refused = Browser(site.app)("GET", "/login/openid/openid")
    assert (refused.status_code, "does not answer" in refused.text) == (401, True)
    assert Browser(site.app)("GET", "/login/openid/none").status_code == 404


# ---- settings ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        ({"google_client_id": "x"}, "GOOGLE_CLIENT_SECRET"),
        ({"google_client_id": "x", "google_client_secret": "y"}, "PUBLIC_URL"),
        ({"oidc_issuer": "https://id.example.com", "oidc_client_id": "x", "public_url": PUBLIC}, "OIDC_CLIENT_SECRET"),
        ({"oidc_issuer": "http://id.example.com", "oidc_client_id": "x", "oidc_client_secret": "y", "public_url": PUBLIC}, "OIDC_ISSUER"),
    ],
)
def test_settings_that_do_not_belong_together(tmp_path: Path, given: dict[str, str], variable: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Settings.load(environment_given="test", data_dir=tmp_path, **given)
    assert [fault.variable for fault in raised.value.faults] == [variable]


def test_google_is_a_provider_like_others(tmp_path: Path) -> None:
    given = {"google_client_id": "x", "google_client_secret": "y", "public_url": PUBLIC}
    (client,) = Settings.load(environment_given="test", data_dir=tmp_path, **given).openid_clients
    assert (client.key, client.issuer) == ("google", "https://accounts.google.com")
