"""A frozen server blocks no thread for ever: connections in use for too long are cut, and the breaker opens."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit.databases import Backend, own_postgres
from kit.servers import wait_until
from kit.support import Client, settings_for
from sqlalchemy import exc, text

import database
import db_migrations
from app import create_app, start, stop
from infrastructure.sql.pool_watchdog import PoolWatchdog


def test_requests_to_a_frozen_server_end(tmp_path: Path) -> None:
    with own_postgres() as postgres:
        settings = settings_for(postgres.url, tmp_path, db_use_seconds=1.0, db_connect_timeout=2, breaker_failures=3, breaker_seconds=0.5)
        app = create_app(settings)
        db_migrations.up()
        start(app)
        try:
            with ThreadPoolExecutor(8) as threads:
                ask = threads.submit
                warm = [ask(Client(app).get, "/watchlist") for _ in range(8)]
                assert {answer.result().status_code for answer in warm} == {200}
                with postgres.frozen():
                    frozen = [ask(Client(app).get, "/watchlist") for _ in range(8)]
                    answers = [answer.result(timeout=60) for answer in frozen]
                    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(503, "unavailable")}
                    assert wait_until(lambda: Client(app).get("/watchlist").status_code == 503)
                    assert database.current().breaker.state != "closed"
            wait_until(lambda: Client(app).get("/watchlist").status_code == 200)
            assert database.current().breaker.state == "closed"
        finally:
            stop(app)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_only_what_takes_too_long_is_cut(backend: Backend) -> None:
    watchdog = PoolWatchdog(database.current().engine, 0.5)
    before = set(threading.enumerate())
    watchdog.start()
    (thread,) = set(threading.enumerate()) - before
    try:
        with database.read() as connection, pytest.raises(exc.DBAPIError) as cut:
            connection.execute(text("SELECT pg_sleep(60)"))
        assert database.is_lost(cut.value)
        for _ in range(5):  # each use is within the limit; together they are longer
            with database.read() as connection:
                assert connection.execute(text("SELECT pg_sleep(0.2)")) is not None
        assert database.query_db("SELECT 1 AS one") == [{"one": 1}]
    finally:
        watchdog.stop()
    thread.join(60)
    assert not thread.is_alive()
