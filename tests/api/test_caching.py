"""The cache headers of every route of the application, including routes that are added later."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import finished, queue
from kit.protection import client_of
from kit.support import MASTER_KEY, Client

from api.security_headers import CREDENTIALS, NO_STORE, REVALIDATE
from web.pages import assets

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FOR_EVERYBODY = {
    "/openapi.json": "public, no-cache",
    "/docs": "public, no-cache",
    "/docs/runbook": "public, no-cache",
    "/docs/assets/<path:name>": "public, no-cache",
    "/favicon.ico": "public, max-age=86400",
    "/static/<build>/<path:name>": "public, max-age=31536000, immutable",
}
# Parameters with which a route answers 200. A new route gets others and answers 404, which has cache headers too.
NAMES = {
    "/docs/assets/<path:name>": "page.css",
    "/static/<build>/<path:name>": "css/base.css",
    "/api/v1/admin/flags/<name>": "uploads",
}


@pytest.fixture
def client(backend: Backend, tmp_path: Path) -> Client:
    return client_of(backend, tmp_path, compress_responses=True, cors_origins_given="https://a.example,https://b.example")


@pytest.fixture
def paths(client: Client) -> dict[str, str]:
    """The path of each route, with parameters of objects that exist."""
    result_id = client.post("/analyze", {"ticker": "AAPL"}).json["id"]
    client.post("/watchlist", {"ticker": "AAPL"})
    values = {"ticker": "AAPL", "job_id": finished(client, "AAPL")["id"], "result_id": result_id, "build": assets.build}

    def path_of(rule: str) -> str:
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values.get(match[1]) or NAMES.get(rule, "x"), rule)

    return {rule.rule: path_of(rule.rule) for rule in client.app.url_map.iter_rules()}


def names_in(answer: Any, header: str) -> list[str]:
    return [name for value in answer.headers.getlist(header) for name in value.split(", ")]


def assert_is_for_the_caller_alone(answer: Any, where: str) -> None:
    assert answer.headers.getlist("Cache-Control") == [REVALIDATE if "ETag" in answer.headers else NO_STORE], where
    varies = names_in(answer, "Vary")
    assert set(CREDENTIALS.split(", ")) <= set(varies), where
    assert len(varies) == len(set(varies)), where


@pytest.mark.parametrize("caller", ["with a key", "with a session", "without either"])
def test_every_route(client: Client, paths: dict[str, str], caller: str) -> None:
    key = {"X-API-Key": MASTER_KEY} if caller == "with a key" else {}
    if caller == "with a session":
        assert client.http.post("/login", data={"key": MASTER_KEY, "next": "/"}).status_code == 303
    answered = {}
    for route, path in paths.items():
        for method in METHODS:
            for headers in ({}, {"Origin": "https://a.example", "Accept-Encoding": "gzip", "Accept": "text/csv"}):
                with client.http.open(path, method=method, headers={**key, **headers}) as answer:
                    where = f"{method} {path}: {answer.status_code}"
                    answered[method, route] = answer.status_code
                    if route in FOR_EVERYBODY and answer.status_code == 200 and method in ("GET", "HEAD"):
                        assert answer.headers.getlist("Cache-Control") == [FOR_EVERYBODY[route]], where
                        assert not set(CREDENTIALS.split(", ")) & set(names_in(answer, "Vary")), where
                    else:
                        assert_is_for_the_caller_alone(answer, where)
    is_known = caller != "without either"
    assert [answered["GET", route] for route in ("/", "/api/v1/results", "/metrics")] == ([200] * 3 if is_known else [303, 401, 401])
    assert {answered["GET", route] for route in FOR_EVERYBODY} == {200}


def test_every_route_that_answers_everybody_alike_is_known(client: Client) -> None:
    """Every route in FOR_EVERYBODY exists and is public."""
    app = client.app
    rules = {rule.rule: app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()}
    for route in FOR_EVERYBODY:
        assert getattr(rules[route], "is_public", False), route


@pytest.mark.parametrize("route", ["/api/v1/results", "/api/v1/results/<result_id>", "/api/v1/jobs/<job_id>", "/openapi.json", "/docs"])
def test_what_has_not_changed_is_told_with_the_same_headers(client: Client, paths: dict[str, str], route: str) -> None:
    with client.get(paths[route]) as first:
        sent = {"If-None-Match": first.headers["ETag"]}
        with client.get(paths[route], headers=sent) as again:
            assert again.status_code == 304
            for name in ("Cache-Control", "Vary", "ETag", "Content-Security-Policy"):
                assert again.headers.getlist(name) == first.headers.getlist(name)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda client: client.http.get("/nothing", headers={"Accept": "text/html"}), id="a page that is not there"),
        pytest.param(lambda client: client("POST", "/analyze", data=b"{", content_type="application/json"), id="malformed"),
        pytest.param(lambda client: client("POST", "/analyze", data=b"x" * 1_100_000, content_type="application/json"), id="too large"),
        pytest.param(lambda client: client.post("/analyze", {"ticker": 5}), id="invalid"),
        pytest.param(lambda client: client.post("/bulk-analyze", {"tickers": ["AAPL"], "force": True}), id="a job is made"),
        pytest.param(lambda client: client.post(f"/jobs/{queue('AAPL')}/cancel"), id="a command"),
        pytest.param(lambda client: client.get("/docs/assets/nothing"), id="a file that is not there"),
        pytest.param(lambda client: client.http.get("/static/another/css/base.css"), id="a file of another build"),
        pytest.param(lambda client: client.http.get("/metrics"), id="metrics without a key"),
    ],
)
def test_what_else_is_answered(client: Client, answer: Any) -> None:
    assert_is_for_the_caller_alone(answer(client), "")
