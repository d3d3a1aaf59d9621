"""Real server processes, which tests start, use, stop and kill as a platform does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from kit.databases import Backend
from kit.paths import HIDDEN, ROOT
from kit.support import MASTER_KEY, SECRET_KEY

GUNICORN = str(Path(sys.executable).parent / "gunicorn")
FLASK = str(Path(sys.executable).parent / "flask")
KEY = {"X-API-Key": MASTER_KEY}
LONGEST_PAUSE = 0.05  # seconds
NOT_BOOTED = (1, 3)  # gunicorn ends with 3, or with 1 when a second worker fails while it is ending


def wait_until(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Poll a condition at growing intervals, and return its value once it is true. Fails after `seconds`."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server process with its log."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        self.log_path = folder / f"log-{self.port}"
        self.log_file = self.log_path.open("wb")
        variables = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": HIDDEN,
            "PORT": str(self.port),
            "DATA_DIR": str(folder / "var"),
            **environment,
        }
        self.process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=self.log_file, stderr=subprocess.STDOUT)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url(path), headers=KEY, timeout=60, **more)

    def analyze(self, **body: Any) -> requests.Response:
        return requests.post(self.url("/api/v1/analyze"), json=body, headers=KEY, timeout=60)

    def answers(self, path: str = "/health/ready") -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log}")
        try:
            return self.get(path).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False  # a connection waits while a process starts, which takes long on a busy machine

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The log as JSON. Fails if a line is not JSON."""
        return [json.loads(line) for line in self.log.splitlines()]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log_file.close()


Start = Callable[..., Server]


def production(backend: Backend, **more: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": backend.url,
        "ALLOW_SQLITE_IN_PRODUCTION": "true",
        "MASTER_API_KEY": MASTER_KEY,
        "SECRET_KEY": SECRET_KEY,
        "LOCAL_WORKERS": "0",
        **more,
    }
