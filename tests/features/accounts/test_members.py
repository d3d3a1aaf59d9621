"""Organizations and their members: making another one, roles, removing and leaving; an organization is never without administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from kit.accounts import PASSWORD, Person, accounts, person
from kit.support import Client

import database
from api.authentication import caller_check
from app import Application
from features.accounts.memberships import change_role, remove_member
from models.access import SCOPES_OF, Principal, Role
from models.account_errors import LastAdmin
from models.api_key import FIRST_ORG
from models.organization import MOST_MEMBERSHIPS


@pytest.fixture
def ada(app: Application) -> Person:
    """An administrator of an organization of her own."""
    return person(app, "ada@example.com")


def member(ada: Person, name: str, role: Role) -> Person:
    """Somebody who is a member of Ada's organization alone."""
    return person(ada.app, f"{name}@example.com", role, org_id=ada.org_id)


def roles_in(org_id: int) -> list[str]:
    rows = database.query_db("SELECT role FROM members WHERE org_id = :org ORDER BY user_id", {"org": org_id})
    return [row["role"] for row in rows]


def test_somebody_makes_another_one_and_acts_for_it(ada: Person) -> None:
    program = ada.program()
    client, wanted = Client(ada.app), {"name": "  The   Lovelaces "}
    bearer = {"Authorization": f"Bearer {program.tokens['access_token']}", "Idempotency-Key": "once"}
    made = client("POST", "/organizations", json=wanted, key=None, headers=bearer)
    assert (made.status_code, made.json["name"], made.json["role"]) == (201, "The Lovelaces", "admin")
    repeated = client("POST", "/organizations", json=wanted, key=None, headers=bearer)
    assert (repeated.status_code, repeated.json) == (201, made.json)
    listed = program.get("/organizations").json["items"]
    assert [each["id"] for each in listed] == [ada.org_id, made.json["id"]]
    program.tokens = program("PUT", "/auth/organization", json={"organization_id": made.json["id"]}).json
    assert program.get("/organization").json["name"] == "The Lovelaces"
    assert program("PATCH", "/organization", json={"name": "Lovelace & Byron"}).json["name"] == "Lovelace & Byron"
    assert (program.get("/organization").json["members"], program("PATCH", "/organization", json={}).status_code) == (1, 200)


def test_the_number_of_organizations_is_bounded(ada: Person) -> None:
    program = ada.program()
    statuses = [program.post("/organizations", {"name": f"Number {n}"}).status_code for n in range(MOST_MEMBERSHIPS)]
    assert statuses == [201] * (MOST_MEMBERSHIPS - 1) + [409]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/organizations", {"name": "Mine", "id": 1}),
        ("POST", "/organizations", {"name": "Mine", "role": "admin"}),
        ("PATCH", "/organization", {"name": "Mine", "org_id": 1}),
        ("PATCH", "/organization", {"name": ""}),
        ("PATCH", "/organization/members/{user_id}", {"role": "admin", "org_id": 1}),
        ("PATCH", "/organization/members/{user_id}", {"role": "owner"}),
        ("POST", "/organization/invitations", {"email": "a@example.com", "role": "viewer", "org_id": 1}),
        ("POST", "/auth/join", {"token": "x", "name": "Eve", "password": PASSWORD, "role": "admin"}),
        ("POST", "/auth/register", {"email": "a@example.com", "name": "Eve", "password": PASSWORD, "org_id": 1}),
        ("PATCH", "/auth/me", {"role": "admin"}),
    ],
)
def test_nobody_gives_themselves_more_by_a_field(ada: Person, method: str, path: str, body: dict[str, object]) -> None:
    answer = ada.program()(method, path.format(user_id=ada.id), json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_members_are_listed_page_by_page(ada: Person) -> None:
    others = [member(ada, name, Role.VIEWER) for name in ("ben", "cleo")]
    person(ada.app, "eve@example.com")
    program = others[0].program()
    first = program.get("/organization/members?limit=2").json
    second = program.get(f"/organization/members?limit=2&cursor={first['next_cursor']}").json
    listed = [*first["items"], *second["items"]]
    assert [each["user_id"] for each in listed] == [ada.id, *(each.id for each in others)]
    assert (listed[0]["role"], listed[0]["email"], second["next_cursor"]) == ("admin", "ada@example.com", None)
    assert program.get(f"/organization/members/{ada.id}").json == listed[0]


def test_a_key_learns_no_addresses(ada: Person) -> None:
    program = ada.program()
    key = program.post("/auth/keys", {"name": "Reads"}).json["key"]
    wider = program.post("/auth/keys", {"name": "Administers", "scopes": ["read", "admin"]}).json["key"]
    client = Client(ada.app)
    assert [client.get("/organization/members", key=each).json["items"][0]["email"] for each in (key, wider)] == [None, "ada@example.com"]


def test_another_organizations_members_are_not_there(ada: Person) -> None:
    program = person(ada.app, "eve@example.com").program()
    path = f"/organization/members/{ada.id}"
    assert program.get(path).status_code == 404
    assert program("PATCH", path, json={"role": "viewer"}).status_code == 404
    assert program("DELETE", path).status_code == 404
    assert roles_in(ada.org_id) == ["admin"]


def test_another_role_counts_at_once_and_takes_back_what_an_administrator_invited(ada: Person) -> None:
    ben = member(ada, "ben", Role.ADMIN)
    theirs, hers = ben.program(), ada.program()
    assert theirs.post("/organization/invitations", {"email": "eve@example.com", "role": "admin"}).status_code == 201
    assert hers("PATCH", f"/organization/members/{ben.id}", json={"role": "viewer"}).json["role"] == "viewer"
    assert hers.get("/organization/invitations").json["items"] == []
    assert theirs("PATCH", "/organization", json={"name": "Mine"}).status_code == 403
    assert theirs.post("/watchlist", {"ticker": "AAPL"}).status_code == 403
    assert theirs.get("/watchlist").status_code == 200


def test_who_was_removed_can_do_nothing_there(ada: Person) -> None:
    ben = member(ada, "ben", Role.ADMIN)
    program, hers, client = ben.program(), ada.program(), Client(ada.app)
    key = program.post("/auth/keys", {"name": "Notebook"}).json["key"]
    assert program.post("/organization/invitations", {"email": "eve@example.com", "role": "admin"}).status_code == 201
    assert hers("DELETE", f"/organization/members/{ben.id}").status_code == 204
    assert (program.get("/watchlist").status_code, client.get("/watchlist", key=key).status_code) == (403, 401)
    assert hers.get("/organization/invitations").json["items"] == []
    assert hers("DELETE", f"/organization/members/{ben.id}").status_code == 404
    me = program.get("/auth/me").json
    assert (me["organization"], [each["role"] for each in me["organizations"]]) == (None, ["admin"])
    assert me["organizations"][0]["id"] not in (ada.org_id, FIRST_ORG)
    own = {"organization_id": me["organizations"][0]["id"]}
    program.tokens = program("PUT", "/auth/organization", json=own).json
    assert program.get("/watchlist").status_code == 200
    assert program("PUT", "/auth/organization", json={"organization_id": ada.org_id}).status_code == 403
    assert ben.program().get("/organization").json["id"] == own["organization_id"]


def test_a_stream_ends_for_who_was_removed_or_acts_for_another_organization(ada: Person) -> None:
    ben = member(ada, "ben", Role.VIEWER)
    program = ben.program()
    bearer = {"Authorization": f"Bearer {program.tokens['access_token']}"}
    with ada.app.test_request_context("/api/v1/events/stream", headers=bearer):
        ada.app.preprocess_request()
        may_continue = caller_check()
        assert may_continue()
        assert ada.program()("DELETE", f"/organization/members/{ben.id}").status_code == 204
        assert not may_continue()
        own = program.get("/auth/me").json["organizations"][0]["id"]
        assert program("PUT", "/auth/organization", json={"organization_id": own}).status_code == 200
        assert not may_continue()


def test_everybody_may_leave_in_person(ada: Person) -> None:
    ben, cleo = (member(ada, name, Role.VIEWER) for name in ("ben", "cleo"))
    program = ben.program()
    assert program("DELETE", f"/organization/members/{cleo.id}").status_code == 403
    key = program.post("/auth/keys", {"name": "Mine", "scopes": ["read"]}).json["key"]
    assert Client(ada.app).delete(f"/organization/members/{ben.id}", key=key).status_code == 403
    assert program("DELETE", f"/organization/members/{ben.id}").status_code == 204
    assert program.get("/watchlist").status_code == 403
    assert roles_in(ada.org_id) == ["admin", "viewer"]


def test_the_last_administrator_stays(ada: Person) -> None:
    ben = member(ada, "ben", Role.ANALYST)
    program = ada.program()
    assert program("DELETE", f"/organization/members/{ada.id}").status_code == 409
    assert program("PATCH", f"/organization/members/{ada.id}", json={"role": "viewer"}).status_code == 409
    assert program("PATCH", f"/organization/members/{ada.id}", json={"role": "admin"}).status_code == 200
    assert program("PATCH", f"/organization/members/{ben.id}", json={"role": "admin"}).status_code == 200
    # Nobody can sign in as a disabled administrator, so they do not count.
    database.execute_db("UPDATE users SET disabled_at = created_at WHERE id = :id", {"id": ben.id})
    assert program("DELETE", f"/organization/members/{ada.id}").status_code == 409
    database.execute_db("UPDATE users SET disabled_at = NULL WHERE id = :id", {"id": ben.id})
    assert program("DELETE", f"/organization/members/{ada.id}").status_code == 204


@pytest.mark.parametrize("way", ["leave", "become less", "each the other"])
def test_of_two_last_administrators_at_once_one_stays(ada: Person, way: str) -> None:
    ben, parts, meeting = member(ada, "ben", Role.ADMIN), accounts(ada.app), Barrier(2)

    def act(pair: tuple[Person, Person]) -> bool:
        by, of = pair
        caller = Principal(ada.org_id, SCOPES_OF[Role.ADMIN], user_id=by.id, session_id="x", role=Role.ADMIN)
        meeting.wait(30)
        try:
            if way == "become less":
                change_role(parts, ada.org_id, of.id, Role.VIEWER)
            else:
                remove_member(parts, ada.org_id, of.id, caller)
        except LastAdmin:
            return False
        return True

    pairs = [(ada, ben), (ben, ada)] if way == "each the other" else [(ada, ada), (ben, ben)]
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(act, pairs)) == [False, True]
    assert roles_in(ada.org_id).count("admin") == 1


def test_who_leaves_two_at_once_has_one_of_their_own(ada: Person) -> None:
    eve = person(ada.app, "eve@example.com")
    ben = member(ada, "ben", Role.VIEWER)
    person(ada.app, "x@example.com", Role.ADMIN, org_id=eve.org_id)
    database.execute_db(
        "INSERT INTO members (org_id, user_id, role, joined_at) SELECT :org, id, 'viewer', created_at FROM users WHERE id = :id",
        {"org": eve.org_id, "id": ben.id},
    )
    caller, parts, meeting = Principal(ada.org_id, frozenset(), user_id=ben.id), accounts(ada.app), Barrier(2)

    def leave(org_id: int) -> None:
        meeting.wait(30)
        remove_member(parts, org_id, ben.id, caller)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(leave, (ada.org_id, eve.org_id)))
    assert len(ben.program().get("/organizations").json["items"]) == 1
