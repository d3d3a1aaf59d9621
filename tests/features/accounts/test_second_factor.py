"""A second factor: set up, asked for at every sign-in, good once, limited, and removed by the password alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, Program, code_now, person, session_rows, set_up_totp
from kit.sessions import Browser
from kit.support import MASTER_KEY, SECRET_KEY, Client
from pyotp import TOTP

import database
from app import Application
from features.accounts.derived_keys import DerivedKeys
from features.accounts.totp import RECOVERY_CODES, Totp

OTHER_SECRET = "another-signing-secret-0123456789abcdefgh"


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


@pytest.fixture
def program(ada: Person) -> Program:
    return ada.program()


def second_step(app: Application, challenge: str, code: str) -> Any:
    return Client(app).post("/auth/login/totp", {"challenge": challenge, "code": code}, key=None)


def challenged(person: Person) -> str:
    answer = person.log_in()
    assert (answer.status_code, answer.json["code"]) == (401, "totp_required")
    return str(answer.json["challenge"])


def test_it_is_set_up_by_its_first_code(program: Program, ada: Person) -> None:
    assert program.post("/auth/totp", {"password": "not the password"}).status_code == 403
    begun = program.post("/auth/totp", {"password": PASSWORD}).json
    assert begun["uri"].startswith("otpauth://totp/Bellwether:ada%40example.com?secret=" + begun["secret"])
    assert begun["qr"].startswith("<svg")
    assert "<script" not in begun["qr"]
    assert ada.log_in().status_code == 200  # nothing counts yet
    assert program.post("/auth/totp/confirm", {"code": "000000"}).status_code == 401
    confirmed = program.post("/auth/totp/confirm", {"code": code_now(begun["secret"])})
    assert len(set(confirmed.json["recovery_codes"])) == RECOVERY_CODES
    me = program.get("/auth/me").json
    assert (me["two_factor"], me["recovery_codes"]) == (True, RECOVERY_CODES)
    assert program.post("/auth/totp", {"password": PASSWORD}).status_code == 409
    assert ada.log_in().status_code == 401


def test_the_table_has_neither_the_secret_nor_the_codes(program: Program) -> None:
    secret, codes = set_up_totp(program)
    stored = str([database.query_db(f"SELECT * FROM {table}") for table in ("users", "recovery_codes")])
    assert secret not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert len({row["code_sha256"] for row in database.query_db("SELECT code_sha256 FROM recovery_codes")}) == RECOVERY_CODES


def test_a_code_is_good_once(app: Application, ada: Person, program: Program) -> None:
    secret, _ = set_up_totp(program)
    code = code_now(secret)
    assert second_step(app, challenged(ada), code).status_code == 200
    assert second_step(app, challenged(ada), code).status_code == 401
    assert second_step(app, challenged(ada), code_now(secret, -1)).status_code == 401  # earlier than the one that was used
    assert second_step(app, challenged(ada), code_now(secret, 1)).status_code == 200
    assert [row["two_factor"] for row in session_rows(ada)].count(True) == 2


@pytest.mark.parametrize(("steps", "is_taken"), [(-3, False), (-2, False), (-1, True), (0, True), (1, True), (2, False), (3, False)])
def test_clocks_may_differ_by_one_step(steps: int, is_taken: bool) -> None:
    totp = Totp(DerivedKeys(lambda: SECRET_KEY), clock=lambda: 1_800_000_015.0)
    secret = totp.new_secret()
    found = totp.step_of(secret, TOTP(secret).at(1_800_000_015 + 30 * steps), None)
    assert found == (1_800_000_015 // 30 + steps if is_taken else None)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "é" * 6, "12345\x00", "٠١٢٣٤٥"])
def test_what_is_no_code(code: str) -> None:
    totp = Totp(DerivedKeys(lambda: SECRET_KEY))
    assert totp.step_of(totp.new_secret(), code, None) is None


def test_recovery_codes_are_good_once_each(app: Application, ada: Person, program: Program) -> None:
    _, codes = set_up_totp(program)
    assert second_step(app, challenged(ada), codes[0]).status_code == 200
    assert second_step(app, challenged(ada), codes[0]).status_code == 401
    assert second_step(app, challenged(ada), codes[1].upper().replace("-", " ")).status_code == 200
    assert program.get("/auth/me").json["recovery_codes"] == RECOVERY_CODES - 2
    renewed = program.post("/auth/totp/recovery-codes", {"password": PASSWORD}).json["recovery_codes"]
    assert not set(renewed) & set(codes)
    assert second_step(app, challenged(ada), codes[2]).status_code == 401
    assert second_step(app, challenged(ada), renewed[0]).status_code == 200


def test_another_persons_recovery_code_is_none(app: Application, ada: Person, program: Program) -> None:
    set_up_totp(program)
    _, codes = set_up_totp(person(app, "eve@example.com").program())
    assert second_step(app, challenged(ada), codes[0]).status_code == 401


def test_the_second_step_is_limited_from_wherever(app: Application, ada: Person, program: Program) -> None:
    secret, _ = set_up_totp(program)
    challenge = challenged(ada)
    for number in range(10):
        sent = {"challenge": challenge, "code": "000000"}
        answer = Client(app).post("/auth/login/totp", sent, key=None, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        assert answer.status_code == 401
    assert second_step(app, challenge, code_now(secret)).status_code == 429


def test_a_challenge_ends_with_the_password_and_is_nobody_elses(app: Application, ada: Person, program: Program) -> None:
    secret, _ = set_up_totp(program)
    challenge = challenged(ada)
    for forged in ("x", challenge[:-4] + "AAAA", challenge + ".", "WyJhIiwiYiJd.aaaa.bbbb"):
        assert second_step(app, forged, code_now(secret)).status_code == 401
    assert program("PUT", "/auth/password", json={"current": PASSWORD, "new": "some other words"}).status_code == 204
    assert second_step(app, challenge, code_now(secret)).status_code == 401


def test_a_browser_is_asked_next(app: Application, ada: Person, program: Program) -> None:
    secret, _ = set_up_totp(program)
    browser = Browser(app)
    asked = browser("POST", "/login", data={"email": ada.email, "password": PASSWORD, "next": "/screener"})
    assert (asked.status_code, browser.http.get_cookie("bellwether_session")) == (401, None)
    challenge = asked.text.partition('name="challenge" value="')[2].partition('"')[0]
    wrong = browser("POST", "/login", data={"challenge": challenge, "code": "000000", "next": "/screener"})
    assert (wrong.status_code, "The code is wrong" in wrong.text, challenge in wrong.text) == (401, True, True)
    done = browser("POST", "/login", data={"challenge": challenge, "code": code_now(secret), "next": "/screener"})
    assert (done.status_code, done.location) == (303, "/screener")
    assert browser.is_known()


def test_removing_it_needs_the_password(ada: Person, program: Program) -> None:
    set_up_totp(program)
    assert program.post("/auth/totp/remove", {}).status_code == 403
    assert program.post("/auth/totp/remove", {"password": "not the password"}).status_code == 403
    assert ada.log_in().status_code == 401
    assert program.post("/auth/totp/remove", {"password": PASSWORD}).status_code == 204
    assert ada.log_in().status_code == 200
    assert database.query_db("SELECT * FROM recovery_codes") == []


def test_a_new_password_by_a_link_leaves_it(app: Application, ada: Person, program: Program) -> None:
    secret, _ = set_up_totp(program)
    link = Client(app).post(f"/admin/users/{ada.id}/password-link", key=MASTER_KEY).json["url"]
    token = link.partition("#")[2]
    assert Client(app).post("/auth/password/reset", {"token": token, "password": "some other words"}, key=None).status_code == 204
    changed = Person(app, ada.id, ada.email, ada.org_id, "some other words")
    assert second_step(app, challenged(changed), code_now(secret)).status_code == 200


def test_with_another_secret_key_recovery_codes_are_gone_but_nobody_gets_in(app: Application) -> None:
    """SECRET_KEY seals the secrets: after a change an operator has to remove the second factor."""
    before, after = Totp(DerivedKeys(lambda: SECRET_KEY)), Totp(DerivedKeys(lambda: OTHER_SECRET))
    secret = before.new_secret()
    sealed = before.seal(secret)
    assert (before.unseal(sealed), after.unseal(sealed)) == (secret, None)
    assert before.digest_of_recovery("a", "abcde-fghij") != after.digest_of_recovery("a", "abcde-fghij")
    assert before.step_of(secret, TOTP(secret).at(time.time()), None) is not None
