"""Feature flags of organizations: who may switch what, what it stops, and that it stops nothing of another organization."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests
from kit.accounts import Person, Program, person
from kit.databases import Backend
from kit.servers import GUNICORN, KEY, Start, production, wait_until
from kit.support import Client

import database
from app import Application
from features import FEATURES
from features.macro.flags import MACRO
from features.prices.flags import UPLOADS
from infrastructure.flags import FeatureFlags
from jobs.flags import STREAMS
from models.access import Role

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
REASON = "The disk is being replaced"
ROWS = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2020-01-{day:02},10,11,9,10,1000\n" for day in range(1, 32))
OWN = "/organization/flags"


@pytest.fixture
def ada(app: Application) -> Person:
    """An administrator of an organization of her own."""
    return person(app, "ada@example.com")


@pytest.fixture
def program(ada: Person) -> Program:
    return ada.program()


def switch(caller: Program, name: str, enabled: bool, reason: str | None = None) -> Any:
    return caller("PUT", f"{OWN}/{name}", json={"enabled": enabled, "reason": reason})


def switch_for(client: Client, who: Person, name: str, enabled: bool, reason: str | None = None) -> Any:
    """As an operator."""
    return client("PUT", f"/admin/organizations/{who.org_id}/flags/{name}", json={"enabled": enabled, "reason": reason})


def flag(caller: Program | Client, name: str, path: str = OWN) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"{path}/{name}").json["flag"]
    return found


def upload(caller: Program) -> Any:
    return caller("PUT", "/prices/NEW", data=ROWS, content_type="text/csv")


def test_what_is_off_for_one_organization_is_on_for_another(client: Client, program: Program) -> None:
    answer = switch(program, "uploads", False, REASON)
    assert (answer.status_code, answer.json["flag"]["off_by"]) == (200, "organization")
    refused = upload(program)
    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (503, "feature_disabled", "60")
    wanted = (
        f"uploads is switched off for this organization: {REASON}. It is switched on again by an administrator, on the page Organization."
    )
    assert refused.json["detail"] == wanted
    assert client.put("/prices/NEW", ROWS).status_code == 200
    assert all(each["enabled"] for each in client.get("/admin/flags").json["items"])
    switch(program, "uploads", True)
    assert upload(program).status_code == 200


def test_what_an_operator_has_switched_off_is_theirs(client: Client, ada: Person, program: Program) -> None:
    switch_for(client, ada, "uploads", False, REASON)
    for enabled in (True, False):
        refused = switch(program, "uploads", enabled)
        assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
        assert "only an operator can change it" in refused.json["detail"]
    assert "an operator of the installation" in upload(program).json["detail"]
    seen = program.get(f"{OWN}/uploads").json
    assert (seen["flag"]["off_by"], seen["flag"]["changed_by"]) == ("operator", None)
    assert [(each["by_operator"], each["changed_by"], each["changed_by_name"]) for each in seen["changes"]] == [(True, None, None)]
    shown = client.get(f"/admin/organizations/{ada.org_id}/flags/uploads").json
    assert (shown["changes"][0]["changed_by"], shown["changes"][0]["changed_by_name"]) == ("master", "the master key")
    switch_for(client, ada, "uploads", True)
    assert upload(program).status_code == 200
    assert switch(program, "uploads", False).json["flag"]["off_by"] == "organization"
    switch_for(client, ada, "uploads", True)
    assert flag(program, "uploads")["enabled"]


def test_changes_tell_who_made_them_by_name(client: Client, ada: Person, program: Program) -> None:
    key = program.post("/auth/keys", {"name": "Night", "scopes": ["read", "admin"]}).json
    client("PUT", f"{OWN}/uploads", json={"enabled": False}, key=key["key"])
    eve = person(ada.app, "eve@example.com", Role.ADMIN, org_id=ada.org_id)
    switch(eve.program(), "uploads", True)
    switch(program, "uploads", False)
    database.execute_db("DELETE FROM users WHERE id = :id", {"id": eve.id})
    wanted = [(ada.id, "Ada"), (eve.id, "somebody who is no longer here"), (key["id"], "Night")]
    for caller, path in ((program, OWN), (client, f"/admin/organizations/{ada.org_id}/flags")):
        seen = caller.get(f"{path}/uploads").json
        assert [(each["changed_by"], each["changed_by_name"]) for each in seen["changes"]] == wanted
        listed = {each["name"]: (each["changed_by"], each["changed_by_name"]) for each in caller.get(path).json["items"]}
        assert (listed["uploads"], seen["flag"]["changed_by_name"], listed["streams"]) == (wanted[0], "Ada", (None, None))


def test_an_operator_who_is_as_quick_as_an_administrator_wins(client: Client, ada: Person, program: Program) -> None:
    """Whichever comes first, what the operator has switched off is off in the end."""
    switch(program, "uploads", True)
    both = Barrier(2)

    def as_operator() -> int:
        both.wait()
        return int(switch_for(Client(ada.app), ada, "uploads", False).status_code)

    def as_administrator() -> int:
        both.wait()
        return int(switch(program, "uploads", True).status_code)

    with ThreadPoolExecutor() as pool:
        operator, administrator = pool.submit(as_operator), pool.submit(as_administrator)
        assert (operator.result(), administrator.result() in (200, 403)) == (200, True)
    assert flag(program, "uploads")["off_by"] == "operator"


def test_what_is_off_in_the_installation_is_off_everywhere(client: Client, program: Program) -> None:
    switch(program, "uploads", True)
    client("PUT", "/admin/flags/uploads", json={"enabled": False, "reason": REASON})
    assert (flag(program, "uploads")["enabled"], flag(program, "uploads")["off_by"]) == (False, "installation")
    assert upload(program).json["detail"] == f"uploads is switched off: {REASON}. Try again later."
    assert switch(program, "uploads", True).json["flag"]["enabled"] is False


def test_what_all_share_is_not_switched_for_one(client: Client, ada: Person, program: Program) -> None:
    answers = [switch(program, "macro", False), switch_for(client, ada, "macro", False), program.get(f"{OWN}/macro")]
    assert [(each.status_code, each.json["code"]) for each in answers] == [(409, "conflict")] * 3
    assert "PUT /api/v1/admin/flags/macro" in answers[0].json["detail"]
    names = [each["name"] for each in program.get(OWN).json["items"]]
    assert names == [each.name for feature in FEATURES for each in feature.flags if each.per_organization]
    assert MACRO.name not in names
    assert switch(program, "nope", False).status_code == 404


@pytest.mark.parametrize("number", ["0", "999", "01", "-1", "x", "1e3", "9" * 30, "%20"])
@ON_SQLITE
def test_an_organization_that_there_is_not(client: Client, number: str) -> None:
    for path in ("", "/flags", "/flags/uploads"):
        answer = client.get(f"/admin/organizations/{number}{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert client("PUT", f"/admin/organizations/{number}/flags/uploads", json={"enabled": False}).status_code == 404
    assert database.query_db("SELECT * FROM organization_flags") == []


def test_who_may_switch(client: Client, ada: Person, program: Program) -> None:
    for role, status in ((Role.VIEWER, 403), (Role.ANALYST, 403), (Role.ADMIN, 200)):
        member = person(ada.app, f"{role}@example.com", role, org_id=ada.org_id).program()
        assert switch(member, "streams", False).status_code == status
        assert member.get(OWN).status_code == 200
        assert member.get("/admin/organizations").status_code == 403
        path = f"/admin/organizations/{ada.org_id}/flags"
        assert (member.get(path).status_code, member("PUT", f"{path}/streams", json={"enabled": True}).status_code) == (403, 403)
    assert not flag(program, "streams")["enabled"]
    assert client.get(f"{OWN}/streams").json["flag"]["enabled"]


def test_changes_are_in_the_audit_log_with_before_and_after(client: Client, ada: Person, program: Program) -> None:
    switch(program, "uploads", False, REASON)
    (entry,) = program.get("/audit?action=set_organization_flag").json["items"]
    assert (entry["before"], entry["after"]) == ({"enabled": True, "reason": None}, {"enabled": False, "reason": REASON})
    assert entry["target"] == f"organizations/{ada.org_id}/flags/uploads"
    switch_for(client, ada, "uploads", True)
    (operators,) = client.get("/audit?action=set_flag_of_organization").json["items"]
    assert (operators["before"]["enabled"], operators["after"]["enabled"]) == (False, True)


def test_operators_list_every_organization(client: Client, ada: Person) -> None:
    person(ada.app, "grace@example.com", Role.VIEWER, org_id=ada.org_id)
    first = client.get("/admin/organizations?limit=1").json
    assert [each["id"] for each in first["items"]] == [1]
    (second,) = client.get(f"/admin/organizations?limit=1&cursor={first['next_cursor']}").json["items"]
    assert (second["id"], second["members"]) == (ada.org_id, 2)
    assert client.get(f"/admin/organizations/{ada.org_id}").json == second


# ---- what it stops ----------------------------------------------------------------------------------------------------------------


def test_a_stream_of_the_organization_ends(ada: Person, program: Program) -> None:
    assert program.get("/events/stream?wait=false").status_code == 200
    switch(program, "streams", False)
    assert program.get("/events/stream?wait=false").status_code == 503
    flags = ada.app.services.flags
    assert (flags.is_enabled(STREAMS, ada.org_id), flags.is_enabled(STREAMS, 1), flags.is_enabled(STREAMS)) == (False, True, True)


# ---- other processes --------------------------------------------------------------------------------------------------------------


def test_others_on_the_same_database_follow(ada: Person, program: Program) -> None:
    other = FeatureFlags(database.current(), (UPLOADS,), 0.1)
    assert other.is_enabled(UPLOADS, ada.org_id)
    for enabled in (False, True):
        switch(program, "uploads", enabled)
        wait_until(lambda enabled=enabled: other.is_enabled(UPLOADS, ada.org_id) is enabled)
        assert other.is_enabled(UPLOADS, 1)


@ON_SQLITE
def test_two_instances_follow(backend: Backend, client: Client, start: Start) -> None:
    """What one has switched off for an organization, the other refuses."""
    one, two = (start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1")) for _ in range(2))
    for server in (one, two):
        wait_until(server.answers)

    def status() -> int:
        sent = {**KEY, "Content-Type": "text/csv"}
        return requests.put(two.url("/api/v1/prices/NEW"), data=ROWS, headers=sent, timeout=60).status_code

    assert status() == 200
    for enabled, wanted in ((False, 503), (True, 200)):
        body = {"enabled": enabled}
        answer = requests.put(one.url("/api/v1/organization/flags/uploads"), json=body, headers=KEY, timeout=60)
        assert answer.status_code == 200
        wait_until(lambda wanted=wanted: status() == wanted)
