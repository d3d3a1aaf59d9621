"""Items that wait for their time are no backlog: not before it, and after it only until a worker takes them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.jobs import appear, claim, insert, item_values, job_row, job_values, queue_trial, rescue_expired
from kit.support import settings_for

import database
from infrastructure.check_runner import CheckRunner
from jobs import claims
from jobs import health as check_job
from jobs.claims import Postponement
from jobs.metrics import read_metrics
from jobs.store import backlog
from models.health import Check, Probe, good
from models.job import Lane, Later
from utils.clock import now

HOUR = timedelta(hours=1)


def minutes() -> float:
    with database.read() as connection:
        return backlog.waiting_seconds(connection) / 60


def numbers() -> dict[str, float]:
    with database.read() as connection:
        return {metric.name: metric.samples[0].value for metric in read_metrics(connection)}


def checked(backend: Backend, folder: Path) -> dict[str, Check]:
    settings = settings_for(backend.url, folder, local_workers=2, backlog_minutes=10)
    probes = (
        Probe("schema", lambda: good("Current."), ""),
        check_job.backlog_probe(database.current(), settings, lambda: False),
        check_job.workers_probe(database.current(), settings),
    )
    return {check.name: check for check in CheckRunner(probes, 60.0).report().checks}


def put_all_off(seconds: float) -> str:
    """A job of the network of an hour ago whose items were all delayed as soon as they were claimed, for so many seconds."""
    job_id = queue_trial("A", "B", lane=Lane.NETWORK)
    chunk = claim("w", lane=Lane.NETWORK)
    assert chunk is not None
    claims.put_off(database.current(), chunk, chunk.items, Postponement(Later(seconds), counts=False))
    for column in ("created_at", "started_at"):
        database.execute_db(f"UPDATE analysis_jobs SET {column} = :moment", {"moment": now() - HOUR})
    return job_id


def let_delays_end(ago: timedelta) -> None:
    database.execute_db("UPDATE analysis_job_items SET lease_expires_at = :moment WHERE worker = ''", {"moment": now() - ago})


def test_what_waits_for_its_time_is_no_backlog(backend: Backend, tmp_path: Path) -> None:
    put_all_off(3600)
    appear(Lane.CPU, Lane.NETWORK)
    assert minutes() == 0
    told = numbers()
    assert (told["bellwether_job_backlog_items"], told["bellwether_job_delayed_items"], told["bellwether_job_backlog_age_seconds"]) == (
        0,
        2,
        0,
    )
    assert {name: check.state for name, check in checked(backend, tmp_path).items()} == {"schema": "ok", "backlog": "ok", "workers": "ok"}


def test_it_waits_for_a_worker_from_when_it_is_requeued(backend: Backend) -> None:
    job_id = put_all_off(3600)
    let_delays_end(timedelta(seconds=1))
    assert rescue_expired() == {job_id}
    assert minutes() == pytest.approx(0, abs=2), "the job has waited for its provider, and not for a worker"
    assert job_row(job_id)["requeued_at"] is not None
    database.execute_db("UPDATE analysis_jobs SET requeued_at = :moment", {"moment": now() - timedelta(minutes=20)})
    assert minutes() == pytest.approx(20, abs=2)
    assert claim("w", lane=Lane.NETWORK) is not None
    assert minutes() == 0


def test_where_no_worker_requeues_it_waits_from_the_end_of_its_delay(backend: Backend, tmp_path: Path) -> None:
    put_all_off(3600)
    let_delays_end(timedelta(minutes=20))
    assert minutes() == pytest.approx(20, abs=2)
    assert numbers()["bellwether_job_backlog_items"] == 2
    found = checked(backend, tmp_path)
    assert (found["backlog"].state, found["workers"].state) == ("critical", "warning")
    assert "worker for the network" in str(found["workers"].remedy)


@pytest.mark.parametrize(
    ("alive", "state"),
    [
        pytest.param((), "critical", id="none is alive"),
        pytest.param((Lane.CPU,), "warning", id="analyses run"),
        pytest.param((Lane.CPU, Lane.NETWORK), "critical", id="one lives and takes nothing"),
    ],
)
def test_a_lane_that_nobody_serves_takes_no_service_away_that_runs_analyses(
    backend: Backend, tmp_path: Path, alive: tuple[Lane, ...], state: str
) -> None:
    put_all_off(3600)
    let_delays_end(timedelta(minutes=20))
    rescue_expired()
    database.execute_db("UPDATE analysis_jobs SET requeued_at = :moment", {"moment": now() - timedelta(minutes=20)})
    if alive:
        appear(*alive)
    found = checked(backend, tmp_path)["backlog"]
    assert (found.state, "worker for the network" in str(found.remedy)) == (state, state == "warning")


def test_the_delays_of_a_lane_count_for_it_alone(backend: Backend) -> None:
    put_all_off(3600)
    job = job_values("processing", created_at=now() - HOUR, started_at=now() - timedelta(minutes=30), succeeded=1)
    insert("analysis_jobs", job)
    insert("analysis_job_items", item_values(job["id"], "queued", key="A"))
    with database.read() as connection:
        assert list(backlog.waiting_lanes(connection)) == [Lane.CPU]
    assert minutes() == pytest.approx(30, abs=2)
