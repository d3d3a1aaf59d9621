"""Answers are the same with the cache, organisations never share entries, and changes are visible.

With SQLite the cache is in memory alone; with Postgres it has Redis behind it.
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import another_organization, csv_of
from kit.parts import with_cache
from kit.paths import ROOT
from kit.protection import Make, client_of, sample
from kit.redis_server import PATIENT, RedisServer
from kit.servers import FLASK, wait_until
from kit.support import MASTER_KEY, SECRET_KEY, Client

import database
from features.accounts.api_keys import create_key
from features.analyses import service as analysis
from infrastructure.cache import REDIS_PREFIX
from models.strategy import STRATEGIES

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


@pytest.fixture
def make(backend: Backend, tmp_path: Path, redis_server: RedisServer) -> Make:
    """Makes applications that use one Redis and see each other's clearings within 0.1 s."""

    def make_one(**settings: Any) -> Client:
        client = client_of(backend, tmp_path, redis_url=redis_server.url, **PATIENT, **settings)
        if settings.get("cache_enabled", True):
            with_cache(client.app, follow_seconds=0.1)
        return client

    return make_one


@pytest.fixture
def client(make: Make) -> Client:
    return make()


def lookups(client: Client, region: str) -> tuple[float, float]:
    """Hits and misses so far."""
    return sample(client, "bellwether_cache_lookups_total", region=region, outcome="hit"), sample(
        client, "bellwether_cache_lookups_total", region=region, outcome="miss"
    )


def keys_of(client: Client, prefix: str = "") -> list[str]:
    return [entry["key"] for entry in client.get("/admin/cache", query_string={"prefix": prefix, "limit": 500}).json["items"]]


def same(one: Any, other: Any) -> bool:
    return (one.status_code, one.data, one.headers.get("ETag")) == (other.status_code, other.data, other.headers.get("ETag"))


# ---- the same answers -------------------------------------------------------------------------------------------------------------

ORDERS = [
    pytest.param({}, id="plain"),
    pytest.param({"strategy": "trend"}, id="a strategy"),
    pytest.param({"capital": 5000, "risk_percent": 1}, id="a size of one's own"),
    pytest.param({"weights": {"rsi": 2}}, id="overrides"),
    pytest.param({"as_of": "2012-06-01"}, id="another day"),
]


@pytest.mark.parametrize("order", ORDERS)
def test_a_hit_answers_what_a_miss_answered(make: Make, order: dict[str, Any]) -> None:
    client, without = make(), make(cache_enabled=False)
    body = {"ticker": "AAPL", **order}
    answers = [client.post("/analyze", body) for _ in range(3)] + [without.post("/analyze", body) for _ in range(2)]
    assert answers[0].status_code == 200
    assert all(same(answer, answers[0]) for answer in answers)
    path = f"/results/{answers[0].json['id']}"
    got = [client.get(path) for _ in range(3)] + [without.get(path)]
    assert all(same(answer, got[0]) for answer in got)
    assert lookups(client, "results") == (2, 1)
    hits, misses = lookups(client, "analyses")
    # The key of an analysis of another day is known only after the prices are loaded, so it is not looked up.
    assert (hits, misses) == ((0, 0) if "as_of" in order else (2, 1))
    assert lookups(without, "results") == lookups(without, "analyses") == (0, 0)
    other = make()  # its memory is empty; Redis is the same
    assert same(other.get(path), got[0])
    assert same(other.post("/analyze", body), answers[0])


def test_a_ticker_that_is_none_is_not_kept(client: Client) -> None:
    assert [client.post("/analyze", {"ticker": "NEW"}).status_code for _ in range(2)] == [404, 404]
    client.put("/prices/NEW", csv_of(100))
    assert client.post("/analyze", {"ticker": "NEW"}).status_code == 200
    assert client.get("/results/01a1fbd8-91c5-76db-ada4-c6947b434124").status_code == 404
    assert keys_of(client, "results:") == []


def test_nothing_crosses_organizations(client: Client) -> None:
    theirs = another_organization()
    mine = client.post("/analyze", {"ticker": "AAPL"}).json
    path = f"/results/{mine['id']}"
    assert client.get(path).status_code == 200  # the result is now cached
    assert [client.get(path, key=theirs).status_code for _ in range(2)] == [404, 404]
    other = client.post("/analyze", {"ticker": "AAPL"}, key=theirs).json  # equal prices, strategy and fingerprint
    assert (other["fingerprint"], other["id"] == mine["id"]) == (mine["fingerprint"], False)
    assert client.get(f"/results/{other['id']}", key=theirs).json == {**other, "superseded": False}
    assert client.get(f"/results/{other['id']}").status_code == 404
    client.put("/prices/AAPL", csv_of(100), key=theirs)
    changed = client.post("/analyze", {"ticker": "AAPL"}, key=theirs).json
    assert changed["bars"] == 100
    assert client.post("/analyze", {"ticker": "AAPL"}).json == mine


def latest(client: Client, ticker: str, strategy: str = "balanced") -> str:
    """The id of the result that the screener shows."""
    (shown,) = [item for item in client.get(f"/results?strategy={strategy}&limit=500").json["items"] if item["ticker"] == ticker]
    return str(shown["id"])


def test_prices_that_come_back_are_the_latest_again(client: Client) -> None:
    first, second = csv_of(100), csv_of(120)
    first_answers: dict[str, Any] = {}
    for name, prices in (("A", first), ("B", second), ("A", first), ("A", first), ("B", second), ("A", first)):
        client.put("/prices/AB", prices)
        for _ in range(2):
            answer = client.post("/analyze", {"ticker": "AB"})
            assert same(answer, first_answers.setdefault(name, answer))
            assert latest(client, "AB") == answer.json["id"]
    assert first_answers["A"].json["id"] != first_answers["B"].json["id"]


def test_overrides_do_not_move_what_the_screener_shows(client: Client) -> None:
    client.put("/prices/AB", csv_of(100))
    plain = client.post("/analyze", {"ticker": "AB"}).json
    client.put("/prices/AB", csv_of(120))
    # The strategy's own value: the same work and fingerprint as without it, and yet an override.
    order = {"ticker": "AB", "reward_risk": STRATEGIES["balanced"].reward_risk}
    overridden = [client.post("/analyze", body).json for body in (order, order, {**order, "reward_risk": 9.0})]
    assert latest(client, "AB") == plain["id"]
    now_plain = client.post("/analyze", {"ticker": "AB"}).json  # in the cache, but not yet the latest
    assert (now_plain["id"], latest(client, "AB")) == (overridden[0]["id"], overridden[0]["id"])


# ---- keys -------------------------------------------------------------------------------------------------------------------------


def test_a_revoked_key_is_refused_by_every_process(make: Make, backend: Backend, redis_server: RedisServer, tmp_path: Path) -> None:
    clients = [make(), make()]
    stored, key = create_key(database.current(), 1, "to be revoked")
    for client in clients:
        assert [client.get("/watchlist", key=key).status_code for _ in range(3)] == [200] * 3
        assert lookups(client, "keys") == (2, 1)
    shared_keys = [name for name in redis_server.client.keys("*") if b"keys:" in name]
    assert shared_keys == []  # keys are never stored in Redis, which others may read
    assert key not in str(keys_of(clients[0]))
    settings = {"DATABASE_URL": backend.url, "DATA_DIR": str(tmp_path), "MASTER_API_KEY": MASTER_KEY, "SECRET_KEY": SECRET_KEY}
    command = [FLASK, "api-key", "revoke", stored.id]
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "test", **settings}
    subprocess.run(command, cwd=ROOT, env=environment, timeout=60, check=True, capture_output=True)
    for client in clients:
        wait_until(lambda client=client: client.get("/watchlist", key=key).status_code == 401)
        assert client.get("/watchlist").status_code == 200


@ON_SQLITE
def test_a_key_is_kept_for_a_moment_only(client: Client) -> None:
    """A key is cached for a few seconds even if the notice of its revocation is lost."""
    _, key = create_key(database.current(), 1, "tests")
    client.get("/watchlist", key=key)
    (entry,) = client.get("/admin/cache?prefix=keys:").json["items"]
    assert 0 < entry["expires_in"] <= 5


# ---- one run for all callers ------------------------------------------------------------------------------------------------------


def test_the_engine_runs_once_for_all_who_ask_at_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, calls = 8, []
    compute_result = analysis.compute_result

    def make_slowly(*arguments: Any) -> Any:
        calls.append(arguments)
        wait_until(lambda: lookups(client, "analyses")[1] == threads)  # all threads have looked
        return compute_result(*arguments)

    monkeypatch.setattr(analysis, "compute_result", make_slowly)
    app = client.app
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda _: Client(app).post("/analyze", {"ticker": "AAPL"}), range(threads)))
    assert len(calls) == 1
    assert answers[0].status_code == 200
    assert all(same(answer, answers[0]) for answer in answers)
    assert len(database.query_db("SELECT id FROM analysis_results")) == 1


# ---- listing and clearing ---------------------------------------------------------------------------------------------------------


def fill(client: Client) -> list[Any]:
    """Cache two results, each as a result and as an analysis; return their answers."""
    answers = [client.post("/analyze", {"ticker": ticker}) for ticker in ("AAPL", "FB")]
    for answer in answers:
        client.get(f"/results/{answer.json['id']}")
    return answers


def test_entries_are_listed_and_cleared_by_prefix(client: Client, backend: Backend) -> None:
    answers = fill(client)
    stores = client.get("/admin/cache").json["stores"]
    assert [store["store"] for store in stores] == (["memory"] if backend.is_sqlite else ["memory", "redis"])
    assert all(store["entries"] == 4 for store in stores)
    keys = keys_of(client)
    assert keys == sorted(keys)
    assert keys_of(client, "results:") == sorted(f"results:1:{answer.json['id']}:sent" for answer in answers)
    assert len(client.get("/admin/cache?limit=3").json["items"]) == 3
    copies = 1 if backend.is_sqlite else 2
    first = f"results:1:{answers[0].json['id']}"
    for prefix, count in ((first, 1), ("results:", 1), ("none:", 0), ("anal*", 0), ("", 2)):
        assert client.delete("/admin/cache", query_string={"prefix": prefix}).json == {"cleared": count * copies}
    assert keys_of(client) == []
    for answer in answers:
        assert same(client.post("/analyze", {"ticker": answer.json["ticker"]}), answer)
    (row, *_) = database.query_db("SELECT prefix, cleared_by FROM cache_clearings ORDER BY id")
    assert row == {"prefix": first, "cleared_by": "master"}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_the_cache_is_for_the_master_key(client: Client, method: str) -> None:
    fill(client)
    _, other = create_key(database.current(), 1, "other")
    for key, status in ((other, 403), (None, 401), ("wrong", 401)):
        assert client(method, "/admin/cache", key=key).status_code == status
    assert len(keys_of(client, "results:")) == 2
    assert database.query_db("SELECT * FROM cache_clearings") == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", "limit=0"), ("GET", "limit=501"), ("GET", "prefix=%00"), ("GET", "x=1"), ("GET", f"prefix={'x' * 201}"),
        ("GET", "limit=1&limit=2"), ("DELETE", "prefix=%0a"), ("DELETE", "limit=5"), ("DELETE", f"prefix={'x' * 201}"),
        ("DELETE", "prefix=a&prefix=b"),
    ],
)  # fmt: skip
def test_bad_queries(client: Client, method: str, query: str) -> None:
    fill(client)
    assert client(method, f"/admin/cache?{query}").status_code == 422
    assert len(keys_of(client)) == 4


def test_others_follow_a_clearing(make: Make) -> None:
    one, other = make(), make()
    answers = fill(other)
    assert one.delete("/admin/cache?prefix=results:").status_code == 200

    def misses() -> bool:
        before = lookups(other, "results")[1]
        other.get(f"/results/{answers[0].json['id']}")
        return lookups(other, "results")[1] > before

    wait_until(misses)
    assert len(keys_of(other, "analyses:")) == 2


# ---- bounds, and Redis away -------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_it_keeps_to_its_bound(make: Make) -> None:
    client = make(cache_max_bytes=20_000)
    for ticker in ("AAPL", "FB", "GOOG", "IBM", "MSFT"):
        for strategy in STRATEGIES:
            result = client.post("/analyze", {"ticker": ticker, "strategy": strategy}).json
            assert client.get(f"/results/{result['id']}").json == {**result, "superseded": False}
    (memory,) = client.get("/admin/cache").json["stores"]
    assert 0 < memory["bytes"] <= 20_000


@ON_SQLITE
def test_entries_end_by_themselves(make: Make) -> None:
    client = make(cache_seconds=1)
    fill(client)
    wait_until(lambda: keys_of(client) == [])


@ON_SQLITE
def test_switched_off_it_keeps_nothing_and_its_routes_say_so(make: Make) -> None:
    client = make(cache_enabled=False)
    fill(client)
    answer = client.get("/admin/cache").json
    assert (answer["items"], sum(store["entries"] for store in answer["stores"])) == ([], 0)
    assert client.delete("/admin/cache").json == {"cleared": 0}


@ON_POSTGRES
def test_redis_goes_away_in_the_middle_and_comes_back(make: Make, redis_server: RedisServer) -> None:
    client, other = make(), make()
    answers = fill(client)
    redis_server.stop()
    for one in (client, other):
        for answer in answers:
            assert same(one.post("/analyze", {"ticker": answer.json["ticker"]}), answer)
            assert one.get(f"/results/{answer.json['id']}").status_code == 200
    assert {"store": "redis (away)", "entries": 0, "bytes": None} in client.get("/admin/cache").json["stores"]
    assert client.delete("/admin/cache").json["cleared"] == 4  # entries in memory
    redis_server.start()

    def is_shared() -> bool:
        client.delete("/admin/cache?prefix=results:")
        client.get(f"/results/{answers[0].json['id']}")
        return bool(redis_server.client.keys(f"{REDIS_PREFIX}results:*"))

    wait_until(is_shared)


@ON_POSTGRES
def test_what_redis_holds_under_a_key_of_ours_in_another_shape(client: Client, redis_server: RedisServer) -> None:
    """The entry is a list where text is expected: Redis refuses the read, and the database answers."""
    result = client.post("/analyze", {"ticker": "AAPL"})
    client.delete("/admin/cache")
    redis_server.client.rpush(f"{REDIS_PREFIX}results:1:{result.json['id']}:sent", "x")
    assert client.get(f"/results/{result.json['id']}").json == {**result.json, "superseded": False}
