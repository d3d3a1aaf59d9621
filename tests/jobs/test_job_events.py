"""Live progress: server-sent events and a WebSocket of a real gunicorn, while a worker in this process runs the job."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import websocket
from kit.databases import Backend
from kit.jobs import JOB_FIELDS, SAMPLE, UNKNOWN_ID, another_organization, ask, claim, end_chunk, finished, run_jobs
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.support import Client

import database
from infrastructure.metrics import Metrics
from jobs import feed as job_feed
from jobs.feed import FeedFull, JobFeed
from jobs.retention import prune_jobs
from jobs.service import find
from models.job import Fault

GRACE_SECONDS = 25  # WEB_GRACEFUL_TIMEOUT
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    """A gunicorn with one worker process, which serves three streams."""
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", MAX_STREAMS="3"))
    wait_until(server.answers)
    return server


def ask_server(server: Server, *tickers: str) -> str:
    answer = requests.post(server.url("/api/v1/bulk-analyze"), json={"tickers": tickers, "force": True}, headers=KEY, timeout=10)
    assert answer.status_code == 202
    job_id: str = answer.json()["id"]
    return job_id


@contextmanager
def stream(server: Server, job_id: str, **headers: str) -> Iterator[requests.Response]:
    """The answer of a stream, whose body comes bit by bit."""
    path = server.url(f"/api/v1/jobs/{job_id}/events")
    with requests.get(path, headers={**KEY, **headers}, stream=True, timeout=15) as answer:
        yield answer


def blocks(answer: requests.Response) -> Iterator[list[str]]:
    """The blocks of a stream, as they come: lines up to an empty one."""
    lines: list[str] = []
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            lines.append(str(line))
        else:
            yield lines
            lines = []


def events(answer: requests.Response) -> Iterator[dict[str, Any]]:
    """The jobs in a stream's events; everything else in it is a comment or the time to come again."""
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "text/event-stream")
    for block in blocks(answer):
        if block[0].startswith((":", "retry:")):
            continue
        version, name, data = (line.partition(": ") for line in block)
        job: dict[str, Any] = json.loads(data[2])
        assert (version[0], name[::2], data[0]) == ("id", ("event", "job"), "data")
        assert int(version[2]) == job["version"]
        assert set(job) == JOB_FIELDS
        yield job


def assert_told(told: list[dict[str, Any]]) -> None:
    """Whether states of a job are in order, up to its end."""
    versions = [job["version"] for job in told]
    assert versions == sorted(set(versions))
    assert [job["status"] in ("completed", "cancelled") for job in told] == [False] * (len(told) - 1) + [True]


def test_a_stream_tells_each_change_until_the_end(server: Server) -> None:
    job_id = ask_server(server, *SAMPLE)
    with stream(server, job_id) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        coming = events(answer)
        received = [next(coming)]
        assert (received[0]["status"], received[0]["version"]) == ("queued", 1)
        while (chunk := claim("w", 1)) is not None:
            if received[-1]["status"] == "queued":
                received.append(next(coming))
                assert received[-1]["status"] == "processing"
            end_chunk(chunk, {chunk.items[0]: Fault("internal_error", "Why.")})
            received.append(next(coming))
        assert list(coming) == []  # the stream ends by itself
    assert_told(received)
    assert [job["completed"] for job in received] == [0, 0, 1, 2, 3, 4, 5]
    assert received[-1] == server.get(f"/api/v1/jobs/{job_id}").json()


def test_a_stream_goes_on_where_another_broke_off(server: Server) -> None:
    job_id = ask_server(server, "AAPL")
    with stream(server, job_id, **{"Last-Event-ID": "1"}) as answer:
        run_jobs()
        received = list(events(answer))
    assert_told(received)
    assert received[0]["version"] > 1
    last = received[-1]["version"]
    for seen, versions in ((str(last - 1), [last]), ("0", [last]), ("", [last]), ("x", [last]), ("-1", [last]), ("9" * 30, [last])):
        with stream(server, job_id, **{"Last-Event-ID": seen}) as answer:
            assert [job["version"] for job in events(answer)] == versions
    for seen in (last, last + 1):
        with stream(server, job_id, **{"Last-Event-ID": str(seen)}) as answer:
            assert (answer.status_code, answer.content) == (204, b"")


def test_a_cancellation_is_told(server: Server) -> None:
    job_id = ask_server(server, "AAPL")
    with stream(server, job_id) as answer:
        coming = events(answer)
        next(coming)
        requests.post(server.url(f"/api/v1/jobs/{job_id}/cancel"), headers=KEY, timeout=10)
        assert [job["status"] for job in coming] == ["cancelled"]


@ON_SQLITE
def test_so_many_streams_and_no_more(server: Server) -> None:
    """The others may poll; a place is free again soon after its client has left."""
    job_ids = [ask_server(server, "AAPL") for _ in range(2)]
    with stream(server, job_ids[0]) as first, stream(server, job_ids[0]) as second, stream(server, job_ids[1]):
        silent = blocks(second)
        assert next(silent)[0].startswith("retry:")
        assert next(silent)[0] == "id: 1"
        with stream(server, job_ids[1]) as refused:
            problem = refused.json()
            assert (refused.status_code, problem["code"], int(refused.headers["Retry-After"]) > 0) == (503, "too_many_streams", True)
        with pytest.raises(websocket.WebSocketBadStatusException, match="503"), follow(server, job_ids[1]):
            pass
        assert server.get(f"/api/v1/jobs/{job_ids[1]}").status_code == 200
        assert next(silent) == [": still there"]  # a stream is never silent for long
        first.close()
        wait_until(lambda: is_let_in(server, job_ids[1]))


def is_let_in(server: Server, job_id: str) -> bool:
    with stream(server, job_id) as answer:
        return answer.status_code == 200


def test_sigterm_ends_streams_soon(server: Server) -> None:
    with stream(server, ask_server(server, "AAPL")) as answer:
        coming = events(answer)
        assert next(coming)["status"] == "queued"
        assert_stops_soon(server)
        assert list(coming) == []


def assert_stops_soon(server: Server) -> None:
    """A server that waited for its streams would wait for all of WEB_GRACEFUL_TIMEOUT."""
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < GRACE_SECONDS


# ---- the WebSocket ----------------------------------------------------------------------------------------------------------------


@contextmanager
def follow(server: Server, job_id: str, key: dict[str, str] = KEY) -> Iterator[websocket.WebSocket]:
    url = server.url(f"/ws/jobs/{job_id}").replace("http", "ws", 1)
    socket = websocket.create_connection(url, header=key, timeout=15)
    try:
        yield socket
    finally:
        socket.shutdown()


def test_a_socket_tells_the_same_and_closes_at_the_end(server: Server) -> None:
    job_id = ask_server(server, *SAMPLE)
    with follow(server, job_id) as socket:
        received = [json.loads(socket.recv())]
        assert (received[0]["status"], set(received[0])) == ("queued", JOB_FIELDS)
        run_jobs()
        while (message := socket.recv()) != "":
            received.append(json.loads(message))
    assert_told(received)
    assert received[-1] == server.get(f"/api/v1/jobs/{job_id}").json()
    with follow(server, job_id) as late:
        assert [json.loads(late.recv()), late.recv()] == [received[-1], ""]


@ON_SQLITE
@pytest.mark.parametrize("listens", [pytest.param(True, id="that listens"), pytest.param(False, id="that does not listen")])
def test_sigterm_ends_a_socket_soon(server: Server, listens: bool) -> None:
    with follow(server, ask_server(server, "AAPL")) as socket:
        assert json.loads(socket.recv())["status"] == "queued"
        heard: list[str | bytes] = []
        listener = threading.Thread(target=lambda: listens and heard.append(socket.recv()))
        listener.start()
        assert_stops_soon(server)
        listener.join()
        assert heard == [""] * listens


@ON_SQLITE
def test_who_may_not_follow(server: Server) -> None:
    job_id = ask_server(server, "AAPL")
    theirs = {"X-API-Key": another_organization()}
    for key, wanted, status in (
        ({}, job_id, 401), ({"X-API-Key": "no"}, job_id, 401), (KEY, UNKNOWN_ID, 404), (KEY, "x", 404), (theirs, job_id, 404)
    ):  # fmt: skip
        with pytest.raises(websocket.WebSocketBadStatusException) as refused, follow(server, wanted, key):
            pass
        assert refused.value.status_code == status
        plain = requests.get(server.url(f"/api/v1/jobs/{wanted}/events"), headers=key, timeout=10)
        assert (plain.status_code, plain.headers["Content-Type"]) == (status, "application/problem+json")
    with follow(server, job_id, {"Authorization": f"Bearer {KEY['X-API-Key']}"}) as socket:
        assert json.loads(socket.recv())["id"] == job_id


@ON_SQLITE
def test_a_plain_request_for_the_socket_is_the_callers_mistake(server: Server) -> None:
    answer = server.get(f"/ws/jobs/{ask_server(server, 'AAPL')}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (426, "application/problem+json")


# ---- in this process --------------------------------------------------------------------------------------------------------------


@ON_SQLITE
def test_a_finished_job_is_one_event(client: Client) -> None:
    job = finished(client, "AAPL")
    answer = client.get(f"/jobs/{job['id']}/events")
    assert answer.text.split("\n\n")[1].splitlines()[:2] == [f"id: {job['version']}", "event: job"]
    assert json.loads(answer.text.split("\n\n")[1].splitlines()[2].removeprefix("data: ")) == job
    assert client.get(f"/jobs/{job['id']}/events", headers={"Last-Event-ID": str(job["version"])}).status_code == 204


@ON_SQLITE
def test_the_snapshot_is_shared_and_read_only_while_somebody_watches(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[list[str]] = []
    read = job_feed.job_store.find_many
    monkeypatch.setattr(job_feed.job_store, "find_many", lambda connection, ids: reads.append(list(ids)) or read(connection, ids))
    feed = JobFeed(database.current(), None, 2, Metrics())
    job = find(database.current(), 1, ask(client, "AAPL")["id"])
    other = find(database.current(), 1, ask(client, "FB")["id"])
    with feed.watch(job), feed.watch(other):
        assert feed.is_full
        with pytest.raises(FeedFull), feed.watch(job):
            pass
        wait_until(lambda: reads)
        run_jobs()
        news = feed.wait(job.id, job.version, 10)
        assert news is not None
        assert news.version > job.version
        assert feed.wait(job.id, news.version + 10, 0.01) is None
    assert all(set(ids) <= {job.id, other.id} for ids in reads)
    assert not feed.is_full
    wait_until(lambda: not [thread for thread in threading.enumerate() if thread.name == "job-feed"])


@ON_SQLITE
def test_a_watched_job_that_is_removed_ends_its_stream(client: Client) -> None:
    job = find(database.current(), 1, finished(client, "AAPL")["id"])
    feed = JobFeed(database.current(), None, 1, Metrics())
    with feed.watch(job):
        database.execute_db("UPDATE analysis_jobs SET finished_at = '2020-01-01T00:00:00.000000Z'")
        assert prune_jobs(database.current(), 1) == 1
        assert wait_until(lambda: feed.is_gone(job.id))
        assert feed.wait(job.id, 0, 5) is None
