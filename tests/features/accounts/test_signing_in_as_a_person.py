"""People sign in: what is checked, what is told, what a stranger learns, and how many tries there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, accounts, person, session_rows
from kit.sessions import Browser
from kit.support import Client

import database
from app import Application
from features.accounts.api_keys import digest_of
from features.accounts.tries import OF_ADDRESS, OF_PERSON, Tries
from models.account_errors import TooManyTries
from models.user import LONGEST_PASSWORD, SHORTEST_PASSWORD

WRONG = "not the password at all"


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


def log_in(client: Client, email: str, password: str, address: str = "192.0.2.1") -> Any:
    return client.post("/auth/login", {"email": email, "password": password}, key=None, environ_base={"REMOTE_ADDR": address})


# ---- what somebody gets -----------------------------------------------------------------------------------------------------------


def test_a_program_signs_in_and_out(client: Client, ada: Person) -> None:
    answer = log_in(client, "ADA@example.com", PASSWORD)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    tokens = answer.json
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 15 * 60)
    sent = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = client.get("/auth/me", key=None, headers=sent).json
    assert (me["id"], me["email"], me["name"], me["two_factor"]) == (ada.id, "ada@example.com", "Ada", False)
    own = {"id": ada.org_id, "name": "Ada", "role": "admin"}
    assert (me["organization"], me["organizations"]) == (own, [own])
    assert client.get("/watchlist", key=None, headers=sent).status_code == 200
    assert client.post("/auth/logout", key=None, headers=sent).status_code == 204
    refused = client.get("/watchlist", key=None, headers=sent)
    assert (refused.status_code, "/api/v1/auth/refresh" in refused.json["detail"]) == (401, True)


def test_the_table_has_digests_alone(client: Client, ada: Person) -> None:
    tokens = log_in(client, ada.email, PASSWORD).json
    browser = ada.browser()
    everything = str([database.query_db(f"SELECT * FROM {table}") for table in ("users", "sessions", "refresh_tokens", "sign_in_tries")])
    for secret in (PASSWORD, tokens["access_token"], tokens["refresh_token"], browser.token):
        assert secret not in everything
    assert digest_of(tokens["refresh_token"]) in everything
    assert database.query_db("SELECT password_hash FROM users", one=True)["password_hash"].startswith("$argon2id$")


def test_a_fresh_database_has_no_account(client: Client) -> None:
    assert database.query_db("SELECT * FROM users") == []
    for name in ("admin", "admin@example.com", "root"):
        assert log_in(client, name, "admin").status_code == 401


def test_a_browser_signs_in_with_a_new_session_each_time(app: Application, ada: Person) -> None:
    browser = ada.browser()
    first = browser.token
    assert browser.is_known()
    assert browser("POST", "/login", data={"email": ada.email, "password": PASSWORD}).status_code == 303
    assert browser.token != first
    assert not Browser(app).bring(first).is_known()
    planted = Browser(app).bring("A" * 43)
    planted("POST", "/login", data={"email": ada.email, "password": PASSWORD})
    assert planted.token != "A" * 43
    assert len(browser.token) == 43  # 256 bits in base64
    assert len({row["token_sha256"] for row in session_rows(ada)}) == 3


# ---- what a stranger learns -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_address_get_one_answer(client: Client, ada: Person) -> None:
    answers = [log_in(client, ada.email, WRONG).json, log_in(client, "nobody@example.com", WRONG).json]
    assert {answer["code"] for answer in answers} == {"unauthorized"}
    assert answers[0]["detail"] == answers[1]["detail"]
    assert log_in(client, ada.email, PASSWORD.upper()).status_code == 401
    assert log_in(client, ada.email, PASSWORD + " ").status_code == 401


def test_nobody_registers_where_that_is_off(client: Client) -> None:
    refused = client.post("/auth/register", {"email": "eve@example.com", "name": "Eve", "password": PASSWORD}, key=None)
    assert (refused.status_code, "REGISTRATION_ENABLED" in refused.json["detail"]) == (403, True)
    assert database.query_db("SELECT * FROM users") == []


# ---- how many tries ---------------------------------------------------------------------------------------------------------------


def test_the_eleventh_wrong_try_in_a_minute_has_to_wait(client: Client, ada: Person) -> None:
    for _ in range(10):
        assert log_in(client, ada.email, WRONG).status_code == 401
    refused = log_in(client, ada.email, PASSWORD)  # also the right one: otherwise waiting would tell which it is
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
    assert 50 <= int(refused.headers["Retry-After"]) <= 60
    # The person is not locked out: from elsewhere they sign in, and so do others from there.
    assert log_in(client, ada.email, PASSWORD, address="192.0.2.2").status_code == 200
    assert log_in(client, "nobody@example.com", WRONG).status_code == 401


def test_waits_double_and_end(app: Application) -> None:
    tries = Tries(database.current())

    def take() -> int:
        try:
            tries.take("ada", "192.0.2.1")
        except TooManyTries as error:
            return error.retry_after
        return 0

    def later(**by: int) -> None:
        for row in database.query_db("SELECT * FROM sign_in_tries"):
            moved = {"subject": row["subject"], "last_at": row["last_at"] - timedelta(**by), "open_at": row["open_at"] - timedelta(**by)}
            database.execute_db("UPDATE sign_in_tries SET last_at = :last_at, open_at = :open_at WHERE subject = :subject", moved)

    assert [take() for _ in range(OF_PERSON.free)] == [0] * OF_PERSON.free
    waits = []
    for _ in range(6):
        waits.append(take())
        later(seconds=waits[-1] - 5)
        assert 0 < take() <= 5
        later(seconds=5)
        assert take() == 0
    assert waits == [60, 120, 240, 480, 900, 900]
    later(minutes=16)
    tries.succeeded("ada", "192.0.2.1")
    assert take() == 0


def test_many_right_tries_at_once_are_all_let_in(app: Application) -> None:
    """Each is counted and taken back while others count: none waits, and none finds its row gone."""
    tries = Tries(database.current())

    def sign_in(_: int) -> None:
        for _ in range(10):
            tries.take("ada", "192.0.2.1")
            tries.succeeded("ada", "192.0.2.1")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(sign_in, range(6)))
    assert [row["tries"] for row in database.query_db("SELECT * FROM sign_in_tries")] == [0]


def test_one_address_has_so_many_tries_over_all_people(app: Application) -> None:
    tries = Tries(database.current())
    for number in range(OF_ADDRESS.free):
        tries.take(f"person {number}", "192.0.2.1")
    with pytest.raises(TooManyTries):
        tries.take("another", "192.0.2.1")
    tries.take("another", "192.0.2.2")


def test_what_is_forgotten_is_removed(app: Application) -> None:
    tries = Tries(database.current())
    tries.take("ada", "192.0.2.1")
    assert tries.prune() == 0
    for row in database.query_db("SELECT * FROM sign_in_tries"):
        moved = {"subject": row["subject"], "then": row["last_at"] - timedelta(hours=2)}
        database.execute_db("UPDATE sign_in_tries SET last_at = :then, open_at = :then WHERE subject = :subject", moved)
    assert tries.prune() == 2


# ---- passwords --------------------------------------------------------------------------------------------------------------------

TAKEN = [
    pytest.param("cabbage!", id="8 characters"),
    pytest.param("only words and blanks", id="blanks"),
    pytest.param("пароль-как-пароль", id="Cyrillic"),
    pytest.param("🦄🐝🌵🎈🧭🪁🦔🪴", id="symbols"),
    pytest.param("x7" * 32, id="64 characters"),
    pytest.param("x7" * 500, id="1000 characters"),
    pytest.param(" leading and trailing ", id="blanks around"),
]
REFUSED = [
    pytest.param("seven77", "8 characters", id="7 characters"),
    pytest.param("password", "tried first", id="the most common one"),
    pytest.param("PassWord", "tried first", id="the same in other capitals"),
    pytest.param("qwertyuiop", "tried first", id="a row of keys"),
    pytest.param("1234567890", "tried first", id="digits"),
    pytest.param("ada@example.com", "your address", id="the address"),
]


@pytest.mark.parametrize("password", TAKEN)
def test_passwords_of_any_letters_are_taken_whole(app: Application, password: str) -> None:
    client = Client(app)
    program = person(app, "ada@example.com").program()
    changed = program("PUT", "/auth/password", json={"current": PASSWORD, "new": password})
    assert changed.status_code == 204
    assert log_in(client, "ada@example.com", password).status_code == 200
    for other in (password[:-1], password + "x", password.swapcase() if password.swapcase() != password else password + " "):
        assert log_in(client, "ada@example.com", other).status_code == (401 if len(other) <= LONGEST_PASSWORD else 422)


@pytest.mark.parametrize(("password", "why"), REFUSED)
def test_weak_passwords_are_refused_in_words(app: Application, password: str, why: str) -> None:
    program = person(app, "ada@example.com").program()
    refused = program("PUT", "/auth/password", json={"current": PASSWORD, "new": password})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "password")
    assert why in refused.json["detail"]
    assert log_in(Client(app), "ada@example.com", PASSWORD).status_code == 200


def test_the_first_3000_are_refused() -> None:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    from features.accounts.common_passwords import is_common

    ranked = list(FREQUENCY_LISTS["passwords"])
    assert all(map(is_common, ranked[:3000]))
    long_enough = [each for each in ranked if len(each) >= SHORTEST_PASSWORD]
    assert all(map(is_common, long_enough[:10_000]))
    assert not any(map(is_common, (PASSWORD, WRONG, "x7" * 32)))


def test_a_hash_of_weaker_parameters_is_renewed_at_the_next_sign_in(app: Application, ada: Person) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    database.execute_db("UPDATE users SET password_hash = :old", {"old": old})
    assert ada.log_in().status_code == 200
    renewed = database.query_db("SELECT password_hash FROM users", one=True)["password_hash"]
    assert renewed != old
    assert not accounts(app).passwords.is_outdated(renewed)
    assert ada.log_in().status_code == 200
    assert database.query_db("SELECT password_hash FROM users", one=True)["password_hash"] == renewed
