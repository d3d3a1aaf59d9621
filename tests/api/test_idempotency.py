"""Idempotency-Key: a repeated request is executed once and answered again, also after failures and with concurrent requests."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import another_organization, ask, finished, run_jobs
from kit.support import Client
from sqlalchemy import Connection

import database
from api import idempotency
from api.idempotency import Answer, once, prune_idempotency_keys
from app import Application
from models.errors import IdempotencyInProgress, IdempotencyMismatch
from utils.clock import now

BODY = {"tickers": ["AAPL", "MSFT"], "force": True}


def post(client: Client, key: str = "a-key", body: Any = None, path: str = "/bulk-analyze", **more: Any) -> Any:
    return client.post(path, BODY if body is None else body, headers={"Idempotency-Key": key}, **more)


def jobs(client: Client, **more: Any) -> int:
    return len(client.get("/jobs", **more).json["items"])


def make_older(**ago: float) -> None:
    database.execute_db("UPDATE idempotency_keys SET created_at = :then", {"then": now() - timedelta(**ago)})


def test_the_first_answer_is_given_again(client: Client) -> None:
    first = post(client)
    assert (first.status_code, "Idempotent-Replayed" in first.headers) == (202, False)
    run_jobs()
    for _ in range(2):
        again = post(client)
        assert (again.status_code, again.data, again.headers["Location"]) == (202, first.data, first.headers["Location"])
        assert (again.headers["Idempotent-Replayed"], again.content_type) == ("true", first.content_type)
    assert again.json["status"] == "queued"  # the stored answer, not the present state
    assert client.get(f"/jobs/{first.json['id']}").json["status"] == "completed"
    assert jobs(client) == 1


def test_the_answer_of_a_job_that_was_active_is_given_again(client: Client) -> None:
    ask(client, "AAPL")
    first = post(client, body={"tickers": ["AAPL"]})
    run_jobs()
    again = post(client, body={"tickers": ["AAPL"]})
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert again.json["deduplicated"] is True
    assert jobs(client) == 1


def test_without_a_key_or_with_another_nothing_is_remembered(client: Client) -> None:
    assert len({client.post("/bulk-analyze", BODY).json["id"] for _ in range(2)}) == 2
    assert post(client, "one").json["id"] != post(client, "two").json["id"]
    assert database.query_db("SELECT count(*) AS n FROM idempotency_keys", one=True)["n"] == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/bulk-analyze", {"tickers": ["AAPL"], "force": True}, id="other tickers"),
        pytest.param("/bulk-analyze", {"tickers": ["MSFT", "AAPL"], "force": True}, id="in another order"),
        pytest.param("/jobs/{}/retry", BODY, id="another path"),
    ],
)
def test_another_request_under_the_same_key(client: Client, path: str, body: Any) -> None:
    failed = finished(client, "AAPL", "NOPE")["id"]
    post(client)
    answer = post(client, body=body, path=path.format(failed))
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_mismatch")
    assert jobs(client) == 2


def test_retry_takes_a_key(client: Client) -> None:
    path = f"/jobs/{finished(client, 'AAPL', 'NOPE')['id']}/retry"
    first = post(client, path=path)
    run_jobs()
    again = post(client, path=path)
    assert (first.status_code, again.status_code, again.data, again.headers["Idempotent-Replayed"]) == (202, 202, first.data, "true")
    assert jobs(client) == 2


@pytest.mark.parametrize(
    ("key", "field"),
    [pytest.param("", "Idempotency-Key", id="empty"), pytest.param("k" * 256, "Idempotency-Key", id="too long")],
)
def test_a_key_that_is_none(client: Client, key: str, field: str) -> None:
    answer = post(client, key)
    assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "validation_error", field)
    assert jobs(client) == 0


@pytest.mark.parametrize(
    "key", [pytest.param("k" * 255, id="longest"), pytest.param("é' OR 1=1 --", id="odd"), pytest.param("0", id="short")]
)
def test_a_key_may_be_any_text(client: Client, key: str) -> None:
    first = post(client, key)
    assert (first.status_code, post(client, key).data) == (202, first.data)
    assert jobs(client) == 1


def test_another_organizations_same_key_is_another(client: Client) -> None:
    first = post(client)
    theirs = another_organization()
    answer = post(client, key="a-key", body={"universe": "all"}, path="/bulk-analyze")
    assert answer.status_code == 422
    other = client.post("/bulk-analyze", {"universe": "all"}, key=theirs, headers={"Idempotency-Key": "a-key"})
    assert (other.status_code, other.json["total"]) == (202, 5)
    assert (jobs(client), jobs(client, key=theirs), post(client).data) == (1, 1, first.data)


@pytest.mark.parametrize(
    ("body", "code", "repair"),
    [
        pytest.param(
            {"universe": "watchlist"}, "validation_error", lambda client: client.post("/watchlist", {"ticker": "AAPL"}), id="refused later"
        ),
        pytest.param({"tickers": []}, "validation_error", None, id="refused at once"),
    ],
)
def test_an_error_frees_the_key(client: Client, body: Any, code: str, repair: Any) -> None:
    refused = post(client, body=body)
    assert (refused.status_code, refused.json["code"]) == (422, code)
    if repair is not None:
        repair(client)
        assert post(client, body=body).status_code == 202
    else:
        assert post(client).status_code == 202
    assert jobs(client) == 1


@pytest.mark.parametrize(
    ("ago", "is_new"),
    [pytest.param({"hours": 24, "seconds": 5}, True, id="over a day"), pytest.param({"hours": 23, "minutes": 59}, False, id="under a day")],
)
def test_an_answer_is_kept_for_a_day(client: Client, ago: dict[str, float], is_new: bool) -> None:
    first = post(client)
    make_older(**ago)
    again = post(client)
    assert ("Idempotent-Replayed" in again.headers, again.json["id"] != first.json["id"]) == (not is_new, is_new)
    assert post(client).data == again.data
    if is_new:
        assert post(client, body={"universe": "all"}).status_code == 422


def test_another_request_under_a_key_that_is_forgotten(client: Client) -> None:
    post(client)
    make_older(hours=25)
    assert post(client, body={"tickers": ["IBM"]}).status_code == 202


def test_forgotten_keys_are_pruned(client: Client) -> None:
    post(client, "old")
    make_older(hours=25)
    post(client, "new")
    assert (prune_idempotency_keys(database.current()), prune_idempotency_keys(database.current())) == (1, 0)
    assert [row["key"] for row in database.query_db("SELECT key FROM idempotency_keys")] == ["new"]


# ---- while the first is running ---------------------------------------------------------------------------------------------------


def reserve(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the key reserved, as a process does that dies during a request: the store's release and complete do nothing."""
    with monkeypatch.context() as patched:
        patched.setattr(idempotency.idempotency_store, "release", lambda *_: None)
        patched.setattr(idempotency.idempotency_store, "complete", lambda *_: False)
        assert post(client).status_code == 409
    assert jobs(client) == 0


def test_a_request_at_work_is_not_done_twice(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve(client, monkeypatch)
    answer = post(client)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert post(client, body={"universe": "all"}).json["code"] == "idempotency_mismatch"
    make_older(seconds=55)
    assert post(client).status_code == 409
    assert jobs(client) == 0


def test_a_request_that_died_is_forgotten_after_a_minute(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve(client, monkeypatch)
    make_older(seconds=61)
    first = post(client)
    assert first.status_code == 202
    assert post(client).data == first.data


def test_one_that_was_thought_dead_does_nothing_more(backend: Backend) -> None:
    """The first request takes over a minute, and a second one takes its key meanwhile: the first one's changes are rolled back."""

    def too_slow(connection: Connection) -> Answer:
        connection.exec_driver_sql("DELETE FROM price_series")
        return Answer(202, None, '"first"')

    def overtaken(connection: Connection) -> Answer:
        # The second request's update. It runs in this transaction, because SQLite has only one writer.
        connection.exec_driver_sql("UPDATE idempotency_keys SET holder = 'second', status = 200, body = '\"second\"'")
        return too_slow(connection)

    with pytest.raises(IdempotencyInProgress):
        once(database.current(), 1, "key", b"request", overtaken)
    assert database.query_db("SELECT count(*) AS n FROM price_series", one=True)["n"] == 5
    assert once(database.current(), 1, "key", b"request", lambda _: Answer(200, None, '"third"')) == Answer(200, None, '"third"')


def test_an_exception_frees_the_key_and_undoes_the_work(backend: Backend) -> None:
    def fail(connection: Connection) -> Answer:
        connection.exec_driver_sql("DELETE FROM price_series")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(database.current(), 1, "key", b"request", fail)
    assert database.query_db("SELECT count(*) AS n FROM price_series", one=True)["n"] == 5
    assert once(database.current(), 1, "key", b"another", lambda _: Answer(200, "/here", "{}")) == Answer(200, "/here", "{}")
    assert once(database.current(), 1, "key", b"another", fail) == Answer(200, "/here", "{}", is_replay=True)
    with pytest.raises(IdempotencyMismatch):
        once(database.current(), 1, "key", b"request", fail)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)  # on SQLite the others wait for the one writer
def test_a_second_request_while_the_first_is_at_work(backend: Backend) -> None:
    at_work, go_on = threading.Event(), threading.Event()
    answers: list[Answer] = []

    def slow(_: Connection) -> Answer:
        at_work.set()
        assert go_on.wait(10)
        return Answer(202, None, '"first"')

    first = threading.Thread(target=lambda: answers.append(once(database.current(), 1, "key", b"request", slow)))
    first.start()
    assert at_work.wait(10)
    with pytest.raises(IdempotencyInProgress):
        once(database.current(), 1, "key", b"request", slow)
    go_on.set()
    first.join()
    assert [*answers, once(database.current(), 1, "key", b"request", slow)] == [
        Answer(202, None, '"first"'),
        Answer(202, None, '"first"', is_replay=True),
    ]


def test_twenty_at_once_make_one_job(app: Application) -> None:
    begin, answers = threading.Barrier(20), []

    def person() -> None:
        mine = Client(app)
        begin.wait()
        answers.append(post(mine))

    threads = [threading.Thread(target=person) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {202, 409}
    done = [answer for answer in answers if answer.status_code == 202]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in done) == 1
    assert len({answer.data for answer in done}) == 1
    assert jobs(Client(app)) == 1
