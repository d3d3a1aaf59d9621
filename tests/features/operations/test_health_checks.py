"""The health checks: the state and the words of each."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from kit.databases import Backend
from kit.jobs import insert as insert_row
from kit.jobs import item_values, job_values, queue, run_jobs, working
from kit.redis_server import RedisServer
from kit.servers import free_port
from kit.support import settings_for

import database
from config import Settings
from features.operations.checks import application as check_application
from features.operations.checks import database as check_database
from features.operations.checks import machine as check_machine
from features.operations.checks import redis as check_redis
from features.operations.checks.application import Route
from infrastructure.breaker import Breaker
from infrastructure.check_runner import CheckRunner
from jobs import health as check_job
from jobs.store import backlog
from models.health import Check, Probe, good
from utils.clock import now

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PATIENCE = 60.0  # seconds, for checks that do answer


def run(*probes: Probe, limit: float = PATIENCE) -> dict[str, Check]:
    return {check.name: check for check in CheckRunner(probes, limit).report().checks}


# ---- figures ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "theirs", "after", "state"),
    [
        pytest.param(0, 0, 0, "ok", id="the same"),
        pytest.param(0, 1.9, 0, "ok", id="a little ahead"),
        pytest.param(0, 2.5, 0, "warning", id="ahead"),
        pytest.param(0, -2.5, 0, "warning", id="behind"),
        pytest.param(0, 31, 0, "critical", id="far ahead"),
        pytest.param(0, -31, 0, "critical", id="far behind"),
        pytest.param(0, 6, 10, "ok", id="a slow answer explains it"),
        pytest.param(0, 45, 10, "critical", id="a slow answer does not explain it"),
    ],
)
def test_clock_skew(before: float, theirs: float, after: float, state: str) -> None:
    finding = check_database.clock_skew(*(NOON + timedelta(seconds=seconds) for seconds in (before, theirs, after)))
    assert finding.state == state
    assert bool(finding.remedy) == (state != "ok")


@pytest.mark.parametrize(("free", "state"), [(2_000_000_000, "ok"), (999_000_000, "warning"), (99_000_000, "critical")])
def test_disk_space(tmp_path: Path, free: int, state: str) -> None:
    roomy, tight = tmp_path / "roomy", tmp_path / "tight"
    tight.mkdir()
    finding = check_machine.disk_space({roomy, tight}, lambda folder: (0, 0, free if folder == tight else 9_000_000_000))
    assert (finding.state, str(tight) in finding.found) == (state, True)
    assert bool(finding.remedy) == (state != "ok")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"web_threads": 2}, None, id="the defaults make room"),
        pytest.param({"web_threads": 4, "max_streams": 3, "heavy_requests_at_once": 3}, None, id="all can be used"),
        pytest.param({"web_threads": 4, "max_streams": 4}, "MAX_STREAMS=4 can never be reached: WEB_THREADS=4", id="streams"),
        pytest.param({"web_threads": 1, "heavy_requests_at_once": 2}, "HEAVY_REQUESTS_AT_ONCE=2 can never", id="heavy requests"),
    ],
)
def test_shares_of_the_threads(tmp_path: Path, given: dict[str, int], words: str | None) -> None:
    check = run(check_application.environment_probe(settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, **given)))["environment"]
    assert check.state == ("ok" if words is None else "warning")
    assert check.found.startswith(words or "This is ")


def test_disk_space_for_real(tmp_path: Path) -> None:
    settings = settings_for(f"sqlite:///{tmp_path}/a/b/x.db", tmp_path / "c")
    assert "GB are free" in run(check_machine.disk_probe(settings))["disk_space"].found


@pytest.mark.parametrize(("ours", "state"), [(25, "ok"), (35, "ok"), (36, "warning"), (40, "critical"), (60, "critical")])
def test_draining(ours: float, state: str) -> None:
    finding = check_machine.draining(ours, 40)
    assert finding.state == state
    assert ("at most 35" in str(finding.remedy)) == (state != "ok")


@pytest.mark.parametrize(("in_use", "state"), [(0, "ok"), (8, "ok"), (9, "warning"), (10, "warning")])
def test_pool_use(in_use: int, state: str) -> None:
    assert check_database.pool_use(in_use, 10).state == state


def test_the_pool_for_real(backend: Backend, tmp_path: Path) -> None:
    database.configure(settings_for(backend.url, tmp_path, db_pool_size=2, db_max_overflow=0))
    assert run(check_database.pool_probe(database.current()))["pool"].state == "ok"
    with database.read(), database.read():
        check = run(check_database.pool_probe(database.current()))["pool"]
    assert (check.state, check.found, "DB_POOL_SIZE" in str(check.remedy)) == ("warning", "2 of 2 connections are in use.", True)


def test_a_breaker_that_is_open() -> None:
    breakers = Breaker("provider:one", 1, PATIENCE), Breaker("provider:other", 1, PATIENCE)
    assert run(check_database.breaker_probe(breakers))["breaker"].state == "ok"
    breakers[1].record_failure(ConnectionError("as if it were away"))
    check = run(check_database.breaker_probe(breakers))["breaker"]
    assert check.state == "warning"
    assert "provider:other (open, 1 failures in a row)" in check.found
    assert "provider:one" not in check.found


def test_the_clock_for_real(backend: Backend) -> None:
    check = run(check_database.database_probe(database.current()), check_database.clock_probe(database.current()))["clock"]
    assert check.state == ("skipped" if backend.is_sqlite else "ok")


# ---- the application --------------------------------------------------------------------------------------------------------------


def rules_of(*rules: tuple[str, str, list[str]]) -> list[Route]:
    """The routes of a real application after these were added: path, name, methods."""
    app = Flask("tests", static_folder=None)
    for path, name, methods in rules:
        app.add_url_rule(path, name, view_func=lambda **_: "", methods=methods)
    return [Route(rule.rule, frozenset(rule.methods or ()), rule.endpoint) for rule in app.url_map.iter_rules()]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        pytest.param([("/a", "one", ["GET"]), ("/a", "two", ["POST"])], None, id="other methods"),
        pytest.param([("/a/<x>", "one", ["GET"]), ("/a/<int:x>", "two", ["GET"])], None, id="another converter"),
        pytest.param([("/a", "one", ["GET"]), ("/a", "two", ["GET"])], "GET /a: one, two", id="the same path"),
        pytest.param([("/a/<x>", "one", ["PUT"]), ("/a/<y>", "two", ["PUT"])], "PUT /a/<>: one, two", id="another variable"),
    ],
)
def test_routes_that_are_in_each_others_way(rules: Any, words: str | None) -> None:
    finding = check_application.duplicated_routes(rules_of(*rules))
    assert finding.state == ("ok" if words is None else "critical")
    assert words is None or words in finding.found


def test_a_name_that_two_routes_have() -> None:
    routes = [Route("/a", frozenset({"GET"}), "one"), Route("/b", frozenset({"GET"}), "one")]
    finding = check_application.duplicated_routes(routes)
    assert (finding.state, "the name one: 2 routes" in finding.found) == ("critical", True)


@pytest.mark.parametrize(
    ("pins", "state", "words"),
    [
        pytest.param("# text\nflask==3.1.3\n", "ok", "1 packages", id="as pinned"),
        pytest.param("flask==0.1\n", "warning", "flask 3.1.3 (pinned: 0.1)", id="another version"),
        pytest.param("no-such-package-of-anybody==1.0\n", "critical", "Not installed: no-such-package-of-anybody", id="not installed"),
        pytest.param("flask==3.1.3 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via x\n", "ok", "1 packages", id="with hashes"),
        pytest.param(
            "flask==3.1.3 ; python_full_version >= '3.11' \\\n    --hash=sha256:00\n"
            "no-such-package-of-anybody==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:11\n",
            "ok",
            "1 packages",
            id="for another platform",
        ),
    ],
)
def test_packages(pins: str, state: str, words: str) -> None:
    finding = check_application.packages(pins, list)  # `list` replaces pip, which takes seconds: no complaints
    assert (finding.state, words in finding.found, finding.remedy is None) == (state, True, state == "ok"), finding


def test_a_machine_that_is_too_busy_to_check_packages_is_no_fault_of_them() -> None:
    def too_slow() -> list[str]:
        raise subprocess.TimeoutExpired("pip check", 25.0)

    finding = check_application.packages("flask==3.1.3\n", too_slow)
    assert (finding.state, finding.found) == ("warning", "`pip check` took longer than 25 s.")


def test_packages_that_do_not_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "torn-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torn\nVersion: 1.0\nRequires-Dist: no-such-package-of-anybody\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    finding = check_application.packages("flask==3.1.3\n")
    assert finding.state == "critical"
    assert "torn 1.0 requires no-such-package-of-anybody" in finding.found
    assert "pip install" in str(finding.remedy)


# ---- Redis ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maxmemory", "policy", "alone", "broker"),
    [
        pytest.param(0, "allkeys-lru", "ok", "ok", id="no limit"),
        pytest.param(10_000_000, "noeviction", "ok", "ok", id="nothing is thrown away"),
        pytest.param(10_000_000, "allkeys-lru", "warning", "critical", id="anything is"),
        pytest.param(10_000_000, "volatile-lru", "ok", "critical", id="what expires anyway is"),
    ],
)
def test_eviction(maxmemory: int, policy: str, alone: str, broker: str) -> None:
    info = {"maxmemory": maxmemory, "maxmemory_policy": policy, "redis_version": "7"}
    assert (check_redis.eviction(info, False).state, check_redis.eviction(info, True).state) == (alone, broker)
    assert policy in check_redis.eviction(info, False).found


def redis_states(settings: Settings) -> tuple[str, str]:
    checks = run(check_redis.redis_probe(settings), check_redis.broker_probe(settings))
    return str(checks["redis"].state), str(checks["broker"].state)


def test_redis_for_real(tmp_path: Path, redis_server: RedisServer) -> None:
    away = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    url = redis_server.url
    alone = settings_for(f"sqlite:///{tmp_path}/x.db", tmp_path, redis_url=url)
    shared = alone.model_copy(update={"job_engine": "celery"})
    apart = shared.model_copy(update={"redis_url": away, "celery_broker_url": url})
    assert redis_states(alone.model_copy(update={"redis_url": None})) == ("skipped", "skipped")
    assert [redis_states(settings) for settings in (alone, shared, apart)] == [("ok", "skipped"), ("ok", "ok"), ("warning", "ok")]
    redis_server.client.config_set("maxmemory", 50_000_000)
    redis_server.client.config_set("maxmemory-policy", "allkeys-lru")
    assert [redis_states(settings) for settings in (alone, shared)] == [("warning", "skipped"), ("critical", "critical")]
    redis_server.stop()
    assert [redis_states(settings) for settings in (alone, shared)] == [("warning", "skipped"), ("critical", "critical")]
    broken = alone.model_copy(update={"redis_url": "redis://:hunt/er2@127.0.0.1:1/0"})
    check = run(check_redis.redis_probe(broken))["redis"]
    assert (check.state, "er2" in str(check)) == ("warning", False)
    redis_server.start()
    assert redis_states(shared)[0] == "ok"


# ---- jobs -------------------------------------------------------------------------------------------------------------------------


def age(**columns: float) -> None:
    """Move times of every job into the past, by minutes."""
    for column, minutes in columns.items():
        database.execute_db(f"UPDATE analysis_jobs SET {column} = :moment", {"moment": now() - timedelta(minutes=minutes)})


def waiting_minutes() -> float:
    with database.read() as connection:
        return backlog.waiting_seconds(connection) / 60


def test_how_long_work_has_been_waiting(backend: Backend) -> None:
    assert waiting_minutes() == 0
    queue("AAPL", "MSFT")
    age(created_at=20)
    assert waiting_minutes() == pytest.approx(20, abs=2)
    with working() as executor:
        executor.run_chunk()
    assert waiting_minutes() == 0  # every job has ended
    queue("AAPL")
    database.execute_db(
        "UPDATE analysis_jobs SET created_at = :moment WHERE finished_at IS NULL", {"moment": now() - timedelta(minutes=20)}
    )
    assert waiting_minutes() == pytest.approx(0, abs=2)  # a worker has just finished another job
    age(created_at=60)
    database.execute_db(
        "UPDATE analysis_jobs SET finished_at = :moment WHERE finished_at IS NOT NULL", {"moment": now() - timedelta(minutes=30)}
    )
    assert waiting_minutes() == pytest.approx(30, abs=2)
    run_jobs()
    assert waiting_minutes() == 0


def test_what_counts_as_a_sign_of_life(backend: Backend) -> None:
    def ago(minutes: float) -> datetime:
        return now() - timedelta(minutes=minutes)

    job = job_values("processing", created_at=ago(60), started_at=ago(50), succeeded=1)
    insert_row("analysis_jobs", job)
    insert_row("analysis_job_items", item_values(job["id"], "queued", key="A"))
    assert waiting_minutes() == pytest.approx(50, abs=2)
    cancelled = job_values("cancelled", created_at=ago(60), finished_at=ago(1))
    insert_row("analysis_jobs", cancelled)
    assert waiting_minutes() == pytest.approx(50, abs=2)  # a cancellation by a user is no progress of the workers
    insert_row("analysis_job_items", item_values(job["id"], "succeeded", key="B", finished_at=ago(40)))
    assert waiting_minutes() == pytest.approx(40, abs=2)
    insert_row("analysis_job_items", item_values(job["id"], "processing", key="C"))
    assert waiting_minutes() == 0


@pytest.mark.parametrize(
    ("case", "state"),
    [
        pytest.param((2, 5, False), "ok", id="not for long"),
        pytest.param((2, 20, False), "critical", id="beside workers"),
        pytest.param((0, 20, False), "warning", id="where no workers run"),
        pytest.param((2, 20, True), "ok", id="while bulk jobs are switched off"),
    ],
)
def test_a_backlog(backend: Backend, tmp_path: Path, case: tuple[int, float, bool], state: str) -> None:
    workers, minutes, paused = case
    queue("AAPL")
    age(created_at=minutes)
    settings = settings_for(backend.url, tmp_path, local_workers=workers, backlog_minutes=10)
    probe = check_job.backlog_probe(database.current(), settings, lambda: paused)
    check = run(Probe("schema", lambda: good("Current."), ""), probe)["backlog"]
    assert check.state == state
    assert "worker.py" in str(check.remedy) or state == "ok"
