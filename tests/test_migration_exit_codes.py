"""The exit codes of `python db_migrations.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.paths import ROOT
from kit.servers import production

import database
import db_migrations

AHEAD = (
    "INSERT INTO db_version (version, name, checksum, applied_at, duration_ms, app_version) "
    "SELECT max(version) + 1, 'later', max(checksum), max(applied_at), 0, 'later' FROM db_version"
)


@pytest.mark.parametrize(
    ("state", "change", "code"),
    [
        ("current", None, 0),
        ("behind", "DELETE FROM db_version WHERE version = (SELECT max(version) FROM db_version)", 0),
        ("ahead", AHEAD, 1),
        ("diverged", "UPDATE db_version SET checksum = 'x' || substr(checksum, 2) WHERE version = 1", 1),
    ],
)
def test_the_exit_code_of_status(state: str, change: str | None, code: int, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bellwether.db"
    database.configure(database.DatabaseOptions(url))
    db_migrations.up()
    if change is not None:
        database.execute_db(change)
    database.close()
    command = [sys.executable, "db_migrations.py", "status"]
    environment = production(Backend("sqlite", url), DATA_DIR=str(tmp_path))
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, state in ended.stdout) == (code, True), ended.stdout + ended.stderr


@pytest.mark.parametrize("arguments", [["baseline", "1"], ["repair"]])
def test_a_missing_file_is_refused_and_not_made(arguments: list[str], tmp_path: Path) -> None:
    environment = production(Backend("sqlite", f"sqlite:///{tmp_path}/missing.db"), DATA_DIR=str(tmp_path))
    command = [sys.executable, "db_migrations.py", *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "The database file is missing" in ended.stderr) == (1, True), ended.stdout + ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_says_what_the_exit_codes_mean() -> None:
    for command in ("up", "status", "plan", "verify", "baseline", "repair"):
        done = subprocess.run(
            [sys.executable, "db_migrations.py", command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        ).stdout
        assert "exit codes:" in done
        assert all(f"  {code}  " in done for code in (0, 1, 2))
