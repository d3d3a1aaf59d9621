"""Two applications in one process, each with its own database: neither sees data of the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from kit.databases import own_database
from kit.jobs import csv_of
from kit.protection import sample
from kit.support import Client, settings_for, suspend

import app as application
from app import Application, create_app

Two = tuple[Client, Client]


@pytest.fixture(params=[("sqlite", "postgres"), ("postgres", "sqlite"), ("sqlite", "sqlite")], ids=" and ".join)
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Two]:
    """Clients of two applications that have been started, on databases with the sample prices."""
    templates = request.getfixturevalue("templates")
    with ExitStack() as stack:
        backends = []
        for number, engine in enumerate(request.param):
            folder = tmp_path / str(number)
            folder.mkdir()
            backends.append((stack.enter_context(contextmanager(own_database)(engine, folder, request, templates(engine))), folder))
        apps = [create_app(settings_for(backend.url, folder)) for backend, folder in backends]  # create both before starting either
        for app in apps:
            application.start(app)
            stack.callback(application.stop, app)
        yield Client(apps[0]), Client(apps[1])


def app_of(client: Client) -> Application:
    app = client.app
    assert isinstance(app, Application)
    return app


def test_each_has_prices_and_results_of_its_own(two: Two) -> None:
    one, other = two
    assert one.put("/prices/MINE", csv_of(60)).status_code == 200
    assert other.get("/prices/MINE").status_code == 404
    assert other.post("/analyze", {"ticker": "MINE"}).status_code == 404
    assert other.put("/prices/MINE", csv_of(80)).status_code == 200
    results = [client.post("/analyze", {"ticker": "MINE"}).json for client in two]
    assert [result["bars"] for result in results] == [60, 80]
    assert results[0]["fingerprint"] != results[1]["fingerprint"]
    for client, mine, theirs in ((one, *results), (other, *reversed(results))):
        assert client.get(f"/results/{mine['id']}").json == {**mine, "superseded": False}
        assert client.get(f"/results/{theirs['id']}").status_code == 404
        assert [item["id"] for item in client.get("/history/MINE").json["items"]] == [mine["id"]]


def test_each_has_jobs_and_keys_of_its_own(two: Two) -> None:
    one, other = two
    job = one.post("/bulk-analyze", {"tickers": ["AAPL", "FB"]})
    assert job.status_code == 202
    assert one.get(f"/jobs/{job.json['id']}").json["total"] == 2
    assert other.get(f"/jobs/{job.json['id']}").status_code == 404
    assert other.get("/jobs").json["items"] == []
    headers = {"Idempotency-Key": "the same"}
    jobs = [client.post("/bulk-analyze", {"tickers": ["IBM"]}, headers=headers) for client in two]
    assert [answer.status_code for answer in jobs] == [202, 202]
    assert jobs[0].json["id"] != jobs[1].json["id"]


def test_each_has_flags_of_its_own(two: Two) -> None:
    one, other = two
    assert one("PUT", "/admin/flags/uploads", json={"enabled": False}).status_code == 200
    assert one.put("/prices/MINE", csv_of(60)).json["code"] == "feature_disabled"
    assert other.put("/prices/MINE", csv_of(60)).status_code == 200
    enabled = [sample(client, "bellwether_feature_enabled", flag="uploads") for client in two]
    assert enabled == [0, 1]


def test_each_has_a_cache_of_its_own(two: Two) -> None:
    one, other = two
    paths = [f"/results/{client.post('/analyze', {'ticker': 'AAPL'}).json['id']}" for client in two]
    for client, path in zip(two, paths, strict=True):
        assert [client.get(path).status_code for _ in range(2)] == [200, 200]
    entries = [{entry["key"] for entry in client.get("/admin/cache?prefix=results:").json["items"]} for client in two]
    assert [len(keys) for keys in entries] == [1, 1]
    assert entries[0] != entries[1]
    assert one.delete("/admin/cache").status_code == 200
    for client, (hits, misses) in ((one, (1, 2)), (other, (2, 1))):
        client.get(paths[two.index(client)])
        lookups = [sample(client, "bellwether_cache_lookups_total", region="results", outcome=outcome) for outcome in ("hit", "miss")]
        assert lookups == [hits, misses]


def test_each_has_a_breaker_of_its_own(two: Two) -> None:
    one, other = two
    suspend(app_of(one).services.database)
    assert (one.get("/watchlist").status_code, other.get("/watchlist").status_code) == (503, 200)
    assert [sample(client, "bellwether_breaker_open", name="database") for client in two] == [1, 0]
    assert [sample(client, "bellwether_database_up") for client in two] == [0, 1]


def test_each_counts_requests_of_its_own(two: Two) -> None:
    one, other = two
    for client, count in ((one, 3), (other, 1)):
        for _ in range(count):
            client.get("/tickers")
    counted = {"method": "GET", "route": "/api/v1/tickers", "status": "200"}
    assert [sample(client, "http_requests_total", **counted) for client in two] == [3, 1]


@pytest.mark.parametrize("stopped", [0, 1], ids=["the first", "the second"])
def test_one_stops_and_the_other_goes_on(two: Two, stopped: int) -> None:
    ends, stays = two[stopped], two[1 - stopped]
    for client in two:
        assert client.get("/watchlist").status_code == 200
    application.stop(app_of(ends))
    assert app_of(ends).services.database.status().idle == 0
    assert stays.post("/watchlist", {"ticker": "AAPL"}).status_code == 201
    assert stays.get("/health/ready").status_code == 200
    assert app_of(stays).services.database.status().events["connects"] >= 1
    application.start(app_of(ends))
    assert ends.get("/watchlist").json["items"] == []
