"""What the tests of a site in production share: instances beside each other, keys of their own, metrics read, and a Redis to strike."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families

import database
from features.accounts.api_keys import create_key
from kit.chaos import WEB, is_alive, kill
from kit.databases import Backend
from kit.redis_server import RedisServer
from kit.servers import Server, production, wait_until
from models.api_key import FIRST_ORG

RESULT_ROUTE = "/api/v1/results/<result_id>"
Asked = TypeVar("Asked")


@contextmanager
def instances(backend: Backend, folder: Path, count: int, **environment: str) -> Iterator[list[Server]]:
    """So many gunicorns over one database, with all their workers ready to serve; they end with the block."""
    workers = int(environment.get("WEB_CONCURRENCY", 2))
    servers: list[Server] = []
    try:
        for number in range(count):
            own = folder / f"instance-{number}"
            own.mkdir()
            servers.append(Server(WEB, production(backend, **environment), own))
        for server in servers:
            wait_until(server.answers, 120)
            wait_until(lambda server=server: server.log.count('"event":"started"') >= workers)
        yield servers
    finally:
        for server in servers:
            server.end()


class StrikableRedis(RedisServer):
    """A Redis of one's own that can be killed, and frozen."""

    def kill(self) -> None:
        """End it at once, without a word to its clients."""
        assert self._process is not None
        kill(self._process)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """For a while nothing listens on its port."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """For a while it neither answers nor refuses: connections open, and nothing comes back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def strikable_redis(folder: Path) -> Iterator[StrikableRedis]:
    server = StrikableRedis(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def new_key(name: str) -> dict[str, str]:
    """The header with a key that nobody has used."""
    return {"X-API-Key": create_key(database.current(), FIRST_ORG, name)[1]}


def workers_of(server: Server) -> list[int]:
    """The ids of gunicorn's workers."""
    return sorted(child.pid for child in psutil.Process(server.process.pid).children() if is_alive(child))


def samples(server: Server, name: str, /, **labels: str) -> list[float]:
    """The values of a metric's samples that have some labels."""
    answer = server.get("/metrics")
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    samples = (sample for family in families for sample in family.samples if sample.name == name)
    return [sample.value for sample in samples if labels.items() <= sample.labels.items()]


def metric(server: Server, name: str, /, **labels: str) -> float:
    """What the samples of a metric that have some labels add up to; there must be one."""
    values = samples(server, name, **labels)
    assert values, f"{name} {labels} is not there"
    return sum(values)


def ask_at_once(ask: Callable[[Asked], Any], asked: Iterable[Asked], threads: int = 16) -> list[Any]:
    """Ask for each, so many at once; the answers in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, asked))


def statuses(servers: Iterable[Server], path: str, key: dict[str, str]) -> list[int]:
    """Ask for a path, once at each of some servers named as often as wanted, many at once; each request by a connection of its own."""
    return ask_at_once(lambda server: requests.get(server.url(path), headers=key, timeout=60).status_code, servers)
