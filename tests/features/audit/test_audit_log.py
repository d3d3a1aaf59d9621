"""The audit log: what a change and a sign-in leave, who may read it, that nothing changes it, and how long it is kept."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from kit.accounts import person
from kit.support import MASTER_KEY, Client
from sqlalchemy import exc, text

import database
from app import Application
from features.accounts.api_keys import create_key
from features.audit.retention import prune_audit_log
from infrastructure import audit_store
from infrastructure.audit import Trail, follow, note
from models.access import Role, Scope
from models.api_key import KeyRights
from models.audit import Actor, ActorKind, AuditFilter
from utils.clock import now
from utils.ids import first_id_at, is_id, moment_of

OLD = timedelta(days=91)
WRONG = {"password": "wrong words are these"}
INSERT = text(
    "INSERT INTO audit_log (id, org_id, at, actor_kind, action, target_type, target) VALUES (:id, 1, :at, 'service', 'x', 'a', 'a/b')"
)


def entries(client: Client, query: str = "") -> Any:
    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def add_old(age: timedelta = OLD, at: int = 0) -> str:
    moment = now() - age
    entry_id = first_id_at(moment)[:-4] + f"{at:04d}"
    with database.transaction() as connection:
        connection.execute(INSERT, {"id": entry_id, "at": moment})
    return entry_id


def count() -> int:
    return int(database.query_db("SELECT count(*) AS n FROM audit_log", one=True)["n"])


def test_a_change_tells_who_what_before_and_after(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL", "notes": "Wait."}, headers={"X-Request-ID": "the-first"})
    client("PATCH", "/watchlist/AAPL", json={"notes": "Buy.", "name": None})
    client.delete("/watchlist/AAPL")
    removed, changed, added = entries(client)
    assert added["request_id"] == "the-first"
    assert (added["actor"], added["actor_kind"], added["ip"]) == ("master", "operator key", "127.0.0.1")
    assert (added["action"], added["target"], added["before"]) == ("add_to_watchlist", "watchlist/AAPL", None)
    assert added["after"] == {"ticker": "AAPL", "notes": "Wait."}
    assert changed["before"]["notes"] == "Wait."
    assert changed["after"]["notes"] == "Buy."
    assert "ticker" not in changed["after"], "only what differs is told"
    assert removed["before"]["notes"] == "Buy."
    assert removed["after"] is None


def test_what_changes_nothing_leaves_nothing(client: Client) -> None:
    before = count()
    client.get("/watchlist")
    assert client.delete("/watchlist/AAPL").status_code == 404
    assert client.post("/watchlist", {"ticker": 5}).status_code == 422
    assert client.post("/watchlist", {"ticker": "AAPL"}, key="bw_wrong").status_code == 401
    rule = {"name": "Old", "on": "prices_stale", "tickers": ["AAPL"], "conditions": {"trading_days": 5}}
    assert client.post("/alert-rules/preview", rule).status_code == 200
    assert count() == before


def test_a_repeated_request_leaves_one_entry(client: Client) -> None:
    for _ in range(3):
        client.post("/admin/keys", {"name": "Night"}, headers={"Idempotency-Key": "once"})
    (entry,) = entries(client, "action=create_api_key")
    kind, key_id = entry["target"].split("/")
    assert kind == "keys"
    assert is_id(key_id)


def break_half_way() -> None:
    with database.transaction() as connection:
        note(connection, target="a/b", after={"a": 1})
        connection.execute(text("INSERT INTO members (org_id, user_id, role, joined_at) VALUES (1, NULL, 'admin', :at)"), {"at": now()})


def test_a_transaction_that_is_rolled_back_leaves_nothing(client: Client) -> None:
    """The entry is written by the transaction of the change: whatever ends it ends both."""
    before = count()
    follow(Trail("try", Actor(ActorKind.KEY, "k", 1)))
    try:
        with pytest.raises(exc.IntegrityError):
            break_half_way()
        assert count() == before
        with database.current().bookkeeping() as connection:
            connection.execute(text("UPDATE organizations SET name = name"))
        assert count() == before
        with database.transaction() as connection:
            note(connection, target="a/b", after={"a": 1})
            note(connection, target="a/c", after={"a": 2})
        with database.transaction() as connection:
            connection.execute(text("UPDATE organizations SET name = name"))
        assert count() == before + 2, "two notes, and a second transaction of the same request tells nothing more"
    finally:
        follow(None)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"], indirect=True)
def test_nothing_changes_the_log(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    young = entries(client)[0]["id"]
    old = add_old()
    statements = [
        "UPDATE audit_log SET action = 'y'",
        f"UPDATE audit_log SET at = '2020-01-01T00:00:00Z' WHERE id = '{old}'",
        "DELETE FROM audit_log",
        f"DELETE FROM audit_log WHERE id = '{young}'",
    ]
    if database.current().is_sqlite:
        columns = "(rowid, id, at, actor_kind, action)"
        statements += [
            f"INSERT OR REPLACE INTO audit_log (id, at, actor_kind, action) VALUES ('{young}', '2026', 'key', 'y')",
            f"REPLACE INTO audit_log {columns} SELECT rowid, 'other', at, 'key', 'y' FROM audit_log",
        ]
    else:
        values = f"VALUES ('{young}', now(), 'key', 'y') ON CONFLICT (id) DO UPDATE SET action = 'y'"
        statements += ["TRUNCATE audit_log", f"INSERT INTO audit_log (id, at, actor_kind, action) {values}"]
    for statement in statements:
        with pytest.raises(exc.DBAPIError, match="audit log"):
            database.execute_db(statement)
    assert count() == 2
    assert database.execute_db(f"DELETE FROM audit_log WHERE id = '{old}'") == 1, "what is older than 90 days may go"


@pytest.mark.parametrize("engine", ["sqlite", "postgres"], indirect=True)
def test_old_entries_go_after_their_time(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    for number in range(3):
        add_old(timedelta(days=401), number)
    kept = add_old(timedelta(days=399))
    assert prune_audit_log(database.current(), 400) == 3
    assert prune_audit_log(database.current(), 400) == 0
    assert [entry["id"] for entry in entries(client)][1:] == [kept]
    assert prune_audit_log(database.current(), 90) == 1


def test_an_organization_reads_its_own(app: Application, client: Client) -> None:
    admin = person(app, "ada@example.com").program()
    admin.post("/watchlist", {"ticker": "IBM"})
    client.post("/watchlist", {"ticker": "AAPL"})
    own = admin.get("/audit").json["items"]
    assert [(entry["action"], entry["actor_name"]) for entry in own] == [("add_to_watchlist", "Ada"), ("sign_in", "Ada")]
    assert {entry["target"] for entry in entries(client)} == {"watchlist/AAPL"}
    assert admin.get("/audit?all=true").status_code == 403
    everything = entries(client, "all=true")
    assert {entry["organization_id"] for entry in everything} == {1, own[0]["organization_id"]}
    viewer = person(app, "eve@example.com", Role.VIEWER, org_id=1).program()
    assert viewer.get("/audit").status_code == 403
    _, key = create_key(database.current(), 1, "all but admin", KeyRights(frozenset(Scope) - {Scope.ADMIN}))
    assert client.get("/audit", key=key).status_code == 403


def test_sign_ins_are_told(app: Application, client: Client) -> None:
    ada = person(app, "ada@example.com")
    program = ada.program()
    assert ada.log_in(**WRONG).status_code == 401
    assert client.post("/auth/login", {"email": "nobody@example.com", "password": "what ever it is"}, key=None).status_code == 401
    program.post("/auth/logout")
    browser = ada.browser()
    assert browser.http.post("/login", data={"key": "bw_of-somebody-else"}).status_code in (401, 403)
    told = entries(client, "all=true")
    assert [(entry["action"], entry["target"]) for entry in told if entry["action"] != "sign_out"] == [
        ("sign_in_refused", None),
        ("sign_in", f"users/{ada.id}"),
        ("sign_in_refused", None),
        ("sign_in_refused", f"users/{ada.id}"),
        ("sign_in", f"users/{ada.id}"),
    ]
    assert told[-1]["after"] == {"by": "password", "two_factor": False}
    assert told[-1]["organization_id"] == ada.org_id
    assert [entry["action"] for entry in told].count("sign_out") == 1
    assert "nobody@example.com" not in str(database.query_db("SELECT * FROM audit_log"))


def test_a_flood_of_wrong_passwords_does_not_fill_the_log(app: Application, client: Client) -> None:
    ada = person(app, "ada@example.com")
    answers = [ada.log_in(**WRONG).status_code for _ in range(30)]
    told = [entry["action"] for entry in entries(client, "all=true")]
    assert answers.count(429) == 20
    assert (told.count("sign_in_refused"), told.count("sign_in_delayed")) == (10, 1)


def test_a_session_that_is_ended_is_told_once(app: Application) -> None:
    ada = person(app, "ada@example.com")
    first, second = ada.program(), ada.program()
    (other,) = [each["id"] for each in second.get("/auth/sessions").json["items"] if not each["is_current"]]
    assert second("DELETE", f"/auth/sessions/{other}").status_code == 204
    assert second("DELETE", f"/auth/sessions/{other}").status_code == 404
    assert not first.is_known()
    told = second.get("/audit?action=end_session").json["items"]
    assert [entry["target"] for entry in told] == [f"sessions/{other}"]


def test_the_log_is_filtered_and_paged(client: Client) -> None:
    for ticker in ("AAPL", "MSFT", "IBM"):
        client.post("/watchlist", {"ticker": ticker})
    client.delete("/watchlist/IBM")
    assert len(entries(client, "action=add_to_watchlist")) == 3
    assert [entry["action"] for entry in entries(client, "target=watchlist/IBM")] == ["remove_from_watchlist", "add_to_watchlist"]
    assert len(entries(client, "target=watchlist")) == 4
    assert len(entries(client, "actor=master&action=add_to_watchlist&target=watchlist/IBM")) == 1
    assert entries(client, "actor=nobody") == []
    second = entries(client)[2]["at"]
    assert len(entries(client, f"since={second}")) == 3
    assert len(entries(client, f"until={second}")) == 1
    assert client.get("/audit?since=2026-01-01T00:00:00").status_code == 422
    first = client.get("/audit?limit=3").json
    rest = client.get(f"/audit?limit=3&cursor={first['next_cursor']}").json
    assert len({entry["id"] for entry in first["items"] + rest["items"]}) == 4
    assert client.get(f"/audit?limit=3&action=x&cursor={first['next_cursor']}").status_code == 422


def test_the_log_is_exported_as_a_file_that_no_spreadsheet_runs(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL", "notes": "=1+1"}, headers={"X-Request-ID": "a1"})
    made = client.post("/admin/keys", {"name": "=cmd|' /C calc'!A0"}).json
    client.post("/watchlist", {"ticker": "IBM"}, key=made["key"])
    answer = client.get("/audit", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bellwether-audit.csv"'
    assert [row["action"] for row in rows] == ["add_to_watchlist", "create_api_key", "add_to_watchlist"]
    assert rows[0]["actor_name"] == "'=cmd|' /C calc'!A0"
    assert rows[2]["request_id"] == "a1"
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


def test_commands_are_told(app: Application) -> None:
    ran = app.test_cli_runner().invoke(args=["api-key", "create", "Night"])
    assert ran.exit_code == 0, ran.output
    with database.read() as connection:
        (entry,) = audit_store.list_entries(connection, AuditFilter(1), None, 10)
    assert (entry.actor_kind, entry.actor, entry.action) == ("command", None, "api-key create")
    assert MASTER_KEY not in str(entry)
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET name = name"))
    assert count() == 1, "behind the command nothing is told"


def test_the_lowest_id_of_a_time_is_below_those_made_then() -> None:
    moment = now()
    assert moment_of(first_id_at(moment)) <= moment < moment_of(first_id_at(moment)) + timedelta(milliseconds=1)
