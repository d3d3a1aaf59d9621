"""A Python client generated from the OpenAPI document does a whole round of work against a running server, by the types it was given."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import csv_of
from kit.servers import GUNICORN, Start, production, wait_until
from kit.support import MASTER_KEY
from openpyxl import load_workbook

from tools.api_client import generate_client, read_document

PACKAGE = "bellwether_client"
JOB_SECONDS = 120.0


class Generated:
    """The generated package, and a client of it. An operation is called by its tag and its id."""

    def __init__(self, address: str, key: str) -> None:
        self.models = importlib.import_module(f"{PACKAGE}.models")
        self.types = importlib.import_module(f"{PACKAGE}.types")
        self.client = importlib.import_module(PACKAGE).AuthenticatedClient(
            base_url=address, token=key, raise_on_unexpected_status=True, timeout=60
        )

    def close(self) -> None:
        """Close the connections."""
        self.client.get_httpx_client().close()

    def answer(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """The whole answer, with its status and headers."""
        return importlib.import_module(f"{PACKAGE}.api.{operation}").sync_detailed(*arguments, client=self.client, **options)

    def __call__(self, operation: str, *arguments: Any, **options: Any) -> Any:
        """What the answer says, as an object of its type."""
        return self.answer(operation, *arguments, **options).parsed


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The generated package, importable during the module."""
    folder = tmp_path_factory.mktemp("generated") / PACKAGE
    assert generate_client(read_document(), folder) == []
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def address(backend: Backend, start: Start) -> str:
    """The address of a server with one worker."""
    server = start([GUNICORN, "wsgi:app"], **production(backend, LOCAL_WORKERS="1"))
    wait_until(server.answers, 120)
    return server.url("")


@pytest.mark.usefixtures("package")
def test_every_module_of_the_client_can_be_imported(package: Path) -> None:
    modules = [file.relative_to(package).with_suffix("") for file in package.rglob("*.py") if file.stem != "__init__"]
    assert len(modules) > 100
    for module in modules:
        importlib.import_module(".".join((PACKAGE, *module.parts)))


def of_one_path(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The part of the document that a path needs: a client of everything takes long to generate."""
    components = document["components"]
    needed: dict[str, dict[str, Any]] = {kind: {} for kind in components if kind != "securitySchemes"}

    def follow(part: Any) -> None:
        if isinstance(part, dict) and "$ref" in part:
            _, _, kind, name = part["$ref"].split("/")
            if name not in needed[kind]:
                needed[kind][name] = components[kind][name]
                follow(components[kind][name])
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            follow(value)

    follow(document["paths"][path])
    return {**document, "paths": {path: document["paths"][path]}, "components": {**components, **needed}}


def _dropped(document: dict[str, Any]) -> None:
    document["paths"]["/api/v1/analyze"]["post"]["requestBody"]["content"] = {"text/csv": {"schema": {"type": "string"}}}


def _untyped(document: dict[str, Any]) -> None:
    document["paths"]["/api/v1/analyze"]["post"]["responses"]["200"]["content"] = {"application/json": {"schema": {}}}


def _numbered(document: dict[str, Any]) -> None:
    document["components"]["schemas"]["Problem"]["properties"]["code"] = {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("spoil", "fault"), [(_dropped, "Endpoint will not be generated"), (_untyped, "without a type"), (_numbered, "is numbered")]
)
def test_what_a_client_would_lack_is_told(tmp_path: Path, spoil: Any, fault: str) -> None:
    document = of_one_path(read_document(), "/api/v1/analyze")
    spoil(document)
    assert fault in " ".join(generate_client(document, tmp_path / PACKAGE))


@pytest.mark.usefixtures("package")
def test_a_whole_round_of_work(address: str) -> None:
    with closing(Generated(address, MASTER_KEY)) as generated:
        _do_a_whole_round(generated)


def _do_a_whole_round(generated: Generated) -> None:
    models, types = generated.models, generated.types

    file = types.File(BytesIO(csv_of(300).encode()))
    report = generated("prices.upload_prices", "ACME", body=file)
    assert isinstance(report, models.ImportReport)
    assert (report.ticker, report.bars) == ("ACME", 300)

    answer = generated.answer("analysis.analyze", body=models.AnalyzeRequest(ticker="ACME", strategy="trend"))
    result = answer.parsed
    assert isinstance(result, models.AnalysisResult)
    assert isinstance(result.verdict, models.Verdict)
    assert answer.headers["ETag"].startswith(f'"{result.fingerprint}')

    order = models.BulkAnalyzeRequest(tickers=["AAPL", "ACME", "NONE"])
    job = generated("jobs.bulk_analyze", body=order, idempotency_key="one-round")
    assert isinstance(job, models.BulkJobAnswer)
    done = wait_until(lambda: _finished(generated("jobs.get_job", job.id)), JOB_SECONDS)
    assert isinstance(done, models.JobAnswer)
    assert (done.status, done.succeeded, done.failed) == (models.JobStatus.COMPLETED, 2, 1)
    (failed,) = generated("jobs.list_job_items", job.id, status=models.ItemStatus.FAILED).items
    assert (failed.key, failed.error.code) == ("NONE", "ticker_not_found")
    assert "data: " in generated("jobs.stream_job", job.id)

    latest = generated("results.list_results", strategy="balanced", sort="ticker")
    assert isinstance(latest, models.LatestPage)
    assert [item.ticker for item in latest.items] == ["AAPL", "ACME"]
    history = generated("results.list_history", "ACME", limit=1)
    assert [item.ticker for item in history.items] == ["ACME"]
    assert isinstance(history.next_cursor, str)
    unchanged = generated.answer("results.get_result", result.id, if_none_match=answer.headers["ETag"])
    assert (unchanged.status_code, unchanged.parsed) == (304, None)

    workbook = generated("reports.get_ticker_report", "ACME", strategy="trend")
    assert isinstance(workbook, types.File)
    assert load_workbook(workbook.payload, read_only=True).sheetnames

    item = generated("watchlist.add_to_watchlist", body=models.WatchlistAddRequest(ticker="ACME"))
    assert isinstance(item, models.WatchlistItem)
    assert generated.answer("watchlist.remove_from_watchlist", "ACME").status_code == 204

    problem = generated("analysis.analyze", body=models.AnalyzeRequest(ticker="NONE"))
    assert isinstance(problem, models.Problem)
    assert (problem.status, problem.code) == (404, "ticker_not_found")


@pytest.mark.usefixtures("package")
def test_a_wrong_key_is_a_problem_of_its_type(address: str) -> None:
    with closing(Generated(address, "a-wrong-key")) as stranger:
        problem = stranger("jobs.list_jobs")
        assert isinstance(problem, stranger.models.Problem)
        assert (problem.status, problem.code) == (401, "unauthorized")


def _finished(job: Any) -> Any:
    return job if job.finished_at is not None else None
