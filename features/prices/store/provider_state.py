"""SQL of how providers have answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.provider import ProviderError
from models.series_fetch import ProviderState

FIND = text(
    """
    SELECT failures, closed_until, last_success_at, last_error, last_fault, last_error_at
    FROM provider_states
    WHERE provider = :provider
    """
)


def find(connection: AnyReader, provider: str) -> ProviderState:
    """How a provider has answered; all empty before its first answer."""
    row = connection.execute(FIND, {"provider": provider}).first()
    return ProviderState() if row is None else ProviderState(*row)


# Only one caller gets the trial, over all processes.
CLAIM_TRIAL = text(
    """
    UPDATE provider_states
    SET closed_until = :until
    WHERE provider = :provider AND closed_until IS NOT NULL AND closed_until <= :moment
    """
)


def claim_trial(connection: Connection, provider: str, moment: datetime, until: datetime) -> bool:
    """Keep a closed provider closed until another moment, if its time is over; return whether this caller may ask it meanwhile."""
    return connection.execute(CLAIM_TRIAL, {"provider": provider, "moment": moment, "until": until}).rowcount == 1


NOTE_SUCCESS = text(
    """
    INSERT INTO provider_states (provider, failures, last_success_at)
    VALUES (:provider, 0, :moment)
    ON CONFLICT (provider) DO UPDATE SET failures = 0, closed_until = NULL, last_success_at = excluded.last_success_at
    """
)


def note_success(connection: Connection, provider: str, moment: datetime) -> None:
    """Note an answer with prices: the provider is open."""
    connection.execute(NOTE_SUCCESS, {"provider": provider, "moment": moment})


NOTE_FAILURE = text(
    """
    INSERT INTO provider_states (provider, failures, last_error, last_fault, last_error_at)
    VALUES (:provider, :counts, :message, :fault, :moment)
    ON CONFLICT (provider) DO UPDATE SET
        failures = provider_states.failures + excluded.failures,
        last_error = excluded.last_error,
        last_fault = excluded.last_fault,
        last_error_at = excluded.last_error_at
    RETURNING failures
    """
)
CLOSE = text("UPDATE provider_states SET closed_until = :until WHERE provider = :provider")


def note_failure(connection: Connection, provider: str, error: ProviderError, moment: datetime, *, counts: bool) -> int:
    """Note an answer without prices; return how many that count there were in a row."""
    values = {"provider": provider, "fault": error.fault.value, "message": str(error), "moment": moment, "counts": int(counts)}
    return int(connection.execute(NOTE_FAILURE, values).scalar_one())


def close(connection: Connection, provider: str, until: datetime) -> None:
    """Ask the provider no more until a moment."""
    connection.execute(CLOSE, {"provider": provider, "until": until})
