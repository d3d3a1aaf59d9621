"""The terminal commands of API keys on a database that is not there, or not up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.databases import Backend
from kit.support import settings_for

import database
from app import create_app

COMMANDS = (["api-key", "list"], ["api-key", "revoke", "x"], ["demo", "remove"])
IDS = [" ".join(command) for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_what_adds_nothing_creates_no_database(tmp_path: Path, command: list[str]) -> None:
    app = create_app(settings_for(f"sqlite:///{tmp_path}/none/x.db", tmp_path))
    done = app.test_cli_runner().invoke(args=command)
    assert (done.exit_code, done.output.startswith("Error: The database file is missing")) == (1, True), done.output
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=IDS)
def test_what_adds_nothing_migrates_no_database(empty_backend: Backend, tmp_path: Path, command: list[str]) -> None:
    database.current().ping()
    app = create_app(settings_for(empty_backend.url, tmp_path))
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    assert "python db_migrations.py up" in done.output
