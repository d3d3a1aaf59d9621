"""The OpenAPI document is true: schemathesis calls every operation with valid and invalid input and compares the answers with it."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from kit.accounts import Person, Program, person
from kit.support import MASTER_KEY, Client, settings_for
from schemathesis.specs.openapi.checks import allow_header_conformance, positive_data_acceptance

import database
from app import create_app, start
from models.access import Role
from models.api_key import FIRST_ORG

LONGEST_SUMMARY = 120
# The methods of the paths with a variable in their place are allowed at these, too.
ALSO_A_VARIABLE = {
    "/api/v1/reports/results.xlsx",
    "/api/v1/reports/evidence.xlsx",
    "/api/v1/macro/regime",
    "/api/v1/watchlist/items",
    "/api/v1/watchlists/{list_id}/items/batch",
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
}
STREAM = "/api/v1/events/stream"
NEEDS_NOTHING = {
    *("POST /api/v1/auth/register", "POST /api/v1/auth/login", "POST /api/v1/auth/login/totp", "POST /api/v1/auth/refresh"),
    *("POST /api/v1/auth/password/forgot", "POST /api/v1/auth/password/reset"),
    *("POST /api/v1/auth/join", "POST /api/v1/auth/join/look"),
    *("POST /api/v1/auth/passkeys/login/options", "POST /api/v1/auth/passkeys/login"),
}
CALLERS: dict[str, Person] = {}  # by role
PROGRAMS: dict[str, Program] = {}
TURNS = itertools.cycle([MASTER_KEY, *Role])
METHODS = {"get", "post", "put", "delete", "patch"}


# Created at collection, because each operation is a test; it opens no connection before `serving` starts it.
FOLDER = tempfile.TemporaryDirectory(prefix="bellwether-openapi-")
SETTINGS = settings_for(f"sqlite:///{FOLDER.name}/bellwether.db", Path(FOLDER.name), load_sample=True)
APP = create_app(SETTINGS)


def served(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Call the application as a server does: read each answer to its end and close it. Of a stream, which has no end, the beginning."""
    answer: Any = APP(environ, start_response)
    try:
        if environ["PATH_INFO"] == STREAM:
            return list(itertools.islice(answer, 1))
        return [b"".join(answer)]
    finally:
        answer.close()


schema = schemathesis.openapi.from_wsgi("/openapi.json", served)


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(_: Any, value: Any) -> bytes:
    """A workbook that is none: what the schema calls a string of bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def serving() -> Iterator[None]:
    """The application with prices and results behind it."""
    database.configure(SETTINGS)
    start(APP)
    for ticker in ("AAPL", "FB"):
        assert Client(APP).post("/analyze", {"ticker": ticker}).status_code == 200
    for role in Role:
        CALLERS[role] = person(APP, f"{role}@example.com", role, org_id=FIRST_ORG)
    yield
    database.close()
    FOLDER.cleanup()


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@pytest.mark.usefixtures("serving")
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
    """Whether the input broke a rule beyond any schema: an unknown cursor, an empty universe, no vote, an empty range, a bad file."""
    if answer.status_code != 422:
        return False
    problem = answer.json()
    fields = [entry["field"] for entry in problem.get("errors", ())]
    ruled = {"cursor", "universe", "url", "series", "name", "items", "denominator", "effective_day", "amount", "indicators", "end"}
    ruled |= {"cron", "time_zone", "calendar", "after_close", "from", "to", "params", "last"}  # of schedules
    ruled |= {"address", "email", "password", "confirm"}
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
    assert set(operations) == {
        "POST /api/v1/analyze",
        "POST /api/v1/bulk-analyze",
        "GET /api/v1/jobs",
        "GET /api/v1/jobs/{job_id}",
        "GET /api/v1/jobs/{job_id}/items",
        "GET /api/v1/jobs/{job_id}/summary",
        "GET /api/v1/jobs/{job_id}/events",
        "POST /api/v1/jobs/{job_id}/cancel",
        "POST /api/v1/jobs/{job_id}/retry",
        "GET /api/v1/reports/analysis/{ticker}.xlsx",
        "GET /api/v1/reports/jobs/{job_id}.xlsx",
        "GET /api/v1/reports/results.xlsx",
        "GET /api/v1/reports/evidence/{ticker}.xlsx",
        "GET /api/v1/reports/risk/{ticker}.xlsx",
        "GET /api/v1/reports/evidence.xlsx",
        "GET /api/v1/reports/backtests/{backtest_id}.xlsx",
        "GET /api/v1/evidence/{ticker}",
        "GET /api/v1/risk/{ticker}",
        "GET /api/v1/evidence",
        "POST /api/v1/evidence",
        "GET /api/v1/feeds",
        "POST /api/v1/feeds",
        "GET /api/v1/feeds/{feed_id}",
        "PATCH /api/v1/feeds/{feed_id}",
        "DELETE /api/v1/feeds/{feed_id}",
        "POST /api/v1/feeds/{feed_id}/fetch",
        "GET /api/v1/imported-results",
        "GET /api/v1/imported-results/{result_id}",
        "GET /api/v1/macro",
        "GET /api/v1/macro/regime",
        "GET /api/v1/macro/{series}",
        "PUT /api/v1/macro/{series}",
        "DELETE /api/v1/macro/{series}",
        "GET /api/v1/news",
        "GET /api/v1/overview",
        "GET /api/v1/session",
        "GET /api/v1/auth/identities",
        "POST /api/v1/auth/identities",
        "DELETE /api/v1/auth/identities/{identity_id}",
        "POST /api/v1/auth/register",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/login/totp",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/password/forgot",
        "POST /api/v1/auth/password/reset",
        "GET /api/v1/auth/passkeys",
        "POST /api/v1/auth/passkeys",
        "POST /api/v1/auth/passkeys/options",
        "PATCH /api/v1/auth/passkeys/{passkey_id}",
        "POST /api/v1/auth/passkeys/{passkey_id}/remove",
        "POST /api/v1/auth/passkeys/login/options",
        "POST /api/v1/auth/passkeys/login",
        "GET /api/v1/auth/me",
        "PATCH /api/v1/auth/me",
        "POST /api/v1/auth/logout",
        "GET /api/v1/auth/sessions",
        "DELETE /api/v1/auth/sessions",
        "DELETE /api/v1/auth/sessions/{session_id}",
        "PUT /api/v1/auth/password",
        "PUT /api/v1/auth/organization",
        "POST /api/v1/auth/totp",
        "POST /api/v1/auth/totp/confirm",
        "POST /api/v1/auth/totp/remove",
        "POST /api/v1/auth/totp/recovery-codes",
        "GET /api/v1/auth/keys",
        "POST /api/v1/auth/keys",
        "GET /api/v1/auth/keys/{key_id}",
        "DELETE /api/v1/auth/keys/{key_id}",
        "POST /api/v1/auth/join",
        "POST /api/v1/auth/join/look",
        "GET /api/v1/organization/export",
        "POST /api/v1/organization/removal",
        "GET /api/v1/auth/me/export",
        "POST /api/v1/auth/me/removal",
        "GET /api/v1/organizations",
        "POST /api/v1/organizations",
        "GET /api/v1/organization",
        "PATCH /api/v1/organization",
        "GET /api/v1/organization/members",
        "GET /api/v1/organization/members/{user_id}",
        "PATCH /api/v1/organization/members/{user_id}",
        "DELETE /api/v1/organization/members/{user_id}",
        "GET /api/v1/organization/invitations",
        "POST /api/v1/organization/invitations",
        "DELETE /api/v1/organization/invitations/{invitation_id}",
        "GET /api/v1/admin/users",
        "GET /api/v1/admin/users/{user_id}",
        "PATCH /api/v1/admin/users/{user_id}",
        "POST /api/v1/admin/users/{user_id}/password-link",
        "DELETE /api/v1/admin/users/{user_id}/second-factor",
        "GET /api/v1/series/{ticker}",
        "GET /api/v1/verdicts/{ticker}",
        "POST /api/v1/backtests",
        "GET /api/v1/backtests",
        "GET /api/v1/backtests/{backtest_id}",
        "POST /api/v1/backtests/compare",
        "GET /api/v1/results",
        "GET /api/v1/results/{result_id}",
        "GET /api/v1/results/{result_id}/flips",
        "GET /api/v1/results/{result_id}/honesty",
        "GET /api/v1/history/{ticker}",
        "GET /api/v1/capabilities",
        "GET /api/v1/pipelines",
        "POST /api/v1/pipelines/validate",
        "GET /api/v1/pipelines/{pipeline_id}",
        "PUT /api/v1/pipelines/{pipeline_id}",
        "DELETE /api/v1/pipelines/{pipeline_id}",
        "GET /api/v1/pipelines/{pipeline_id}/versions",
        "POST /api/v1/pipelines/{pipeline_id}/rollback",
        "POST /api/v1/pipelines/{pipeline_id}/runs",
        "GET /api/v1/runs",
        "GET /api/v1/runs/{run_id}",
        "GET /api/v1/runs/{run_id}/steps/{step}",
        "POST /api/v1/runs/{run_id}/cancel",
        "GET /api/v1/workflows",
        "POST /api/v1/workflows",
        "GET /api/v1/workflows/{workflow_id}",
        "PATCH /api/v1/workflows/{workflow_id}",
        "DELETE /api/v1/workflows/{workflow_id}",
        "POST /api/v1/workflows/{workflow_id}/runs",
        "GET /api/v1/suggestions",
        "POST /api/v1/suggestions/{suggestion_id}/apply",
        "POST /api/v1/suggestions/{suggestion_id}/dismiss",
        "GET /api/v1/screens",
        "POST /api/v1/screens",
        "GET /api/v1/screens/{screen_id}",
        "PATCH /api/v1/screens/{screen_id}",
        "DELETE /api/v1/screens/{screen_id}",
        "GET /api/v1/alerts",
        "GET /api/v1/alerts/unread-count",
        "POST /api/v1/alerts/{alert_id}/read",
        "POST /api/v1/alerts/{alert_id}/unread",
        "POST /api/v1/alerts/read-all",
        "GET /api/v1/alert-rules",
        "POST /api/v1/alert-rules",
        "POST /api/v1/alert-rules/preview",
        "GET /api/v1/alert-rules/{rule_id}",
        "PATCH /api/v1/alert-rules/{rule_id}",
        "DELETE /api/v1/alert-rules/{rule_id}",
        "GET /api/v1/alert-rules/{rule_id}/states",
        "POST /api/v1/alert-rules/{rule_id}/test",
        "GET /api/v1/events",
        "POST /api/v1/events",
        "GET /api/v1/events/stream",
        "GET /api/v1/events/{event_id}",
        "GET /api/v1/schedules",
        "POST /api/v1/evening-run",
        "POST /api/v1/schedules",
        "GET /api/v1/schedules/preview",
        "GET /api/v1/schedules/{schedule_id}",
        "PATCH /api/v1/schedules/{schedule_id}",
        "DELETE /api/v1/schedules/{schedule_id}",
        "GET /api/v1/schedules/{schedule_id}/next",
        "POST /api/v1/schedules/{schedule_id}/pause",
        "POST /api/v1/schedules/{schedule_id}/resume",
        "GET /api/v1/schedules/{schedule_id}/firings",
        "POST /api/v1/schedules/{schedule_id}/run",
        "POST /api/v1/schedules/{schedule_id}/backfill",
        "GET /api/v1/schedule-days",
        "GET /api/v1/watchlists",
        "POST /api/v1/watchlists",
        "GET /api/v1/watchlists/{list_id}",
        "PATCH /api/v1/watchlists/{list_id}",
        "DELETE /api/v1/watchlists/{list_id}",
        "GET /api/v1/watchlists/{list_id}/items",
        "POST /api/v1/watchlists/{list_id}/items",
        "POST /api/v1/watchlists/{list_id}/items/batch",
        "GET /api/v1/watchlists/{list_id}/items/{ticker}",
        "PATCH /api/v1/watchlists/{list_id}/items/{ticker}",
        "DELETE /api/v1/watchlists/{list_id}/items/{ticker}",
        "GET /api/v1/watchlist",
        "POST /api/v1/watchlist",
        "POST /api/v1/watchlist/items",
        "GET /api/v1/watchlist/{ticker}",
        "PATCH /api/v1/watchlist/{ticker}",
        "DELETE /api/v1/watchlist/{ticker}",
        "GET /api/v1/tickers",
        "GET /api/v1/tickers/{ticker}/providers",
        "PUT /api/v1/tickers/{ticker}/providers",
        "GET /api/v1/universes",
        "GET /api/v1/universes/{name}",
        "PUT /api/v1/universes/{name}",
        "DELETE /api/v1/universes/{name}",
        "GET /api/v1/prices/{ticker}",
        "PUT /api/v1/prices/{ticker}",
        "DELETE /api/v1/prices/{ticker}",
        "POST /api/v1/prices/{ticker}/restore",
        "GET /api/v1/prices/{ticker}/originals",
        "GET /api/v1/prices/{ticker}/originals/{file_id}",
        "DELETE /api/v1/prices/{ticker}/originals/{file_id}",
        "POST /api/v1/reports",
        "GET /api/v1/reports",
        "GET /api/v1/reports/{report_id}",
        "GET /api/v1/reports/{report_id}/file",
        "GET /api/v1/reports/{report_id}/link",
        "DELETE /api/v1/reports/{report_id}",
        "GET /api/v1/former-prices",
        "GET /api/v1/providers",
        "POST /api/v1/refresh",
        "GET /api/v1/price-checks",
        "POST /api/v1/results/rerun",
        "POST /api/v1/price-imports",
        "GET /api/v1/price-imports/{import_id}",
        "GET /api/v1/prices/{ticker}/quality",
        "PUT /api/v1/prices/{ticker}/bases",
        *(f"{method} /api/v1/prices/{{ticker}}/actions" for method in ("GET", "POST")),
        *(f"{method} /api/v1/prices/{{ticker}}/actions/{{action_id}}" for method in ("GET", "DELETE")),
        *(f"{method} /api/v1/channels" for method in ("GET", "POST")),
        *(f"{method} /api/v1/channels/{{channel_id}}" for method in ("GET", "PATCH", "DELETE")),
        *(f"POST /api/v1/channels/{{channel_id}}/{what}" for what in ("secret", "test")),
        "GET /api/v1/deliveries",
        "GET /api/v1/deliveries/{delivery_id}",
        "POST /api/v1/deliveries/{delivery_id}/retry",
        "GET /api/v1/strategies",
        *("GET /api/v1/admin/flags", "GET /api/v1/admin/flags/{name}", "PUT /api/v1/admin/flags/{name}"),
        *(
            f"GET /api/v1/{path}"
            for path in ("organization/flags", "organization/flags/{name}", "organization/limits", "admin/organizations")
        ),
        *(f"GET /api/v1/admin/organizations/{{organization_id}}{path}" for path in ("", "/flags", "/flags/{name}", "/limits")),
        "PUT /api/v1/admin/organizations/{organization_id}/limits",
        *(f"{method} /api/v1/organization/members/{{user_id}}/limits" for method in ("GET", "PUT")),
        *(f"PUT /api/v1/{path}/flags/{{name}}" for path in ("organization", "admin/organizations/{organization_id}")),
        *(f"{method} /api/v1/admin/cache" for method in ("GET", "DELETE")),
        "GET /api/v1/admin/status",
        "GET /api/v1/admin/workers",
        "GET /api/v1/admin/errors",
        "GET /api/v1/audit",
        "GET /api/v1/integrations",
        "POST /api/v1/integrations/{name}/test",
        *(f"{method} /api/v1/admin/keys" for method in ("GET", "POST")),
        *(f"{method} /api/v1/admin/keys/{{key_id}}" for method in ("GET", "DELETE")),
        *(f"GET /health{part}" for part in ("", "/live", "/ready", "/migrations")),
        "GET /api/health/ping",
        "GET /api/files/{link}",
    }
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
