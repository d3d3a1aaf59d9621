"""Invitations: who makes them, what they are good for, and that one person joins by each, once and in time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, Program, accounts, person
from kit.support import Client

import database
from api.authentication import CSRF_HEADER
from app import Application
from features.accounts.invitations import NewAccount, join
from models.access import Role
from models.account_errors import LinkEnded
from models.organization import MOST_INVITATIONS
from utils.clock import now

BEN, WORDS = "ben@example.com", "some other words"


@pytest.fixture
def ada(app: Application) -> Person:
    """An administrator of an organization of her own."""
    return person(app, "ada@example.com")


def invite(program: Program, email: str = BEN, role: str = "analyst") -> Any:
    answer = program.post("/organization/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return answer.json


def token_of(invitation: Any) -> str:
    return str(invitation["url"].partition("#")[2])


def joining(client: Client, token: str, **more: Any) -> Any:
    return client.post("/auth/join", {"token": token, **more}, key=None)


def test_somebody_new_joins_with_the_address_that_was_invited(ada: Person, client: Client) -> None:
    """Nobody may register here, and they are a member of nothing else."""
    assert client.post("/auth/register", {"email": BEN, "name": "Ben", "password": PASSWORD}, key=None).status_code == 403
    invitation = invite(ada.program())
    assert invitation["url"].startswith("/join#")
    token = token_of(invitation)
    seen = client.post("/auth/join/look", {"token": token}, key=None).json
    assert (seen["role"], seen["email"], seen["has_account"], seen["organization"]) == ("analyst", BEN, False, "Ada")
    joined = joining(client, token, name="Ben", password=PASSWORD)
    assert (joined.status_code, joined.json["is_new"], joined.json["organization"]["id"]) == (201, True, ada.org_id)
    me = Person(ada.app, joined.json["user_id"], BEN, ada.org_id).program().get("/auth/me").json
    assert (me["email"], [each["role"] for each in me["organizations"]]) == (BEN, ["analyst"])
    again = joining(client, token, name="Eve", password=WORDS)
    assert (again.status_code, "not valid any more" in again.json["detail"]) == (404, True)
    assert client.post("/auth/join/look", {"token": token}, key=None).status_code == 404


def test_somebody_who_is_signed_in_joins_with_their_account_whatever_its_address(ada: Person) -> None:
    eve, hers = person(ada.app, "eve@example.com"), ada.program()
    program, token = eve.program(), token_of(invite(hers, role="viewer"))
    refused = program.post("/auth/join", {"token": token, "name": "Ben", "password": PASSWORD})
    assert (refused.status_code, "signed in" in refused.json["detail"]) == (409, True)
    joined = program.post("/auth/join", {"token": token})
    assert (joined.status_code, joined.json["is_new"], joined.json["user_id"]) == (200, False, eve.id)
    assert program.get("/organization").json["id"] == eve.org_id
    assert {each["id"] for each in program.get("/organizations").json["items"]} == {eve.org_id, ada.org_id}
    assert program.post("/auth/join", {"token": token_of(invite(hers, role="admin"))}).status_code == 409
    assert next(each for each in program.get("/organizations").json["items"] if each["id"] == ada.org_id)["role"] == "viewer"


def test_a_browser_joins_with_the_token_of_its_session_alone(ada: Person) -> None:
    """Another site cannot make somebody's browser join."""
    browser, token = person(ada.app, "eve@example.com").browser(), token_of(invite(ada.program()))
    refused = browser("POST", "/api/v1/auth/join", json={"token": token})
    assert (refused.status_code, CSRF_HEADER in refused.json["detail"]) == (403, True)
    assert browser("POST", "/api/v1/auth/join", json={"token": token}, headers={CSRF_HEADER: browser.csrf}).status_code == 200


def test_an_invitation_changes_no_account(ada: Person, client: Client) -> None:
    ben = person(ada.app, BEN)
    token = token_of(invite(ada.program(), email="BEN@example.com"))
    assert client.post("/auth/join/look", {"token": token}, key=None).json["has_account"] is True
    refused = joining(client, token, name="Eve", password=WORDS)
    assert (refused.status_code, "Sign in" in refused.json["detail"]) == (409, True)
    assert Person(ada.app, ben.id, BEN, ben.org_id, WORDS).log_in().status_code == 401
    assert ben.program().post("/auth/join", {"token": token}).status_code == 200


def test_what_does_not_do(ada: Person, client: Client) -> None:
    program = ada.program()
    token = token_of(invite(program))
    assert joining(client, token).status_code == 401
    assert joining(client, token, name="Ben").status_code == 401
    assert joining(client, token, name="Ben", password="x" * 7).status_code == 422
    assert joining(client, "wrong", name="Ben", password=PASSWORD).status_code == 404
    key = program.post("/auth/keys", {"name": "Program"}).json["key"]
    assert client.post("/auth/join", {"token": token}, key=key).status_code == 401
    assert client.get(f"/auth/join/look?token={token}").status_code == 405
    assert client.post("/auth/password/reset", {"token": token, "password": WORDS}, key=None).status_code == 404
    assert joining(client, token, name="Ben", password=PASSWORD).status_code == 201


def test_they_end_after_seven_days_by_another_or_by_being_revoked(ada: Person, client: Client) -> None:
    program = ada.program()
    first, second, third = invite(program), invite(program, "BEN@example.com"), invite(program, "cleo@example.com")
    listed = program.get("/organization/invitations?limit=1").json
    assert [each["id"] for each in listed["items"]] == [third["id"]]
    rest = program.get(f"/organization/invitations?cursor={listed['next_cursor']}").json["items"]
    assert [each["id"] for each in rest] == [second["id"]]
    assert "url" not in rest[0]
    assert timedelta(days=6) < datetime.fromisoformat(second["expires_at"]) - now() <= timedelta(days=7)
    eve = person(ada.app, "eve@example.com").program()
    assert eve("DELETE", f"/organization/invitations/{third['id']}").status_code == 404
    assert program("DELETE", f"/organization/invitations/{third['id']}").status_code == 204
    assert program("DELETE", f"/organization/invitations/{third['id']}").status_code == 404
    moved = {"id": second["id"], "then": now() - timedelta(days=8), "end": now() - timedelta(seconds=1)}
    database.execute_db("UPDATE one_time_links SET created_at = :then, expires_at = :end WHERE id = :id", moved)
    for each in (first, second, third):
        assert joining(client, token_of(each), name="Ben", password=PASSWORD).status_code == 404
    assert program.get("/organization/invitations").json["items"] == []


def test_the_link_is_shown_once_and_stored_nowhere(ada: Person) -> None:
    bearer = {"Authorization": f"Bearer {ada.program().tokens['access_token']}", "Idempotency-Key": "once"}
    client, wanted = Client(ada.app), {"email": BEN, "role": "viewer"}
    first, again = (client("POST", "/organization/invitations", json=wanted, key=None, headers=bearer) for _ in range(2))
    assert first.json["is_sent"] is False
    assert again.json == {**first.json, "url": None}
    token = token_of(first.json)
    assert token not in str([database.query_db(f"SELECT * FROM {table}") for table in ("one_time_links", "idempotency_keys")])


def test_their_number_is_bounded(ada: Person) -> None:
    program = ada.program()
    statuses = [program.post("/organization/invitations", {"email": BEN, "role": "viewer"}).status_code for _ in range(11)]
    assert statuses == [201] * 10 + [429]
    for n in range(MOST_INVITATIONS - 1):
        database.execute_db(
            """
            INSERT INTO one_time_links (token_sha256, id, purpose, org_id, role, email, created_at, expires_at)
            SELECT :digest, :id, purpose, org_id, role, :email, created_at, expires_at FROM one_time_links WHERE used_at IS NULL LIMIT 1
            """,
            {"digest": f"{n:064}", "id": f"x{n}", "email": f"{n}@example.com"},
        )
    assert program.post("/organization/invitations", {"email": "cleo@example.com", "role": "viewer"}).status_code == 409


@pytest.mark.parametrize("who", ["two with accounts", "two without"])
def test_of_two_who_use_one_at_once_one_joins(ada: Person, who: str) -> None:
    token, parts, meeting = token_of(invite(ada.program())), accounts(ada.app), Barrier(2)
    people = [person(ada.app, f"{n}@example.com").id if who == "two with accounts" else None for n in range(2)]
    account = NewAccount(None, None) if who == "two with accounts" else NewAccount("Ben", PASSWORD)

    def use(user_id: str | None) -> bool:
        meeting.wait(30)
        try:
            join(parts, token, account, user_id, ada.app.services.foundation.limits)
        except LinkEnded:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(use, people)) == [False, True]
    members = database.query_db("SELECT user_id FROM members WHERE org_id = :org", {"org": ada.org_id})
    assert len(members) == 1 + 1


def test_viewers_and_analysts_invite_nobody(ada: Person) -> None:
    for role in (Role.VIEWER, Role.ANALYST):
        program = person(ada.app, f"{role}@example.com", role, org_id=ada.org_id).program()
        assert program.post("/organization/invitations", {"email": BEN, "role": "viewer"}).status_code == 403
