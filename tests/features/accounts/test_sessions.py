"""Browser sessions: what is stored, what a session may do, what ends it, and how many reads it costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from itsdangerous import URLSafeTimedSerializer
from kit.databases import Backend
from kit.jobs import another_organization
from kit.parts import with_cache
from kit.protection import client_of
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.sessions import Browser, revoke, rows, with_token
from kit.support import MASTER_KEY, SECRET_KEY, Client

import database
from api.authentication import CSRF_HEADER
from api.authentication import SESSION_COOKIE as COOKIE
from app import Application
from features.accounts.api_keys import create_key, digest_of
from features.accounts.sessions import LIFETIME, LOOKUP_SECONDS
from features.accounts.store import session as session_store
from infrastructure.cache import FOLLOW_SECONDS
from utils.clock import now

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
ANOTHER_SECRET = "another-secret-for-tests-0123456789abcdef"
FORMER_KIND = str(URLSafeTimedSerializer(SECRET_KEY, salt="session").dumps([digest_of(MASTER_KEY), "x" * 32]))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock(app: Application) -> Clock:
    """The clock of the application's cache of sessions and keys."""
    clock = Clock()
    with_cache(app, FOLLOW_SECONDS, clock)
    return clock


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The digests of the tokens that were looked up in the database. The lean reader emits no event, so the store is watched."""
    digests: list[str] = []
    find_owner = session_store.find_owner

    def watch(connection: Any, token_sha256: str, *times: Any) -> Any:
        digests.append(token_sha256)
        return find_owner(connection, token_sha256, *times)

    monkeypatch.setattr(session_store, "find_owner", watch)
    return digests


@pytest.fixture
def browser(app: Application) -> Browser:
    return Browser(app)


# ---- what is stored ---------------------------------------------------------------------------------------------------------------


def test_a_row_holds_digests_alone(browser: Browser) -> None:
    before = now()
    token = browser.sign_in()
    (row,) = rows()
    assert (row["org_id"], row["token_sha256"], row["key_sha256"]) == (1, digest_of(token), digest_of(MASTER_KEY))
    assert before <= row["created_at"] <= now()
    assert (row["expires_at"] - row["created_at"], row["ended_at"]) == (timedelta(days=7), None)
    for secret in (token, browser.csrf, MASTER_KEY):
        assert secret not in str(row)


@pytest.mark.parametrize("url", ["http://localhost", "https://localhost"])
def test_the_cookie(app: Application, url: str) -> None:
    browser = Browser(app, base_url=url)
    token = browser.sign_in()
    cookie = browser.http.get_cookie(COOKIE)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", url.startswith("https"))
    assert (cookie.path, cookie.max_age) == ("/", 7 * 86_400)
    assert len(token) == 43  # 32 bytes


@pytest.mark.parametrize("key", ["the master key", "a key", "a key of another organization"])
def test_a_session_acts_for_its_key(app: Application, browser: Browser, key: str) -> None:
    if key == "a key of another organization":
        browser.sign_in(another_organization())
    else:
        browser.sign_in(MASTER_KEY if key == "the master key" else create_key(database.current(), 1, "tests")[1])
    answer = browser("GET", "/api/v1/session").json
    assert answer["is_admin"] == (key == "the master key")
    assert browser("GET", "/api/v1/admin/cache").status_code == (200 if key == "the master key" else 403)
    added = browser("POST", "/api/v1/watchlist", json={"ticker": "AAPL"}, headers={CSRF_HEADER: answer["csrf_token"]})
    assert added.status_code == 201
    (item,) = database.query_db("SELECT org_id FROM watchlist_items")
    assert item["org_id"] == (2 if key == "a key of another organization" else 1)


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        pytest.param(lambda browser: browser.sign_in(), True, id="a session"),
        pytest.param(lambda browser: browser.sign_in(create_key(database.current(), 1, "tests")[1]), True, id="a session of another key"),
        pytest.param(lambda browser: "", False, id="nothing"),
        pytest.param(lambda browser: "A" * 43, False, id="a token that an attacker chose"),
        pytest.param(lambda browser: FORMER_KIND, False, id="a cookie of the former kind"),
    ],
)
def test_signing_in_makes_a_new_token_and_ends_the_session_before(
    app: Application, browser: Browser, held: Callable[[Browser], str], ends: bool
) -> None:
    other = Browser(app)
    theirs, before = other.sign_in(), held(browser)
    after = browser.bring(before).sign_in()
    assert after not in (before, theirs)
    stored = {row["token_sha256"]: row["ended_at"] is not None for row in rows()}
    assert stored == {digest_of(theirs): False, digest_of(after): False} | ({digest_of(before): True} if ends else {})
    assert (browser.is_known(), other.is_known()) == (True, True)


def test_a_wrong_key_begins_nothing_and_ends_nothing(browser: Browser) -> None:
    token = browser.sign_in()
    for key, status in (("", 401), ("no key at all", 401), ("bw_" + "x" * 43, 401)):
        answer = browser("POST", "/login", data={"key": key})
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (status, False)
    assert browser.token == token
    assert [row["ended_at"] for row in rows()] == [None]


# ---- what ends it -----------------------------------------------------------------------------------------------------------------

ENDINGS = ("signed out", "signed in again", "expired", "its key is revoked", "its row is gone", "marked in the table")


def end(how: str, browser: Browser, key_id: str) -> None:
    if how == "signed out":
        browser.sign_out()
    elif how == "signed in again":
        browser.sign_in()
    elif how == "expired":
        moments = {"earlier": now() - LIFETIME, "now": now()}
        database.execute_db("UPDATE sessions SET created_at = :earlier, expires_at = :now", moments)
    elif how == "its key is revoked":
        revoke(key_id)
    elif how == "its row is gone":
        database.execute_db("DELETE FROM sessions")
    else:
        database.execute_db("UPDATE sessions SET ended_at = :now", {"now": now()})


@pytest.mark.parametrize("how", ENDINGS)
def test_what_ends_a_session(app: Application, browser: Browser, clock: Clock, how: str) -> None:
    """Every copy of the cookie is refused two seconds later at the latest."""
    api_key, key = create_key(database.current(), 1, "tests")
    token = browser.sign_in(key)
    copy = with_token(app, token)
    assert copy.is_known()
    end(how, browser, api_key.id)
    clock.moment += LOOKUP_SECONDS
    assert LOOKUP_SECONDS <= 2
    assert not copy.is_known()
    assert copy("GET", "/").headers["Location"] == "/login?reason=ended"
    assert copy("GET", "/api/v1/session").json["code"] == "unauthorized"
    assert "checks" in copy("GET", "/health").json
    assert "versions" not in copy("GET", "/health").json
    assert copy("POST", "/api/v1/watchlist", json={"ticker": "AAPL"}, headers={CSRF_HEADER: "x"}).status_code == 401


def test_others_go_on(app: Application, clock: Clock) -> None:
    """The end of a session ends neither its key nor the key's other sessions."""
    api_key, key = create_key(database.current(), 1, "tests")
    one, other, masters = Browser(app), Browser(app), Browser(app)
    for browser, holds in ((one, key), (other, key), (masters, MASTER_KEY)):
        browser.sign_in(holds)
    one.sign_out()
    clock.moment += LOOKUP_SECONDS
    assert (other.is_known(), masters.is_known()) == (True, True)
    assert Client(app).get("/strategies", key=key).status_code == 200
    revoke(api_key.id)
    clock.moment += LOOKUP_SECONDS
    assert (other.is_known(), masters.is_known()) == (False, True)


def test_signing_out_ends_the_row_and_forgets_the_cookie(browser: Browser) -> None:
    browser.sign_in()
    browser.sign_out()
    (row,) = rows()
    assert row["created_at"] <= row["ended_at"] <= now()
    assert browser.http.get_cookie(COOKIE) is None
    assert browser("POST", "/logout").headers["Location"].startswith("/login")


def test_another_master_key_ends_its_sessions(backend: Backend, tmp_path: Path) -> None:
    before = client_of(backend, tmp_path).app
    masters, anothers = Browser(before).sign_in(), Browser(before).sign_in(create_key(database.current(), 1, "tests")[1])
    after = client_of(backend, tmp_path, master_api_key=ANOTHER_SECRET).app
    assert (with_token(after, masters).is_known(), with_token(after, anothers).is_known()) == (False, True)


def test_without_a_cache_the_end_is_at_once(backend: Backend, tmp_path: Path) -> None:
    app = client_of(backend, tmp_path, cache_enabled=False).app
    browser = Browser(app)
    copy = with_token(app, browser.sign_in())
    assert copy.is_known()
    browser.sign_out()
    assert not copy.is_known()


def test_a_key_in_the_header_counts_before_the_cookie(app: Application, browser: Browser) -> None:
    browser.sign_in()
    _, key = create_key(database.current(), 1, "tests")
    answer = browser("GET", "/api/v1/session", headers={"X-API-Key": key}).json
    assert (answer["is_admin"], answer["csrf_token"]) == (False, None)
    assert browser("GET", "/api/v1/session", headers={"X-API-Key": "wrong"}).status_code == 401
    assert browser("POST", "/api/v1/watchlist", json={"ticker": "AAPL"}, headers=KEY).status_code == 201


# ---- what it costs ----------------------------------------------------------------------------------------------------------------


def test_a_look_up_is_kept_for_two_seconds(browser: Browser, clock: Clock, reads: list[str]) -> None:
    token = browser.sign_in()
    for moment, count in ((0.0, 1), (0.5, 1), (1.99, 1), (2.0, 2), (3.99, 2), (4.0, 3)):
        clock.moment = 1000.0 + moment
        assert all(browser.is_known() for _ in range(3))
        assert (moment, reads) == (moment, [digest_of(token)] * count)


def test_the_two_seconds_begin_before_the_read(browser: Browser, clock: Clock, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of a slow database may be outdated when it arrives."""
    browser.sign_in()
    find_owner = session_store.find_owner

    def find_slowly(*arguments: Any) -> Any:
        owner = find_owner(*arguments)
        clock.moment += 1.5
        return owner

    monkeypatch.setattr(session_store, "find_owner", find_slowly)  # a real database does not move this clock
    assert browser.is_known()
    clock.moment += 0.4
    assert (browser.is_known(), len(reads)) == (True, 1)
    clock.moment += 0.1
    assert (browser.is_known(), len(reads)) == (True, 2)


COOKIES = {
    "unknown": ("A" * 43, 1),
    "of the former kind": (FORMER_KIND, 0),
    "too short": ("A" * 42, 0),
    "too long": ("A" * 44, 0),
    "a megabyte less a little": ("A" * 8000, 0),
    "empty": ("", 0),
    "other letters": ("A" * 42 + ".", 0),
    "a line after it": ("A" * 43 + "%0A", 0),
    "SQL": ("' OR 1=1 --", 0),
    "no ASCII": ("é" * 43, 0),
    "a digest": (digest_of("x"), 0),
    "a key": (MASTER_KEY, 0),
}


@pytest.mark.parametrize(("cookie", "count"), COOKIES.values(), ids=COOKIES)
def test_garbage_costs_one_read_or_none(app: Application, reads: list[str], cookie: str, count: int) -> None:
    for attempt in range(1, 4):
        headers = {"Cookie": f"{COOKIE}={cookie}".encode().decode("latin-1")}
        answer = app.test_client(use_cookies=False).get("/api/v1/strategies", headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthorized")
        assert len(reads) == attempt * count


# ---- a database that is away ------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_without_the_database_nobody_signs_in_or_out_and_known_sessions_go_on(
    app: Application, backend: Backend, browser: Browser, clock: Clock
) -> None:
    token = browser.sign_in()
    csrf = browser.csrf
    app.services.database.close()
    backend.path.unlink()
    backend.path.mkdir()  # a folder is no database file
    assert browser.is_known()
    assert browser("GET", "/").status_code == 200
    answer = Browser(app)("POST", "/login", data={"key": MASTER_KEY})
    assert (answer.status_code, "does not answer right now" in answer.text, "Set-Cookie" in answer.headers) == (503, True, False)
    answer = browser("POST", "/logout", headers={CSRF_HEADER: csrf})
    # The browser is still signed in, and the answer says so.
    assert (answer.status_code, answer.json["code"], browser.token) == (503, "unavailable", token)
    clock.moment += LOOKUP_SECONDS
    answer = browser("GET", "/api/v1/capabilities")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert Client(app).get("/capabilities").status_code == 200  # the master key needs no lookup
    assert "versions" not in browser("GET", "/health").json
    assert browser("GET", "/login").status_code == 200


# ---- real servers -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def servers(backend: Backend, start: Start) -> tuple[Server, Server]:
    """Two servers over one database, as two machines would be."""
    one, other = (start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1")) for _ in range(2))
    for server in (one, other):
        wait_until(server.answers)
    return one, other


def signed_in(server: Server, key: str = MASTER_KEY) -> requests.Session:
    """A browser that has signed in at one of the servers; it sends its cookie to both, because they share the host."""
    browser = requests.Session()
    answer = browser.post(server.url("/login"), data={"key": key}, allow_redirects=False, timeout=60)
    assert answer.status_code == 303
    return browser


def status_at(server: Server, browser: requests.Session, path: str = "/api/v1/strategies") -> int:
    return browser.get(server.url(path), timeout=60, allow_redirects=False).status_code


@pytest.mark.parametrize("how", ["signed out", "the key is revoked"])
def test_the_end_is_heard_on_every_server(backend: Backend, servers: tuple[Server, Server], how: str) -> None:
    one, _ = servers
    api_key, key = create_key(database.current(), 1, "tests")
    browser, stays = signed_in(one, key), signed_in(one)
    copy = requests.Session()
    copy.cookies.update(browser.cookies)
    assert [status_at(server, who) for server in servers for who in (browser, copy, stays)] == [200] * 6
    if how == "signed out":
        token = browser.get(one.url("/api/v1/session"), timeout=60).json()["csrf_token"]
        assert browser.post(one.url("/logout"), headers={CSRF_HEADER: token}, timeout=60).status_code == 204
    else:
        revoke(api_key.id)
    for server in servers:
        wait_until(lambda server=server: status_at(server, copy) == 401)
        assert status_at(server, copy, "/") == 303
        assert status_at(server, stays) == 200


def test_streams_end_with_their_session(servers: tuple[Server, Server]) -> None:
    """A stream that was opened before the end of the session sends nothing after it."""
    one, other = servers
    job = requests.post(one.url("/api/v1/bulk-analyze"), json={"tickers": ["AAPL"]}, headers=KEY, timeout=60).json()
    browser = signed_in(one)
    copy = requests.Session()
    copy.cookies.update(browser.cookies)
    with copy.get(one.url(f"/api/v1/jobs/{job['id']}/events"), stream=True, timeout=60) as answer:
        lines = map(str, answer.iter_lines(chunk_size=1, decode_unicode=True))
        event = json.loads(next(line for line in lines if line.startswith("data: ")).removeprefix("data: "))
        assert event["status"] == "queued"
        token = browser.get(other.url("/api/v1/session"), timeout=60).json()["csrf_token"]
        assert browser.post(other.url("/logout"), headers={CSRF_HEADER: token}, timeout=60).status_code == 204
        wait_until(lambda: status_at(one, copy) == 401)
        assert requests.post(one.url(f"/api/v1/jobs/{job['id']}/cancel"), headers=KEY, timeout=60).status_code == 202
        assert [line for line in lines if line.startswith("data: ")] == []
