"""What features offer to schedules and pipelines does what the API does."""

from __future__ import annotations

from typing import Any

import pytest
from kit.events import ORG
from kit.jobs import run_jobs
from kit.support import Client
from pydantic import ValidationError

import database
from api.application import Application
from features.analyses.kinds import BulkAnalysis
from features.evidence.kinds import UniverseCalibration
from features.reports.kinds import ReportMaking
from infrastructure.capability import Call, Capabilities, Capability, CapabilityNotFound, Reads, Starts
from jobs.service import find
from models.errors import BellwetherError
from utils.json_text import dump, parse_tolerant

CALL = Call(ORG, "run:1", "a test")


@pytest.fixture
def offered(app: Application) -> Capabilities:
    return app.services.foundation.capabilities


def use(capability: Capability, *kinds: Any, **given: Any) -> Any:
    """The answer as JSON; of a capability that starts a job, once that has ended."""
    inputs = capability.inputs.model_validate(given)
    work = capability.work
    if isinstance(work, Reads):
        return parse_tolerant(dump(work.answer(database.current(), CALL, inputs)))
    assert isinstance(work, Starts)
    with database.transaction() as connection:
        started = work.start(connection, CALL, inputs)
    run_jobs(kinds=[BulkAnalysis(), UniverseCalibration(), *kinds])
    job = find(database.current(), ORG, started.job_id)
    with database.transaction() as connection:
        return parse_tolerant(dump(work.answer(connection, CALL, inputs, job)))


def test_each_has_a_description_and_inputs_with_a_schema(offered: Capabilities) -> None:
    names = {capability.name for capability in offered}
    assert {"refresh", "bulk_analyse", "analyse", "evidence", "evidence_universe", "backtest", "compare", "screen", "changes"} <= names
    assert {"watchlist", "universe", "report", "keep_report", "tell_changes"} <= names
    for capability in offered:
        assert capability.description.endswith("."), capability.name
        assert capability.inputs.model_json_schema()["type"] == "object"


def test_an_unknown_one_names_those_that_there_are(offered: Capabilities) -> None:
    with pytest.raises(CapabilityNotFound, match=r"There is no capability 'nothing'.*bulk_analyse"):
        offered.find("nothing")


def test_one_ticker(offered: Capabilities, client: Client) -> None:
    result = use(offered.find("analyse"), ticker="aapl", strategy="trend")
    assert result["id"] == client.post("/analyze", {"ticker": "AAPL", "strategy": "trend"}).json["id"]
    evidence = use(offered.find("evidence"), ticker="AAPL")
    assert evidence["fingerprint"] == client.get("/evidence/AAPL").json["fingerprint"]
    backtest = use(offered.find("backtest"), ticker="AAPL")
    assert backtest["id"] == client.post("/backtests", {"ticker": "AAPL"}).json["id"]
    compared = use(offered.find("compare"), ticker="AAPL", sets=[{"strategy": "balanced"}, {"strategy": "trend"}])
    assert len(compared["sets"]) == 2


@pytest.mark.parametrize(("name", "more"), [("backtest", {}), ("compare", {"sets": [{"strategy": "balanced"}]})])
def test_many_tickers_are_a_matter_of_jobs(offered: Capabilities, name: str, more: dict[str, Any]) -> None:
    with pytest.raises(BellwetherError, match="Name one ticker"):
        use(offered.find(name), tickers=["AAPL"], **more)


def test_a_market(offered: Capabilities, client: Client) -> None:
    ended = use(offered.find("bulk_analyse"), universe="all", strategy="trend")
    assert (ended["status"], ended["succeeded"], ended["failed"]) == ("completed", 5, 0)
    counted = use(offered.find("evidence_universe"), universe="all")
    assert (counted["status"], counted["total"]) == ("completed", 5)
    found = use(offered.find("screen"), filter={"strategy": "trend", "sort": "-score"}, limit=2)
    listed = client.get("/results?strategy=trend&sort=-score&limit=2").json
    assert found["total"] == listed["total"] == 5
    assert [item["id"] for item in found["items"]] == [item["id"] for item in listed["items"]]
    report = use(offered.find("report"), filter={"strategy": "trend"}, limit=1)
    assert (report["total"], len(report["items"])) == (5, 1)
    assert client.get(report["link"]).status_code == 200


def test_a_report_that_is_kept(offered: Capabilities, app: Application, client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    given = {"type": "ticker", "ticker": "aapl", "format": "json", "period": {"start": "2012-01-01"}}
    kept = use(offered.find("keep_report"), ReportMaking(app.services.foundation), **given)
    assert (kept["status"], kept["succeeded"], kept["link"]) == ("completed", 1, f"/api/v1/reports/{kept['report_id']}/file")
    report = client.get(f"/reports/{kept['report_id']}").json
    assert (report["state"], report["type"], report["format"], report["created_by"]) == ("ready", "ticker", "json", CALL.caused_by)
    assert client.get(kept["link"]).status_code == 200


def test_a_report_that_cannot_be_made_has_no_file(offered: Capabilities, app: Application) -> None:
    failed = use(offered.find("keep_report"), ReportMaking(app.services.foundation), type="ticker", ticker="AAPL")  # not analysed yet
    assert (failed["failed"], failed["link"]) == (1, None)


@pytest.mark.parametrize("given", [{"type": "job"}, {"type": "ticker", "ticker": "AAPL", "list_id": "default"}, {"type": "unknown"}])
def test_inputs_of_a_report_are_those_of_the_api(offered: Capabilities, given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        offered.find("keep_report").inputs.model_validate(given)


def test_lists(offered: Capabilities, client: Client) -> None:
    client.post("/watchlist", {"ticker": "IBM", "notes": "old"})
    assert use(offered.find("watchlist"))["items"] == [
        {"ticker": "IBM", "name": "International Business Machines Corporation", "notes": "old"}
    ]
    assert use(offered.find("universe"), name="all")["count"] == 5
    assert use(offered.find("universe"), name="watchlist")["tickers"] == ["IBM"]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("universe", {"name": "gone"}),
        ("watchlist", {"list": "0190a3b2-7a1e-7c8e-8a55-2f3c9d1e6b70"}),
        ("screen", {"filter": {"universe": "gone"}}),
        ("analyse", {"ticker": "NONE"}),
        ("keep_report", {"type": "ticker", "ticker": "NONE"}),
        ("keep_report", {"type": "watchlist", "list_id": "0190a3b2-7a1e-7c8e-8a55-2f3c9d1e6b70"}),
        ("bulk_analyse", {"universe": "gone"}),
        ("refresh", {"universe": "all"}),  # without a provider
    ],
)
def test_what_is_not_there_is_an_error_of_the_caller(offered: Capabilities, name: str, given: dict[str, Any]) -> None:
    with pytest.raises(BellwetherError):
        use(offered.find(name), **given)
