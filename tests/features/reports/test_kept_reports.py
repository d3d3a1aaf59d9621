"""Kept reports: made by a job in each format, ready only with their file, of one organization, and gone when they are removed or expire."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import openpyxl
import pytest
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID, another_organization, finished, items_of, options_for, working
from kit.support import Client, settings_for

import database
from api.application import Application
from app import create_app
from features.evidence.kinds import UniverseCalibration
from features.files.service import files_of
from features.reports.kinds import ReportMaking
from features.reports.making import WAITS_FOR
from features.reports.schemas.kept import TAKES, FormatName, StateName, TypeName
from features.reports.service import prune_reports
from models.kept_report import MOST_REPORTS, ReportFormat, ReportState, ReportType
from utils.clock import now
from utils.ids import new_id

CSV = {"Accept": "text/csv"}
SCREENER = {"type": "screener", "format": "json"}


def run(app: Application) -> int:
    with working(options=options_for((ReportMaking(app.services.foundation), UniverseCalibration()))) as executor:
        return executor.drain()


def asked(client: Client, **body: Any) -> dict[str, Any]:
    answer = client.post("/reports", body)
    assert answer.status_code == 202, answer.json
    report: dict[str, Any] = answer.json
    assert (report["state"], report["file"], answer.headers["Location"]) == ("queued", None, f"/api/v1/reports/{report['id']}")
    return report


def made(client: Client, **body: Any) -> tuple[dict[str, Any], bytes]:
    """Ask for a report, have it made, and return it with its content."""
    report = asked(client, **body)
    run(client.app)
    report = client.get(f"/reports/{report['id']}").json
    assert (report["state"], report["reason"], report["error"]) == ("ready", None, None), report
    answer = client.get(f"/reports/{report['id']}/file")
    file = report["file"]
    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, file["content_type"], file["bytes"])
    assert answer.headers["Content-Disposition"] == f"attachment; filename={file['name']}"
    return report, answer.data


def objects(tmp_path: Path) -> int:
    return sum(path.is_file() for path in (tmp_path / "storage").rglob("*"))


def sheets_of(content: bytes) -> list[str]:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    names = list(book.sheetnames)
    book.close()
    return names


# ---- each type in each format --------------------------------------------------------------------------------------------------------


def test_a_job(client: Client) -> None:
    job = finished(client, "AAPL", "MSFT", "NONE")
    order = {"type": "job", "job_id": job["id"]}
    report, content = made(client, **order)
    assert sheets_of(content) == ["Summary", "Verdicts", "Failures", "Parameters"]
    assert (report["format"], report["params"]) == ("xlsx", {**order, "format": "xlsx"})
    _, content = made(client, **order, format="csv")
    header, *lines = content.decode().splitlines()
    assert header.startswith("ticker,name,status,as_of,close,score,verdict,")
    assert [line.split(",")[0] for line in lines] == ["AAPL", "MSFT", "NONE"]
    assert "ticker_not_found" in lines[2]
    _, content = made(client, **order, format="json")
    told = json.loads(content)
    assert (told["job"]["id"], told["job"]["failed"]) == (job["id"], 1)
    aapl, _, none = told["items"]
    stored = client.get(f"/results/{aapl['result_id']}").json
    assert {**aapl["result"], "superseded": False} == stored
    assert (none["result"], none["error_code"]) == (None, "ticker_not_found")


def test_a_ticker(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    order = {"type": "ticker", "ticker": "aapl"}
    _, content = made(client, **order)
    assert "History" in sheets_of(content)
    report, content = made(client, **order, format="json")
    (history,) = client.get("/history/AAPL").json["items"]
    assert json.loads(content) == {"result": client.get(f"/results/{history['id']}").json, "history": [history]}
    assert report["file"]["name"] == f"bellwether-AAPL-balanced-{history['as_of']}.json"
    _, content = made(client, **order, format="csv", period={"start": "2000-01-01"})
    assert content.decode().splitlines()[1].startswith(f"AAPL,balanced,{history['as_of']},")
    _, content = made(client, **order, format="csv", period={"end": "2000-01-01"})
    assert len(content.decode().splitlines()) == 1


@pytest.mark.parametrize("strategy", [None, "trend"])
def test_a_watch_list_and_the_screener(client: Client, strategy: str | None) -> None:
    for ticker in ("AAPL", "MSFT"):
        client.post("/analyze", {"ticker": ticker, "strategy": strategy or "balanced"})
    client.post("/watchlist", {"ticker": "MSFT"})
    chosen = {"strategy": strategy} if strategy else {}
    query = f"&strategy={strategy}" if strategy else ""
    _, content = made(client, type="watchlist", format="csv", **chosen)
    assert content == client.get(f"/results?universe=watchlist{query}", headers=CSV).data
    _, content = made(client, type="watchlist", format="json", list_id="default", **chosen)
    assert [item["ticker"] for item in json.loads(content)["items"]] == ["MSFT"]
    _, content = made(client, type="screener", format="json", filter={"sort": "ticker", **chosen})
    assert json.loads(content)["items"] == client.get(f"/results?sort=ticker{query}").json["items"]
    _, content = made(client, type="screener", format="csv", filter={"columns": "ticker,score", "q": "aap", **chosen})
    assert content == client.get(f"/results?columns=ticker,score&q=aap{query}", headers=CSV).data
    _, content = made(client, type="screener", filter=chosen)
    assert sheets_of(content)[0] == "Summary"


def test_evidence(client: Client) -> None:
    order = {"type": "evidence", "ticker": "AAPL"}
    _, content = made(client, **order, format="json")
    assert json.loads(content) == client.get("/evidence/AAPL").json
    _, content = made(client, **order, format="csv", period={"start": "2005-01-01"})
    assert content == client.get("/evidence/AAPL?start=2005-01-01", headers=CSV).data
    _, content = made(client, **order)
    assert "Fan" in sheets_of(content)
    client.post("/evidence", {"universe": "all", "horizons": [20]})
    run(client.app)
    over = {"type": "evidence", "universe": "all"}
    _, content = made(client, **over, format="json")
    assert json.loads(content)["universe"] == "all"
    _, content = made(client, **over, format="csv")
    assert content == client.get("/evidence?universe=all", headers=CSV).data
    _, content = made(client, **over)
    assert sheets_of(content)


def test_names_of_types_formats_and_states() -> None:
    assert set(get_args(TypeName)) == set(ReportType) == TAKES.keys()
    assert set(get_args(FormatName)) == set(ReportFormat)
    assert set(get_args(StateName)) == set(ReportState)


# ---- asking ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "portfolio"}, "job"),
        ({"type": "job"}, "needs its `job_id`"),
        ({"type": "ticker"}, "needs its `ticker`"),
        ({"type": "ticker", "ticker": "AAPL", "filter": {}}, "takes no `filter`"),
        ({"type": "screener", "strategy": "trend"}, "takes no `strategy`"),
        ({"type": "evidence"}, "either a `ticker` or a `universe`"),
        ({"type": "evidence", "ticker": "AAPL", "universe": "all"}, "either a `ticker` or a `universe`"),
        ({"type": "evidence", "universe": "all", "period": {"start": "2020-01-01"}}, "no `period`"),
        ({"type": "screener", "format": "pdf"}, "xlsx"),
        ({"type": "watchlist", "list_id": "no-list"}, "list_id"),
        ({"type": "ticker", "ticker": "AAPL", "period": {"start": "2020-01-02", "end": "2020-01-01"}}, "below start"),
    ],
)
def test_what_does_not_fit_is_told(client: Client, body: dict[str, Any], words: str) -> None:
    answer = client.post("/reports", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert words in str(answer.json["errors"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "job", "job_id": UNKNOWN_ID}, "job_not_found"),
        ({"type": "job", "job_id": "x"}, "job_not_found"),
        ({"type": "ticker", "ticker": "NONE"}, "ticker_not_found"),
        ({"type": "evidence", "universe": "nowhere"}, "universe_not_found"),
        ({"type": "watchlist", "list_id": UNKNOWN_ID}, "universe_not_found"),
        ({"type": "screener", "filter": {"universe": "nowhere"}}, "universe_not_found"),
    ],
)
def test_what_is_not_there_is_told_at_once(client: Client, body: dict[str, Any], code: str) -> None:
    answer = client.post("/reports", body)
    assert (answer.status_code, answer.json["code"]) == (404, code)
    assert client.get("/jobs").json["items"] == []


def test_asked_twice_with_one_key_it_is_one(client: Client) -> None:
    first, second = (client.post("/reports", SCREENER, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(client.get("/reports").json["items"]) == 1


def test_there_are_only_so_many(client: Client) -> None:
    for _ in range(MOST_REPORTS):
        _insert_failed()
    answer = client.post("/reports", SCREENER)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    client.delete(f"/reports/{client.get('/reports?limit=1').json['items'][0]['id']}")
    assert client.post("/reports", SCREENER).status_code == 202


def _insert_failed() -> None:
    database.execute_db(
        """
        INSERT INTO kept_reports
            (id, org_id, type, format, params, job_id, error_code, error, created_at, created_by, finished_at, expires_at)
        VALUES (:id, 1, 'job', 'csv', '{}', :id, 'not_found', 'Gone.', :now, 'tests', :now, :then)
        """,
        {"id": new_id(), "now": now(), "then": now() + timedelta(days=1)},
    )


# ---- states, lists, removal ----------------------------------------------------------------------------------------------------------


def test_the_list_has_the_states(client: Client) -> None:
    ready, _ = made(client, **SCREENER)
    failed = asked(client, type="ticker", ticker="MSFT")  # which has no result yet
    run(client.app)
    queued = asked(client, **SCREENER)
    items = client.get("/reports").json["items"]
    assert [(item["id"], item["state"]) for item in items] == [(queued["id"], "queued"), (failed["id"], "failed"), (ready["id"], "ready")]
    assert items[1]["error"]["code"] == "not_found"
    assert items[1]["reason"] == items[1]["error"]["message"]
    first = client.get("/reports?limit=2").json
    assert [item["id"] for item in client.get(f"/reports?limit=2&cursor={first['next_cursor']}").json["items"]] == [ready["id"]]
    for report, words in ((queued, "It is being made"), (failed, "It could not be made")):
        for path in ("file", "link"):
            answer = client.get(f"/reports/{report['id']}/{path}")
            assert (answer.status_code, answer.json["code"]) == (409, "conflict")
            assert words in answer.json["detail"]


def test_what_could_not_be_made_is_made_by_trying_again(client: Client) -> None:
    report = asked(client, type="ticker", ticker="AAPL")
    run(client.app)
    assert client.get(f"/reports/{report['id']}").json["state"] == "failed"
    client.post("/analyze", {"ticker": "AAPL"})
    assert client.post(f"/jobs/{report['job_id']}/retry").status_code == 202
    run(client.app)
    again = client.get(f"/reports/{report['id']}").json
    assert (again["state"], again["error"]) == ("ready", None)


def test_a_removed_report_is_gone_with_its_file(client: Client, tmp_path: Path) -> None:
    report, _ = made(client, **SCREENER)
    link = client.get(f"/reports/{report['id']}/link").json["url"]
    assert client.get(link, key=None).status_code == 200
    assert client.delete(f"/reports/{report['id']}").status_code == 204
    assert objects(tmp_path) == 0
    for path in ("", "/file", "/link"):
        answer = client.get(f"/reports/{report['id']}{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
        assert "removed or have expired" in answer.json["detail"]
    assert client.delete(f"/reports/{report['id']}").status_code == 404
    assert client.get(link, key=None).status_code == 404
    assert client.get("/reports").json["items"] == []


def test_a_report_that_is_removed_before_it_is_made_is_not_made(client: Client, tmp_path: Path) -> None:
    report = asked(client, **SCREENER)
    client.delete(f"/reports/{report['id']}")
    assert client.get(f"/jobs/{report['job_id']}").json["status"] == "cancelled"
    assert (run(client.app), objects(tmp_path)) == (0, 0)


def test_a_report_that_is_removed_while_it_is_made_leaves_nothing(client: Client, tmp_path: Path) -> None:
    report = asked(client, **SCREENER)
    kind = ReportMaking(client.app.services.foundation)
    order = kind.read_params(json.dumps({"report_id": report["id"], **report["params"]}))
    ((key, outcome),) = kind.run(database.current(), 1, order, [report["id"]])
    client.delete(f"/reports/{report['id']}")
    with database.transaction() as connection:
        assert kind.store(connection, 1, {key: outcome}, now()) == {}  # type: ignore[dict-item]  # it is made
    assert [one.code for _, one in kind.run(database.current(), 1, order, [report["id"]])] == ["report_removed"]
    files_of(client.app.services.foundation).sweep()
    assert objects(tmp_path) == 0


def test_an_expired_report_is_gone(client: Client, tmp_path: Path) -> None:
    report, _ = made(client, **SCREENER)
    database.execute_db("UPDATE kept_reports SET expires_at = :then", {"then": now() - timedelta(seconds=1)})
    assert client.get(f"/reports/{report['id']}/file").status_code == 404
    assert client.get("/reports").json["items"] == []
    assert prune_reports(database.current()) == 1
    files_of(client.app.services.foundation).sweep()
    assert objects(tmp_path) == 0


def test_reports_are_kept_for_the_days_of_the_setting(backend: Backend, tmp_path: Path) -> None:
    client = Client(create_app(settings_for(backend.url, tmp_path, reports_kept_days=2)))
    asked(client, **SCREENER)
    assert prune_reports(database.current(), now() + timedelta(days=2, minutes=-1)) == 0
    assert prune_reports(database.current(), now() + timedelta(days=2)) == 1


def test_another_organization_neither_sees_nor_removes_reports(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL"})
    report, _ = made(client, **SCREENER)
    job = finished(client, "AAPL")
    key = another_organization()
    assert client.get("/reports", key=key).json["items"] == []
    for path in ("", "/file", "/link"):
        assert client.get(f"/reports/{report['id']}{path}", key=key).status_code == 404
    assert client.delete(f"/reports/{report['id']}", key=key).status_code == 404
    assert client.post("/reports", {"type": "job", "job_id": job["id"]}, key=key).status_code == 404
    theirs = client.post("/reports", SCREENER, key=key).json
    run(client.app)
    content = client.get(f"/reports/{theirs['id']}/file", key=key)
    assert content.json == {"items": []}
    assert client.get(f"/reports/{report['id']}").json["state"] == "ready"


# ---- a storage that is away -----------------------------------------------------------------------------------------------------------


def test_while_the_storage_is_away_a_report_waits_and_then_fails(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("")
    client = Client(create_app(settings_for(backend.url, tmp_path, storage_url=f"file://{tmp_path}/a-file")))
    report = asked(client, **SCREENER)
    run(client.app)
    assert client.get(f"/reports/{report['id']}").json["state"] in ("queued", "processing")
    assert client.get(f"/jobs/{report['job_id']}").json["waiting"]["items"] == 1
    database.execute_db("UPDATE kept_reports SET created_at = :then", {"then": now() - WAITS_FOR})
    other = asked(client, **SCREENER)
    database.execute_db("UPDATE kept_reports SET created_at = :then", {"then": now() - WAITS_FOR})
    run(client.app)
    told = client.get(f"/reports/{other['id']}").json
    assert (told["state"], told["error"]["code"]) == ("failed", "unavailable")
    assert items_of(client, other["job_id"])[other["id"]]["status"] == "failed"


def test_a_link_holds_for_its_seconds_and_no_longer_than_the_report(client: Client) -> None:
    report, content = made(client, **SCREENER)
    link = client.get(f"/reports/{report['id']}/link?seconds=60").json
    assert client.get(link["url"], key=None).data == content
    assert link["expires_at"] < report["expires_at"]
    soon = now() + timedelta(seconds=30)
    database.execute_db("UPDATE kept_reports SET expires_at = :then", {"then": soon})
    assert client.get(f"/reports/{report['id']}/link?seconds=3600").json["expires_at"][:19] == soon.isoformat()[:19]
    assert client.get(f"/reports/{report['id']}/link?seconds=86401").status_code == 422
