"""A removal goes to its end whatever is killed, and while workers have a job of the organization in hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.accounts import PASSWORD, Person, person
from kit.belongings import Story, fill, objects_of, parts_without_a_whole, read_archive, rows_with, told_story
from kit.chaos import WORKER, Site, done, item_rows
from kit.jobs import queue_trial
from kit.paths import ROOT, WITH_KIT
from kit.servers import production, wait_until
from kit.support import settings_for
from kit.trial import TrialParams

import app as application
from app import Application, create_app
from features.belongings.removing import remove_remains
from utils.clock import now

TRIALS = "trial_results"  # a table of the tests, which no feature declares


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return told_story(tmp_path_factory.mktemp("story"))


@pytest.fixture
def app(site: Site, tmp_path: Path) -> Iterator[Application]:
    """An application in this process, on the database and the files of the site."""
    app = create_app(settings_for(site.backend.url, tmp_path / "var"))
    application.start(app)
    yield app
    application.stop(app)


def removed(somebody: Person) -> None:
    """Export and remove the organization of somebody."""
    program = somebody.program()
    read_archive(program.get("/organization/export"))
    answer = program.post("/organization/removal", {"confirm": somebody.email.partition("@")[0].title(), "password": PASSWORD})
    assert answer.status_code == 202, answer.text


def left_of(org_id: int) -> set[str]:
    return set(rows_with(org_id)) - {TRIALS}


def test_a_killed_task_is_done_by_the_next_one(app: Application, site: Site, story: Story, tmp_path: Path) -> None:
    ada, bob = person(app, "ada@example.com"), person(app, "bob@example.com")
    fill(app, story, ada.org_id, "e")
    fill(app, story, bob.org_id, "d")
    kept, files = rows_with(bob.org_id), objects_of(app, bob.org_id)
    removed(ada)
    environment = {**production(site.backend, PYTHONPATH=WITH_KIT), "DATA_DIR": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"}
    kills = 0
    for batches in (1, 2, 3, 5, 8):
        command = [sys.executable, "-m", "kit.remover"]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as remover:
            assert remover.stdout is not None
            lines = [remover.stdout.readline() for _ in range(batches)]
            remover.kill()
        kills += bool(lines[-1])
    assert kills >= 3
    assert len(left_of(ada.org_id)) > 1  # it was killed in the midst
    assert remove_remains(app.services.foundation, now() + timedelta(hours=1), 300) == [ada.org_id]
    assert left_of(ada.org_id) == {"audit_log"}
    assert (parts_without_a_whole(app), objects_of(app, ada.org_id)) == ({}, 0)
    assert (rows_with(bob.org_id), objects_of(app, bob.org_id)) == (kept, files)


def test_a_job_in_hand_ends_by_itself_and_brings_nothing_back(app: Application, site: Site) -> None:
    ada = person(app, "ada@example.com")
    keys = [str(number) for number in range(400)]
    job_id = queue_trial(*keys, params=TrialParams(seconds=0.05), org_id=ada.org_id)
    worker = site.start(WORKER)
    wait_until(lambda: done(job_id) >= 1)
    removed(ada)
    wait_until(lambda: remove_remains(app.services.foundation, now() + timedelta(hours=1)) == [ada.org_id])
    assert left_of(ada.org_id) == {"audit_log"}
    assert item_rows(job_id) == []
    site.stop(worker)
    assert "Traceback" not in worker.log
    assert '"error"' not in worker.log
