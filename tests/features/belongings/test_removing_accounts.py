"""A person removes their account: everything of theirs goes, what they made elsewhere stays, and an administrator stays as well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from kit.accounts import PASSWORD, Person, Program, person, set_up_totp
from kit.belongings import lines_of, read_archive, rows_with, tables_with
from kit.support import Client

import database
from app import Application
from features.belongings.removing import remove_remains
from models.access import Role
from models.api_key import FIRST_ORG
from utils.clock import now

REMOVAL, EXPORT = "/auth/me/removal", "/auth/me/export"


@pytest.fixture
def ada(app: Application) -> Person:
    return person(app, "ada@example.com")


def exported(somebody: Person) -> Program:
    """Somebody who has exported everything of theirs."""
    program = somebody.program()
    read_archive(program.get(EXPORT))
    return program


def confirmed(somebody: Person) -> dict[str, str]:
    return {"confirm": somebody.email, "password": PASSWORD}


def left_of(somebody: Person) -> dict[str, int]:
    """The rows that still have somebody's id in `user_id`, by table."""
    counted = {
        table: database.query_db(f"SELECT COUNT(*) AS n FROM {table} WHERE user_id = :id", {"id": somebody.id}, one=True)["n"]
        for table in tables_with("user_id")
    }
    return {table: count for table, count in counted.items() if count}


def test_everything_of_theirs_goes_and_what_they_made_elsewhere_stays(app: Application, ada: Person) -> None:
    guest = person(app, "guest@example.com", Role.ANALYST, org_id=ada.org_id)
    program = guest.program()
    set_up_totp(program)
    database.execute_db("UPDATE users SET totp_secret = NULL, totp_since = NULL WHERE id = :id", {"id": guest.id})
    key = program.post("/auth/keys", {"name": "Phone"}).json["key"]
    made = program.post("/watchlists", {"name": "Made by the guest"}).json["id"]
    alone = program.post("/organizations", {"name": "Guest alone"}).json["id"]
    told = program.post(REMOVAL, {"dry_run": True}).json
    assert [(each["id"], each["name"]) for each in told["removed"]] == [(alone, "Guest alone")]
    assert [each["id"] for each in told["left"]] == [ada.org_id]
    assert (told["last_admin_of"], told["is_last_operator"], told["export_needed"]) == ([], False, True)
    other = guest.program()
    read_archive(program.get(EXPORT))
    assert program.post(REMOVAL, confirmed(guest)).status_code == 202
    assert (left_of(guest), database.query_db("SELECT 1 FROM users WHERE id = :id", {"id": guest.id})) == ({}, [])
    assert not program.is_known()
    assert not other.is_known()
    assert Client(app).get("/watchlist", key=key).status_code == 401
    assert guest.log_in().status_code == 401
    admin = ada.program()
    assert [each["name"] for each in admin.get("/watchlists").json["items"] if each["id"] == made] == ["Made by the guest"]
    assert [each["user_id"] for each in admin.get("/organization/members").json["items"]] == [ada.id]
    assert remove_remains(app.services.foundation, now() + timedelta(hours=1)) == [alone]
    assert set(rows_with(alone)) <= {"audit_log"}
    entries = [entry for entry in admin.get("/audit").json["items"] if entry["actor"] == guest.id]
    assert entries
    assert {entry["actor_name"] for entry in entries} == {None}


def test_the_log_of_it_has_neither_name_nor_address(app: Application, ada: Person) -> None:
    program = exported(ada)
    assert program.post(REMOVAL, confirmed(ada)).status_code == 202
    (entry,) = database.query_db("SELECT * FROM audit_log WHERE action = 'remove_me'")
    assert entry["target"] == f"users/{ada.id}"
    assert "ada@" not in str(entry)
    assert PASSWORD not in str(entry)


def test_no_invitation_keeps_their_address(app: Application, ada: Person) -> None:
    """Neither the one that they joined by, nor those that wait for them elsewhere, however they are written."""
    ben, eve = "änne@example.com", "eve@example.com"
    admin, other = ada.program(), person(app, "olga@example.com").program()
    token = admin.post("/organization/invitations", {"email": ben, "role": "analyst"}).json["url"].partition("#")[2]
    joined = Client(app).post("/auth/join", {"token": token, "name": "Änne", "password": PASSWORD}, key=None)
    assert joined.status_code == 201
    for inviting, email in ((other, ben.upper()), (admin, eve)):
        assert inviting.post("/organization/invitations", {"email": email, "role": "viewer"}).status_code == 201
    guest = Person(app, joined.json["user_id"], ben, ada.org_id)
    program = exported(guest)
    assert len(database.query_db("SELECT id FROM one_time_links")) == 3
    assert program.post(REMOVAL, confirmed(guest)).status_code == 202
    assert [row["email"] for row in database.query_db("SELECT email FROM one_time_links")] == [eve]
    assert other.get("/organization/invitations").json["items"] == []
    assert [line["email"] for line in lines_of(read_archive(admin.get("/organization/export")), "one_time_links")] == [eve]


def test_the_last_administrator_names_another_first(app: Application, ada: Person) -> None:
    guest = person(app, "guest@example.com", Role.VIEWER, org_id=ada.org_id)
    program = exported(ada)
    assert [each["name"] for each in program.post(REMOVAL, {"dry_run": True}).json["last_admin_of"]] == ["Ada"]
    refused = program.post(REMOVAL, confirmed(ada))
    assert (refused.status_code, refused.json["code"]) == (409, "last_admin")
    assert "'Ada'" in refused.json["detail"]
    assert program("PATCH", f"/organization/members/{guest.id}", json={"role": "admin"}).status_code == 200
    assert program.post(REMOVAL, confirmed(ada)).status_code == 202


def test_the_last_operator_stays(app: Application) -> None:
    root = person(app, "root@example.com", Role.ADMIN, org_id=FIRST_ORG, is_operator=True)
    program = exported(root)
    assert program.post(REMOVAL, {"dry_run": True}).json["is_last_operator"]
    refused = program.post(REMOVAL, confirmed(root))
    assert (refused.status_code, refused.json["code"]) == (409, "last_operator")
    person(app, "second@example.com", Role.ADMIN, org_id=FIRST_ORG, is_operator=True)
    assert program.post(REMOVAL, confirmed(root)).status_code == 202
    assert database.query_db("SELECT removed_at FROM organizations WHERE id = 1", one=True)["removed_at"] is None


def test_of_two_administrators_who_go_at_once_one_stays(app: Application, ada: Person) -> None:
    person(app, "viewer@example.com", Role.VIEWER, org_id=ada.org_id)
    eve = person(app, "eve@example.com", Role.ADMIN, org_id=ada.org_id)
    programs = {each: exported(each) for each in (ada, eve)}
    barrier = Barrier(2)

    def remove(somebody: Person) -> int:
        barrier.wait(30)
        return int(programs[somebody].post(REMOVAL, confirmed(somebody)).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, programs)) == [202, 409]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"confirm": "eve@example.com", "password": PASSWORD}, 422, "validation_error", id="another address"),
        pytest.param({"confirm": "ADA@example.com", "password": "wrong"}, 403, "forbidden", id="a wrong password"),
        pytest.param({"confirm": "ada@example.com"}, 403, "forbidden", id="no password"),
    ],
)
def test_what_is_not_confirmed_is_not_removed(ada: Person, sent: dict[str, str], status: int, code: str) -> None:
    program = exported(ada)
    answer = program.post(REMOVAL, sent)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert program.is_known()


def test_nothing_is_removed_that_was_not_exported(ada: Person) -> None:
    program = ada.program()
    refused = program.post(REMOVAL, confirmed(ada))
    assert (refused.status_code, refused.json["code"]) == (409, "export_needed")
    read_archive(program.get("/organization/export"))  # of the organization, not of the person
    assert program.post(REMOVAL, confirmed(ada)).json["code"] == "export_needed"


def test_a_key_removes_nobody(app: Application, ada: Person) -> None:
    key = ada.program().post("/auth/keys", {"name": "Phone"}).json["key"]
    exported(ada)
    for caller in ({"key": key}, {}):
        assert Client(app).post(REMOVAL, confirmed(ada), **caller).status_code == 403
