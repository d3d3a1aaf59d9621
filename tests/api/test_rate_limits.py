"""Rate limits: the caller that a request counts for, the budgets, exactness, and the headers of answers."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID, another_organization
from kit.protection import Make, client_of, sample, scrape
from kit.redis_server import PATIENT, RedisServer
from kit.servers import wait_until
from kit.support import MASTER_KEY, Client

import database
from features.accounts.api_keys import create_key

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SETTINGS = {
    "reads": "rate_limit_per_minute",
    "analyses": "rate_limit_analyses_per_minute",
    "bulk": "rate_limit_bulk_per_minute",
    "uploads": "rate_limit_uploads_per_minute",
    "heavy_reads": "rate_limit_heavy_reads_per_minute",
    "tests": "rate_limit_tests_per_minute",
}
# The requests of each budget; a request counts whether it succeeds or fails.
CALLS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "reads": [
        ("GET", "/results", {}),
        ("HEAD", "/results", {}),
        ("GET", f"/results/{UNKNOWN_ID}", {}),
        ("GET", "/jobs", {}),
        ("POST", "/watchlist", {"json": {"ticker": "AAPL"}}),
        ("GET", "/admin/flags", {}),
    ],
    "analyses": [("POST", "/analyze", {"json": {"ticker": "AAPL"}}), ("POST", "/analyze", {"data": b"no JSON"})],
    "bulk": [
        ("POST", "/bulk-analyze", {"json": {"tickers": ["AAPL"]}}),
        ("POST", f"/jobs/{UNKNOWN_ID}/cancel", {}),
        ("POST", f"/jobs/{UNKNOWN_ID}/retry", {}),
    ],
    "uploads": [("PUT", "/prices/NEW", {"data": b"x", "content_type": "text/csv"})],
    "tests": [("POST", "/integrations/unknown/test", {})],
    "heavy_reads": [
        ("GET", "/prices/AAPL", {}),
        ("GET", "/series/AAPL", {}),
        ("GET", f"/results/{UNKNOWN_ID}/flips", {}),
        ("GET", f"/results/{UNKNOWN_ID}/honesty", {}),
        ("GET", "/results", {"headers": {"Accept": "text/csv"}}),
        ("GET", "/reports/results.xlsx", {}),
        ("GET", f"/reports/jobs/{UNKNOWN_ID}.xlsx", {}),
        ("GET", "/reports/analysis/AAPL.xlsx", {}),
    ],
}
EVERY_CALL = [pytest.param(of, *call, id=f"{of}: {call[0]} {call[1][:20]}") for of, calls in CALLS.items() for call in calls]


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Make:
    """Makes applications with limits; a budget that is not named is too large to be used up."""

    def make_one(**settings: Any) -> Client:
        return client_of(backend, tmp_path, **{"rate_limit_enabled": True, "rate_limit_per_hour": 10_000, **PATIENT, **settings})

    return make_one


def windows(answer: Any) -> dict[str, tuple[int, int, int, int]]:
    """The windows in an answer's headers: the limit, its seconds, the remaining requests, and the seconds until it ends."""
    policies = [part.strip().split(";") for part in answer.headers["RateLimit-Policy"].split(",")]
    states = [part.strip().split(";") for part in answer.headers["RateLimit"].split(",")]
    assert [policy[0] for policy in policies] == [state[0] for state in states]
    result = {}
    for policy, state in zip(policies, states, strict=True):
        (limit, seconds), (remaining, left) = ([int(part.split("=")[1]) for part in parts[1:]] for parts in (policy, state))
        result[policy[0].strip('"')] = (limit, seconds, remaining, left)
    return result


def remaining(answer: Any) -> dict[str, int]:
    return {name: window[2] for name, window in windows(answer).items()}


def first_call(of: str) -> tuple[str, str, dict[str, Any]]:
    return CALLS[of][0]


# ---- budgets ----------------------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(("of", "method", "path", "more"), EVERY_CALL)
def test_each_request_counts_once_in_its_budget_and_once_in_the_hour(
    make: Make, of: str, method: str, path: str, more: dict[str, Any]
) -> None:
    client = make(**{setting: 10 * number for number, setting in enumerate(SETTINGS.values(), 1)})
    limit = 10 * (list(SETTINGS).index(of) + 1)
    for number in range(1, 4):
        answer = client(method, path, **more)
        assert windows(answer)["minute"][:3] == (limit, 60, limit - number)
        assert windows(answer)["hour"][:3] == (10_000, 3600, 10_000 - number)


@pytest.mark.parametrize("spent", SETTINGS)
def test_a_spent_budget_leaves_the_others(make: Make, spent: str) -> None:
    client = make(**{SETTINGS[spent]: 2})
    statuses = [client(*call[:2], **call[2]).status_code for call in [first_call(spent)] * 4]
    assert [status == 429 for status in statuses] == [False, False, True, True]
    for other in set(SETTINGS) - {spent}:
        method, path, more = first_call(other)
        answer = client(method, path, **more)
        assert answer.status_code != 429
        assert remaining(answer)["minute"] == windows(answer)["minute"][0] - 1
    assert sample(client, "bellwether_rate_limited_total", budget=spent) == 2


@ON_SQLITE
def test_every_budget_is_counted_from_zero(make: Make) -> None:
    name, samples = "bellwether_rate_limited_total", scrape(make())
    budgets = (*SETTINGS, "refused_keys")
    assert [samples.get((name, frozenset({("budget", budget)}))) for budget in budgets] == [0.0] * len(budgets)


@ON_SQLITE
def test_the_hour_is_one_for_all_budgets_and_refused_requests_do_not_count_in_it(make: Make) -> None:
    client = make(rate_limit_per_hour=6, rate_limit_bulk_per_minute=1)
    statuses = [client("POST", f"/jobs/{UNKNOWN_ID}/cancel").status_code for _ in range(10)]
    assert statuses == [404] + [429] * 9
    for number, of in enumerate(["reads", "analyses", "uploads", "reads", "reads"], 2):
        method, path, more = first_call(of)
        answer = client(method, path, **more)
        assert remaining(answer)["hour"] == 6 - number
    for of in ("reads", "analyses", "uploads"):
        method, path, more = first_call(of)
        refused = client(method, path, **more)
        assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
        assert "6 requests per hour" in refused.json["detail"]
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600


# ---- callers ----------------------------------------------------------------------------------------------------------------------


def test_each_key_has_its_own_and_so_has_who_has_none(make: Make) -> None:
    client = make(rate_limit_per_minute=2)
    _, mine = create_key(database.current(), 1, "mine")
    theirs = another_organization()
    for key in (MASTER_KEY, mine, theirs):
        assert [client.get("/watchlist", key=key).status_code for _ in range(3)] == [200, 200, 429]
    assert [client.get("/watchlist", key=None).status_code for _ in range(3)] == [401, 401, 429]


def test_guessing_at_keys_is_counted_by_address(make: Make) -> None:
    client = make(rate_limit_per_minute=3)
    guesses = ["wrong", "bw_" + "x" * 43, MASTER_KEY + "x", "", "bw_"]
    answers = [client.get("/watchlist", key=guess) for guess in guesses]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert "WWW-Authenticate" not in answers[-1].headers
    assert client.get("/watchlist").status_code == 200  # a valid key from the same address
    elsewhere = client.http.get("/api/v1/watchlist", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 401
    assert sample(client, "bellwether_rate_limited_total", budget="refused_keys") == 2


@ON_SQLITE
def test_one_key_is_one_caller_however_and_wherever_it_is_sent_from(make: Make) -> None:
    client = make(rate_limit_per_minute=4)
    sent = [{"X-API-Key": MASTER_KEY}, {"Authorization": f"Bearer {MASTER_KEY}"}, {"Authorization": f"bearer  {MASTER_KEY} "}]
    addresses = ["127.0.0.1", "192.0.2.7", "2001:db8::1"]
    left = [
        remaining(client.http.get("/api/v1/watchlist", headers=headers, environ_overrides={"REMOTE_ADDR": address}))["minute"]
        for headers, address in zip(sent, addresses, strict=True)
    ]
    assert left == [3, 2, 1]


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing/{}"),
        ("GET", "/api/v1/results/{}/more"),
        ("DELETE", "/api/v1/results?{}"),
        ("BREW", "/api/v1/results?{}"),
        ("GET", "/openapi.json?{}"),
    ],
)
def test_what_asks_for_no_key_is_counted_by_address(make: Make, method: str, path: str) -> None:
    client = make(rate_limit_per_minute=2)
    answers = [client.http.open(path.format(number), method=method, headers={"X-API-Key": MASTER_KEY}) for number in range(3)]
    assert answers[0].status_code in (200, 404, 405)
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert client.get("/watchlist").status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"), ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/health/migrations"), ("GET", "/api/health/ping"),
        ("GET", "/metrics"), ("OPTIONS", "/api/v1/analyze"), ("OPTIONS", "/nothing"),
    ],
)  # fmt: skip
def test_what_platforms_and_browsers_ask_by_themselves_is_not_counted(make: Make, method: str, path: str) -> None:
    client = make(rate_limit_per_minute=1, rate_limit_analyses_per_minute=1, rate_limit_per_hour=1)
    client.get("/watchlist", key=None)
    assert client.get("/watchlist", key=None).status_code == 429
    for _ in range(3):
        answer = client.http.open(path, method=method)
        assert answer.status_code in (200, 401, 404)
        assert not [name for name, _ in answer.headers if "ratelimit" in name.lower()]


# ---- headers of answers -----------------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    ("minute", "hour", "tightest"),
    [
        pytest.param(3, 100, "minute", id="the minute"),
        pytest.param(100, 3, "hour", id="the hour"),
        pytest.param(3, 3, "minute", id="alike"),
    ],
)
def test_the_headers_agree(make: Make, minute: int, hour: int, tightest: str) -> None:
    client = make(rate_limit_per_minute=minute, rate_limit_per_hour=hour)
    for number in range(1, 4):
        answer = client.get("/watchlist")
        headers, (limit, seconds, left, ends_in) = answer.headers, windows(answer)[tightest]
        assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("3", str(3 - number)) == (str(limit), str(left))
        assert 0 < ends_in <= seconds
        assert abs(int(headers["X-RateLimit-Reset"]) - (time.time() + ends_in)) < 5
        assert "Retry-After" not in headers
    refused = client.get("/watchlist")
    assert (refused.status_code, refused.content_type, refused.json["status"]) == (429, "application/problem+json", 429)
    assert f"3 requests per {tightest}" in refused.json["detail"]
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    ends_in = windows(refused)[tightest][3]
    assert abs(int(refused.headers["Retry-After"]) - ends_in) <= 1
    assert refused.headers["X-Request-ID"] == refused.json["request_id"]


@ON_SQLITE
def test_switched_off_nothing_is_counted_or_said(make: Make) -> None:
    client = make(rate_limit_enabled=False, rate_limit_per_minute=1, rate_limit_per_hour=1)
    for _ in range(5):
        answer = client.get("/watchlist")
        assert answer.status_code == 200
        assert not [name for name, _ in answer.headers if "ratelimit" in name.lower()]


# ---- exactness, and Redis ---------------------------------------------------------------------------------------------------------


def ask_at_once(clients: list[Client], times: int) -> list[int]:
    """The statuses of `count` requests, 16 at a time, spread in turn over the clients' applications."""
    apps = [client.app for client in clients]

    def ask(number: int) -> int:
        status: int = Client(apps[number % len(apps)]).get("/watchlist").status_code
        return status

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(ask, range(times)))


@ON_SQLITE
def test_the_limit_is_exact_under_threads(make: Make) -> None:
    statuses = ask_at_once([make(rate_limit_per_minute=50)], 200)
    assert (statuses.count(200), statuses.count(429)) == (50, 150)


@ON_SQLITE
def test_the_limit_is_exact_over_two_applications_with_one_redis(make: Make, redis_server: RedisServer) -> None:
    two = [make(rate_limit_per_minute=50, redis_url=redis_server.url) for _ in range(2)]
    statuses = ask_at_once(two, 200)
    assert (statuses.count(200), statuses.count(429)) == (50, 150)
    assert sample(two[0], "bellwether_rate_limit_in_memory") == 0


@ON_SQLITE
def test_without_redis_each_counts_for_itself_until_it_is_back(make: Make, redis_server: RedisServer) -> None:
    one, other = (make(rate_limit_per_minute=4, redis_url=redis_server.url) for _ in range(2))
    assert [remaining(client.get("/watchlist"))["minute"] for client in (one, other)] == [3, 2]
    redis_server.stop()
    for client in (one, other):
        assert [client.get("/watchlist").status_code for _ in range(5)] == [200] * 4 + [429]
    wait_until(lambda: one.get("/watchlist").status_code == 429 and sample(one, "bellwether_rate_limit_in_memory") == 1)
    redis_server.start()

    def is_shared() -> bool:
        """Whether the applications count in Redis again; Redis was restarted and has no counts."""
        return bool(one.get("/watchlist", key=None).headers.get("RateLimit")) and bool(redis_server.client.keys("bellwether:limit:*"))

    wait_until(is_shared)
    _, key = create_key(database.current(), 1, "new")
    wait_until(lambda: remaining(other.get("/results", key=key))["minute"] >= 0 and sample(other, "bellwether_rate_limit_in_memory") == 0)
    _, key = create_key(database.current(), 1, "newer")
    assert [remaining(client.get("/watchlist", key=key))["minute"] for client in (one, other, one, other)] == [3, 2, 1, 0]


@ON_SQLITE
def test_a_window_ends_and_none_is_without_an_end(make: Make, redis_server: RedisServer) -> None:
    client = make(rate_limit_per_minute=1, redis_url=redis_server.url)
    assert [client.get("/watchlist").status_code for _ in range(2)] == [200, 429]
    keys = redis_server.client.keys("*")
    assert len(keys) == 2  # of the minute and of the hour
    assert all(0 < redis_server.client.ttl(key) <= 3600 for key in keys)
    (minute,) = [key for key in keys if redis_server.client.ttl(key) <= 60]
    redis_server.client.persist(minute)  # no expiry, as after a restore of Redis
    refused = client.get("/watchlist")
    assert (refused.status_code, 0 < int(refused.headers["Retry-After"]) <= 60) == (429, True)
    assert 0 < redis_server.client.ttl(minute) <= 60
    redis_server.client.pexpire(minute, 50)
    wait_until(lambda: not redis_server.client.exists(minute))
    assert client.get("/watchlist").status_code == 200


@ON_SQLITE
def test_a_request_asks_redis_once_for_both_windows(make: Make, redis_server: RedisServer) -> None:
    client = make(rate_limit_per_minute=5, redis_url=redis_server.url)
    client.get("/watchlist")  # loads the script
    redis_server.client.config_resetstat()
    answers = [client.get("/watchlist") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    calls = {name: stats["calls"] for name, stats in redis_server.client.info("commandstats").items()}
    within_the_script = {"cmdstat_incr": 4 * 2 + 2, "cmdstat_pttl": 4 * 2 + 2}  # a request refused by the minute does not count in the hour
    ours = {name: count for name, count in calls.items() if name not in ("cmdstat_config|resetstat", "cmdstat_config", "cmdstat_info")}
    assert ours == {"cmdstat_evalsha": 6, **within_the_script}
    assert client.get("/admin/status").json["code"] == "rate_limited"
    status = make(redis_url=redis_server.url).get("/admin/status").json
    assert status["limits"]["shared"] is True


@ON_SQLITE
def test_a_redis_that_refuses_to_write_is_as_good_as_none(make: Make, redis_server: RedisServer) -> None:
    client = make(rate_limit_per_minute=2, redis_url=redis_server.url)
    redis_server.client.config_set("maxmemory", "1")
    redis_server.client.config_set("maxmemory-policy", "noeviction")
    assert [client.get("/watchlist").status_code for _ in range(3)] == [200, 200, 429]
