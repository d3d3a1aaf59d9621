"""Rate limits under many concurrent requests: two instances share a limit through Redis; without it, each process has its own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.production import StrikableRedis, ask_at_once, instances, metric, new_key, strikable_redis
from kit.servers import Server

LIMIT = 300
TOLERANCE = 0.01 * LIMIT
WINDOW_SECONDS = 60
ATTEMPTS = 3
READ = ("GET", "/api/v1/strategies", None)
ANALYSIS = ("POST", "/api/v1/analyze", {"ticker": "AAPL"})

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[StrikableRedis]:
    with strikable_redis(tmp_path) as server:
        yield server


def limits(**more: str) -> dict[str, str]:
    return {"WEB_CONCURRENCY": "2", "RATE_LIMIT_PER_MINUTE": str(LIMIT), "RATE_LIMIT_ANALYSES_PER_MINUTE": str(LIMIT), **more}


def ask(server: Server, key: dict[str, str], asked: tuple[str, str, Any] = READ) -> requests.Response:
    method, path, body = asked
    return requests.request(method, server.url(path), json=body, headers=key, timeout=60)


def storm(servers: list[Server], key: dict[str, str], each: int, asked: tuple[str, str, Any] = READ) -> int:
    """Send `each` requests to each server and return how many were allowed. Checks that the others got 429 with Retry-After."""
    answers = ask_at_once(lambda server: ask(server, key, asked), servers * each)
    for refused in (answer for answer in answers if answer.status_code != 200):
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 0 < int(refused.headers["Retry-After"]) <= 60
    return sum(answer.status_code == 200 for answer in answers)


def begin(server: Server, key: dict[str, str], asked: tuple[str, str, Any] = READ) -> None:
    """Open the window with a first request, and check its RateLimit header."""
    first = ask(server, key, asked)
    left = re.search(r'"minute";r=(\d+);t=(\d+)', first.headers["RateLimit"])
    assert left is not None
    assert (first.status_code, int(left[1])) == (200, LIMIT - 1)
    assert int(left[2]) > WINDOW_SECONDS - 5


def allowed(servers: list[Server], each: int, asked: tuple[str, str, Any] = READ) -> int:
    """How many requests of a new key are allowed in one window. Tries again when the requests take longer than the window."""
    for number in range(ATTEMPTS):
        key = new_key(f"key-{number}")
        started = time.monotonic()
        begin(servers[0], key, asked)
        count = 1 + storm(servers, key, each, asked)
        if time.monotonic() - started < WINDOW_SECONDS - 5:
            return count
    raise AssertionError("the machine is too slow for a storm of less than a minute")


def test_two_instances_over_one_redis(backend: Backend, tmp_path: Path, redis_server: StrikableRedis) -> None:
    with instances(backend, tmp_path, 2, **limits(REDIS_URL=redis_server.url)) as servers:
        for asked in (READ, ANALYSIS):
            assert abs(allowed(servers, LIMIT * 3 // 4, asked) - LIMIT) <= TOLERANCE
        # The budgets are separate, and each instance sees what the other counted.
        key = new_key("other")
        begin(servers[0], key, ANALYSIS)
        begin(servers[1], key)
        left = [ask(server, key).headers["X-RateLimit-Remaining"] for server in servers]
        assert left == [str(LIMIT - 2), str(LIMIT - 3)]
        for budget in ("reads", "analyses"):
            assert min(metric(server, "bellwether_rate_limited_total", budget=budget) for server in servers) > 0


def test_without_redis_each_process_counts_on_its_own(backend: Backend, tmp_path: Path) -> None:
    with instances(backend, tmp_path, 1, **limits()) as servers:
        assert LIMIT <= allowed(servers, LIMIT * 4) <= 2 * LIMIT


def test_one_process_without_redis_is_exact(backend: Backend, tmp_path: Path) -> None:
    with instances(backend, tmp_path, 2, **{**limits(), "WEB_CONCURRENCY": "1"}) as servers:
        for server in servers:
            assert allowed([server], LIMIT * 3 // 2) == LIMIT
