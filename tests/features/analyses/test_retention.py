"""Retention: what is removed, what stays, and the batches of the removal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import ask, finished, insert, item_values, items_of, job_values, run_jobs
from kit.support import Client

import database
from api.idempotency import prune_idempotency_keys
from config import Settings
from features import load_features
from features.analyses.retention import cleanup_all_stocks_analysis, cleanup_old_analyses
from infrastructure.feature import HOURLY, MaintenanceTask
from infrastructure.flags import FeatureFlags
from infrastructure.foundation import Foundation
from jobs.maintenance import Maintenance
from jobs.retention import prune_jobs
from jobs.store import item as item_store
from utils.clock import now
from utils.ids import new_id


def store_results(ticker: str, count: int, org_id: int = 1, strategy: str = "balanced") -> list[str]:
    """Store results; return their ids, oldest first."""
    ids = []
    for number in range(count):
        ids.append(new_id())
        values = {
            "id": ids[-1], "org_id": org_id, "ticker": ticker, "strategy": strategy, "as_of": date(2020, 1, 1), "bars": 60, "close": 1.0,
            "score": 0.0, "verdict": "Hold", "signal": "HOLD", "fingerprint": new_id().replace("-", "") * 2, "parameters": "{}",
            "body": "{}", "created_at": now() - timedelta(days=100 - number),
        }  # fmt: skip
        insert("analysis_results", values)
    return ids


def show(result_id: str, ticker: str, strategy: str = "balanced", org_id: int = 1) -> None:
    """Make a result the one that the screener shows."""
    values = {"org_id": org_id, "ticker": ticker, "strategy": strategy, "result_id": result_id, "score": 0.0, "verdict": "Hold"}
    insert("latest_results", {**values, "analysed_at": now()})


def stored(ticker: str, org_id: int = 1) -> list[str]:
    where = {"ticker": ticker, "org_id": org_id}
    rows = database.query_db("SELECT id FROM analysis_results WHERE ticker = :ticker AND org_id = :org_id ORDER BY created_at", where)
    return [row["id"] for row in rows]


def count(table: str) -> int:
    total: int = database.query_db(f"SELECT count(*) AS n FROM {table}", one=True)["n"]
    return total


@pytest.mark.parametrize("batch", [pytest.param(500, id="one bite"), pytest.param(2, id="many bites"), pytest.param(3, id="even bites")])
def test_the_newest_results_of_each_ticker_stay(backend: Backend, batch: int) -> None:
    many, few, theirs = store_results("A", 10), store_results("B", 4), store_results("A", 5, org_id=0)
    assert cleanup_old_analyses(4, batch=batch) == 7
    assert (stored("A"), stored("B"), stored("A", 0)) == (many[-4:], few, theirs[-4:])
    assert cleanup_old_analyses(4) == 0
    assert cleanup_old_analyses(1) == 9


@pytest.mark.parametrize("batch", [pytest.param(500, id="one bite"), pytest.param(1, id="many bites")])
def test_what_the_screener_shows_stays(backend: Backend, batch: int) -> None:
    results = store_results("A", 10)
    show(results[0], "A")
    show(results[3], "A", "trend")
    assert cleanup_old_analyses(2, batch=batch) == 6
    assert stored("A") == [results[0], results[3], *results[-2:]]
    assert count("latest_results") == 2


def test_results_of_one_moment_are_told_apart(backend: Backend) -> None:
    results = store_results("A", 6)
    database.execute_db("UPDATE analysis_results SET created_at = :now", {"now": now()})
    assert cleanup_old_analyses(2) == 4
    assert sorted(stored("A")) == sorted(results)[-2:]


def test_fifty_are_kept_unless_said_otherwise(backend: Backend) -> None:
    results = store_results("A", 52)
    assert cleanup_old_analyses() == 2
    assert stored("A") == results[2:]


def test_the_former_name(backend: Backend) -> None:
    results = store_results("A", 3)
    assert cleanup_all_stocks_analysis is cleanup_old_analyses
    assert cleanup_all_stocks_analysis(2) == 1
    assert stored("A") == results[1:]


def test_a_job_outlives_its_results(client: Client) -> None:
    job_id = finished(client, "AAPL", as_of="2012-05-15")["id"]
    result_id = items_of(client, job_id)["AAPL"]["result_id"]
    finished(client, "AAPL", as_of="2012-06-15")
    assert cleanup_old_analyses(1) == 1
    assert items_of(client, job_id)["AAPL"]["result_id"] == result_id
    assert client.get(f"/results/{result_id}").status_code == 404
    assert client.get(f"/jobs/{job_id}").json["succeeded"] == 1


# ---- jobs -------------------------------------------------------------------------------------------------------------------------


def store_job(status: str, days: int, items: int = 3, **changes: Any) -> str:
    """Store a job that ended, or else began, `days` days ago; return its id."""
    then = now() - timedelta(days=days, minutes=1)
    times = {name: then for name, value in job_values(status).items() if name.endswith("_at") and value is not None}
    job = job_values(status, **{**times, **changes})
    insert("analysis_jobs", job)
    for number in range(items):
        insert("analysis_job_items", item_values(job["id"], "queued", key=f"T{number}"))
    return str(job["id"])


def test_only_finished_jobs_are_removed_and_only_old_ones(backend: Backend) -> None:
    old = [store_job(status, 30) for status in ("completed", "failed", "cancelled")]
    stay = [store_job(status, 29) for status in ("completed", "failed", "cancelled")]
    stay += [store_job(status, 300) for status in ("queued", "processing")]
    assert (prune_jobs(database.current(), 30), prune_jobs(database.current(), 30)) == (3, 0)
    assert {row["id"] for row in database.query_db("SELECT id FROM analysis_jobs")} == set(stay)
    assert {row["job_id"] for row in database.query_db("SELECT job_id FROM analysis_job_items")} == set(stay)
    assert not set(old) & set(stay)


def test_jobs_are_removed_in_batches(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        store_job("completed", 40, items=number)
    recent = store_job("completed", 1, items=9)
    sizes: list[int] = []
    delete = item_store.delete_some

    def watch(*arguments: Any) -> int:
        sizes.append(delete(*arguments))
        return sizes[-1]

    monkeypatch.setattr(item_store, "delete_some", watch)
    assert prune_jobs(database.current(), 30, batch=4) == 9
    assert (max(sizes), sum(sizes)) == (4, 36)
    assert [row["id"] for row in database.query_db("SELECT id FROM analysis_jobs")] == [recent]
    assert count("analysis_job_items") == 9


def test_a_retry_outlives_the_job_that_it_is_of(client: Client) -> None:
    first = finished(client, "NOPE", "AAPL")["id"]
    retried = client.post(f"/jobs/{first}/retry").json
    run_jobs()
    database.execute_db("UPDATE analysis_jobs SET finished_at = :then WHERE id = :id", {"then": now() - timedelta(days=31), "id": first})
    assert prune_jobs(database.current(), 30) == 1
    assert client.get(f"/jobs/{first}").status_code == 404
    assert client.get(f"/jobs/{retried['id']}").json["retry_of"] == first  # the link to the removed job stays
    assert len(client.get("/history/AAPL").json["items"]) == 1  # the results stay


def test_keys_are_forgotten_after_a_day(backend: Backend) -> None:
    for number, hours in enumerate((0, 23, 25, 500)):
        values = {"org_id": 1, "key": str(number), "request_sha256": "0" * 64, "holder": "x", "created_at": now() - timedelta(hours=hours)}
        insert("idempotency_keys", values)
    assert prune_idempotency_keys(database.current()) == 2
    assert count("idempotency_keys") == 2


def test_maintenance_prunes_once_for_all_machines(client: Client, settings: Settings) -> None:
    ask(client, "AAPL")
    store_job("completed", settings.jobs_kept_days)
    store_results("A", settings.results_kept + 1)
    foundation = Foundation(settings, database.current(), FeatureFlags(database.current(), ()))
    tasks = [task for feature in load_features(settings) for task in feature.maintenance(foundation)]
    assert len({task.name for task in tasks}) == len(tasks) >= 5
    for _ in range(2):
        Maintenance(database.current(), tasks).run_due()
    assert (count("analysis_jobs"), len(stored("A"))) == (1, settings.results_kept)
    store_results("A", 1)
    Maintenance(database.current(), tasks).run_due()  # another process, a moment later: the task has just run and is not due
    assert len(stored("A")) == settings.results_kept + 1


def test_a_task_that_fails_keeps_no_other_from_running(backend: Backend) -> None:
    ran = []

    def fail() -> None:
        ran.append("fails")
        raise ValueError("a fault of a feature")

    always_due = 0.0
    tasks = (MaintenanceTask("fails", always_due, fail), MaintenanceTask("works", always_due, lambda: ran.append("works")))
    maintenance = Maintenance(database.current(), tasks)
    for _ in range(2):
        maintenance.run_due()
    assert ran == ["fails", "works"] * 2


def test_one_process_runs_a_task_unless_all_may(backend: Backend) -> None:
    ran: list[str] = []
    tasks = [
        MaintenanceTask("alone", HOURLY, lambda: ran.append("alone")),
        MaintenanceTask("all", HOURLY, lambda: ran.append("all"), all_may_run=True),
    ]
    for maintenance in (Maintenance(database.current(), tasks), Maintenance(database.current(), tasks)):
        maintenance.run_due()
    assert sorted(ran) == ["all", "all", "alone"]
    noted = {row["name"] for row in database.query_db("SELECT name FROM maintenance_tasks")}
    assert "alone" in noted
    assert "all" not in noted
