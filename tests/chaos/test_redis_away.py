"""Redis is killed or frozen: requests are hardly slower, and rate limits hold per process. When it is back, limits are shared again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import combinations, count, product
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.production import StrikableRedis, instances, metric, new_key, statuses, strikable_redis, workers_of
from kit.servers import KEY, Server, free_port, wait_until

from features.prices.providers.sample import NAMES
from models.strategy import STRATEGIES

SLOWER_SECONDS = 0.2  # how much longer a request may take without Redis
QUIET_SECONDS = 5.0  # the time before an unreachable Redis is tried again
OUTAGES = 3
REQUESTS = 30
LIMIT = 40
WORKERS = 2  # per instance
WAYS = ("killed", "frozen")
AWAY = "redis not reachable, going on without it"


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[StrikableRedis]:
    with strikable_redis(tmp_path) as server:
        yield server


# ---- how long requests take -------------------------------------------------------------------------------------------------------


class Asker:
    """Sends one kind of request to an instance, one at a time, over a keep-alive connection."""

    def __init__(self, server: Server, ask: Callable[[requests.Session], requests.Response]) -> None:
        self.server, self._ask = server, ask
        self._session = requests.Session()
        self._session.headers.update(KEY)

    def seconds(self) -> float:
        """Send one request and return its duration. Fails without a 2xx response."""
        started = time.perf_counter()
        answer = self._ask(self._session)
        seconds = time.perf_counter() - started
        assert answer.status_code < 300, answer.text
        return seconds

    def times_away(self) -> int:
        """How often the instance has logged that Redis is not reachable."""
        return self.server.log.count(AWAY)


def askers_of(servers: list[Server]) -> list[Asker]:
    """Askers for a read, an analysis and a bulk job, each with its own instance."""
    read, analyze, bulk = servers
    result = read.url(f"/api/v1/results/{read.analyze(ticker='AAPL').json()['id']}")
    capitals = count(1_000)
    some = [list(tickers) for length in (1, 2, 3, 4) for tickers in combinations(NAMES, length)]
    orders = ({"tickers": tickers, "strategy": strategy} for tickers, strategy in product(some, STRATEGIES))

    def post(server: Server, path: str, body: Any) -> Callable[[requests.Session], requests.Response]:
        return lambda session: session.post(server.url(path), json=body(), timeout=60)

    return [
        Asker(read, lambda session: session.get(result, timeout=60)),
        Asker(analyze, post(analyze, "/api/v1/analyze", lambda: {"ticker": "IBM", "capital": next(capitals)})),
        Asker(bulk, post(bulk, "/api/v1/bulk-analyze", lambda: next(orders))),
    ]


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_requests_take_hardly_longer(backend: Backend, tmp_path: Path, redis_server: StrikableRedis, way: str) -> None:
    """Neither the request that detects the outage nor later ones take much longer. With Postgres, Redis also caches results."""
    environment = {"REDIS_URL": redis_server.url, "WEB_CONCURRENCY": "1", "RATE_LIMIT_BULK_PER_MINUTE": "1000"}
    with instances(backend, tmp_path, 3, **environment) as servers:
        askers = askers_of(servers)
        for asker in askers:
            asker.seconds()  # the first request does more work and is not measured
        with_redis = [[asker.seconds() for _ in range(REQUESTS)] for asker in askers]
        assert [asker.times_away() for asker in askers] == [0, 0, 0]
        first: list[list[float]] = [[] for _ in askers]
        for outage in range(1, OUTAGES + 1):
            with getattr(redis_server, way)():
                for asker, times in zip(askers, first, strict=True):
                    times.append(asker.seconds())
                    assert asker.times_away() >= outage  # this request detected the outage
                without_redis = [[asker.seconds() for _ in range(REQUESTS)] for asker in askers]
            late = [min(times) - max(usual) for times, usual in zip(first, with_redis, strict=True)]
            if max(late) <= SLOWER_SECONDS:
                break  # otherwise the machine may have been busy: measure again
            for asker in askers:
                wait_until(lambda asker=asker: metric_of_limits(asker) == 0)
        assert max(late) <= SLOWER_SECONDS, (first, with_redis)
        medians = [(statistics.median(usual), statistics.median(now)) for usual, now in zip(with_redis, without_redis, strict=True)]
        assert all(now - usual <= SLOWER_SECONDS for usual, now in medians), medians


def metric_of_limits(asker: Asker) -> float:
    """Send a request, so that the worker tries Redis again, and return how many workers count requests in their memory."""
    asker.seconds()
    return metric(asker.server, "bellwether_rate_limit_in_memory")


# ---- limits -----------------------------------------------------------------------------------------------------------------------


def allowed(servers: list[Server], name: str) -> int:
    """Send twice as many requests as the limit to each instance, with a new key, and return how many are allowed."""
    answered = statuses(servers * (2 * LIMIT), "/api/v1/strategies", new_key(name))
    assert set(answered) <= {200, 429}
    return answered.count(200)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_limits_hold_for_each_process_and_are_shared_again(backend: Backend, tmp_path: Path, redis_server: StrikableRedis) -> None:
    environment = {"REDIS_URL": redis_server.url, "WEB_CONCURRENCY": str(WORKERS), "RATE_LIMIT_PER_MINUTE": str(LIMIT)}
    with instances(backend, tmp_path, 2, **environment) as servers:
        lasting = [workers_of(server) for server in servers]
        assert allowed(servers, "shared") == LIMIT
        for way in WAYS:
            with getattr(redis_server, way)():
                # Each of the two workers of an instance detects the outage by itself.
                before = [server.log.count(AWAY) for server in servers]
                assert all(LIMIT <= allowed([server], f"{way}-{server.port}") <= WORKERS * LIMIT for server in servers)
                assert all(server.log.count(AWAY) > times for server, times in zip(servers, before, strict=True))
            wait_until(lambda: all(metric(server, "bellwether_rate_limit_in_memory") == 0 for server in servers))
            assert allowed(servers, f"after-{way}") == LIMIT
        assert [workers_of(server) for server in servers] == lasting


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_without_redis_at_the_start(backend: Backend, tmp_path: Path) -> None:
    """Redis is optional: the service starts and serves without it, and limits hold."""
    environment = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0", "WEB_CONCURRENCY": str(WORKERS), "RATE_LIMIT_PER_MINUTE": str(LIMIT)}
    with instances(backend, tmp_path, 1, **environment) as servers:
        assert servers[0].analyze(ticker="AAPL").status_code == 200
        assert LIMIT <= allowed(servers, "alone") <= WORKERS * LIMIT
        assert servers[0].stop() == 0
        refused = [line for line in servers[0].lines() if line["event"] == "part not started, going on without it"]
        assert [line["part"] for line in refused] == ["redis", "redis"]
