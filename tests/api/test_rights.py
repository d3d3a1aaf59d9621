"""Who may call what: every route of the application, with every role and every scope, in two organizations.

The table is written by hand: a route that is not in it fails, and so does one whose rights differ from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kit.accounts import person
from kit.jobs import UNKNOWN_ID
from kit.rights import ADMIN as ADMINISTRATOR
from kit.rights import ADMIN_IN_PERSON, ADMIN_OR_OPERATOR, ANALYSE, ANYBODY, BROWSER, IN_PERSON, MANAGE, OPERATOR, READ, RIGHTS, WHOEVER
from kit.support import MASTER_KEY, Client

import database
from app import Application
from features.accounts.api_keys import create_key
from models.access import Role, Scope
from models.api_key import KeyRights

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
ENDLESS = {"/api/v1/events/stream"}
SOCKET = "/api/v1/jobs/<job_id>/events"
VARIABLES = {"ticker": "AAPL", "name": "streams", "build": "x", "signature": "x"}
BY_SCOPE = {READ: Scope.READ, ANALYSE: Scope.ANALYSE, MANAGE: Scope.MANAGE, ADMINISTRATOR: Scope.ADMIN}


@dataclass(frozen=True)
class Caller:
    """Somebody or something that calls, and what of RIGHTS it may."""

    headers: dict[str, str]
    may: frozenset[str]


def routes(app: Application) -> Iterator[tuple[str, str]]:
    """The method and the rule of every route; HEAD and OPTIONS are as GET."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule


def path_of(rule: str, app: Application) -> str:
    for name in next(each for each in app.url_map.iter_rules() if each.rule == rule).arguments:
        value = VARIABLES.get(name, UNKNOWN_ID)
        rule = rule.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
    return rule


def by_key(key: str) -> dict[str, str]:
    return {"X-API-Key": key}


def callers(app: Application) -> dict[str, Caller]:
    """One caller of each kind."""
    in_person = {READ, IN_PERSON, BROWSER}
    rights = {
        Role.VIEWER: in_person,
        Role.ANALYST: in_person | {ANALYSE, MANAGE},
        Role.ADMIN: in_person | {ANALYSE, MANAGE, ADMINISTRATOR, ADMIN_IN_PERSON},
    }
    made = {"nobody": Caller({}, frozenset()), "a wrong key": Caller(by_key("bw_wrong"), frozenset())}
    for role, may in rights.items():
        somebody = person(app, f"{role}@example.com", role, org_id=1)
        token = somebody.program().tokens["access_token"]
        made[f"a person, {role}"] = Caller({"Authorization": f"Bearer {token}"}, frozenset(may))
        _, key = create_key(database.current(), 1, str(role), KeyRights(frozenset(Scope), None, somebody.id))
        made[f"a key with every scope, of {role}"] = Caller(by_key(key), frozenset(may - {IN_PERSON, ADMIN_IN_PERSON}))
    for right, scope in BY_SCOPE.items():
        _, key = create_key(database.current(), 1, scope, KeyRights(frozenset({scope})))
        made[f"a key with the scope {scope}"] = Caller(by_key(key), frozenset({right, BROWSER} if scope is Scope.READ else {right}))
    _, key = create_key(database.current(), 1, "mcp", KeyRights(frozenset({Scope.MCP})))
    made["a key with the scope mcp"] = Caller(by_key(key), frozenset())
    operator = person(app, "root@example.com", Role.VIEWER, org_id=1, is_operator=True).program().tokens["access_token"]
    made["a person, viewer and operator"] = Caller({"Authorization": f"Bearer {operator}"}, frozenset(in_person | {OPERATOR}))
    made["the master key"] = Caller(by_key(MASTER_KEY), frozenset({*BY_SCOPE, OPERATOR, BROWSER}))
    return made


def test_every_route_is_in_the_table(app: Application) -> None:
    found = set(routes(app))
    assert found - set(RIGHTS) == set(), "Say in tests/kit/rights.py who may call them."
    assert set(RIGHTS) - found == set()


def test_every_caller_may_do_what_the_table_says(app: Application) -> None:
    """A caller that may not is refused before its input is read; one that may is not refused for who it is."""
    http = app.test_client()
    wrong = []
    for name, caller in callers(app).items():
        for (method, rule), right in RIGHTS.items():
            if right == ANYBODY or rule in ENDLESS | {"/logout", "/api/v1/auth/logout", "/api/v1/auth/sessions"}:
                continue
            answer = http.open(path_of(rule, app), method=method, headers={**caller.headers, "Accept": "application/json"})
            is_refused = answer.status_code in (401, 403) or (answer.status_code == 303 and "/login" in (answer.location or ""))
            is_known = name not in ("nobody", "a wrong key")
            may = {right} if right != ADMIN_OR_OPERATOR else {ADMINISTRATOR, OPERATOR}
            if is_refused == bool(may & caller.may or (right == WHOEVER and is_known)):
                wrong.append(f"{name}: {method} {rule} ({right}) {answer.status_code}")
            answer.close()
    assert wrong == []


def test_a_refusal_says_what_is_missing(app: Application) -> None:
    known = callers(app)
    client = Client(app)

    def detail(name: str, method: str, path: str) -> str:
        answer = client(method, path, key=None, headers=known[name].headers)
        assert answer.status_code == 403
        return str(answer.json["detail"])

    assert "viewer" in detail("a person, viewer", "POST", "/watchlist")
    assert "the scope manage" in detail("a key with the scope read", "POST", "/watchlist")
    assert "signed in" in detail("the master key", "GET", "/auth/me")
    assert "master key" in detail("a person, admin", "GET", "/admin/status")
