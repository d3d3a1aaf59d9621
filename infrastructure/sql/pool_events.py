"""SQLAlchemy events of the connection pool: counters, pings of idle connections, and the outcome of each use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event, exc

# Keys in a connection's info.
FAILED = "failed"  # its present use has failed
GENERATION = "generation"  # of the pool, when it was opened


def watch_pool(
    engine: Engine,
    counts: dict[str, int],
    ping_after_idle: float,
    generation: Callable[[], int],
    note: Callable[[exc.SQLAlchemyError | None], bool],
) -> None:
    """Count events in `counts`, ping connections after `ping_after_idle` idle seconds, replace those of a former `generation`.

    `note` is called with each error and returns whether it counts as a failure; with None when a connection returns without a failure.
    """

    @event.listens_for(engine, "connect")
    def count_connect(connection: Any, record: Any) -> None:
        counts["connects"] += 1
        record.info[GENERATION] = generation()

    @event.listens_for(engine, "checkin")
    def note_return(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()
        if connection is not None and not record.info.pop(FAILED, False):
            note(None)

    @event.listens_for(engine, "checkout")
    def replace_if_unusable(connection: Any, record: Any, proxy: Any) -> None:
        # A ping at every checkout would double the round trips of a read; a connection in steady use is known to be alive.
        counts["checkouts"] += 1
        if record.info[GENERATION] != generation():
            raise exc.DisconnectionError  # the pool opens a fresh one and tries again
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < ping_after_idle:
            return
        counts["pings"] += 1
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.DisconnectionError() from error

    @event.listens_for(engine, "invalidate")
    def count_invalidation(connection: Any, record: Any, error: BaseException | None) -> None:
        counts["invalidations"] += 1

    @event.listens_for(engine, "handle_error")
    def note_error(context: Any) -> None:
        if context.sqlalchemy_exception is None or not note(context.sqlalchemy_exception):
            return
        if context.connection is not None and not context.connection.invalidated:
            # The connection is still usable, but its return must not count as a success.
            context.connection.info[FAILED] = True
