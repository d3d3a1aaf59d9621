"""An organization is removed: at once from everybody, then with everything in it; another one keeps all that it has."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, Program, person
from kit.belongings import Story, fill, objects_of, parts_without_a_whole, read_archive, rows_with
from kit.support import Client

import database
from app import Application
from features.accounts.store import organization as organization_store
from features.belongings.removing import remove_remains
from models.access import Role
from models.api_key import FIRST_ORG
from utils.clock import now

REMOVAL, EXPORT = "/organization/removal", "/organization/export"
LATER = timedelta(hours=1)
# Of the organization's own: an export, an invitation. The rest has something of everything.
MADE_OTHERWISE = {"organization_exports", "one_time_links"}


@pytest.fixture
def ada(app: Application) -> Person:
    """An administrator of an organization of her own, `Ada`."""
    return person(app, "ada@example.com")


def confirmed(name: str = "Ada") -> dict[str, str]:
    return {"confirm": name, "password": PASSWORD}


def removed(somebody: Person) -> Program:
    """Somebody whose organization was exported and removed a moment ago."""
    program = somebody.program()
    read_archive(program.get(EXPORT))
    answer = program.post(REMOVAL, confirmed())
    assert (answer.status_code, answer.json["is_dry_run"]) == (202, False)
    return program


def run(app: Application) -> list[int]:
    """What the task finishes, an hour later."""
    return remove_remains(app.services.foundation, now() + LATER)


def test_nothing_is_left_of_it_and_another_one_keeps_everything(app: Application, ada: Person, story: Story) -> None:
    bob = person(app, "bob@example.com")
    fill(app, story, ada.org_id, "e")
    fill(app, story, bob.org_id, "d")
    kept, files = rows_with(bob.org_id), objects_of(app, bob.org_id)
    dry = ada.program().post(REMOVAL, {"dry_run": True}).json
    declared = {each.table for each in app.services.foundation.belongings.of_organizations if not each.outlives}
    assert declared - {counted["kind"] for counted in dry["kinds"]} <= MADE_OTHERWISE
    assert objects_of(app, ada.org_id) == files == len(story.files) > 0
    removed(ada)
    assert run(app) == [ada.org_id]
    assert set(rows_with(ada.org_id)) == {"audit_log"}
    assert database.query_db("SELECT 1 FROM organizations WHERE id = :org", {"org": ada.org_id}) == []
    assert (parts_without_a_whole(app), objects_of(app, ada.org_id)) == ({}, 0)
    assert (rows_with(bob.org_id), objects_of(app, bob.org_id)) == (kept, files)
    assert run(app) == []


def test_a_dry_run_says_what_would_go_and_changes_nothing(app: Application, ada: Person) -> None:
    guest = person(app, "guest@example.com", Role.VIEWER, org_id=ada.org_id)
    other = person(app, "other@example.com")
    with database.transaction() as connection:
        organization_store.put_member(connection, ada.org_id, organization_store.Joining(other.id, Role.VIEWER, now()))
    program = ada.program()
    program.post("/watchlist", {"ticker": "AAPL"})
    before = rows_with(ada.org_id)
    told = program.post(REMOVAL, {"dry_run": True}).json
    assert {"kind": "watchlist_items", "rows": 1} in told["kinds"]
    assert (told["organization"], told["members"], told["exported_at"], told["export_needed"]) == ("Ada", 3, None, True)
    assert {fate["user_id"]: fate["is_elsewhere"] for fate in told["fates"]} == {ada.id: False, guest.id: False, other.id: True}
    assert rows_with(ada.org_id) == before


def test_members_go_on_with_what_they_have_or_get_one_of_their_own(app: Application, ada: Person) -> None:
    guest = person(app, "guest@example.com", Role.ANALYST, org_id=ada.org_id).program()
    key = ada.program().post("/auth/keys", {"name": "Phone"}).json["key"]
    invited = ada.program().post("/organization/invitations", {"email": "late@example.com", "role": "viewer"}).json
    program = removed(ada)
    for each, name in ((program, "Ada"), (guest, "Guest")):
        me = each.get("/auth/me").json
        assert [(found["name"], found["role"]) for found in me["organizations"]] == [(name, "admin")]
        assert me["organization"]["id"] != ada.org_id
        assert each.get("/organization").json["id"] == me["organization"]["id"]
    assert Client(app).get("/watchlist", key=key).status_code == 401
    token = str(invited["url"]).partition("#")[2]
    late = {"token": token, "name": "Late", "password": PASSWORD}
    assert Client(app).post("/auth/join", late, key=None).status_code == 404
    (entry,) = database.query_db("SELECT * FROM audit_log WHERE action = 'remove_own_organization'")
    assert (entry["target"], entry["actor"]) == (f"organizations/{ada.org_id}", ada.id)
    assert PASSWORD not in str(entry)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param(confirmed("Somebody else's"), 422, "validation_error", id="another name"),
        pytest.param({"password": PASSWORD}, 422, "validation_error", id="no name"),
        pytest.param({"confirm": "Ada", "password": "wrong"}, 403, "forbidden", id="a wrong password"),
        pytest.param({"confirm": "Ada"}, 403, "forbidden", id="no password"),
    ],
)
def test_what_is_not_confirmed_is_not_removed(ada: Person, sent: dict[str, str], status: int, code: str) -> None:
    program = ada.program()
    read_archive(program.get(EXPORT))
    answer = program.post(REMOVAL, sent)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert program.get("/organization").json["name"] == "Ada"


def test_nothing_is_removed_that_was_not_exported_lately(ada: Person) -> None:
    program = ada.program()
    never = program.post(REMOVAL, confirmed())
    assert (never.status_code, never.json["code"]) == (409, "export_needed")
    assert EXPORT in never.json["detail"]
    read_archive(program.get(EXPORT))
    database.execute_db("UPDATE organization_exports SET made_at = :then", {"then": now() - timedelta(hours=25)})
    assert program.post(REMOVAL, confirmed()).json["code"] == "export_needed"
    assert program.post(REMOVAL, {"dry_run": True}).json["export_needed"]


def test_an_administrator_in_person_removes_it(app: Application, ada: Person) -> None:
    read_archive(ada.program().get(EXPORT))
    analyst = person(app, "guest@example.com", Role.ANALYST, org_id=ada.org_id).program()
    assert analyst.post(REMOVAL, confirmed()).status_code == 403
    assert analyst.get(EXPORT).status_code == 403
    key = ada.program().post("/auth/keys", {"name": "All", "scopes": ["read", "admin"]}).json["key"]
    client = Client(app)
    assert client.post(REMOVAL, confirmed(), key=key).status_code == 403
    assert client.get(EXPORT, key=key).status_code == 200


def test_the_first_organization_stays(app: Application) -> None:
    root = person(app, "root@example.com", Role.ADMIN, org_id=FIRST_ORG).program()
    read_archive(root.get(EXPORT))
    answer = root.post(REMOVAL, confirmed("Default"))
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert root.post(REMOVAL, {"dry_run": True}).json["stays"]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    barrier = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        barrier.wait(30)
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def test_of_two_at_once_one_removes_it(app: Application, ada: Person) -> None:
    eve = person(app, "eve@example.com", Role.ADMIN, org_id=ada.org_id).program()
    program = ada.program()
    read_archive(program.get(EXPORT))
    answers = at_once(*(lambda caller=caller: caller.post(REMOVAL, confirmed()) for caller in (program, eve)))
    statuses = sorted(answer.status_code for answer in answers)
    # The second is refused as no member any more; where its look-up came later, as of an organization that it has not exported.
    assert statuses[0] == 202
    assert statuses[1] in (403, 409, 422)
    counted = database.query_db("SELECT COUNT(*) AS n FROM organizations WHERE name IN ('Ada', 'Eve') AND removed_at IS NULL", one=True)
    assert counted["n"] == 2  # each has one of their own, and neither has two


def test_what_comes_meanwhile_goes_the_next_time(app: Application, ada: Person) -> None:
    removed(ada)
    assert remove_remains(app.services.foundation) == []  # a request that began before may still write
    database.execute_db(
        "INSERT INTO told_changes (org_id, name, position, updated_at) VALUES (:org, 'x', 1, :now)", {"org": ada.org_id, "now": now()}
    )
    assert run(app) == [ada.org_id]
    assert set(rows_with(ada.org_id)) == {"audit_log"}


def test_a_removal_that_has_no_time_left_goes_on_the_next_time(app: Application, ada: Person, story: Story) -> None:
    fill(app, story, ada.org_id, "e")
    removed(ada)
    runs = 0
    while not remove_remains(app.services.foundation, now() + LATER, most_seconds=0):
        runs += 1
        assert runs < 200
    assert runs > 30  # each table takes a run
    assert set(rows_with(ada.org_id)) == {"audit_log"}
