"""Sixteen API keys send the heaviest requests concurrently: memory stays bounded, and light requests are still answered."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.effort import effort
from kit.heavy import BIG, EVERY_KEY, store_big, store_results
from kit.onlooking import MemoryWatch, Onlooker
from kit.production import instances, new_key
from kit.servers import Server

KEYS = 16
SECONDS = effort(20.0, 6.0)
MOST_MEMORY = 300_000_000
HEALTH_SECONDS = 5.0
PATIENCE = 120.0
CSV = {"Accept": "text/csv"}


def wide_file() -> bytes:
    """A price file of 4 MB in 20,000 rows, whose cells are mostly spaces."""
    rows = (f"{date(1950, 1, 1) + timedelta(days=number)},{'1':>38},{'1':>38},{'1':>38},{'1':>38},{'1':>38}\n" for number in range(20_000))
    return ("Date,Open,High,Low,Close,Volume\n" + "".join(rows)).encode()[:4_990_000].rpartition(b"\n")[0] + b"\n"


def long_file() -> bytes:
    """A price file of 4 MB in 190,000 rows, which are as short as possible."""
    rows = (f"{date(1500, 1, 1) + timedelta(days=number)},1,1,1,1,1\n" for number in range(190_000))
    return ("Date,Open,High,Low,Close,Volume\n" + "".join(rows)).encode()


@dataclass
class Greedy:
    """A client with its own key. It sends one heavy request after another, and disconnects early from some of them."""

    server: Server
    number: int
    files: tuple[bytes, ...]
    key: dict[str, str] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[tuple[int, str | None]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def run(self, is_over: Callable[[], bool]) -> None:
        with requests.Session() as session:
            session.headers.update(self.key)
            calls = itertools.cycle(self._calls())
            for _ in range(self.number):
                next(calls)  # each client begins with a different request
            while not is_over():
                self._ask(session, *next(calls))

    def _calls(self) -> list[tuple[str, str, dict[str, Any]]]:
        wide, long = self.files
        return [
            ("GET", f"/reports/analysis/{BIG}.xlsx?start=1500-01-01", {}),
            ("GET", f"/series/{BIG}?keys={EVERY_KEY}", {}),
            ("GET", f"/prices/{BIG}", {"headers": CSV}),
            ("GET", f"/prices/{BIG}", {}),
            ("GET", f"/series/{BIG}?keys={EVERY_KEY}", {"vanishes": True}),
            ("GET", f"/prices/{BIG}/quality", {}),
            ("GET", "/results", {"headers": CSV}),
            ("GET", "/reports/results.xlsx", {}),
            ("GET", f"/reports/analysis/{BIG}.xlsx?start=1500-01-01", {"vanishes": True}),
            ("PUT", f"/prices/OWN{self.number}", {"data": wide, "headers": {"Content-Type": "text/csv"}}),
            ("POST", "/analyze", {"json": {"ticker": BIG, "as_of": str(date(2020, 1, 1) + timedelta(days=self.statuses.total()))}}),
            ("PUT", f"/prices/OWN{self.number}", {"data": long, "headers": {"Content-Type": "text/csv"}}),
        ]

    def _ask(self, session: requests.Session, method: str, path: str, more: dict[str, Any]) -> None:
        options = {name: value for name, value in more.items() if name != "vanishes"}
        try:
            with session.request(method, self.server.url(f"/api/v1{path}"), stream=True, timeout=PATIENCE, **options) as answer:
                self.statuses[answer.status_code] += 1
                if answer.status_code in (429, 503):
                    self.refusals.append((answer.status_code, answer.headers.get("Retry-After")))
                pieces = answer.iter_content(65_536)
                for _ in itertools.islice(pieces, 1 if "vanishes" in more else None):
                    pass
        except requests.RequestException as error:
            self.lost.append(f"{method} {path}: {error!r}")


@contextmanager
def greedy_site(backend: Backend, folder: Path, **environment: str) -> Iterator[tuple[Server, Path]]:
    """Yield a server and its temporary folder. Its database has a series longer than uploads may be, and many results."""
    temporary = folder / "temporary"
    temporary.mkdir()
    store_big()
    with instances(backend, folder, 1, TMPDIR=str(temporary), **environment) as (server,):
        assert server.analyze(ticker=BIG).status_code == 200
        store_results(BIG, 3_000)
        yield server, temporary


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({}, id="default limits"),
        pytest.param({"RATE_LIMIT_ENABLED": "false"}, id="no rate limits"),
    ],
)
def test_sixteen_greedy_keys_take_the_service_from_nobody(backend: Backend, tmp_path: Path, limits: dict[str, str]) -> None:
    with greedy_site(backend, tmp_path, WEB_CONCURRENCY="2", **limits) as (server, temporary):
        files = (wide_file(), long_file())
        greedy = [Greedy(server, number, files, new_key(f"greedy {number}")) for number in range(KEYS)]
        health = Onlooker(lambda _: requests.get(server.url("/health/live"), timeout=PATIENCE))
        modest_key = new_key("modest")

        def analyse(number: int) -> requests.Response:
            order = {"ticker": "AAPL", "as_of": str(date(2012, 1, 2) + timedelta(days=number))}
            return requests.post(server.url("/api/v1/analyze"), json=order, headers=modest_key, timeout=PATIENCE)

        modest, memory = Onlooker(analyse), MemoryWatch(server)
        over = threading.Event()
        runners: tuple[Any, ...] = (*greedy, health, modest, memory)
        threads = [threading.Thread(target=one.run, args=(over.is_set,)) for one in runners]
        for thread in threads:
            thread.start()
        over.wait(SECONDS)
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
        total = sum((one.statuses for one in greedy), Counter())
        assert all(most < MOST_MEMORY for most in memory.most.values()), memory.most
        assert set(health.statuses) == {200}
        assert max(health.seconds) < HEALTH_SECONDS
        assert set(modest.statuses) == {200}
        assert set(total) <= {200, 422, 429, 503}, total
        refusals = [refusal for one in greedy for refusal in one.refusals]
        assert refusals
        assert all(retry_after is not None and int(retry_after) >= 1 for _, retry_after in refusals)
        assert [lost for one in greedy for lost in one.lost] == []
        assert list(temporary.iterdir()) == []
        assert server.stop() == 0
    assert "Traceback" not in server.log
