"""Tries to sign in: after several wrong ones somebody has to wait, the longer the more there were.

Tries are counted by person and address together, and by address. Nobody is locked out by others: whoever tries from elsewhere has a count
of their own. A try is counted before it is checked, so that many at once are not more than one after the other.
"""

from __future__ import annotations

import hashlib
import math
from datetime import datetime, timedelta
from typing import NamedTuple

from database import Database
from features.accounts.store import tries as tries_store
from features.accounts.store.tries import StoredTries
from infrastructure.audit import NOBODY, record
from infrastructure.sql.batches import delete_in_batches
from models.account_errors import TooManyTries
from utils.clock import now

FORGOTTEN_AFTER = timedelta(hours=1)  # without a try


class Allowance(NamedTuple):
    """How many tries go without a wait, and the wait after one more, which doubles up to a most."""

    free: int
    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(minutes=15)

    def wait_after(self, tries: int) -> timedelta:
        """The wait after so many tries."""
        if tries < self.free:
            return timedelta(0)
        doubled: timedelta = self.first_wait * 2 ** min(tries - self.free, 10)
        return min(doubled, self.longest_wait)


OF_PERSON, OF_ADDRESS = Allowance(free=10), Allowance(free=60)


class Tries:
    """The tries of all processes, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, who: str, address: str | None) -> None:
        """Count a try of somebody from an address; without one, from wherever. Raises TooManyTries, which is not counted."""
        moment = now()
        with self._database.bookkeeping() as connection:
            for subject, allowance in _counted(who, address):
                found = tries_store.lock(connection, subject, moment)
                # Before that number nobody waits, also not for others who came meanwhile and counted with a later time.
                if found.tries >= allowance.free and found.open_at > moment:
                    raise TooManyTries(max(1, math.ceil((found.open_at - moment).total_seconds())))
                tries = 1 if found.last_at < moment - FORGOTTEN_AFTER else found.tries + 1
                if tries == allowance.free:
                    # Of the tries that come meanwhile none is written down, so that a flood of them does not fill the log.
                    record(connection, action="sign_in_delayed", actor=NOBODY, after={"tries": tries})
                tries_store.put(connection, subject, StoredTries(tries, moment, moment + allowance.wait_after(tries)))

    def succeeded(self, who: str, address: str | None) -> None:
        """Forget the tries of somebody who has signed in, and take theirs off the address's."""
        with self._database.bookkeeping() as connection:
            found = tries_store.lock(connection, _pair(who, address), now())
            tries_store.delete(connection, _pair(who, address))
            if address is not None:
                tries_store.give_back(connection, _place(address), found.tries)

    def prune(self) -> int:
        """Delete what is forgotten; return how many rows."""
        before: datetime = now() - FORGOTTEN_AFTER
        return delete_in_batches(self._database, lambda connection, limit: tries_store.delete_before(connection, before, limit))


def _counted(who: str, address: str | None) -> list[tuple[str, Allowance]]:
    return [(_pair(who, address), OF_PERSON), *([(_place(address), OF_ADDRESS)] if address is not None else [])]


def _pair(who: str, address: str | None) -> str:
    return hashlib.sha256(f"{who}\n{address}".encode("utf-8", "surrogatepass")).hexdigest()


def _place(address: str) -> str:
    return hashlib.sha256(f"\n{address}".encode()).hexdigest()
