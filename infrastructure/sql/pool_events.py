"""What the service wants to know of its connection pool, by SQLAlchemy's events: counts, and what came of using a connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event, exc

FAILED = "failed"  # in a connection's info: the use of it that ends now went wrong


def watch_pool(
    engine: Engine,
    counts: dict[str, int],
    ping_after_idle: float,
    prepare: Callable[[Any], None] | None,
    note: Callable[[exc.SQLAlchemyError | None], bool],
) -> None:
    """Count what happens, ping connections that lay idle for `ping_after_idle` seconds, `prepare` new ones.

    `note` is told of each error, and says whether it counts; and of each connection (None) that comes back after none.
    """

    @event.listens_for(engine, "connect")
    def count_connect(connection: Any, record: Any) -> None:
        counts["connects"] += 1
        if prepare is not None:
            prepare(connection)

    @event.listens_for(engine, "checkin")
    def remember_when(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()
        if connection is not None and not record.info.pop(FAILED, False):
            note(None)

    @event.listens_for(engine, "checkout")
    def ping_if_idle(connection: Any, record: Any, proxy: Any) -> None:
        # Pinging at every checkout would double the round trips of a read; a connection in steady use is known to live.
        counts["checkouts"] += 1
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < ping_after_idle:
            return
        counts["pings"] += 1
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.DisconnectionError() from error  # the pool opens a fresh one and tries again

    @event.listens_for(engine, "invalidate")
    def count_invalidation(connection: Any, record: Any, error: BaseException | None) -> None:
        counts["invalidations"] += 1

    @event.listens_for(engine, "handle_error")
    def note_error(context: Any) -> None:
        if context.sqlalchemy_exception is None or not note(context.sqlalchemy_exception):
            return
        if context.connection is not None and not context.connection.invalidated:
            # Whole as it is, it must not count as a success when it comes back.
            context.connection.info[FAILED] = True
