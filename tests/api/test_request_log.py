"""The log line of a request: who asked, from where, about which ticker; and that no secret is in it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.support import MASTER_KEY

import database

PROXIED = {"X-Forwarded-For": "198.51.100.7, 192.0.2.1"}


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    """A server with the sample prices, behind one trusted proxy."""
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", TRUSTED_PROXIES="1", LOG_LEVEL="info"))
    wait_until(server.answers)
    return server


def lines_of(server: Server, request_id: str) -> list[dict[str, Any]]:
    return [line for line in server.lines() if line.get("event") == "request" and line.get("request_id") == request_id]


def logged(server: Server, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Send a request, and return its log line."""
    sender = more.pop("session", requests)
    sent = {**PROXIED, **(headers or {})}
    answer = sender.request(method, server.url(path), headers=sent, timeout=60, allow_redirects=False, **more)
    (line,) = wait_until(lambda: lines_of(server, answer.headers["X-Request-ID"]))
    assert line["status"] == answer.status_code
    return {name: line[name] for name in ("key_id", "via", "address", "ticker")}


def test_who_asked_from_where_about_what(server: Server) -> None:
    made = requests.post(server.url("/api/v1/admin/keys"), json={"name": "report"}, headers=KEY, timeout=60).json()
    key, key_id = {"X-API-Key": made["key"]}, made["id"]
    bearer = {"Authorization": f"Bearer {made['key']}"}
    browser = requests.Session()
    browser.post(server.url("/login"), data={"key": made["key"]}, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)
    client = {"address": "192.0.2.1"}  # what the trusted proxy says; what stands before it anybody may write
    nobody = {"key_id": None, "via": None, **client}
    of_key = {"key_id": key_id, "via": "key", **client}
    cases: list[tuple[str, str, dict[str, str], dict[str, Any], dict[str, Any]]] = [
        ("GET", "/api/v1/jobs", key, {}, {**of_key, "ticker": None}),
        ("GET", "/api/v1/jobs", bearer, {}, {**of_key, "ticker": None}),
        ("GET", "/api/v1/jobs", KEY, {}, {"key_id": "master", "via": "key", **client, "ticker": None}),
        ("GET", "/api/v1/jobs", {}, {"session": browser}, {"key_id": key_id, "via": "session", **client, "ticker": None}),
        ("GET", "/tickers/aapl", {}, {"session": browser}, {"key_id": key_id, "via": "session", **client, "ticker": "AAPL"}),
        ("GET", "/api/v1/history/aapl", key, {}, {**of_key, "ticker": "AAPL"}),
        ("GET", "/api/v1/prices/NONE?start=x", key, {}, {**of_key, "ticker": "NONE"}),
        ("POST", "/api/v1/analyze", key, {"json": {"ticker": "msft"}}, {**of_key, "ticker": "MSFT"}),
        ("POST", "/api/v1/analyze", key, {"json": {"ticker": "a\nb"}}, {**of_key, "ticker": None}),
        ("GET", "/api/v1/jobs", {"X-API-Key": "bw_guessed-secret-0"}, {}, {**nobody, "ticker": None}),
        ("GET", "/nothing/here", key, {}, {**nobody, "ticker": None}),
        ("GET", "/health/live", KEY, {}, {**nobody, "ticker": None}),
        ("GET", "/health", {}, {"session": browser}, {"key_id": key_id, "via": "session", **client, "ticker": None}),
        ("GET", "/metrics", bearer, {}, {**of_key, "ticker": None}),
    ]
    for method, path, headers, more, expected in cases:
        assert logged(server, method, path, headers, **more) == expected, (method, path)
    secrets = [MASTER_KEY, made["key"], "bw_guessed-secret-0", *browser.cookies.values()]
    assert len(secrets) == 4
    requests.delete(server.url(f"/api/v1/admin/keys/{key_id}"), headers=KEY, timeout=60).raise_for_status()
    assert logged(server, "GET", "/api/v1/jobs", key) == {**nobody, "ticker": None}
    assert [line["refused"] for line in server.lines() if line.get("event") == "revoked api key refused"] == [key_id]
    assert [secret for secret in secrets if secret in server.log] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_proxy_that_is_not_trusted_is_not_believed(backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", LOG_LEVEL="info"))
    wait_until(server.answers)
    assert logged(server, "GET", "/api/v1/jobs", KEY)["address"] == "127.0.0.1"
    assert database.query_db("SELECT id FROM api_keys") == []
