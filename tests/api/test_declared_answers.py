"""Each operation declares the problems that it may answer, and no others that can be provoked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kit.accounts import person
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID
from kit.protection import client_of
from kit.support import MASTER_KEY, Client

import database
from features.accounts.api_keys import create_key
from models.access import Scope
from models.api_key import FIRST_ORG, KeyRights
from tools.api_client import read_document

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
LIMIT = 2_000_000  # bytes of a file
# Two make what is not there; the others name a ticker, a list or a universe in their body or query.
NAMES_IT_ELSEWHERE = {
    "create_alert_rule",
    "preview_alert_rule",
    "set_up_evening_run",
    *(
        "create_index",
        "preview_index",
        "change_index",
        "compare_index",
        "upload_macro",
        "upload_prices",
        "replace_universe",
        "analyze",
        "bulk_analyze",
        "compute_evidence",
        "run_backtest",
        "compare_backtests",
        "refresh",
        "rerun",
        "get_overview",
        "get_regime",
        "list_news",
        "list_results",
        "get_results_report",
        "create_report",
    ),
}
ANSWERS_FROM_STORED = {"get_evidence", "get_evidence_report"}  # also while switched off, and so knows what is not there
UNKNOWN = {"ticker": "NOSUCH", "name": "nosuch", "pair": "EURXXX", "reference": "NOSUCH", "day": "1999-01-04"}
ENDS_ITSELF = {"log_out"}  # the caller would be nobody afterwards
FOR_WHOEVER = {"get_session"}  # tells each caller what it may do, if only that it may do nothing
JSON = "application/json"
PROVIDER = {"price_providers": "csv_url", "csv_url_template": "http://127.0.0.1:9/{ticker}.csv"}  # never asked here


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document()


@pytest.fixture
def client(backend: Backend, tmp_path: Path) -> Client:
    """Somebody who may do everything, so that nothing is refused for who asks."""
    app = client_of(backend, tmp_path, max_upload_bytes=LIMIT, max_import_bytes=LIMIT, **PROVIDER).app
    root = person(app, "root@example.com", org_id=FIRST_ORG, is_operator=True)
    return Client(app, {"Authorization": f"Bearer {root.program().tokens['access_token']}"})


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and entry of each operation that needs a key."""
    for path, item in document["paths"].items():
        for method, entry in item.items():
            if path.startswith("/api/v1/") and entry["operationId"] not in ENDS_ITSELF:
                yield method.upper(), path, entry


def declared(document: dict[str, Any], entry: dict[str, Any]) -> set[tuple[int, str]]:
    """Statuses and codes of the operation's problems."""
    shared = document["components"]["responses"]
    answers = {
        status: shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer for status, answer in entry["responses"].items()
    }
    return {(int(status), code) for status, answer in answers.items() for code in answer.get("x-codes", ())}


def problem(answer: Any) -> tuple[int, str]:
    """The status of an answer, and its code if it is a problem."""
    return answer.status_code, answer.json["code"] if answer.mimetype == "application/problem+json" else ""


def address(path: str, entry: dict[str, Any]) -> str:
    """The address of the operation for something that is not there."""
    for parameter in entry.get("parameters", ()):
        if parameter["in"] == "path":
            value = UNKNOWN.get(parameter["name"], UNKNOWN_ID)
            path = path.replace(f"{{{parameter['name']}}}", quote(value))
    return path


def ask(client: Client, method: str, path: str, entry: dict[str, Any], **more: Any) -> Any:
    """Call the operation with its example's body, unless another is given."""
    for media_type, content in entry.get("requestBody", {}).get("content", {}).items():
        if "data" not in more:
            example = content["example"]
            more |= {"json": example} if media_type == JSON else {"data": example, "content_type": media_type}
    ends = "?wait=false" if entry["operationId"] == "stream_events" else ""  # the stream has no end by itself
    return client(method, f"{address(path, entry)}{ends}", **more)


def test_what_is_not_there(client: Client, document: dict[str, Any]) -> None:
    for method, path, entry in operations(document):
        told = {(status, code) for status, code in declared(document, entry) if status == 404}
        if entry["operationId"] not in NAMES_IT_ELSEWHERE:
            answer = problem(ask(client, method, path, entry))
            assert (answer in told) == (answer[0] == 404) == bool(told), (method, path, answer)


def test_what_a_key_may_not_do(client: Client, document: dict[str, Any]) -> None:
    _, key = create_key(database.current(), FIRST_ORG, "mcp alone", KeyRights(frozenset({Scope.MCP})))
    for method, path, entry in operations(document):
        assert (403, "forbidden") in declared(document, entry)
        if entry.get("security") != [] and entry["operationId"] not in FOR_WHOEVER:
            assert ask(client, method, path, entry, key=key).status_code == 403, (method, path)


def test_what_a_page_of_another_organization_may_not_do(client: Client, document: dict[str, Any]) -> None:
    """A session's page says what it was made for; whatever needs no session does not look at it."""
    browser = Client(client.app, {"X-Organization": "999"})
    assert browser.http.post("/login", data={"key": MASTER_KEY}).status_code == 303
    for method, path, entry in operations(document):
        is_told = (409, "other_organization") in declared(document, entry)
        assert is_told == (entry.get("security") != []), (method, path)
        if is_told:
            assert problem(ask(browser, method, path, entry)) == (409, "other_organization"), (method, path)


def test_what_is_switched_off(client: Client, document: dict[str, Any]) -> None:
    for flag in client.get("/admin/flags").json["items"]:
        client("PUT", f"/admin/flags/{flag['name']}", json={"enabled": False})
    for method, path, entry in operations(document):
        if entry["operationId"] in ANSWERS_FROM_STORED:
            continue
        is_told = (503, "feature_disabled") in declared(document, entry)
        assert (problem(ask(client, method, path, entry)) == (503, "feature_disabled")) == is_told, (method, path)


@pytest.mark.parametrize(
    ("data", "content_type", "expected"),
    [
        (b" " * (LIMIT + 1), None, (413, "payload_too_large")),
        (b"a", "text/x-unknown", (415, "unsupported_media_type")),
        (b"{", JSON, (400, "malformed_json")),
    ],
)
def test_what_is_wrong_with_a_body(
    client: Client, document: dict[str, Any], data: bytes, content_type: str | None, expected: tuple[int, str]
) -> None:
    for method, path, entry in operations(document):
        types = list(entry.get("requestBody", {}).get("content", {}))
        is_told = expected in declared(document, entry)
        assert is_told == bool(types) if expected[0] != 400 else is_told == (types == [JSON]), (method, path)
        if is_told:
            answer = ask(client, method, path, entry, data=data, content_type=content_type or types[0])
            assert problem(answer) == expected, (method, path)


def test_a_key_for_repetition_may_not_fit(client: Client, document: dict[str, Any]) -> None:
    for method, path, entry in operations(document):
        takes_one = any(parameter["name"] == "Idempotency-Key" for parameter in entry.get("parameters", ()))
        told = declared(document, entry) & {(422, "idempotency_mismatch"), (409, "conflict")}
        assert ((422, "idempotency_mismatch") in told) == takes_one, (method, path)
        assert not takes_one or (409, "conflict") in told, (method, path)
