"""`/metrics`: who may read it, what it counts, and its numbers with several processes and while the database is away."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import ask, finished, run_jobs
from kit.parts import with_fresh_metrics
from kit.paths import ROOT
from kit.protection import client_of, sample, scrape
from kit.servers import wait_until
from kit.support import MASTER_KEY, Client, settings_for
from prometheus_client.parser import text_string_to_metric_families

import database
from app import create_app
from features.accounts.api_keys import create_key
from infrastructure.metrics import FOLDER_VARIABLE
from infrastructure.worker_slots import forget_gauges, lowest_free, make_empty
from jobs.retention import prune_jobs
from utils.clock import now

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
TOKEN = "a-token-for-metrics-0123"


@pytest.fixture
def client(backend: Backend, tmp_path: Path) -> Client:
    client = client_of(backend, tmp_path, metrics_token=TOKEN)
    with_fresh_metrics(client.app)
    return client


def ask_for_metrics(client: Client, headers: dict[str, str]) -> Any:
    return client.http.get("/metrics", headers=headers)


# ---- who may read it --------------------------------------------------------------------------------------------------------------


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="nothing"),
        pytest.param(bearer("wrong"), 401, id="a wrong token"),
        pytest.param(bearer(TOKEN[:-1]), 401, id="a part of the token"),
        pytest.param(bearer(""), 401, id="an empty token"),
        pytest.param({"X-API-Key": TOKEN}, 401, id="the token as a key"),
        pytest.param({"Authorization": f"Basic {TOKEN}"}, 401, id="the token as something else"),
        pytest.param(bearer("bw_" + "x" * 43), 401, id="an unknown key"),
        pytest.param(bearer("\u00e9\u00ff"), 401, id="no text that a token could be"),
        pytest.param(bearer(TOKEN), 200, id="the token"),
        pytest.param({"Authorization": f"bearer  {TOKEN} "}, 200, id="the token, written otherwise"),
        pytest.param(bearer(MASTER_KEY), 200, id="the master key"),
        pytest.param({"X-API-Key": MASTER_KEY}, 200, id="the master key as a key"),
    ],
)
def test_who_may_read_it(client: Client, headers: dict[str, str], status: int) -> None:
    answer = ask_for_metrics(client, headers)
    assert answer.status_code == status
    if status == 401:
        assert (answer.json["code"], answer.headers["WWW-Authenticate"]) == ("unauthorized", 'Bearer realm="bellwether"')
    else:
        assert answer.content_type.startswith("text/plain; version=0.0.4")
        assert answer.headers["Cache-Control"] == "no-store"
        assert TOKEN not in answer.text


def test_any_key_may_read_it(client: Client) -> None:
    _, key = create_key(database.current(), 1, "tests")
    assert ask_for_metrics(client, bearer(key)).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("headers", [bearer(TOKEN), {"X-API-Key": TOKEN}], ids=["as a token", "as a key"])
def test_the_token_opens_nothing_else(client: Client, headers: dict[str, str]) -> None:
    for path in ("watchlist", "results", "jobs", "tickers", "admin/flags", "admin/cache"):
        assert client.http.get(f"/api/v1/{path}", headers=headers).status_code == 401, path
    for path in ("/health", "/health/ready", "/health/migrations"):
        assert client.http.get(path, headers=headers).json == client.http.get(path).json


@ON_SQLITE
def test_without_a_token_none_is_right(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path)
    for headers in ({}, bearer(""), bearer("None"), {"Authorization": "Bearer"}):
        assert ask_for_metrics(client, headers).status_code == 401


@ON_SQLITE
def test_switched_off_there_is_nothing(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path, metrics_token=TOKEN, metrics_enabled=False, rate_limit_enabled=True)
    assert client.get("/watchlist").status_code == 200
    for headers in ({}, bearer(TOKEN), bearer(MASTER_KEY)):
        answer = ask_for_metrics(client, headers)
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")


# ---- what it counts ---------------------------------------------------------------------------------------------------------------


def of_request(client: Client, method: str, route: str, status: int) -> tuple[float, float]:
    """The number of such requests, by the counter and by the histogram."""
    labels = {"method": method, "route": route, "status": str(status)}
    counted = sample(client, "http_requests_total", **labels), sample(client, "http_request_duration_seconds_count", **labels)
    assert sample(client, "http_request_duration_seconds_bucket", le="+Inf", **labels) == counted[1]
    return counted


def test_every_request_is_counted_by_its_route(client: Client) -> None:
    result_id = client.post("/analyze", {"ticker": "AAPL"}).json["id"]
    for path in (result_id, result_id, "x", "y"):
        client.get(f"/results/{path}")
    client.get("/watchlist", key=None)
    client.post("/analyze", {"ticker": 5})
    client("HEAD", "/watchlist")
    client("OPTIONS", "/watchlist")
    for method, route, status, count in (
        ("POST", "/api/v1/analyze", 200, 1), ("POST", "/api/v1/analyze", 422, 1), ("GET", "/api/v1/results/<result_id>", 200, 2),
        ("GET", "/api/v1/results/<result_id>", 404, 2), ("GET", "/api/v1/watchlist", 401, 1), ("HEAD", "/api/v1/watchlist", 200, 1),
        ("OPTIONS", "/api/v1/watchlist", 200, 1), ("GET", "/api/v1/watchlist", 200, 0),
    ):  # fmt: skip
        assert of_request(client, method, route, status) == (count, count)


def test_none_is_lost_under_threads(client: Client) -> None:
    app = client.app
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: Client(app).get("/watchlist"), range(200)))
    assert of_request(client, "GET", "/api/v1/watchlist", 200) == (200, 200)


@ON_SQLITE
def test_what_strangers_make_up_adds_no_series(client: Client) -> None:
    def labels() -> set[tuple[str, ...]]:
        label_sets = [dict(labels) for name, labels in scrape(client) if name == "http_requests_total"]
        return {(each["method"], each["route"], each["status"]) for each in label_sets}

    labels()
    for number in range(20):
        client.http.get(f"/made/up/{number}")
        client.http.open(f"/made/up/{number}", method=f"M{number}")
        client.http.open("/api/v1/watchlist", method=f"M{number}")
        client.get(f"/results/{number}")
        client.get(f"/prices/T{number}")
        client.http.get(f"/api/v1/watchlist?x={number}", headers={"X-Request-ID": str(number), "Host": f"h{number}.example"})
    label_sets = {each for each in labels() if each[1] != "/metrics"}
    assert label_sets == {
        ("GET", "none", "404"), ("other", "none", "404"), ("other", "none", "405"), ("GET", "/api/v1/results/<result_id>", "404"),
        ("GET", "/api/v1/prices/<ticker>", "404"), ("GET", "/api/v1/watchlist", "401"),
    }  # fmt: skip


def test_jobs_by_state_and_what_waits(client: Client) -> None:
    assert sample(client, "bellwether_jobs", status="completed") == 0
    finished(client, "AAPL", "NOPE")
    ask(client, "FB", "IBM")
    assert sample(client, "bellwether_jobs", status="completed") == 1
    assert sample(client, "bellwether_jobs", status="queued") == 1
    assert sample(client, "bellwether_job_backlog_items") == 2


def totals(client: Client) -> dict[str, float]:
    return {outcome: sample(client, "bellwether_job_items_total", outcome=outcome) for outcome in ("succeeded", "failed", "cancelled")}


def test_counts_of_jobs_that_are_removed_do_not_fall(client: Client) -> None:
    assert totals(client) == {"succeeded": 0, "failed": 0, "cancelled": 0}
    finished(client, "AAPL", "FB", "NOPE")
    client.post(f"/jobs/{ask(client, 'IBM', 'GOOG')['id']}/cancel")
    before = totals(client)
    assert before == {"succeeded": 2, "failed": 1, "cancelled": 2}
    finished_at = now() - timedelta(days=40)
    database.execute_db("UPDATE analysis_jobs SET finished_at = :at, created_at = :at, started_at = :at", {"at": finished_at})
    assert prune_jobs(database.current(), 30) == 2
    assert database.query_db("SELECT id FROM analysis_jobs") == []
    assert totals(client) == before
    finished(client, "AAPL", force=True)
    assert totals(client) == {**before, "succeeded": 3}
    assert run_jobs() == 0


def test_flags_and_schema(client: Client) -> None:
    client("PUT", "/admin/flags/uploads", json={"enabled": False})
    enabled = {flag: sample(client, "bellwether_feature_enabled", flag=flag) for flag in ("uploads", "streams", "analyses", "bulk_jobs")}
    assert enabled == {"uploads": 0, "streams": 1, "analyses": 1, "bulk_jobs": 1}
    version = database.query_db("SELECT max(version) AS version FROM db_version", one=True)["version"]
    assert (sample(client, "bellwether_schema_version"), sample(client, "bellwether_schema_pending")) == (version, 0)


@ON_SQLITE
def test_it_is_well_formed_and_every_metric_says_what_it_is(client: Client) -> None:
    client.get("/watchlist")
    families = list(text_string_to_metric_families(ask_for_metrics(client, bearer(TOKEN)).text))
    assert all(family.documentation and family.type != "unknown" for family in families)
    assert len({family.name for family in families}) == len(families)


def test_those_who_ask_at_once_are_all_answered(client: Client) -> None:
    app = client.app
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask_for_metrics(Client(app), bearer(TOKEN)), range(40)))
    assert [answer.status_code for answer in answers] == [200] * 40
    for answer in answers:
        names = [family.name for family in text_string_to_metric_families(answer.text)]
        assert len(names) == len(set(names))
        assert {"bellwether_database_up", "bellwether_jobs", "http_requests"} <= set(names)


# ---- the database away ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["postgresql://u:hunter2@127.0.0.1:1/x", "a folder"])
def test_without_its_database_the_rest_is_there(tmp_path: Path, url: str) -> None:
    if url == "a folder":
        url = f"sqlite:///{tmp_path}"
    client = Client(create_app(settings_for(url, tmp_path, metrics_token=TOKEN, breaker_failures=2)))
    for _ in range(5):
        assert client.get("/watchlist").status_code == 503
    for key in (TOKEN, MASTER_KEY):
        samples = scrape(client, key)
        assert samples["bellwether_database_up", frozenset()] == 0
        names = {name for name, _ in samples}
        assert {"bellwether_build_info", "http_requests_total", "bellwether_db_pool_connections"} <= names
        assert not {name for name in names if name.startswith(("bellwether_job", "bellwether_schema", "bellwether_feature"))}
    assert sample(client, "bellwether_breaker_open", name="database") == 1
    assert sample(client, "bellwether_breaker_opened_total", name="database") == 1
    assert sample(client, "bellwether_breaker_refused_total", name="database") >= 3
    assert of_request(client, "GET", "/api/v1/watchlist", 503) == (5, 5)
    assert "hunter2" not in ask_for_metrics(client, bearer(TOKEN)).text
    assert ask_for_metrics(client, bearer("bw_" + "x" * 43)).status_code == 401  # the owner of the key cannot be looked up
    database.close()


def test_a_schema_that_is_behind_is_said_and_the_tables_are_left_alone(empty_backend: Backend, tmp_path: Path) -> None:
    client = Client(create_app(settings_for(empty_backend.url, tmp_path)))
    samples = scrape(client)
    assert (samples["bellwether_database_up", frozenset()], samples["bellwether_schema_servable", frozenset()]) == (1, 0)
    assert samples["bellwether_schema_pending", frozenset()] > 0
    assert not [name for name, _ in samples if name == "bellwether_jobs"]


# ---- several processes ------------------------------------------------------------------------------------------------------------

COUNTING = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from infrastructure.metrics import PrometheusMetrics, use_slot
use_slot(Path({folder!r}), {slot})
metrics = PrometheusMetrics()
for _ in range({requests}):
    metrics.request("GET", "/x", 200, 0.01)
metrics.streams(2)
metrics.breaker_changed("database", True)
metrics.counting_in_memory(True)
print(metrics.exposition([]).decode(), flush=True)
sys.stdin.read()
"""


class Worker:
    """A process that counts in a slot until it is ended."""

    def __init__(self, folder: Path, slot: int, requests: int) -> None:
        code = COUNTING.format(root=str(ROOT), folder=str(folder), slot=slot, requests=requests)
        self._folder, self._slot = folder, slot
        environment = {"PATH": os.environ["PATH"]}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes)

    def end(self, strike: Callable[[subprocess.Popen[str]], None]) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """End the process and its gauges, as gunicorn's master does; return the samples of all processes that it had printed."""
        assert self._process.stdout is not None
        lines = []
        while not (lines and lines[-1] == "\n"):
            lines.append(self._process.stdout.readline())
        strike(self._process)
        self._process.communicate(timeout=60)
        forget_gauges(self._folder, self._slot)
        samples = [sample for family in text_string_to_metric_families("".join(lines)) for sample in family.samples]
        return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def close_input(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None


REQUESTS = ("http_requests_total", frozenset({("method", "GET"), ("route", "/x"), ("status", "200")}))
STREAMS = ("bellwether_streams_open", frozenset[tuple[str, str]]())
OPENED = ("bellwether_breaker_opened_total", frozenset({("name", "database")}))
OPEN = ("bellwether_breaker_open", frozenset({("name", "database")}))


@pytest.mark.parametrize("strike", [close_input, subprocess.Popen.kill], ids=["that end", "that are killed"])
def test_counters_go_on_and_gauges_do_not_stay_over_processes(tmp_path: Path, strike: Callable[[subprocess.Popen[str]], None]) -> None:
    folder = tmp_path / "slots"
    make_empty(folder)
    shown = [Worker(folder, 0, requests).end(strike) for requests in (3, 4, 5)]
    assert [samples[REQUESTS] for samples in shown] == [3, 7, 12]
    assert [samples[OPENED] for samples in shown] == [1, 2, 3]
    assert [(samples[STREAMS], samples[OPEN]) for samples in shown] == [(2, 1)] * 3
    files = sorted(path.name for path in folder.iterdir())
    shown.append(Worker(folder, 1, 1).end(strike))  # another slot: it includes slot 0's counters but none of its gauges
    assert (shown[-1][REQUESTS], shown[-1][OPENED], shown[-1][STREAMS], shown[-1][OPEN]) == (13, 4, 2, 1)
    for _ in range(3):
        Worker(folder, 0, 1).end(strike)
    left = sorted(path.name for path in folder.iterdir())
    assert [name for name in left if "_0" in name] == files
    make_empty(folder)
    assert list(folder.iterdir()) == []


def test_two_at_once_add_up(tmp_path: Path) -> None:
    folder = tmp_path / "slots"
    make_empty(folder)
    first = Worker(folder, 0, 10)
    wait_until(lambda: any(path.name.startswith("gauge_livesum_0") for path in folder.iterdir()))
    second = Worker(folder, 1, 20)
    first_shown, shown = None, None
    shown = second.end(close_input)
    first_shown = first.end(close_input)
    assert first_shown[REQUESTS] in (10, 30)
    assert (shown[STREAMS], shown[OPEN]) == (4, 2)
    assert Worker(folder, 2, 0).end(close_input)[REQUESTS] == 30


@pytest.mark.parametrize(("taken", "free"), [([], 0), ([0], 1), ([1], 0), ([0, 1, 2], 3), ([0, 2], 1), ([5, 0, 1], 2), ([0, 0, 1], 2)])
def test_the_lowest_free_slot(taken: list[int], free: int) -> None:
    assert lowest_free(taken) == free


def test_this_process_shares_with_nobody() -> None:
    assert FOLDER_VARIABLE not in os.environ
