"""The service behind PgBouncer in transaction mode: migrations, jobs and reads, by two instances, and times in UTC."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.paths import ROOT
from kit.pgbouncer import pooled
from kit.production import instances
from kit.servers import KEY, production, wait_until
from sqlalchemy import exc
from sqlalchemy.engine import make_url

import database
from database import Database, DatabaseOptions
from utils.clock import now, parse_iso

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
IGNORING = {"ignore_startup_parameters": "options"}


@pytest.mark.parametrize("settings", [pytest.param({}, id="as installed"), pytest.param(IGNORING, id="ignoring options")])
def test_two_instances_migrate_and_run_a_job(empty_backend: Backend, tmp_path: Path, settings: dict[str, str]) -> None:
    with in_new_york(empty_backend), pooled(empty_backend, **settings) as pooled_backend:
        environment = production(pooled_backend, DATA_DIR=str(tmp_path))
        migrated = subprocess.run(
            [sys.executable, "db_migrations.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert migrated.returncode == 0, migrated.stderr
        with instances(pooled_backend, tmp_path, 2, LOCAL_WORKERS="1", LOAD_SAMPLE="true") as (one, other):
            asked = requests.post(one.url("/api/v1/bulk-analyze"), json={"universe": "all"}, headers=KEY, timeout=60)
            job = asked.json()
            ended = wait_until(lambda: finished(other.get(f"/api/v1/jobs/{job['id']}").json()))
            assert (ended["succeeded"], ended["failed"]) == (5, 0)
            assert abs(parse_iso(ended["created_at"]) - now()) < timedelta(minutes=10)
            assert ended["created_at"].endswith("Z")
            results = other.get("/api/v1/results").json()["items"]
            assert len(results) == 5
            assert all(result["created_at"].endswith("Z") for result in results)
            assert other.analyze(ticker="AAPL").json()["id"] in {result["id"] for result in results}
            assert "Traceback" not in one.log + other.log
            assert ("the pooler takes no options" in one.log) == (settings == {})


@contextmanager
def in_new_york(backend: Backend) -> Iterator[None]:
    """The database's own time zone is another during the block."""
    with database.configure(DatabaseOptions(url=backend.url)).one_statement() as connection:
        name = make_url(backend.url).database
        connection.exec_driver_sql(f"ALTER DATABASE \"{name}\" SET timezone = 'America/New_York'")
    database.close()
    yield


def finished(job: dict[str, Any]) -> dict[str, Any] | None:
    return job if job["status"] == "completed" else None


def test_options_that_the_operator_asks_for_are_not_dropped(backend: Backend) -> None:
    with pooled(backend) as pooled_backend:
        own = Database(DatabaseOptions(url=f"{pooled_backend.url}?options=-csearch_path%3Delsewhere"))
        with pytest.raises(exc.OperationalError, match="unsupported startup parameter"):
            own.connect(attempts=30, wait=lambda seconds: pytest.fail("waiting cannot mend it"))
        own.close()
