"""Migration 0007 on a database with active jobs: rows change only their names, and earlier jobs can be read and go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from kit.databases import Backend
from kit.jobs import insert, item_values, items_of, job_values, rescue_expired, run_jobs
from kit.old_schema import migrate_to, store_sample
from kit.support import Client, settings_for

import app as application
import database
import db_migrations
from app import create_app
from models.job import Lane
from models.job_state import ItemStatus, JobStatus
from utils.clock import now

LAST_BEFORE = 6
PARAMS = (
    '{"universe":null,"strategy":"trend","capital":100000.0,"risk_percent":2.0,"max_position_percent":null,"reward_risk":null,'
    '"weights":null,"indicators":null,"as_of":null}'
)
# The states of the three items of a job, by the state of the job.
ITEMS = {
    "queued": ("queued", "queued", "queued"),
    "processing": ("processing", "succeeded", "queued"),
    "completed": ("succeeded", "succeeded", "failed"),
    "failed": ("failed", "failed", "failed"),
    "cancelled": ("cancelled", "cancelled", "cancelled"),
}
TICKERS = ("AAPL", "FB", "NOPE")


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> Backend:
    """A database at version 6, with the sample prices."""
    migrate_to(LAST_BEFORE, tmp_path)
    store_sample()
    return empty_backend


def fill() -> dict[str, str]:
    """Store jobs in every state, with items in every state; return the ids of the jobs by state."""
    ids: dict[str, str] = {}
    for number, status in enumerate(JobStatus):
        # The job in processing has one succeeded item; its worker is still running.
        changes = {"succeeded": 1} if status is JobStatus.PROCESSING else {}
        job = job_values(status, params=PARAMS, dedupe_key=f"{number:064}", retry_of=next(iter(ids.values()), None), **changes)
        del job["lane"]
        insert("analysis_jobs", job)
        ids[status] = job["id"]
        for turn, (ticker, item_status) in enumerate(zip(TICKERS, ITEMS[status], strict=True)):
            item = item_values(job["id"], item_status, turn=turn)
            if item_status == "processing":
                item["lease_expires_at"] = now() - timedelta(seconds=1)
            del item["lane"], item["key"]
            insert("analysis_job_items", {**item, "ticker": ticker})
    return ids


def rows(table: str, order: str) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = database.query_db(f"SELECT * FROM {table} ORDER BY {order}")
    return stored


@pytest.fixture
def client(before: Backend, tmp_path: Path) -> Iterator[Client]:
    """The present application on the database of version 6, which it migrates at its start."""
    fill()
    app = create_app(settings_for(before.url, tmp_path))
    application.start(app)
    yield Client(app)
    application.stop(app)


def test_no_row_changes_but_for_its_new_names(before: Backend) -> None:
    fill()
    jobs, items = rows("analysis_jobs", "id"), rows("analysis_job_items", "job_id, ticker")
    assert {job["status"] for job in jobs} == set(JobStatus)
    assert {item["status"] for item in items} == set(ItemStatus)
    tasks = rows("maintenance_tasks", "name")
    assert db_migrations.up()[0].label == "0007_job_kinds_breaking"
    assert rows("analysis_jobs", "id") == [{**job, "lane": Lane.CPU, "requeued_at": None} for job in jobs], "later migrations included"
    renamed = [{"key" if name == "ticker" else name: value for name, value in item.items()} for item in items]
    known = {*renamed[0], "lane"}  # later migrations add columns
    stored = [{name: value for name, value in item.items() if name in known} for item in rows("analysis_job_items", "job_id, key")]
    assert stored == [{**item, "lane": Lane.CPU} for item in renamed]
    assert rows("maintenance_tasks", "name") == [task for task in tasks if task["name"] != "prune"]


def test_what_may_be_stored_since(before: Backend) -> None:
    db_migrations.up()
    job = job_values("queued", kind="anything", lane="network")
    insert("analysis_jobs", job)
    insert("analysis_job_items", item_values(job["id"], "queued", key="k" * 200, lane="network"))
    database.execute_db("DELETE FROM analysis_jobs WHERE id = :id", {"id": job["id"]})
    assert rows("analysis_job_items", "key") == []  # items are still deleted with their job


def test_finished_jobs_of_before_are_read(client: Client) -> None:
    jobs = {job["status"]: job for job in client.get("/jobs").json["items"]}
    assert set(jobs) == set(JobStatus)
    completed = jobs["completed"]
    assert client.get(f"/jobs/{completed['id']}").json == completed
    assert (completed["kind"], completed["succeeded"], completed["failed"]) == ("bulk_analysis", 2, 1)
    assert completed["params"]["strategy"] == "trend"
    items = items_of(client, completed["id"])
    assert {key: (item["ticker"], item["status"]) for key, item in items.items()} == {
        "AAPL": ("AAPL", "succeeded"), "FB": ("FB", "succeeded"), "NOPE": ("NOPE", "failed")
    }  # fmt: skip
    assert items["AAPL"]["result_id"] == "result"
    report = client.get(f"/reports/jobs/{completed['id']}.xlsx")
    assert report.status_code == 200
    book = openpyxl.load_workbook(BytesIO(report.data), read_only=True)
    cells = {cell for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {"AAPL", "FB", "NOPE"} <= cells


def test_active_jobs_of_before_go_on(client: Client) -> None:
    jobs = {job["status"]: job["id"] for job in client.get("/jobs").json["items"]}
    assert rescue_expired() == {jobs["processing"]}
    # An item whose worker died would run in an isolated process; with no tries it runs as a new one.
    database.execute_db("UPDATE analysis_job_items SET tries = 0 WHERE status = 'queued'")
    assert run_jobs() == 5
    for status in ("queued", "processing"):
        assert client.get(f"/jobs/{jobs[status]}").json.items() >= {"status": "completed", "succeeded": 2, "failed": 1}.items()
    retried = client.post(f"/jobs/{jobs['completed']}/retry").json
    assert (retried["total"], retried["retry_of"], retried["kind"]) == (1, jobs["completed"], "bulk_analysis")
