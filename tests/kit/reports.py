"""Helpers of the tests of the Excel reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import openpyxl
from sqlalchemy import text

import database
from jobs.store import job as job_store
from jobs.store.job import JobRow
from kit.support import Client
from models.bulk_analysis import BULK_ANALYSIS
from models.job import Lane
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
REMOVED = "01a1fbd8-91c5-76db-ada4-c6947b434124"
DANGEROUS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "<r>&</r>", "<r><t>x", "https://example.com", "007", " =1", "a&b<c>\"d'")
PARAMS = {
    "universe": None, "strategy": "balanced", "capital": None, "risk_percent": None, "max_position_percent": None,
    "reward_risk": None, "weights": None, "indicators": None, "as_of": None,
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """An item that a test inserts into a job."""

    ticker: str
    status: str
    result_id: str | None = None
    error_code: str | None = None
    error: str | None = None


def make_job(items: list[Item], params: dict[str, Any] | None = None) -> str:
    """Insert a job of organization 1 with these items and the status that follows from them. Returns its id."""
    job_id, moment = new_id(), now()
    count = {status: sum(item.status == status for item in items) for status in ("succeeded", "failed", "cancelled")}
    is_active = sum(count.values()) < len(items)
    with database.transaction() as connection:
        text_of_params = dump({**PARAMS, **(params or {})}).decode()
        job_store.insert(connection, 1, JobRow(job_id, BULK_ANALYSIS, Lane.CPU, len(items), text_of_params, None, None, moment))
        connection.execute(
            text(
                "INSERT INTO analysis_job_items (job_id, key, lane, status, turn, tries, result_id, error_code, error, finished_at) "
                "VALUES (:job_id, :ticker, 'cpu', :status, 0, 1, :result_id, :error_code, :error, :finished_at)"
            ),
            [{**vars(item), "job_id": job_id, "finished_at": None if item.status == "queued" else moment} for item in items],
        )
        connection.execute(
            text(
                "UPDATE analysis_jobs SET status = :status, succeeded = :succeeded, failed = :failed, cancelled = :cancelled, "
                "cancel_requested = :is_cancelled, started_at = :moment, finished_at = :finished_at WHERE id = :id"
            ),
            {
                **count,
                "id": job_id,
                "status": "processing" if is_active else "cancelled" if count["cancelled"] else "completed",
                "is_cancelled": count["cancelled"] > 0,
                "moment": moment,
                "finished_at": None if is_active else moment,
            },
        )
    return job_id


def download(client: Client, path: str) -> Any:
    """Download a report, and open it as a workbook."""
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (200, XLSX), answer.data
    return openpyxl.load_workbook(BytesIO(answer.data))


def rows(sheet: Any) -> list[dict[str, Any]]:
    """The rows of a sheet, by their header. Columns without a header are left out."""
    header, *lines = sheet.iter_rows(values_only=True)
    return [{title: value for title, value in zip(header, line, strict=True) if title} for line in lines]


def pairs(sheet: Any) -> dict[str, Any]:
    """The values of a sheet of names and values, by name."""
    return {line[0]: line[1] for line in sheet.iter_rows(min_row=2, values_only=True)}


def price_file(count: int, start: date = date(2012, 1, 2), step: float = 0.1) -> str:
    """A CSV file of `count` successive days, whose prices rise by `step`."""
    lines = ["Date,Open,High,Low,Close,Volume"]
    for index in range(count):
        price = 100 + step * index
        lines.append(f"{start + timedelta(days=index)},{price},{price},{price},{price},{1000 + index}")
    return "\n".join(lines)


def analysed(client: Client, **more: Any) -> dict[str, Any]:
    """Analyse the sample tickers, and return the results by ticker."""
    return {ticker: client.post("/analyze", {"ticker": ticker, **more}).json for ticker in TICKERS}
