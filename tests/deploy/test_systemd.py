"""The systemd units are well-formed and hardened, their stop timeouts suffice, and the service works under their restrictions."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest
import requests
from kit.databases import Backend
from kit.deploy import DEPLOY, ROOT, default_of, missing, tool
from kit.servers import GUNICORN, KEY, Start, production, wait_until
from kit.support import MASTER_KEY

import database
from deploy import backup
from jobs.supervised_process import STOP_SECONDS

UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
MOST_EXPOSED = 2.0  # systemd's own scale, on which 10 is a unit without any hardening
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def value_of(unit: Path, name: str) -> str:
    values = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
    assert len(values) == 1, f"{unit.name}: {name} {values}"
    return str(values[0])


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    units = sorted(map(str, folder.iterdir()))
    command = [tool("systemd-analyze"), "verify", "--man=no", "--recursive-errors=no", *units]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def copy_units(folder: Path) -> None:
    """Copy the units with the paths of this checkout, because systemd checks that the programs exist."""
    for unit in (*UNITS, *TIMERS):
        text = unit.read_text().replace("/opt/bellwether/current/.venv/bin", str(Path(sys.executable).parent))
        (folder / unit.name).write_text(text.replace("/opt/bellwether/current", str(ROOT)))


def test_the_units_are_well_formed(tmp_path: Path) -> None:
    assert [unit.stem for unit in UNITS] == ["bellwether-backup", "bellwether-web", "bellwether-worker"]
    copy_units(tmp_path)
    result = verify(tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("theirs", "broken", "complaint"),
    [
        pytest.param("KillMode=mixed", "KilMode=mixed", "KilMode", id="unknown directive"),
        pytest.param("TimeoutStopSec=40", "TimeoutStopSec=soon", "time value", id="invalid value"),
        pytest.param("/usr/bin/env LOCAL_WORKERS", "/usr/bin/enf LOCAL_WORKERS", "/usr/bin/enf", id="missing program"),
    ],
)
def test_the_check_of_units_sees_faults(tmp_path: Path, theirs: str, broken: str, complaint: str) -> None:
    copy_units(tmp_path)
    web = tmp_path / "bellwether-web.service"
    assert theirs in web.read_text()
    web.write_text(web.read_text().replace(theirs, broken))
    assert complaint in verify(tmp_path).stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_units_are_hardened(unit: Path) -> None:
    command = [tool("systemd-analyze"), "security", "--offline=true", "--no-pager", f"--threshold={round(MOST_EXPOSED * 10)}", str(unit)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout.splitlines()[-1] if result.stdout else result.stderr


def test_systemd_is_more_patient_than_the_service() -> None:
    web, worker = (DEPLOY / "systemd" / f"bellwether-{name}.service" for name in ("web", "worker"))
    assert float(value_of(web, "TimeoutStopSec")) > default_of("WEB_GRACEFUL_TIMEOUT")
    assert float(value_of(worker, "TimeoutStopSec")) > STOP_SECONDS
    for unit in (web, worker):
        assert value_of(unit, "KillMode") == "mixed"


@ON_SQLITE
def test_everything_works_under_the_restrictions(backend: Backend, start: Start, tmp_path: Path) -> None:
    """The system calls that the units allow are enough for the web service, the workers and a backup."""
    tool("systemd-analyze")
    if find_library("seccomp") is None:
        missing("libseccomp is not installed")

    def under(name: str, *command: str) -> list[str]:
        return [sys.executable, "tests/kit/sandbox.py", str(DEPLOY / "systemd" / f"bellwether-{name}.service"), *command]

    web = start(under("web", GUNICORN, "wsgi:app"), **production(backend, REDIS_URL="redis://127.0.0.1:1/0"))
    wait_until(lambda: web.answers("/health/live"))
    worker = start(under("worker", sys.executable, "worker.py"), **production(backend, LOCAL_WORKERS="2"))
    assert web.analyze(ticker="AAPL").status_code == 200
    asked = requests.post(web.url("/api/v1/bulk-analyze"), json={"universe": "all", "strategy": "trend"}, headers=KEY, timeout=60).json()
    job_path = f"/api/v1/jobs/{asked['id']}"
    wait_until(lambda: web.get(job_path).json()["finished_at"] is not None)
    assert web.get(job_path).json()["succeeded"] == 5, worker.log
    assert web.get(f"/api/v1/reports/jobs/{asked['id']}.xlsx").status_code == 200
    assert (web.stop(), worker.stop()) == (0, 0)
    for log in (web.log, worker.log):
        assert "not permitted" not in log
        assert "Traceback" not in log
    database.close()
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": backend.url}
    command = under("backup", sys.executable, "-m", "deploy.backup", str(tmp_path / "backups"))
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert len(backup.backups(tmp_path / "backups")) == 1


@pytest.mark.parametrize(("name", "is_refused"), [("web", True), ("worker", False)])
def test_the_restrictions_restrict(name: str, is_refused: bool) -> None:
    """The web service may not lower its priority; a worker may. This shows that the test above runs under restrictions at all."""
    tool("systemd-analyze")
    unit = DEPLOY / "systemd" / f"bellwether-{name}.service"
    command = [sys.executable, "tests/kit/sandbox.py", str(unit), sys.executable, "-c", "import os; os.nice(1)"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ("PermissionError" in result.stderr) is is_refused, result.stderr


def test_the_command_takes_the_units_environment(tmp_path: Path) -> None:
    """deploy/systemd/bellwether gives a command the same variables as systemd would."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    lines = [
        "# a comment",
        "",
        f"MASTER_API_KEY={MASTER_KEY}",
        "DATABASE_URL=postgresql://u:p$x`y@h/d?a=b&c=d",
        'LOG_LEVEL="info"',
        "EMPTY=",
    ]
    (tmp_path / "env").write_text("\n".join(lines))
    environment = {"PATH": os.environ["PATH"], "BELLWETHER_ENV": str(tmp_path / "env"), "BELLWETHER_HOME": str(tmp_path)}
    program = (
        "import os; print(*(os.environ[name] for name in ('MASTER_API_KEY', 'DATABASE_URL', 'LOG_LEVEL', 'EMPTY')), os.getcwd(), sep='\\n')"
    )
    command = [str(DEPLOY / "systemd" / "bellwether"), "-c", program]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.splitlines() == [MASTER_KEY, "postgresql://u:p$x`y@h/d?a=b&c=d", "info", "", str(tmp_path)], result.stderr
