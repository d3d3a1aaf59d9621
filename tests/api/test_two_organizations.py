"""Nothing of one organization is read or changed by another: whatever the documentation's story did and read is tried by somebody else.

The story calls every operation, so a new operation is tried here without being named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from kit.accounts import Person, person
from sqlalchemy import inspect

import database
from tools.api_client import read_document
from tools.api_examples import told
from tools.api_recorder import ID, Exchange, Recorder

READING = {"get", "head"}
OF_THE_FIRST = ("X-API-Key", "Idempotency-Key", "If-None-Match")  # headers
# Things of the whole installation: what they answer is nobody's.
OF_ALL = {
    *("list_capabilities", "list_pipelines", "list_providers", "list_strategies", "preview_schedule", "list_schedule_days", "get_prices"),
}
ENDS_ITSELF = {"log_out", "end_other_sessions", "end_session"}
# Their ids are those of the caller's own copy, or are secrets that work for whoever has them.
BY_A_SECRET = {
    "reset_password",
    "refresh_tokens",
    "log_in",
    "log_in_with_code",
    "forgot_password",
    "register",
    "join_organization",
    "look_at_invitation",
    *("begin_passkey_login", "log_in_with_passkey"),
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """The first organization has told the whole story, and still does."""
    with told(tmp_path_factory.mktemp("two organizations")) as recorder:
        yield recorder


@pytest.fixture(scope="module")
def other(story: Recorder) -> Recorder:
    """Somebody who is the administrator of another organization, with every right there."""
    database.adopt(story.app.services.database)
    somebody: Person = person(story.app, "eve@example.org")
    caller = Recorder(story.app, "")
    caller.token = str(somebody.program().tokens["access_token"])
    return caller


def replayed(caller: Recorder, exchange: Exchange) -> Any:
    """The answer of the same request to another caller."""
    method, template = caller.route(exchange.operation)
    request = exchange.request
    header = {name: value for name, value in request.get("header", {}).items() if name not in OF_THE_FIRST}
    body = request.get("body")
    sent = {"json": body} if isinstance(body, dict | list) else {"data": body} if body is not None else {}
    if isinstance(body, str):
        header.setdefault("Content-Type", "text/csv")
    return caller.http.open(
        template.format(**{name: quote(str(value), safe="") for name, value in request.get("path", {}).items()}),
        method=method.upper(),
        query_string={name: value for name, value in request.get("query", {}).items() if name != "cursor"},
        headers={"Authorization": f"Bearer {caller.token}", **header},
        buffered=True,
        **sent,
    )


def ids_of(exchanges: list[Exchange]) -> set[str]:
    """Every id that the first organization was answered."""
    return {found for exchange in exchanges if exchange.operation not in OF_ALL for found in ID.findall(json.dumps(exchange.answer))}


def test_no_answer_has_an_id_of_another_organization(story: Recorder, other: Recorder) -> None:
    exchanges = story.exchanges
    own = ids_of(exchanges)
    assert len(own) > 100
    read, answered = set(), set()
    for exchange in exchanges:
        method, _ = story.route(exchange.operation)
        if method not in READING or exchange.operation == "stream_events":
            continue
        answer = replayed(other, exchange)
        sent = set(ID.findall(json.dumps(exchange.request))) | {str(answer.headers.get("X-Request-ID"))}
        leaked = (set(ID.findall(answer.text)) - sent) & own if answer.mimetype.endswith(("json", "csv")) else set()
        assert not leaked, (exchange.operation, leaked)
        read.add(exchange.operation)
        if answer.status_code == 200:
            answered.add(exchange.operation)
    assert len(read) > 60
    assert len(answered) > 40  # somebody who is refused everything would prove nothing


def test_no_id_of_another_organization_is_found(story: Recorder, other: Recorder) -> None:
    """A path that names a thing by an id answers as for an id that there is not."""
    tried = set()
    for exchange in story.exchanges:
        if not any(ID.fullmatch(str(value)) for value in exchange.request.get("path", {}).values()) or exchange.operation in ENDS_ITSELF:
            continue
        answer = replayed(other, exchange)
        assert answer.status_code in (403, 404, 415, 422, 503), (exchange.operation, answer.status_code, answer.text[:200])
        tried.add(exchange.operation)
    assert len(tried) > 50


def test_no_change_reaches_another_organization(story: Recorder, other: Recorder) -> None:
    """Every change of the story, sent by somebody else: what the first organization has stays as it is."""
    tables = of_organizations()
    assert {"watchlists", "channels", "schedules", "analysis_jobs", "api_keys"} <= set(tables)
    before, statuses = {table: rows_of_first(table) for table in tables}, []
    for exchange in story.exchanges:
        method, _ = story.route(exchange.operation)
        if method not in READING and exchange.operation not in ENDS_ITSELF | BY_A_SECRET:
            statuses.append(replayed(other, exchange).status_code)
    assert sum(200 <= status < 300 for status in statuses) > 40
    for table in tables:
        assert rows_of_first(table) == before[table], table


def of_organizations() -> list[str]:
    """The tables whose rows belong to an organization."""
    inspector = inspect(database.current().engine())
    return [table for table in inspector.get_table_names() if any(column["name"] == "org_id" for column in inspector.get_columns(table))]


def rows_of_first(table: str) -> list[str]:
    # When something was used or looked at last is written in the background.
    ignored = {"last_used_at", "used_at"}
    rows = database.query_db(f"SELECT * FROM {table} WHERE org_id = 1")
    return sorted(str({name: value for name, value in row.items() if name not in ignored}) for row in rows)


def test_the_story_is_every_operation(story: Recorder) -> None:
    operations = {entry["operationId"] for item in read_document()["paths"].values() for entry in item.values()}
    assert {exchange.operation for exchange in story.exchanges} >= operations
