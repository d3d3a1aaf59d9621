"""The OpenAPI document is true: schemathesis calls every operation with valid and invalid input and compares the answers with it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from kit.accounts import Person, Program, person
from kit.effort import effort
from kit.operations import OPERATIONS
from kit.support import MASTER_KEY, Client, settings_for
from schemathesis.specs.openapi.checks import allow_header_conformance, positive_data_acceptance

import database
from app import Application, create_app, start
from models.access import Role
from models.api_key import FIRST_ORG

LONGEST_SUMMARY = 120
# The methods of the paths with a variable in their place are allowed at these, too.
ALSO_A_VARIABLE = {
    "/api/v1/reports/results.xlsx",
    "/api/v1/reports/evidence.xlsx",
    "/api/v1/macro/regime",
    "/api/v1/indexes/preview",
    "/api/v1/watchlist/items",
    "/api/v1/portfolios/{portfolio_id}/transactions/import",
    "/api/v1/portfolios/{portfolio_id}/transactions/export",
    "/api/v1/watchlists/{list_id}/items/batch",
    "/api/v1/portfolios/{portfolio_id}/transactions/batch",
    "/api/v1/results/rerun",
    "/api/v1/schedules/preview",
    "/api/v1/backtests/compare",
    "/api/v1/alert-rules/preview",
    "/api/v1/pipelines/validate",
    "/api/v1/events/stream",
    "/api/v1/auth/passkeys/options",
    "/api/v1/auth/passkeys/login",
}
# What fields of their bodies may have depends on others in more ways than their schema tells.
FIELDS_DEPEND = {
    *("/api/v1/reports", "/api/v1/alert-rules", "/api/v1/alert-rules/preview", "/api/v1/alert-rules/{rule_id}"),
    "/api/v1/organization/members/{user_id}/limits",
    *("/api/v1/indexes", "/api/v1/indexes/preview", "/api/v1/indexes/{index_id}"),
    *("/api/v1/portfolios/{portfolio_id}/transactions", "/api/v1/portfolios/{portfolio_id}/transactions/batch"),
    "/api/v1/portfolios/{portfolio_id}/transactions/{transaction_id}",
}
STREAM = "/api/v1/events/stream"
NEEDS_NOTHING = {
    *("POST /api/v1/auth/register", "POST /api/v1/auth/login", "POST /api/v1/auth/login/totp", "POST /api/v1/auth/refresh"),
    *("POST /api/v1/auth/password/forgot", "POST /api/v1/auth/password/reset"),
    *("POST /api/v1/auth/join", "POST /api/v1/auth/join/look"),
    *("POST /api/v1/auth/passkeys/login/options", "POST /api/v1/auth/passkeys/login"),
}
# What switches parts of the service off comes last.
IN_ORDER = [*sorted(name for name in OPERATIONS if "flags" not in name), *sorted(name for name in OPERATIONS if "flags" in name)]
CALLERS: dict[str, Person] = {}  # by role
PROGRAMS: dict[str, Program] = {}
UNDER_TEST: list[str] = []
TURNS = itertools.cycle([MASTER_KEY, *Role])
KEPT_BEFORE = "_nodeid"  # where schemathesis 4.32 notes the id of a test, and pytest 9.2 keeps it no more
METHODS = {"get", "post", "put", "delete", "patch"}


@dataclass(frozen=True)
class Served:
    """The application, called as a server does: each answer is read to its end and closed. Of a stream, which has no end, the beginning."""

    app: Application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        answer: Any = self.app(environ, start_response)
        try:
            if environ["PATH_INFO"] == STREAM:
                return list(itertools.islice(answer, 1))
            return [b"".join(answer)]
        finally:
            answer.close()


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(_: Any, value: Any) -> bytes:
    """A workbook that is none: what the schema calls a string of bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """What the application, with prices and results behind it, says of all its operations."""
    folder = tmp_path_factory.mktemp("openapi")
    app = create_app(settings_for(f"sqlite:///{folder}/bellwether.db", folder, load_sample=True))
    start(app)
    for ticker in ("AAPL", "FB"):
        assert Client(app).post("/analyze", {"ticker": ticker}).status_code == 200
    for role in Role:
        CALLERS[role] = person(app, f"{role}@example.com", role, org_id=FIRST_ORG)
    yield schemathesis.openapi.from_wsgi("/openapi.json", Served(app))
    database.close()


@pytest.fixture(params=IN_ORDER)
def operation(request: pytest.FixtureRequest) -> str:
    """The operation whose turn it is."""
    setattr(request.node, KEPT_BEFORE, request.node.nodeid)
    UNDER_TEST[:] = [request.param]
    return str(request.param)


def is_under_test(context: Any) -> bool:
    return context.operation.label in UNDER_TEST


# The cases of an operation are made when its test runs: made at collection, each process would make those of all operations.
@schemathesis.pytest.from_fixture("document").include(is_under_test).parametrize()
@pytest.mark.usefixtures("operation")
@settings(max_examples=effort(15, 8), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_operation_does_as_it_says(case: Any) -> None:
    """The master key and a person of each role call it in turns."""
    key = shown_by(next(TURNS))
    answer = case.call(headers=key)
    excluded: list[Any] = [positive_data_acceptance] if beyond_the_schema(answer) or case.path in FIELDS_DEPEND else []
    if case.path in ALSO_A_VARIABLE:
        excluded.append(allow_header_conformance)
    case.validate_response(answer, excluded_checks=excluded, headers=key, transport_kwargs={"headers": key})


def shown_by(caller: str) -> dict[str, str]:
    """What a caller shows. A person whose session an operation has ended signs in again."""
    if caller == MASTER_KEY:
        return {"X-API-Key": MASTER_KEY}
    if caller not in PROGRAMS or not PROGRAMS[caller].is_known():
        PROGRAMS[caller] = CALLERS[caller].program()
    # In the header of keys, which takes tokens as well: schemathesis takes that one away to see whether it is asked for.
    return {"X-API-Key": PROGRAMS[caller].tokens["access_token"]}


def beyond_the_schema(answer: Any) -> bool:
    """Whether the input broke a rule beyond any schema: an unknown cursor or strategy, no vote, an empty range, a bad file."""
    if answer.status_code != 422:
        return False
    problem = answer.json()
    fields = [entry["field"] for entry in problem.get("errors", ())]
    ruled = {"cursor", "universe", "url", "series", "name", "items", "denominator", "effective_day", "amount", "indicators", "end"}
    ruled |= {"cron", "time_zone", "calendar", "after_close", "from", "to", "params", "last"}  # of schedules
    ruled |= {"symbols", "columns"}  # JSON within a query
    ruled |= {"as_of"}  # of a portfolio, whose future days are none
    ruled |= {"address", "email", "password", "confirm", "strategy", "weights", "period"}
    ruled |= {"title"}  # of spaces alone
    is_ruled = all(field.rpartition(".")[2] in ruled or field.removeprefix("query.").startswith("max_") for field in fields)
    return problem["code"] != "validation_error" or (bool(fields) and is_ruled)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_document_names_every_operation_and_its_errors(client: Client) -> None:
    document = client.get("/openapi.json", key=None).json
    assert [server["url"] for server in document["servers"]] == ["/"]
    assert document["openapi"].startswith("3.")
    operations = {
        f"{method.upper()} {path}": entry for path, item in document["paths"].items() for method, entry in item.items() if method in METHODS
    }
    assert set(operations) == OPERATIONS
    for name, operation in operations.items():
        assert 0 < len(operation["summary"]) <= LONGEST_SUMMARY, name
        if "/api/v1/" in name:
            assert {"401", "422", "429", "500", "503"} <= set(operation["responses"]), name
            assert ("security" in operation) == (name in NEEDS_NOTHING), name
        else:
            assert operation["security"] == [], name
        for status, answer in operation["responses"].items():
            if status >= "400" and "health" not in name:
                shared = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
                assert list(shared["content"]) == ["application/problem+json"], (name, status)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_documentation_page_loads_nothing_from_elsewhere(client: Client) -> None:
    with client.get("/docs", key=None) as page:
        assert "//" not in page.text.replace("<!doctype", "")
        assert "<script>" not in page.text
    for asset in ("page.css", "page.js", "trial.js"):
        with client.get(f"/docs/assets/{asset}", key=None) as answer:
            assert answer.status_code == 200
