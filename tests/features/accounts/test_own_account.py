"""What people do with their own account: sign-ins, password, address, organization; and what an operator does with others'."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import requests
from kit.accounts import PASSWORD, Person, accounts, person, session_rows
from kit.databases import Backend
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.sessions import Browser
from kit.support import Client

import database
from api.authentication import CSRF_HEADER
from app import Application
from features.accounts.store import organization as organization_store
from features.accounts.store.organization import Joining
from models.access import Role
from utils.clock import now

NEW = "some other words"


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


# ---- sign-ins ---------------------------------------------------------------------------------------------------------------------


def test_they_are_listed_and_ended(app: Application, ada: Person) -> None:
    programs = [ada.program() for _ in range(3)]
    browser = ada.browser()
    eve = person(app, "eve@example.com").program()
    listed = programs[0].get("/auth/sessions").json["items"]
    assert [each["is_current"] for each in listed] == [False, False, False, True]
    assert [each["is_browser"] for each in listed] == [True, False, False, False]
    assert not any("token" in name or name.endswith("sha256") for name in listed[0])
    assert eve("DELETE", f"/auth/sessions/{listed[0]['id']}").status_code == 404
    assert programs[0]("DELETE", f"/auth/sessions/{listed[0]['id']}").status_code == 204
    assert not browser.is_known()
    assert programs[0]("DELETE", f"/auth/sessions/{listed[0]['id']}").status_code == 404
    assert programs[0]("DELETE", "/auth/sessions").json == {"ended": 2}
    assert [each.is_known() for each in programs] == [True, False, False]
    assert eve.is_known()


def test_another_password_ends_the_others_if_asked(ada: Person) -> None:
    keeps, others = ada.program(), [ada.program() for _ in range(2)]
    assert keeps("PUT", "/auth/password", json={"new": NEW}).status_code == 403
    assert keeps("PUT", "/auth/password", json={"current": "wrong words here", "new": NEW}).status_code == 403
    assert keeps("PUT", "/auth/password", json={"current": PASSWORD, "new": NEW, "end_others": False}).status_code == 204
    assert [each.is_known() for each in others] == [True, True]
    assert keeps("PUT", "/auth/password", json={"current": NEW, "new": PASSWORD}).status_code == 204
    assert ([each.is_known() for each in others], keeps.is_known()) == ([False, False], True)


def test_guessing_the_present_password_is_limited(ada: Person) -> None:
    program = ada.program()
    statuses = [program("PUT", "/auth/password", json={"current": f"guess number {n}", "new": NEW}).status_code for n in range(11)]
    assert statuses == [403] * 10 + [429]


def test_passwords_do_not_expire(ada: Person) -> None:
    database.execute_db("UPDATE users SET password_changed_at = :then", {"then": now() - timedelta(days=4000)})
    assert ada.log_in().status_code == 200


def test_sessions_end_after_their_time_and_unused(ada: Person) -> None:
    for column, by in (("expires_at", timedelta(days=30, seconds=1)), ("used_at", timedelta(days=7, seconds=1))):
        browser = ada.browser()
        row = session_rows(ada)[-1]
        moved = {"id": row["id"], "then": row[column] - by, "made": row["created_at"] - timedelta(days=40)}
        database.execute_db(f"UPDATE sessions SET {column} = :then, created_at = :made WHERE id = :id", moved)
        assert not browser.is_known()


# ---- the address and the name -----------------------------------------------------------------------------------------------------


def test_another_address_needs_the_password(app: Application, ada: Person) -> None:
    program = ada.program()
    assert program("PATCH", "/auth/me", json={"name": " Ada   Lovelace "}).json["name"] == "Ada Lovelace"
    assert program("PATCH", "/auth/me", json={"email": "ada@example.org"}).status_code == 403
    assert program("PATCH", "/auth/me", json={"email": "ada@example.org", "password": PASSWORD}).json["email"] == "ada@example.org"
    assert Person(app, ada.id, "ada@example.org", ada.org_id).log_in().status_code == 200
    assert ada.log_in().status_code == 401
    person(app, "eve@example.com")
    assert program("PATCH", "/auth/me", json={"email": "EVE@example.com", "password": PASSWORD}).status_code == 409


@pytest.mark.parametrize(
    "field", ["role", "org_id", "is_operator", "id", "disabled_at", "password_hash", "organization", "two_factor", "scopes", "user_id"]
)
def test_nobody_assigns_more_to_themselves(app: Application, ada: Person, field: str) -> None:
    program = ada.program()
    for method, path, body in (
        ("PATCH", "/auth/me", {"name": "Ada"}),
        ("POST", "/auth/login", {"email": ada.email, "password": PASSWORD}),
        ("PUT", "/auth/password", {"current": PASSWORD, "new": NEW}),
        ("POST", "/auth/totp", {"password": PASSWORD}),
    ):
        refused = program(method, path, json={**body, field: 1})
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, field)
    assert program.get("/auth/me").json["is_operator"] is False


# ---- organizations ----------------------------------------------------------------------------------------------------------------


def test_a_session_acts_for_one_organization_at_a_time(app: Application, ada: Person) -> None:
    eve = person(app, "eve@example.com")
    program, browser = ada.program(), ada.browser()
    assert program.post("/watchlist", {"ticker": "AAPL"}).status_code == 201
    assert program("PUT", "/auth/organization", json={"organization_id": eve.org_id}).status_code == 403
    with database.transaction() as connection:
        organization_store.put_member(connection, eve.org_id, Joining(ada.id, Role.VIEWER, now()))
    switched = program("PUT", "/auth/organization", json={"organization_id": eve.org_id})
    assert switched.status_code == 200
    assert program.get("/watchlist").json["items"] == []
    assert program.post("/watchlist", {"ticker": "IBM"}).status_code == 403  # a viewer there
    assert browser("GET", "/api/v1/watchlist").json["items"][0]["ticker"] == "AAPL"  # another session
    headers = {CSRF_HEADER: browser.csrf}
    assert browser("PUT", "/api/v1/auth/organization", json={"organization_id": eve.org_id}, headers=headers).status_code == 204
    assert browser("GET", "/api/v1/watchlist").json["items"] == []
    assert ada.program().get("/auth/me").json["organization"]["id"] == eve.org_id  # where somebody was last


def test_who_is_no_member_any_more_may_do_nothing_there(app: Application, ada: Person) -> None:
    eve = person(app, "eve@example.com")
    with database.transaction() as connection:
        organization_store.put_member(connection, eve.org_id, Joining(ada.id, Role.ADMIN, now()))
    program = ada.program()
    assert program("PUT", "/auth/organization", json={"organization_id": eve.org_id}).status_code == 200
    key = program.post("/auth/keys", {"name": "theirs", "scopes": ["read", "admin"]}).json["key"]
    assert Client(app).get("/admin/keys", key=key).status_code == 200
    database.execute_db("DELETE FROM members WHERE org_id = :org AND user_id = :user", {"org": eve.org_id, "user": ada.id})
    accounts(app).all_sessions.forget()
    accounts(app).cache.clear("keys:", "test")
    assert program.get("/watchlist").status_code == 403
    assert Client(app).get("/watchlist", key=key).status_code == 403
    assert program.get("/auth/me").json["organization"] is None
    assert program("PUT", "/auth/organization", json={"organization_id": ada.org_id}).status_code == 200
    assert program.get("/watchlist").status_code == 200


# ---- keys of one's own ------------------------------------------------------------------------------------------------------------


def test_a_key_of_ones_own_does_no_more_than_its_person(app: Application, ada: Person) -> None:
    viewer = person(app, "vic@example.com", Role.VIEWER, org_id=ada.org_id)
    program = viewer.program()
    assert program("PUT", "/auth/organization", json={"organization_id": ada.org_id}).status_code == 200
    assert program.post("/auth/keys", {"name": "too much", "scopes": ["manage"]}).status_code == 403
    key = program.post("/auth/keys", {"name": "mine", "scopes": ["read"]}).json
    client = Client(app)
    assert client.get("/watchlist", key=key["key"]).status_code == 200
    assert client.post("/watchlist", {"ticker": "AAPL"}, key=key["key"]).status_code == 403
    assert client.get("/auth/me", key=key["key"]).status_code == 403  # a program is no person
    assert ada.program().get(f"/auth/keys/{key['id']}").status_code == 404
    assert [each["id"] for each in ada.program().get("/admin/keys").json["items"]] == [key["id"]]
    database.execute_db("UPDATE api_keys SET expires_at = :then", {"then": now() - timedelta(seconds=1)})
    accounts(app).cache.clear("keys:", "test")
    assert client.get("/watchlist", key=key["key"]).status_code == 401


# ---- operators --------------------------------------------------------------------------------------------------------------------


def test_a_disabled_person_is_out_at_once(app: Application, ada: Person) -> None:
    program, browser = ada.program(), ada.browser()
    key = program.post("/auth/keys", {"name": "mine"}).json["key"]
    client = Client(app)
    changed = client("PATCH", f"/admin/users/{ada.id}", json={"disabled": True})
    assert (changed.status_code, changed.json["disabled_at"] is not None) == (200, True)
    assert (program.is_known(), browser.is_known(), ada.log_in().status_code) == (False, False, 401)
    assert client.get("/watchlist", key=key).status_code in (401, 403)
    assert client("PATCH", f"/admin/users/{ada.id}", json={"disabled": False}).json["disabled_at"] is None
    assert ada.log_in().status_code == 200
    assert not program.is_known()
    assert client.get("/watchlist", key=key).status_code == 200


def test_operators_are_for_the_whole_installation(app: Application, ada: Person) -> None:
    root = person(app, "root@example.com", org_id=1, is_operator=True).program()
    assert root.get("/admin/status").status_code == 200
    assert ada.program().get("/admin/status").status_code == 403
    assert {each["email"] for each in root.get("/admin/users").json["items"]} == {"ada@example.com", "root@example.com"}
    own = root.get("/auth/me").json["id"]
    assert root("PATCH", f"/admin/users/{own}", json={"is_operator": False}).status_code == 409
    assert root("PATCH", f"/admin/users/{ada.id}", json={"is_operator": True}).json["is_operator"] is True
    assert ada.program().get("/admin/status").status_code == 200


def test_the_first_administrator_is_made_at_the_terminal(app: Application) -> None:
    run = app.test_cli_runner()
    made = run.invoke(args=["create-admin", "Root@Example.com", "--password", PASSWORD])
    assert (made.exit_code, "looks after the whole installation" in made.output) == (0, True)
    program = Person(app, "", "root@example.com", 1).program()
    assert program.get("/auth/me").json["organization"] == {"id": 1, "name": "Default", "role": "admin"}
    assert program.get("/admin/status").status_code == 200
    again = run.invoke(args=["create-admin", "root@example.com", "--password", PASSWORD])
    assert (again.exit_code, "already" in again.output) == (1, True)
    for email, password, why in (("root", PASSWORD, "maria@example.com"), ("b@example.com", "password", "tried first")):
        refused = run.invoke(args=["create-admin", email, "--password", password])
        assert (refused.exit_code != 0, why in refused.output) == (True, True)
    asked = run.invoke(args=["create-admin", "two@example.com"], input=f"{NEW}\n{NEW}\n")
    assert (asked.exit_code, NEW in asked.output) == (0, False)
    assert "2 accounts." in run.invoke(args=["user", "list"]).output
    link = run.invoke(args=["user", "password-link", "two@example.com"]).output
    token = link.split()[0].partition("#")[2]
    assert Client(app).post("/auth/password/reset", {"token": token, "password": PASSWORD}, key=None).status_code == 204
    assert run.invoke(args=["user", "password-link", "none@example.com"]).exit_code == 1


# ---- links ------------------------------------------------------------------------------------------------------------------------


def test_a_link_is_good_once_and_for_a_day(app: Application, ada: Person) -> None:
    client, program = Client(app), ada.program()

    def link() -> str:
        return str(client.post(f"/admin/users/{ada.id}/password-link").json["url"]).partition("#")[2]

    def reset(token: str, password: str = NEW) -> int:
        return int(client.post("/auth/password/reset", {"token": token, "password": password}, key=None).status_code)

    former, newest = link(), link()
    assert newest not in str(database.query_db("SELECT * FROM one_time_links"))
    assert (reset(former), reset("x"), reset(newest, "password")) == (404, 404, 422)
    assert (reset(newest), reset(newest)) == (204, 404)
    assert not program.is_known()
    expired = link()
    database.execute_db("UPDATE one_time_links SET expires_at = :then", {"then": now() - timedelta(seconds=1)})
    assert reset(expired) == 404


# ---- several processes ------------------------------------------------------------------------------------------------------------


def test_a_log_out_holds_at_every_instance_within_two_seconds(backend: Backend, start: Start) -> None:
    servers: list[Server] = [
        start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", REGISTRATION_ENABLED="true")) for _ in range(2)
    ]
    for server in servers:
        wait_until(server.answers)
    body = {"email": "ada@example.com", "name": "Ada", "password": PASSWORD}
    assert requests.post(servers[0].url("/api/v1/auth/register"), json=body, timeout=60).status_code == 201
    tokens = requests.post(servers[1].url("/api/v1/auth/login"), json={"email": body["email"], "password": PASSWORD}, timeout=60).json()
    sent = {"Authorization": f"Bearer {tokens['access_token']}"}

    def status(server: Server) -> int:
        return requests.get(server.url("/api/v1/auth/me"), headers=sent, timeout=60).status_code

    assert [status(server) for server in servers for _ in range(2)] == [200] * 4
    assert requests.post(servers[0].url("/api/v1/auth/logout"), headers=sent, timeout=60).status_code == 204
    ended = time.monotonic()
    assert status(servers[0]) == 401
    wait_until(lambda: status(servers[1]) == 401, seconds=5)
    assert time.monotonic() - ended < 3.5  # two seconds, and a slow machine
    assert requests.get(servers[0].url("/api/v1/admin/users"), headers=KEY, timeout=60).json()["items"][0]["email"] == "ada@example.com"
    assert all(PASSWORD not in server.log and tokens["refresh_token"] not in server.log for server in servers)


def test_a_browser_of_another_site_cannot_log_anybody_in(app: Application, ada: Person) -> None:
    answer = Browser(app)("POST", "/login", data={"email": ada.email, "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
