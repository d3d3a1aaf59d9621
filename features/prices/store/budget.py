"""SQL of the calls to providers and of the windows that they have closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.provider import Window

_BUDGET_LOCK = 0x62756467


def lock_budget(connection: Connection, provider: str) -> None:
    """Count a provider's calls alone until the transaction ends."""
    hold_lock(connection, _BUDGET_LOCK, provider)


CALLS_SINCE = text(
    """
    SELECT second, calls
    FROM provider_calls
    WHERE provider = :provider AND second >= :second
    ORDER BY second
    """
)


def calls_since(connection: AnyReader, provider: str, second: int) -> list[tuple[int, int]]:
    """The seconds, since 1970 and from `second` on, in which calls were reserved, and how many."""
    return [(row[0], row[1]) for row in connection.execute(CALLS_SINCE, {"provider": provider, "second": second})]


ADD_CALLS = text(
    """
    INSERT INTO provider_calls (provider, second, calls)
    VALUES (:provider, :second, :calls)
    ON CONFLICT (provider, second) DO UPDATE SET calls = provider_calls.calls + excluded.calls
    """
)


def add_calls(connection: Connection, provider: str, second: int, calls: int) -> None:
    """Count calls that are about to be made."""
    connection.execute(ADD_CALLS, {"provider": provider, "second": second, "calls": calls})


CLOSED = text(
    """
    SELECT span, closed_until
    FROM provider_budgets
    WHERE provider = :provider AND closed_until > :moment
    """
)


def closed_windows(connection: AnyReader, provider: str, moment: datetime) -> dict[Window, datetime]:
    """The windows that the provider has closed, and until when."""
    rows = connection.execute(CLOSED, {"provider": provider, "moment": moment})
    return {Window(row[0]): row[1] for row in rows}


CLOSE = text(
    """
    INSERT INTO provider_budgets (provider, span, closed_until)
    VALUES (:provider, :span, :closed_until)
    ON CONFLICT (provider, span) DO UPDATE SET closed_until = excluded.closed_until
    """
)


def close_window(connection: Connection, provider: str, window: Window, until: datetime) -> None:
    """Note that the provider takes no calls in a window until a moment."""
    connection.execute(CLOSE, {"provider": provider, "span": window.value, "closed_until": until})


DELETE_BEFORE = text("DELETE FROM provider_calls WHERE second < :second")


def delete_before(connection: Connection, second: int) -> int:
    """Forget the calls before a second; return the number of rows."""
    return connection.execute(DELETE_BEFORE, {"second": second}).rowcount
