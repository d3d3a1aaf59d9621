"""Requests from pages of other sites: they cannot sign a user in and cannot change data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import person
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID, finished
from kit.protection import client_of
from kit.sessions import Browser, rows
from kit.support import MASTER_KEY, Client
from sqlalchemy import inspect

import database
from api.authentication import CSRF_HEADER, SAFE_METHODS
from app import Application

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def browser(app: Application) -> Browser:
    return Browser(app)


# ---- changes and reads ------------------------------------------------------------------------------------------------------------

NO_SESSION_NEEDED = {"/login", "/unsubscribe/<channel_id>/<signature>"}


def changing_routes(app: Application) -> Iterator[tuple[str, str]]:
    """The method and path of every route that may change data and checks the caller."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - SAFE_METHODS):
            path = rule.rule
            for name in rule.arguments:
                path = path.replace(f"<{name}>", {"ticker": "AAPL", "name": "streams"}.get(name, UNKNOWN_ID))
            if rule.rule not in NO_SESSION_NEEDED and not getattr(app.view_functions[rule.endpoint], "is_public", False):
                yield method, path


def test_every_change_needs_the_token(app: Application) -> None:
    others = Browser(app)
    others.sign_in()
    browser = person(app, "ada@example.com", org_id=1, is_operator=True).browser()
    routes = list(changing_routes(app))
    assert {("POST", "/logout"), ("DELETE", "/api/v1/watchlist/AAPL"), ("PUT", "/api/v1/admin/flags/streams")} < set(routes)
    for token in (None, "", "x", "é", browser.token, others.csrf):
        for method, path in routes:
            answer = browser(method, path, headers={CSRF_HEADER: token} if token is not None else {})
            assert (method, path, answer.status_code, answer.json["code"]) == (method, path, 403, "forbidden")
            assert CSRF_HEADER in answer.json["detail"]
    csrf = browser.csrf
    for method, path in sorted(routes, key=lambda route: route[1].endswith("/logout")):
        assert browser(method, path, headers={CSRF_HEADER: csrf}).status_code not in (401, 403), path
        if path.endswith("/logout"):
            browser = person(app, f"{path.count('/')}@example.com", org_id=1, is_operator=True).browser()
            csrf = browser.csrf


ENDLESS = {"/api/v1/events/stream"}


def test_reading_changes_nothing(app: Application, browser: Browser, client: Client) -> None:
    """A link or an image of another site can make a browser send a GET with its cookie."""
    job = finished(client, "AAPL")
    known = {
        "ticker": "AAPL",
        "job_id": job["id"],
        "result_id": client.get("/results").json["items"][0]["id"],
        "action_id": "x",
        "key_id": "x",
        "user_id": "x",
        "identity_id": "x",
        "provider": "x",
        "session_id": "x",
        "passkey_id": "x",
        "import_id": "x",
        "invitation_id": "x",
        "file_id": "x",
        "report_id": "x",
        "link": "x",
        "screen_id": "x",
        "strategy_id": "trend",
        "pair": "EURUSD",
        "reference": "AAPL",
        "backtest_id": "x",
        "event_id": "x",
        "list_id": "default",
        "feed_id": "x",
        "index_id": "x",
        "portfolio_id": "x",
        "transaction_id": "x",
        "day": "2026-11-27",
        "alert_id": "x",
        "rule_id": "x",
        "pipeline_id": "x",
        "run_id": "x",
        "workflow_id": "x",
        "suggestion_id": "x",
        "step": "x",
        "schedule_id": "x",
        "series": "x",
        "channel_id": "x",
        "delivery_id": "x",
        "signature": "x",
        "organization_id": "1",
        "name": "streams",
        "build": "x",
    }
    browser.sign_in()
    csrf = browser.csrf
    assert client.get("/evidence/AAPL").status_code == 200  # what the first reading computes is kept
    before = everything()
    succeeded = 0
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", known[name]).replace(f"<path:{name}>", known[name])
        for method in sorted((rule.methods or set()) & SAFE_METHODS):
            with browser(method, path, headers={CSRF_HEADER: csrf}) as answer:
                assert path in ENDLESS or answer.get_data() is not None
                assert answer.status_code < 500, path
            succeeded += answer.status_code == 200
    assert succeeded > 60
    assert everything() == before


def everything() -> dict[str, str]:
    """The content of every table."""
    tables = inspect(database.current().engine()).get_table_names()
    assert {"sessions", "analysis_results", "watchlist_items"} <= set(tables)
    return {table: str(sorted(map(_readable, database.query_db(f"SELECT * FROM {table}")))) for table in tables}


def _readable(row: dict[str, Any]) -> str:
    # The repr of psycopg2's memoryviews contains their address, so bytes are compared.
    return str({name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})


# ---- where a sign-in comes from ---------------------------------------------------------------------------------------------------

OWN = "http://localhost"
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "stocks.example:443", "X-Forwarded-For": "192.0.2.1"}
SENDERS: dict[str, tuple[dict[str, str], bool]] = {
    "our page": ({"Sec-Fetch-Site": "same-origin", "Origin": OWN}, True),
    "a person": ({"Sec-Fetch-Site": "none"}, True),
    "a sibling of ours": ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, False),
    "another site": ({"Sec-Fetch-Site": "cross-site"}, False),
    "a browser that says nothing": ({"Sec-Fetch-Site": ""}, False),
    "a browser that says two things": ({"Sec-Fetch-Site": "same-origin, cross-site"}, False),
    "what the browser says counts first": ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
    "our page, over plain HTTP": ({"Origin": OWN, "Referer": f"{OWN}/login"}, True),
    "another site, over plain HTTP": ({"Origin": "http://evil.example"}, False),
    "another site, with our address in its path": ({"Origin": "http://evil.example", "Referer": f"{OWN}/login"}, False),
    "another port": ({"Origin": f"{OWN}:8080"}, False),
    "another scheme": ({"Origin": "https://localhost"}, False),
    "a page that says null": ({"Origin": "null"}, False),
    "a page that says null, and our Referer": ({"Origin": "null", "Referer": f"{OWN}/login"}, False),
    "an origin that may call": ({"Origin": "https://app.example"}, False),
    "our page, by its Referer": ({"Referer": f"{OWN}/login?next=%2F"}, True),
    "our front page": ({"Referer": f"{OWN}/"}, True),
    "our origin alone": ({"Referer": OWN}, True),
    "another site, by its Referer": ({"Referer": "http://evil.example/login"}, False),
    "another site that begins as ours": ({"Referer": f"{OWN}.evil.example/"}, False),
    "another site with our name as its user": ({"Referer": "http://localhost@evil.example/"}, False),
    "another site with our address in its query": ({"Referer": f"http://evil.example/?{OWN}/login"}, False),
    "a Referer that is no address": ({"Referer": "http://["}, False),
    "an empty Referer": ({"Referer": ""}, False),
    "a page in a file": ({"Referer": "file:///login.html"}, False),
    "a program": ({}, True),
    "our page, through a proxy": ({**PROXIED, "Origin": "https://stocks.example"}, True),
    "our page by its Referer, through a proxy": ({**PROXIED, "Referer": "https://stocks.example/login"}, True),
    "the address behind the proxy": ({**PROXIED, "Origin": OWN}, False),
}


@ON_SQLITE
def test_where_a_sign_in_may_come_from(backend: Backend, tmp_path: Path) -> None:
    app = client_of(backend, tmp_path, trusted_proxies=1, cors_origins=("https://app.example",)).app
    for name, (headers, is_let_in) in SENDERS.items():
        answer = app.test_client().post("/login", data={"key": MASTER_KEY}, headers=headers)
        assert (name, answer.status_code) == (name, 303 if is_let_in else 403)
        assert ("Set-Cookie" in answer.headers) is is_let_in
    assert len(rows()) == sum(is_let_in for _, is_let_in in SENDERS.values())


# ---- what a script and a person are told ------------------------------------------------------------------------------------------


def test_a_script_of_a_page_gets_no_form(browser: Browser) -> None:
    """A page whose session has ended signs in by a script, which cannot follow a redirect or show the form."""
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    refused = browser("POST", "/login", data={"key": "no key at all"}, headers=headers)
    assert (refused.status_code, refused.json["code"], refused.json["detail"]) == (401, "unauthorized", "This key is not valid.")
    assert browser("POST", "/login", data={"key": MASTER_KEY}, headers=headers).status_code == 204
    session = browser("GET", "/api/v1/session").json
    assert (session["org_id"], session["is_admin"], session["csrf_token"]) == (1, True, browser.csrf)
    elsewhere = browser("POST", "/login", data={"key": MASTER_KEY}, headers={**headers, "Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


@ON_SQLITE
def test_the_form_says_why_one_is_there(browser: Browser) -> None:
    for path, words in {
        "/login": "",
        "/login?next=%2Ftasks": "Sign in to see the page that you asked for.",
        "/login?next=%2Ftasks&reason=ended": "Your session has ended. Sign in again to go on.",
        "/login?reason=signed-out": "You have signed out.",
        "/login?reason=%3Cscript%3E": "",
    }.items():
        page = browser("GET", path).text
        assert ('id="reason"' in page) is bool(words)
        assert words in page
        assert "<script>" not in page
    assert browser("GET", "/tasks").headers["Location"] == "/login?next=%2Ftasks"
    assert browser.bring("x" * 43)("GET", "/tasks").headers["Location"] == "/login?next=%2Ftasks&reason=ended"
