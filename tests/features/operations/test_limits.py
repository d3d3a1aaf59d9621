"""Limits of organizations and budgets of members: who sets them, what they refuse, and that they reach nobody else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from kit.accounts import PASSWORD, Person, Program, person
from kit.databases import Backend
from kit.jobs import queue_trial, run_jobs
from kit.pipelines import Runner, pipeline, step
from kit.protection import client_of, sample
from kit.redis_server import PATIENT, RedisServer
from kit.servers import wait_until
from kit.support import Client

import database
from features.accounts.api_keys import create_key
from infrastructure.limits import Defaults, LimitBook
from models.access import Role, Scope
from models.api_key import KeyRights
from models.job import Lane

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
ROWS = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2020-01-{day:02},10,11,9,10,1000\n" for day in range(1, 32))
Make = Callable[..., Client]


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Make:
    """Makes applications that count requests; a budget that is not named is too large to be used up."""

    def make_one(**settings: Any) -> Client:
        return client_of(backend, tmp_path, **{"rate_limit_enabled": True, "rate_limit_per_hour": 10_000, **PATIENT, **settings})

    return make_one


@pytest.fixture
def operator(make: Make) -> Client:
    return make()


@pytest.fixture
def ada(operator: Client) -> Person:
    """An administrator of an organization of her own."""
    return person(operator.app, "ada@example.com")


def limit(operator: Client, who: Person, **limits: int) -> Any:
    answer = operator("PUT", f"/admin/organizations/{who.org_id}/limits", json=limits)
    assert answer.status_code == 200, answer.json
    return answer.json


def member(ada: Person, name: str, role: Role = Role.ANALYST) -> Person:
    return person(ada.app, f"{name}@example.com", role, org_id=ada.org_id)


def told(answer: Any, name: str, part: str = "items") -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in answer.json[part] if each["name"] == name)
    return found


def read(caller: Program) -> Any:
    return caller.get("/watchlist")


# ---- requests ---------------------------------------------------------------------------------------------------------------------


def test_an_organization_that_has_used_up_its_budget_reaches_nobody_else(operator: Client, ada: Person) -> None:
    ben, other = member(ada, "ben").program(), person(ada.app, "eve@example.org").program()
    program = ada.program()
    limit(operator, ada, reads_per_minute=4)
    before = told(program.get("/organization/limits"), "reads_per_minute")["used"]
    assert before <= 2
    while (answer := read(program)).status_code == 200:
        pass
    refused = read(ben)
    assert (answer.status_code, refused.status_code, refused.json["code"]) == (429, 429, "rate_limited")
    assert refused.json["detail"].startswith(
        "The limit of your organization, which all its members and keys share, is 4 requests per minute"
    )
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert '"organization-minute";q=4;w=60' in refused.headers["RateLimit-Policy"]
    assert '"organization-minute";r=0' in refused.headers["RateLimit"]
    assert (refused.headers["X-RateLimit-Limit"], refused.headers["X-RateLimit-Remaining"]) == ("4", "0")
    assert (read(other).status_code, operator.get("/watchlist").status_code) == (200, 200)
    assert ben.post("/analyze", {"ticker": "AAPL"}).status_code == 200  # another budget
    assert sample(operator, "bellwether_rate_limited_total", budget="organization") >= 2


@ON_SQLITE
def test_somebody_who_has_used_up_their_budget_leaves_the_others_of_the_organization(make: Make) -> None:
    operator = make(rate_limit_per_minute=3, organization_budget_factor=2)
    ada = person(operator.app, "ada@example.com")
    ben, program = member(ada, "ben").program(), ada.program()
    statuses = [read(program).status_code for _ in range(20)]
    assert statuses == [200] * 3 + [429] * 17  # what is refused for her own budget does not count for the organization
    assert [read(ben).status_code for _ in range(3)] == [200] * 3
    cleo = member(ada, "cleo").program()
    answer = read(cleo)
    assert (answer.status_code, "of your organization" in answer.json["detail"]) == (429, True)


@ON_SQLITE
def test_the_master_key_counts_in_no_organization(make: Make) -> None:
    operator = make(rate_limit_per_minute=20, organization_budget_factor=1)
    _, key = create_key(database.current(), 1, "busy")
    assert [operator.get("/watchlist", key=key).status_code for _ in range(21)] == [200] * 20 + [429]
    _, other = create_key(database.current(), 1, "other")
    assert operator.get("/watchlist", key=other).status_code == 429
    assert operator.get("/watchlist").status_code == 200


def test_a_member_has_budgets_of_their_own(operator: Client, ada: Person) -> None:
    """Lower or higher ones, which their keys share; those of others stay, and so do theirs elsewhere."""
    ben, program = member(ada, "ben"), ada.program()
    path = f"/organization/members/{ben.id}/limits"
    answer = program("PUT", path, json={"reads_per_minute": 2, "requests_per_hour": 12_000})
    assert answer.status_code == 200
    assert (told(answer, "reads_per_minute")["limit"], told(answer, "reads_per_minute")["is_set"]) == (2, True)
    assert (told(answer, "requests_per_hour")["limit"], told(answer, "bulk_per_minute")["is_set"]) == (12_000, False)
    bens = ben.program()
    _, key = create_key(database.current(), ada.org_id, "his", KeyRights(frozenset(Scope), None, ben.id))
    client = Client(ada.app)
    assert [read(bens).status_code, client.get("/watchlist", key=key).status_code, read(bens).status_code] == [200, 200, 429]
    refused = client.get("/watchlist", key=key)
    assert (refused.status_code, refused.json["detail"][:40]) == (429, "The limit is 2 requests per minute (read")
    assert read(program).status_code == 200
    assert told(program.get(path), "reads_per_minute")["used"] >= 3
    program("PUT", path, json={})
    assert read(bens).status_code == 200
    assert database.query_db("SELECT * FROM member_budgets") == []


def test_a_member_sees_their_own_budgets(operator: Client, ada: Person) -> None:
    ben = member(ada, "ben", Role.VIEWER)
    ada.program()("PUT", f"/organization/members/{ben.id}/limits", json={"reads_per_minute": 50})
    seen = ben.program().get("/organization/limits")
    assert (told(seen, "reads_per_minute", "own")["limit"], told(seen, "reads_per_minute", "own")["is_set"]) == (50, True)
    assert (told(seen, "members")["used"], told(seen, "members")["limit"]) == (2, None)
    assert (
        told(seen, "reads_per_minute")["limit"] == 10 * told(ada.program().get("/organization/limits"), "reads_per_minute", "own")["limit"]
    )


def test_who_may_set_what(operator: Client, ada: Person) -> None:
    ben = member(ada, "ben")
    for caller, status in ((ada.program(), 200), (ben.program(), 403)):
        for name in (ben, ada):
            assert caller("PUT", f"/organization/members/{name.id}/limits", json={}).status_code == status
        assert caller("PUT", f"/admin/organizations/{ada.org_id}/limits", json={"members": 9}).status_code == 403
        assert caller.get(f"/admin/organizations/{ada.org_id}/limits").status_code == 403
        assert caller.get("/organization/limits").status_code == 200
    eve = person(ada.app, "eve@example.org")
    for answer in (
        eve.program()("PUT", f"/organization/members/{ben.id}/limits", json={}),
        ada.program()("PUT", f"/organization/members/{eve.id}/limits", json={}),
        ada.program().get("/organization/members/x/limits"),
        operator("PUT", "/admin/organizations/999/limits", json={}),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_budgets_of_a_member_are_not_beyond_those_of_the_organization(operator: Client, ada: Person) -> None:
    limit(operator, ada, analyses_per_minute=7)
    path, program = f"/organization/members/{ada.id}/limits", ada.program()
    assert program("PUT", path, json={"analyses_per_minute": 7}).status_code == 200
    refused = program("PUT", path, json={"analyses_per_minute": 8})
    assert (refused.status_code, refused.json["code"]) == (422, "validation_error")
    assert refused.json["detail"] == "analyses_per_minute is at most 7, which is what the whole organization has."


@ON_SQLITE
@pytest.mark.parametrize(
    "body", [{"members": 0}, {"reads_per_minute": 0}, {"open_jobs": -1}, {"members": "9"}, {"owner": 1}, {"members": 10**30}]
)
def test_what_is_no_limit(operator: Client, ada: Person, body: dict[str, Any]) -> None:
    assert operator("PUT", f"/admin/organizations/{ada.org_id}/limits", json=body).status_code == 422
    assert database.query_db("SELECT * FROM organization_limits") == []


def test_changes_are_in_the_audit_log_with_before_and_after(operator: Client, ada: Person) -> None:
    limit(operator, ada, members=5)
    limit(operator, ada, members=6)
    newest = operator.get("/audit?action=set_limits_of_organization").json["items"][0]
    assert (newest["before"], newest["after"]) == ({"members": 5}, {"members": 6})
    program = ada.program()
    program("PUT", f"/organization/members/{ada.id}/limits", json={"reads_per_minute": 9})
    (entry,) = program.get("/audit?action=set_member_limits").json["items"]
    assert (entry["before"], entry["after"]) == ({"reads_per_minute": None}, {"reads_per_minute": 9})


def test_others_on_the_same_database_follow(operator: Client, ada: Person) -> None:
    book = LimitBook(database.current(), Defaults.of(operator.app.services.settings), 0.1)
    assert book.quantities_of(ada.org_id).members is None
    limit(operator, ada, members=5, reads_per_minute=7)
    wait_until(lambda: book.quantities_of(ada.org_id).members == 5)
    assert book.rates_of_organization(ada.org_id).minutes["reads"].amount == 7
    ada.program()("PUT", f"/organization/members/{ada.id}/limits", json={"reads_per_minute": 6})
    wait_until(lambda: book.rates_of_member(ada.org_id, ada.id) is not None)
    limit(operator, ada)
    wait_until(lambda: book.quantities_of(ada.org_id).members is None)


@ON_SQLITE
def test_two_instances_count_an_organization_together_in_one_redis(make: Make, redis_server: RedisServer) -> None:
    one, two = (make(redis_url=redis_server.url) for _ in range(2))
    ada = person(one.app, "ada@example.com")
    limit(one, ada, reads_per_minute=10)
    keys = [create_key(database.current(), ada.org_id, f"key {number}")[1] for number in range(4)]
    wait_until(lambda: two.app.services.foundation.limits.rates_of_organization(ada.org_id).minutes["reads"].amount == 10)
    statuses = [client.get("/watchlist", key=key).status_code for key in keys for client in (one, two) for _ in range(3)]
    assert sorted(statuses) == [200] * 10 + [429] * 14
    answer = one.get(f"/admin/organizations/{ada.org_id}/limits")
    assert told(answer, "reads_per_minute")["used"] == 24


# ---- quantities -------------------------------------------------------------------------------------------------------------------


def invited(program: Program, name: str) -> str:
    answer = program.post("/organization/invitations", {"email": f"{name}@example.com", "role": "viewer"})
    assert answer.status_code == 201, answer.json
    return str(answer.json["url"]).partition("#")[2]


def join(client: Client, token: str, name: str) -> Any:
    return client.post("/auth/join", {"token": token, "name": name, "password": PASSWORD}, key=None)


def test_nobody_joins_a_full_organization(operator: Client, ada: Person) -> None:
    program = ada.program()
    token = invited(program, "ben")
    limit(operator, ada, members=1)
    for answer in (join(operator, token, "Ben"), program.post("/organization/invitations", {"email": "x@example.com", "role": "viewer"})):
        assert (answer.status_code, answer.json["code"]) == (409, "organization_limit")
        assert "as many members as it may have, which is 1." in answer.json["detail"]
    limit(operator, ada, members=2)
    assert join(operator, token, "Ben").status_code == 201  # the invitation was not used up


def at_once(first: Callable[[], int], second: Callable[[], int]) -> list[int]:
    meeting = Barrier(2)

    def go(call: Callable[[], int]) -> int:
        meeting.wait(30)
        return call()

    with ThreadPoolExecutor(2) as threads:
        return sorted(threads.map(go, (first, second)))


def test_of_two_who_join_at_the_limit_one_does(operator: Client, ada: Person) -> None:
    program = ada.program()
    tokens = [invited(program, name) for name in ("ben", "cleo")]
    limit(operator, ada, members=2)
    calls = [lambda token=token: int(join(Client(ada.app), token, "Somebody").status_code) for token in tokens]
    assert at_once(*calls) == [201, 409]
    assert len(database.query_db("SELECT * FROM members WHERE org_id = :org", {"org": ada.org_id})) == 2


def upload(program: Program, ticker: str) -> Any:
    return program("PUT", f"/prices/{ticker}", data=ROWS, content_type="text/csv")


def test_files_beyond_the_limit_are_not_kept(operator: Client, ada: Person) -> None:
    program = ada.program()
    assert upload(program, "ONE").status_code == 200
    limit(operator, ada, stored_bytes=len(ROWS) + 10)
    refused = upload(program, "TWO")
    assert (refused.status_code, refused.json["code"]) == (409, "organization_limit")
    assert "Delete kept reports or originals" in refused.json["detail"]
    assert program.get("/prices/TWO").status_code == 404
    assert told(program.get("/organization/limits"), "stored_bytes")["used"] == len(ROWS)
    assert operator.put("/prices/TWO", ROWS).status_code == 200
    limit(operator, ada, stored_bytes=len(ROWS))
    answer = program.post("/reports", {"type": "ticker", "ticker": "AAPL", "format": "csv"})
    assert (answer.status_code, answer.json["code"]) == (409, "organization_limit")


def test_of_two_uploads_at_the_limit_one_is_kept(operator: Client, ada: Person) -> None:
    programs = [ada.program(), ada.program()]
    limit(operator, ada, stored_bytes=len(ROWS) + 10)
    assert at_once(*(lambda it=it: int(upload(it[0], it[1]).status_code) for it in zip(programs, ("ONE", "TWO"), strict=True))) == [
        200,
        409,
    ]
    assert told(programs[0].get("/organization/limits"), "stored_bytes")["used"] == len(ROWS)


def test_jobs_beyond_the_limit_are_not_queued(operator: Client, ada: Person) -> None:
    program = ada.program()
    limit(operator, ada, open_jobs=1)
    wanted = {"tickers": ["AAPL"]}
    first = program.post("/bulk-analyze", wanted)
    assert first.status_code == 202
    assert program.post("/bulk-analyze", wanted).status_code == 200  # the same job
    refused = program.post("/bulk-analyze", {"tickers": ["FB"]})
    assert (refused.status_code, refused.json["code"]) == (409, "organization_limit")
    assert "Wait until one ends" in refused.json["detail"]
    assert told(program.get("/organization/limits"), "open_jobs")["used"] == 1
    assert operator.post("/bulk-analyze", {"tickers": ["FB"]}).status_code == 202
    run_jobs()
    assert program.post("/bulk-analyze", {"tickers": ["FB"]}).status_code == 202


def test_of_two_jobs_at_the_limit_one_is_queued(operator: Client, ada: Person) -> None:
    programs = [ada.program(), ada.program()]
    limit(operator, ada, open_jobs=1)

    def ask(program: Program, ticker: str) -> int:
        return int(program.post("/bulk-analyze", {"tickers": [ticker]}).status_code)

    assert at_once(lambda: ask(programs[0], "AAPL"), lambda: ask(programs[1], "FB")) == [202, 409]
    assert len(database.query_db("SELECT id FROM analysis_jobs WHERE org_id = :org", {"org": ada.org_id})) == 1


def test_a_step_of_a_pipeline_that_would_queue_too_many_jobs_fails_and_says_why(operator: Client) -> None:
    queue_trial("A", lane=Lane.NETWORK)
    operator("PUT", "/admin/organizations/1/limits", json={"open_jobs": 1})
    runner = Runner(operator.app)
    runner.put(pipeline(step("many", "bulk_analyse", tickers=["AAPL"])))
    begun = operator.post("/pipelines/trial/runs", {})
    assert begun.status_code == 202
    runner.work()
    run = operator.get(f"/runs/{begun.json['id']}").json
    assert (run["status"], "as many jobs that are queued or running as it may have" in run["trace"][0]["reason"]) == ("failed", True)
