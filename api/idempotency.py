"""Idempotency keys: a request is executed once, and repeated with the same key it gets the stored answer, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from api import idempotency_store
from api.idempotency_store import Reservation
from database import Database
from infrastructure.audit import note_created
from models.errors import IdempotencyInProgress, IdempotencyMismatch
from utils.clock import now
from utils.ids import new_id

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(seconds=60)  # a request in progress for longer has died with its process


@dataclass(frozen=True)
class Answer:
    """An answer that can be stored and sent again; `body` is JSON."""

    status: int
    location: str | None
    body: str
    is_replay: bool = False


def once(database: Database, org_id: int, key: str | None, request: bytes, action: Callable[[Connection], Answer]) -> Answer:
    """Call `action` in a transaction that also stores its answer under the key. If the key has an answer, return it instead.

    `request` identifies the request: method, path and body. Raises IdempotencyMismatch when the key was used for another request, and
    IdempotencyInProgress while the first request is in progress. An exception of `action` frees the key.
    """
    if key is None:
        with database.transaction() as connection:
            return _noted(action(connection))
    reservation = Reservation(org_id, key, hashlib.sha256(request).hexdigest(), new_id(), now())
    stored = _reserve_or_find(database, reservation)
    if stored is not None:
        return stored
    try:
        with database.transaction() as connection:
            answer = _noted(action(connection))
            if not idempotency_store.complete(connection, reservation, answer.status, answer.location, answer.body):
                raise IdempotencyInProgress
    except BaseException:
        with database.bookkeeping() as connection:
            idempotency_store.release(connection, reservation)
        raise
    return answer


def _noted(answer: Answer) -> Answer:
    note_created(answer.location)
    return answer


def _reserve_or_find(database: Database, reservation: Reservation) -> Answer | None:
    """The answer stored under the key; None when the key is now reserved for this request."""
    created_at = reservation.created_at
    with database.bookkeeping() as connection:
        if idempotency_store.reserve(connection, reservation, created_at - KEPT_FOR, created_at - ABANDONED_AFTER):
            return None
        stored = idempotency_store.find(connection, reservation.org_id, reservation.key)
    if stored is None:
        raise IdempotencyInProgress  # another request released the key between the two statements
    if stored.request_sha256 != reservation.request_sha256:
        raise IdempotencyMismatch
    if stored.status is None or stored.body is None:
        raise IdempotencyInProgress
    return Answer(stored.status, stored.location, stored.body, is_replay=True)


def prune_idempotency_keys(database: Database) -> int:
    """Delete expired keys and their answers; return their number."""
    with database.transaction() as connection:
        return idempotency_store.delete_before(connection, now() - KEPT_FOR)
