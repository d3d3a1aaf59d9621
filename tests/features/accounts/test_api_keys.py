"""API keys: made, listed with their last use, and revoked, over HTTP and by the command."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.jobs import another_organization
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.sessions import Browser
from kit.support import MASTER_KEY, Client

import database
from api.authentication import CSRF_HEADER
from app import Application
from features.accounts.api_keys import create_key
from features.accounts.uses import Uses
from models.api_key import LONGEST_NAME
from utils.clock import parse_iso

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def flask(app: Application, *arguments: str) -> Any:
    """Run a command of the application, as `flask` does."""
    return app.test_cli_runner().invoke(args=["api-key", *arguments])


def stored_rows() -> str:
    """Everything in the database that a request for a key could have left behind."""
    tables = ("api_keys", "idempotency_keys", "sessions", "cache_clearings")
    return str([database.query_db(f"SELECT * FROM {table}") for table in tables])


# ---- the command ------------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_used_listed_and_ended(app: Application) -> None:
    created = flask(app, "create", "evening report")
    assert created.exit_code == 0
    key = created.output.split()[0]
    client = Client(app)
    assert client.get("/watchlist", key=key).status_code == 200
    stored = database.query_db("SELECT id, key_sha256 FROM api_keys", one=True)
    assert key not in str(stored)
    listed = flask(app, "list")
    assert (listed.exit_code, "evening report" in listed.output, key in listed.output) == (0, True, False)
    assert "1 key," in listed.output
    assert flask(app, "revoke", stored["id"]).exit_code == 0
    wait_until(lambda: client.get("/watchlist", key=key).status_code == 401)
    assert client.get("/watchlist", key=MASTER_KEY).status_code == 200
    again = flask(app, "revoke", stored["id"])
    assert (again.exit_code, again.output.strip()) == (0, "The key had been revoked before.")
    unknown = flask(app, "revoke", "x")
    assert (unknown.exit_code, "There is no API key with this id." in unknown.output) == (1, True)


@ON_SQLITE
@pytest.mark.parametrize("name", ["", " \t ", "a\u202eb", "x" * (LONGEST_NAME + 1)])
def test_the_command_refuses_names_that_say_nothing(app: Application, name: str) -> None:
    refused = flask(app, "create", name)
    assert (refused.exit_code, "Invalid value for NAME" in refused.output) == (2, True)
    assert database.query_db("SELECT id FROM api_keys") == []


# ---- over HTTP --------------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_works_until_it_is_revoked(client: Client) -> None:
    made = client.post("/admin/keys", {"name": "  evening   report "})
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    answer = made.json
    key = answer.pop("key")
    assert (answer["name"], answer["revoked_at"], answer["last_used_at"]) == ("evening report", None, None)
    assert client.get("/admin/keys").json == {"items": [answer], "next_cursor": None}
    assert key not in stored_rows()
    assert client.get("/watchlist", key=key).status_code == 200
    assert client.delete(f"/admin/keys/{answer['id']}").status_code == 204
    assert client.get("/watchlist", key=key).status_code == 401  # in the process that revokes it, at once
    (listed,) = client.get("/admin/keys").json["items"]
    assert listed["created_at"] <= listed["revoked_at"]
    again = client.delete(f"/admin/keys/{answer['id']}")
    assert (again.status_code, client.get("/admin/keys").json["items"]) == (204, [listed])


def test_a_repeated_request_makes_no_second_key_and_shows_none(client: Client) -> None:
    headers = {"Idempotency-Key": "from-the-page"}
    first = client.post("/admin/keys", {"name": "report"}, headers=headers)
    again = client.post("/admin/keys", {"name": "report"}, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == {**first.json, "key": None}
    assert again.headers["Location"] == first.headers["Location"]
    assert first.json["key"] not in stored_rows()
    assert len(client.get("/admin/keys").json["items"]) == 1
    other = client.post("/admin/keys", {"name": "another"}, headers=headers)
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")


def test_many_at_once_get_a_key_each(client: Client) -> None:
    def make(number: int) -> Any:
        return Client(client.app).post("/admin/keys", {"name": f"number {number}"}).json

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, range(24)))
    assert len({entry["key"] for entry in made}) == 24
    listed: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get("/admin/keys", query_string={"limit": 10, **({"cursor": cursor} if cursor else {})}).json
        listed += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [entry["id"] for entry in listed] == sorted((entry["id"] for entry in made), reverse=True)


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "   "},
        {"name": "two\nlines"},
        {"name": "a\u202eb"},
        {"name": "a\x00b"},
        {"name": "x" * (LONGEST_NAME + 1)},
        {"name": 5},
        {"name": None},
        {"name": "report", "key": "bw_chosen"},
        {"name": "report", "org_id": 2},
    ],
)
def test_other_requests_are_refused_in_words(client: Client, body: dict[str, Any]) -> None:
    refused = client.post("/admin/keys", body)
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert refused.json["errors"][0]["message"]
    assert client.get("/admin/keys").json["items"] == []


@ON_SQLITE
@pytest.mark.parametrize("key_id", ["x", "master", "..%2Fflags", "0" * 500, "019aa3b2-7a1e-7c8e-8a55-2f3c9d1e6b70", "%00"])
def test_ids_that_are_none(client: Client, key_id: str) -> None:
    answer = client.delete(f"/admin/keys/{key_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@ON_SQLITE
def test_they_are_for_the_master_key(client: Client) -> None:
    stored, key = create_key(database.current(), 1, "reader")
    for method, path in (("GET", "/admin/keys"), ("POST", "/admin/keys"), ("DELETE", f"/admin/keys/{stored.id}")):
        assert client(method, path, key=key).status_code == 403
        assert client(method, path, key=None).status_code == 401
    assert client.get("/watchlist", key=key).status_code == 200


@ON_SQLITE
def test_the_key_of_another_organization_is_not_seen(client: Client) -> None:
    another_organization()
    stored, key = create_key(database.current(), 2, "theirs")
    assert client.get("/admin/keys").json["items"] == []
    assert client.delete(f"/admin/keys/{stored.id}").status_code == 404
    assert client.get("/watchlist", key=key).status_code == 200


@ON_SQLITE
def test_a_session_of_the_master_key_needs_its_token(app: Application) -> None:
    browser = Browser(app)
    browser.sign_in()
    assert browser("POST", "/api/v1/admin/keys", json={"name": "report"}).status_code == 403
    made = browser("POST", "/api/v1/admin/keys", json={"name": "report"}, headers={CSRF_HEADER: browser.csrf})
    assert made.status_code == 201


# ---- the last use -----------------------------------------------------------------------------------------------------------------


def used_at(client: Client, key_id: str) -> str | None:
    value = next(entry["last_used_at"] for entry in client.get("/admin/keys").json["items"] if entry["id"] == key_id)
    assert value is None or isinstance(value, str)
    return value


@pytest.mark.parametrize("how", ["the key", "a session"])
def test_the_last_use_is_written(client: Client, how: str) -> None:
    stored, key = create_key(database.current(), 1, "report")
    client.get("/watchlist", key="bw_unknown")
    client.get("/watchlist")
    assert used_at(client, stored.id) is None
    if how == "the key":
        assert client.get("/watchlist", key=key).status_code == 200
    else:
        Browser(client.app).sign_in(key)
    moment = wait_until(lambda: used_at(client, stored.id))
    assert moment >= client.get("/admin/keys").json["items"][0]["created_at"]


def test_a_minute_has_one_write_whichever_processes_serve_the_key(client: Client) -> None:
    """Two processes note uses; each sees its own clock, and the row decides which of their writes counts."""
    stored, _ = create_key(database.current(), 1, "report")
    clocks = [1000.0, 1000.0]
    processes = [Uses.of_keys(database.current(), clock=lambda number=number: clocks[number]) for number in range(2)]
    processes[0].note(stored.id)
    first = wait_until(lambda: used_at(client, stored.id))
    for process in processes:
        process.note(stored.id)
        process.close()
    assert used_at(client, stored.id) == first
    # The row is as of a minute ago: the next use that a process writes counts.
    database.execute_db("UPDATE api_keys SET last_used_at = :then", {"then": parse_iso(first) - timedelta(seconds=61)})
    late = Uses.of_keys(database.current())
    late.note(stored.id)
    late.close()
    assert (used_at(client, stored.id) or "") > first


@ON_SQLITE
def test_a_use_that_cannot_be_written_fails_no_request(client: Client) -> None:
    _, key = create_key(database.current(), 1, "report")
    database.execute_db("CREATE TRIGGER no_use BEFORE UPDATE ON api_keys BEGIN SELECT RAISE(ABORT, 'no room'); END")
    assert [client.get("/watchlist", key=key).status_code for _ in range(3)] == [200] * 3


# ---- several processes ------------------------------------------------------------------------------------------------------------


def test_a_key_that_is_revoked_at_one_server_is_refused_by_the_other(backend: Backend, start: Start) -> None:
    servers: list[Server] = [start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", LOG_LEVEL="info")) for _ in range(2)]
    for server in servers:
        wait_until(server.answers)
    made = requests.post(servers[0].url("/api/v1/admin/keys"), json={"name": "report"}, headers=KEY, timeout=60).json()
    sent = {"X-API-Key": made["key"]}

    def status(server: Server) -> int:
        return requests.get(server.url("/api/v1/watchlist"), headers=sent, timeout=60).status_code

    assert [status(server) for server in servers for _ in range(3)] == [200] * 6
    assert requests.delete(servers[0].url(f"/api/v1/admin/keys/{made['id']}"), headers=KEY, timeout=60).status_code == 204
    assert status(servers[0]) == 401
    wait_until(lambda: status(servers[1]) == 401, seconds=5)
    assert all(made["key"] not in server.log for server in servers)
