"""Metrics never fail a request: two applications in one process, and metrics that raise in every method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from kit.databases import Backend
from kit.protection import client_of, sample
from kit.servers import wait_until
from kit.support import Client
from structlog.testing import capture_logs

import app as application
from database import POOL_EVENTS, PoolStatus
from infrastructure.breaker import Breaker, BreakerOpen
from infrastructure.metrics import Metrics, PrometheusMetrics, SafeMetrics

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class PoolWithCounts:
    """A pool that has counted each event `count` times."""

    def __init__(self, count: int) -> None:
        self.count = count

    def status(self) -> PoolStatus:
        return PoolStatus(12, 1, 2, dict.fromkeys(POOL_EVENTS, self.count))


class RaisingMetrics(Metrics):
    """Raises in every method but `exposition`."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or name == "exposition":
            return super().__getattribute__(name)

        def fail(*_: object) -> NoReturn:
            raise OSError(f"no space left for {name}")

        fail.__name__ = name
        return fail


EVENTS: dict[str, tuple[object, ...]] = {
    "request": ("GET", "/x", 200, 0.1),
    "pool": (PoolWithCounts(1),),
    "lookup": ("results", "hit"),
    "limited": ("reads",),
    "add_budget": ("reads",),
    "counting_in_memory": (True,),
    "streams": (1,),
    "add_breaker": ("database",),
    "breaker_changed": ("database", True),
    "breaker_refused": ("database",),
}


def methods_of(kind: type[Metrics]) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def lines_with(text: str, name: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(name)]


def test_each_pool_adds_what_it_counted_since_it_was_last_seen() -> None:
    metrics, large, small = PrometheusMetrics(pool_seconds=0.0), PoolWithCounts(100), PoolWithCounts(3)
    metrics.pool(large)
    metrics.pool(small)  # like the pool of a second application: fewer events than the first
    large.count, small.count = 101, 5
    for pool in (large, small, large):
        metrics.pool(pool)
    counted = lines_with(metrics.exposition([]).decode(), "bellwether_db_pool_events_total")
    assert counted == [f'bellwether_db_pool_events_total{{event="{event}"}} 106.0' for event in POOL_EVENTS]


@ON_SQLITE
def test_a_second_application_leaves_the_first_its_answers(backend: Backend, tmp_path: Path) -> None:
    first = client_of(backend, tmp_path)
    for _ in range(20):
        assert first.get("/watchlist").status_code == 200
    second = client_of(backend, tmp_path)
    for client in (first, second, first, second):
        assert client.get("/watchlist").status_code == 200
    for client in (first, second):
        assert sample(client, "bellwether_metrics_failures_total") == 0
        wait_until(lambda client=client: sample(client, "bellwether_db_pool_events_total", event="checkouts") > 0)


@pytest.fixture
def raising(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(application, "PrometheusMetrics", RaisingMetrics)
    client = client_of(backend, tmp_path, rate_limit_enabled=True, rate_limit_per_minute=3)
    yield client
    application.stop(client.app)


def test_metrics_that_raise_keep_nobody_from_being_answered(raising: Client) -> None:
    answers = [raising.get("/watchlist").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    result = raising.post("/analyze", {"ticker": "AAPL"})
    assert result.status_code == 200
    job = raising.post("/bulk-analyze", {"tickers": ["AAPL"]})
    assert job.status_code == 202
    assert raising.http.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert raising.http.get("/health").status_code == 200


def test_a_breaker_opens_although_metrics_raise() -> None:
    breaker = Breaker("database", 1, 60.0)
    breaker.observer = SafeMetrics(RaisingMetrics())
    breaker.record_failure(OSError("away"))
    assert breaker.state == "open"
    with pytest.raises(BreakerOpen):
        breaker.check()


@pytest.mark.parametrize("method", sorted(EVENTS))
def test_what_cannot_be_counted_is_counted_as_that_and_logged(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = PrometheusMetrics()

    def fail(*_: object) -> NoReturn:
        raise ValueError("counters can only be incremented by non-negative amounts")

    fail.__name__ = method
    monkeypatch.setattr(inner, method, fail)
    with capture_logs() as lines:
        getattr(SafeMetrics(inner), method)(*EVENTS[method])
    assert [(line["event"], line["method"], line["log_level"]) for line in lines] == [("not counted", method, "error")]
    assert lines_with(inner.exposition([]).decode(), "bellwether_metrics_failures_total") == ["bellwether_metrics_failures_total 1.0"]


def test_every_method_is_guarded_and_tested() -> None:
    assert set(EVENTS) == methods_of(Metrics) - {"exposition", "failed"} == methods_of(SafeMetrics) - {"exposition"}
