"""Leaves a provider alone, in every process, that has failed several times in a row. After a while one call is let through for a trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from database import Database
from features.prices.store import provider_state as state_store
from infrastructure.sql.database_clock import database_now
from models.provider import ProviderError, ProviderFault
from models.series_fetch import ProviderState

log = structlog.get_logger(__name__)

FAILURES = 5  # in a row
PAUSE = timedelta(minutes=1)
TRIALS = 60  # that failed, an hour of them: then nobody waits for the provider any more
NOTE_EVERY = timedelta(seconds=30)  # answers that change nothing
# What tells nothing against the provider.
_NO_FAILURES = frozenset({ProviderFault.UNKNOWN_TICKER, ProviderFault.EXHAUSTED})


class LeftAlone(ProviderError):
    """The provider has failed several times in a row, and is not asked for `wait` seconds."""

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(ProviderFault.UNREACHABLE, message, retry_after=wait)
        self.wait = wait


@dataclass(frozen=True)
class Passed:
    """A call that was let through: how the provider had answered before it, and when that was read."""

    before: ProviderState
    at: datetime


class Circuit:
    """The breaker of one provider. Its state is in the database, so it holds over all processes and restarts."""

    def __init__(self, database: Database, provider: str, clock: Callable[[Connection], datetime] = database_now) -> None:
        self._database, self._provider, self._clock = database, provider, clock

    def state(self) -> ProviderState:
        """How the provider has answered."""
        with self._database.read() as connection:
            return state_store.find(connection, self._provider)

    def check(self) -> Passed:
        """Let a call through, or raise ProviderError (UNREACHABLE): LeftAlone while it is worth to wait for the provider.

        After the pause one call goes through, for a trial.
        """
        with self._database.read() as connection:
            state, moment = state_store.find(connection, self._provider), self._clock(connection)
        if state.closed_until is None:
            return Passed(state, moment)
        if state.closed_until <= moment:
            with self._database.bookkeeping() as connection:
                if state_store.claim_trial(connection, self._provider, moment, moment + PAUSE):
                    return Passed(state, moment)
        wait = max((state.closed_until - moment).total_seconds(), 1.0)
        message = f"{self._provider} has failed {state.failures} times in a row and is asked again in {wait:.0f} s ({state.last_error})"
        raise LeftAlone(message, wait) if _is_worth_waiting(state.failures) else ProviderError(ProviderFault.UNREACHABLE, message)

    def let_through(self) -> Passed:
        """Let a call through that somebody has asked for, although the provider is left alone."""
        with self._database.read() as connection:
            return Passed(state_store.find(connection, self._provider), self._clock(connection))

    def succeeded(self, passed: Passed) -> None:
        """Note that a call which `check` let through brought prices."""
        before = passed.before
        is_open = not before.failures and before.closed_until is None
        if is_open and before.last_success_at is not None and passed.at - before.last_success_at < NOTE_EVERY:
            return
        with self._database.bookkeeping() as connection:
            state_store.note_success(connection, self._provider, self._clock(connection))
        if before.closed_until is not None:
            log.info("provider answers again", provider=self._provider)

    def failed(self, error: ProviderError) -> LeftAlone | None:
        """Note an answer without prices; the last of several in a row closes the provider. What to tell where it is worth to wait then."""
        counts = error.fault not in _NO_FAILURES
        if error.fault is ProviderFault.UNKNOWN_TICKER:
            return None
        with self._database.bookkeeping() as connection:
            moment = self._clock(connection)
            failures = state_store.note_failure(connection, self._provider, error, moment, counts=counts)
            was_closed = state_store.find(connection, self._provider).closed_until is not None
            if is_closed := counts and failures >= FAILURES:
                state_store.close(connection, self._provider, moment + PAUSE)
        if is_closed and not was_closed:  # a failed trial, and calls that were under way, are not told of again
            log.warning("provider left alone", provider=self._provider, failures=failures, reason=str(error))
        # A fault of one ticker's answer stays this ticker's: it would be waited for again and again.
        is_away = is_closed and error.fault is ProviderFault.UNREACHABLE
        return LeftAlone(str(error), PAUSE.total_seconds()) if is_away and _is_worth_waiting(failures) else None


def _is_worth_waiting(failures: int) -> bool:
    return failures < FAILURES + TRIALS
