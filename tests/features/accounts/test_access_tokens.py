"""Access tokens: which are taken, and which are not, whatever they say of themselves."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from kit.accounts import Person, Program, accounts, person
from kit.support import SECRET_KEY, Client

from app import Application
from features.accounts.access_tokens import ISSUER
from features.accounts.derived_keys import DerivedKeys

KEY = OctKey.import_key(DerivedKeys(lambda: SECRET_KEY).access_tokens)
HEADER = {"alg": "HS256", "typ": "at+jwt"}


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


@pytest.fixture
def program(ada: Person) -> Program:
    return ada.program()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The header, the claims and the signature of a token."""
    header, claims, signature = token.split(".")
    return decoded(header), decoded(claims), signature


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def status(app: Application, token: str) -> int:
    answer = Client(app).get("/watchlist", key=None, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 or answer.json["code"] == "unauthorized"
    return int(answer.status_code)


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any = KEY) -> str:
    algorithms = ["HS256", "HS384", "HS512", "RS256"]
    return jwt.encode(header, claims, key, algorithms=algorithms)


def test_what_a_token_says(program: Program, ada: Person) -> None:
    header, claims, _ = parts_of(program.tokens["access_token"])
    assert header == HEADER
    assert (claims["iss"], claims["aud"], claims["sub"], claims["org"]) == (ISSUER, ISSUER, ada.id, ada.org_id)
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert len({claims["jti"], parts_of(ada.program().tokens["access_token"])[1]["jti"]}) == 2


def test_the_same_claims_signed_here_are_taken(app: Application, program: Program) -> None:
    """So that what the other tests change is the reason why a token is refused."""
    _, claims, _ = parts_of(program.tokens["access_token"])
    assert status(app, signed(HEADER, claims)) == 200


FAULTS: dict[str, Callable[[dict[str, Any], dict[str, Any]], None]] = {
    "expired": lambda header, claims: claims.update(exp=int(time.time()) - 1),
    "not valid yet": lambda header, claims: claims.update(nbf=int(time.time()) + 60),
    "issued in the future": lambda header, claims: claims.update(iat=int(time.time()) + 60),
    "no end": lambda header, claims: claims.pop("exp"),
    "an end in words": lambda header, claims: claims.update(exp="tomorrow"),
    "for others": lambda header, claims: claims.update(aud="another service"),
    "for several": lambda header, claims: claims.update(aud=["bellwether", "another"]),
    "by others": lambda header, claims: claims.update(iss="https://accounts.example.com"),
    "no session": lambda header, claims: claims.pop("sid"),
    "an unknown session": lambda header, claims: claims.update(sid="019aa3b2-7a1e-7c8e-8a55-ffffffffffff"),
    "a session that is no id": lambda header, claims: claims.update(sid="' OR 1=1 --"),
    "another person": lambda header, claims: claims.update(sub="019aa3b2-7a1e-7c8e-8a55-ffffffffffff"),
    "an ID token": lambda header, claims: header.update(typ="JWT"),
    "no type": lambda header, claims: header.pop("typ"),
    "a refresh token": lambda header, claims: header.update(typ="rt+jwt"),
    "HS512": lambda header, claims: header.update(alg="HS512"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_tokens_that_are_refused(app: Application, program: Program, fault: str) -> None:
    header, claims, _ = parts_of(program.tokens["access_token"])
    FAULTS[fault](header, claims)
    assert status(app, signed(header, claims)) == 401


def test_another_signature_is_refused(app: Application, program: Program) -> None:
    token = program.tokens["access_token"]
    head, claims, signature = token.split(".")
    stranger = OctKey.import_key(b"another secret of thirty-two byte")
    forged = encoded({**decoded(claims), "sub": "somebody else"})
    for other in (
        f"{head}.{claims}.{signature[:-4]}AAAA",
        f"{head}.{claims}.",
        f"{head}.{forged}.{signature}",
        signed(HEADER, decoded(claims), stranger),
        f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.",
        f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.{signature}",
        f"{encoded({'alg': 'NONE', 'typ': 'at+jwt'})}.{claims}.",
        f"{head}.{claims}.{signature}" + "A" * 3000,
        "..",
        "a.b.c",
        "é.é.é",
    ):
        assert status(app, other.encode().decode("latin-1")) == 401


def test_a_key_of_the_tokens_own_is_not_used(app: Application, program: Program) -> None:
    _, claims, _ = parts_of(program.tokens["access_token"])
    rsa = RSAKey.generate_key(2048)
    own = OctKey.import_key(b"another secret of thirty-two byte")
    for header, key in (
        ({**HEADER, "jwk": own.as_dict()}, own),
        ({**HEADER, "jku": "http://127.0.0.1:9/keys"}, own),
        ({**HEADER, "kid": "../../dev/null"}, own),
        ({**HEADER, "x5u": "http://127.0.0.1:9/cert"}, own),
        ({"alg": "RS256", "typ": "at+jwt", "jwk": rsa.as_dict(private=False)}, rsa),
        ({"alg": "RS256", "typ": "at+jwt"}, rsa),
    ):
        forged = jwt.encode(header, claims, key, algorithms=["HS256", "RS256"], registry=None)
        assert status(app, forged) == 401


def test_a_refresh_token_is_no_access_token(app: Application, program: Program) -> None:
    assert status(app, program.tokens["refresh_token"]) == 401
    refused = program.refresh(program.tokens["access_token"])
    assert refused.status_code in (401, 422)


def test_a_token_made_under_another_secret_is_refused(app: Application, program: Program) -> None:
    _, claims, _ = parts_of(program.tokens["access_token"])
    other = OctKey.import_key(DerivedKeys(lambda: SECRET_KEY[::-1]).access_tokens)
    assert status(app, signed(HEADER, claims, other)) == 401
    raw = OctKey.import_key(SECRET_KEY.encode())  # the setting itself signs nothing
    assert status(app, signed(HEADER, claims, raw)) == 401


def test_a_key_with_two_dots_is_read_as_a_token_and_refused(app: Application) -> None:
    assert accounts(app).tokens.is_shaped("bw_a.b.c")
    assert status(app, "bw_a.b.c") == 401
