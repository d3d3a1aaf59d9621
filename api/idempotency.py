"""The same request under the same Idempotency-Key is done once and answered again, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

import database
from api import idempotency_store
from api.idempotency_store import Reservation
from features.analyses.retention import IDEMPOTENCY_HOURS
from models.errors import IdempotencyInProgress, IdempotencyMismatch
from utils.clock import now
from utils.ids import new_id

ABANDONED_AFTER = timedelta(seconds=60)  # a request at work for longer has died with its process


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent, and sent again: `body` is JSON."""

    status: int
    location: str | None
    body: str
    is_replay: bool = False


def once(org_id: int, key: str | None, request: bytes, act: Callable[[Connection], Answer]) -> Answer:
    """Act within one transaction that also remembers the answer; with a key used before, return that answer instead.

    `request` is what must be the same for the key to fit: method, path and body. Raises IdempotencyMismatch when it is not, and
    IdempotencyInProgress while the first request is at work. What `act` raises frees the key.
    """
    if key is None:
        with database.transaction() as connection:
            return act(connection)
    reservation = Reservation(org_id, key, hashlib.sha256(request).hexdigest(), new_id(), now())
    stored = _reserve_or_find(reservation)
    if stored is not None:
        return stored
    try:
        with database.transaction() as connection:
            answer = act(connection)
            if not idempotency_store.complete(connection, reservation, answer.status, answer.location, answer.body):
                raise IdempotencyInProgress
    except BaseException:
        with database.transaction() as connection:
            idempotency_store.release(connection, reservation)
        raise
    return answer


def _reserve_or_find(reservation: Reservation) -> Answer | None:
    """The answer stored under the key; None when the key is now reserved for this request."""
    expired_before = reservation.created_at - timedelta(hours=IDEMPOTENCY_HOURS)
    with database.transaction() as connection:
        if idempotency_store.reserve(connection, reservation, expired_before, reservation.created_at - ABANDONED_AFTER):
            return None
        stored = idempotency_store.find(connection, reservation.org_id, reservation.key)
    if stored is None:
        raise IdempotencyInProgress  # it was released just now
    if stored.request_sha256 != reservation.request_sha256:
        raise IdempotencyMismatch
    if stored.status is None or stored.body is None:
        raise IdempotencyInProgress
    return Answer(stored.status, stored.location, stored.body, is_replay=True)
