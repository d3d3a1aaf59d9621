"""The same request under the same Idempotency-Key is done once and answered again, for a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from api import idempotency_store
from database import Database
from models.errors import IdempotencyInProgress, IdempotencyMismatch
from utils.clock import now
from utils.ids import new_id

KEPT_FOR = timedelta(hours=24)
ABANDONED_AFTER = timedelta(seconds=60)  # a request at work for longer has died with its process


@dataclass(frozen=True)
class Answer:
    """An answer as it is sent, and sent again: `body` is JSON. `after_commit` runs once the act's transaction has been committed."""

    status: int
    location: str | None
    body: str
    is_replay: bool = False
    after_commit: Callable[[], None] = lambda: None


def once(database: Database, org_id: int, key: str | None, request: bytes, act: Callable[[Connection], Answer]) -> Answer:
    """Act within one transaction that also remembers the answer; with a key used before, return that answer instead.

    `request` is what must be the same for the key to fit: method, path and body. Raises IdempotencyMismatch when it is not, and
    IdempotencyInProgress while the first request is at work. What `act` raises frees the key.
    """
    if key is None:
        with database.transaction() as connection:
            answer = act(connection)
        answer.after_commit()
        return answer
    holder, digest = new_id(), hashlib.sha256(request).hexdigest()
    remembered = _reserve_or_find(database, org_id, key, digest, holder)
    if remembered is not None:
        return remembered
    try:
        with database.transaction() as connection:
            answer = act(connection)
            if not idempotency_store.complete(connection, org_id, key, holder, answer.status, answer.location, answer.body):
                raise IdempotencyInProgress
    except BaseException:
        with database.transaction() as connection:
            idempotency_store.release(connection, org_id, key, holder)
        raise
    answer.after_commit()
    return answer


def _reserve_or_find(database: Database, org_id: int, key: str, digest: str, holder: str) -> Answer | None:
    moment = now()
    with database.transaction() as connection:
        if idempotency_store.reserve(connection, org_id, key, digest, holder, moment, moment - KEPT_FOR, moment - ABANDONED_AFTER):
            return None
        found = idempotency_store.find(connection, org_id, key)
    if found is None:
        raise IdempotencyInProgress  # it was released just now
    if found.request_sha256 != digest:
        raise IdempotencyMismatch
    if found.status is None or found.body is None:
        raise IdempotencyInProgress
    return Answer(found.status, found.location, found.body, is_replay=True)


def prune_idempotency_keys(database: Database) -> int:
    """Forget answers that were given longer ago than they are kept; how many that were."""
    with database.transaction() as connection:
        return idempotency_store.delete_before(connection, now() - KEPT_FOR)
