"""The items of jobs. Each lane has a queue, from which workers claim chunks of items.

An item in `processing` belongs to the holder of its claim token, and every write of a worker names the token. To prevent deadlocks, items
are locked first, then jobs in order of id, and a transaction that has locked a job never waits for the lock of an item.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.job import ClaimedItem, Fault, Lane, Stored
from models.job_state import (
    ABANDON_ITEM,
    CANCEL_ITEM,
    CLAIM,
    FAIL_ITEM,
    GIVE_BACK,
    RESCUE,
    STOP_ITEM,
    SUCCEED,
)
from utils.dialects import Variants, locking

assert GIVE_BACK.target == RESCUE.target == CLAIM.source
assert CANCEL_ITEM.source == ABANDON_ITEM.source
HELD_FROM = 1 << 60  # the turns of held items, behind the queue (jobs/store/held.py); turns of the queue are far smaller
MAX_TURN_GAP = 16  # turns between two rescued items, however often they were lost

# The position of a lane's queue. New and requeued items get turns behind it, so that they alternate with the queued items.
_HEAD = f"""
    SELECT COALESCE(min(turn), 0) AS turn
    FROM analysis_job_items
    WHERE status = '{CLAIM.source}' AND lane = :lane AND turn < {HELD_FROM}
"""
HEAD_TURN = text(_HEAD)
# All items of several jobs in one statement; `jobs` is a JSON array of [job_id, keys]. It is parsed once for each job: if it were parsed
# for each item, a job of 50,000 would take minutes. The turns begin one behind the head of the queue: the item at the head would wait
# forever if each new job were queued before it.
INSERT = Variants(
    f"""
    WITH job AS MATERIALIZED (SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS keys FROM json_each(:jobs))
    INSERT INTO analysis_job_items (job_id, key, lane, status, turn, tries)
    SELECT job.id, element.value, :lane, '{CLAIM.source}', head.turn + 1 + element.key, 0
    FROM ({_HEAD}) AS head, job, json_each(job.keys) AS element
    """,
    f"""
    WITH job AS MATERIALIZED (SELECT value->>0 AS id, value->1 AS keys FROM json_array_elements(CAST(:jobs AS json)))
    INSERT INTO analysis_job_items (job_id, key, lane, status, turn, tries)
    SELECT job.id, element.value, :lane, '{CLAIM.source}', head.turn + element.number, 0
    FROM ({_HEAD}) AS head, job, json_array_elements_text(job.keys) WITH ORDINALITY AS element (value, number)
    """,
)
CLAIM_CHUNK = locking(
    f"""
    WITH picked AS MATERIALIZED (
        SELECT job_id, key
        FROM analysis_job_items
        WHERE status = '{CLAIM.source}' AND lane = :lane AND turn < {HELD_FROM}
        ORDER BY turn, job_id, key
        LIMIT :limit
        {{lock}}
    )
    UPDATE analysis_job_items
    SET status = '{CLAIM.target}', claim_token = :token, worker = :worker, lease_expires_at = :lease_expires_at, tries = tries + 1
    FROM picked
    WHERE analysis_job_items.job_id = picked.job_id AND analysis_job_items.key = picked.key
    RETURNING analysis_job_items.job_id, analysis_job_items.key, analysis_job_items.tries, analysis_job_items.turn
    """,
    "FOR UPDATE SKIP LOCKED",
)
EXTEND_LEASE = text("""
    UPDATE analysis_job_items
    SET lease_expires_at = :lease_expires_at
    WHERE claim_token = :token
""")
LOCK_HELD = locking("SELECT job_id, key FROM analysis_job_items WHERE claim_token = :token {lock}", "FOR UPDATE")
# One statement for all items of a chunk; `stored` is a JSON array of [job_id, key, result_id, outcome, changed, facts]. On SQLite the plus
# sign keeps the token's index out of the query plan: with that index, the whole array is read for each item; without it, each item is found
# by its primary key.
MARK_SUCCEEDED = Variants(
    f"""
    UPDATE analysis_job_items
    SET status = '{SUCCEED.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now,
        result_id = json_extract(stored.value, '$[2]'), outcome = json_extract(stored.value, '$[3]'),
        changed = json_extract(stored.value, '$[4]'), facts = json_extract(stored.value, '$[5]')
    FROM json_each(:stored) AS stored
    WHERE analysis_job_items.job_id = json_extract(stored.value, '$[0]')
        AND analysis_job_items.key = json_extract(stored.value, '$[1]')
        AND +claim_token = :token AND status = '{SUCCEED.source}'
    """,
    f"""
    UPDATE analysis_job_items
    SET status = '{SUCCEED.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now, result_id = stored.value->>2,
        outcome = stored.value->>3, changed = CAST(stored.value->>4 AS boolean), facts = stored.value->>5
    FROM json_array_elements(CAST(:stored AS json)) AS stored (value)
    WHERE analysis_job_items.job_id = stored.value->>0 AND analysis_job_items.key = stored.value->>1
        AND claim_token = :token AND status = '{SUCCEED.source}'
    """,
)
MARK_FAILED = text(f"""
    UPDATE analysis_job_items
    SET status = '{FAIL_ITEM.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now, error_code = :code, error = :message
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{FAIL_ITEM.source}'
""")
MARK_STOPPED = text(f"""
    UPDATE analysis_job_items
    SET status = '{STOP_ITEM.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{STOP_ITEM.source}'
""")
MARK_GIVEN_BACK = text(f"""
    UPDATE analysis_job_items
    SET status = '{GIVE_BACK.target}', claim_token = NULL, lease_expires_at = NULL, tries = tries - 1,
        turn = COALESCE(
            (
                SELECT min(queued.turn)
                FROM analysis_job_items AS queued
                WHERE queued.status = '{CLAIM.source}' AND queued.lane = analysis_job_items.lane AND queued.turn < {HELD_FROM}
            ),
            0
        )
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{GIVE_BACK.source}'
""")
# The items of a claim are in the order in which its worker runs them.
LOCK_EXPIRED = locking(
    f"""
    SELECT job_id, key, claim_token, tries, lane, worker
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL AND lease_expires_at < :now
    ORDER BY claim_token, turn, job_id, key
    LIMIT :limit
    {{lock}}
    """,
    "FOR UPDATE SKIP LOCKED",
)
LOCK_CLAIMED_BY = locking(
    f"""
    SELECT job_id, key, claim_token, tries, lane, worker
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL AND worker = :worker
    ORDER BY claim_token, turn, job_id, key
    {{lock}}
    """,
    "FOR UPDATE SKIP LOCKED",
)
MARK_RESCUED = text(f"""
    UPDATE analysis_job_items
    SET status = '{RESCUE.target}', claim_token = NULL, lease_expires_at = NULL, turn = :turn
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{RESCUE.source}'
""")
# Skips items that a worker is claiming at the same time: that worker sees that the job was cancelled.
CANCEL_QUEUED = locking(
    f"""
    UPDATE analysis_job_items
    SET status = '{CANCEL_ITEM.target}', finished_at = :now
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id AND status = '{CANCEL_ITEM.source}'
            {{lock}}
        )
    """,
    "FOR UPDATE SKIP LOCKED",
)
ABANDON_QUEUED = locking(
    f"""
    UPDATE analysis_job_items
    SET status = '{ABANDON_ITEM.target}', finished_at = :now, error_code = :code, error = :message
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id AND status = '{ABANDON_ITEM.source}'
            {{lock}}
        )
    """,
    "FOR UPDATE SKIP LOCKED",
)
FAILED_KEYS = text(f"SELECT key FROM analysis_job_items WHERE job_id = :job_id AND status = '{FAIL_ITEM.target}' ORDER BY key")
ONE_QUEUED_JOB = text(f"""
    SELECT job_id
    FROM analysis_job_items
    WHERE status = '{CLAIM.source}' AND lane = :lane AND turn < {HELD_FROM}
    ORDER BY turn
    LIMIT 1
""")
COUNT_QUEUED = text(f"SELECT count(*) FROM analysis_job_items WHERE status = '{CLAIM.source}'")
# Delayed items, which nobody has, are claimed by ''.
ANY_CLAIMED = text("SELECT 1 FROM analysis_job_items WHERE claim_token IS NOT NULL AND worker <> '' AND lane = :lane LIMIT 1")
DELETE_SOME = text("""
    DELETE FROM analysis_job_items
    WHERE job_id = :job_id
        AND key IN (
            SELECT key
            FROM analysis_job_items
            WHERE job_id = :job_id
            LIMIT :limit
        )
""")


@dataclass(frozen=True)
class Held:
    """A claimed item, with the token of the claim."""

    job_id: str
    key: str
    token: str


@dataclass(frozen=True)
class Lost(Held):
    """A claimed item that is to be requeued, because its `worker` was lost or its delay is over; `tries` counts that claim."""

    tries: int
    lane: Lane
    worker: str = ""


def insert(connection: Connection, lane: Lane, keys: Mapping[str, Sequence[str]]) -> None:
    """Queue the keys of new jobs, by job id. Their turns alternate with each other and with those of the queued items of the lane."""
    jobs = json.dumps([[job_id, list(job_keys)] for job_id, job_keys in keys.items()])
    connection.execute(INSERT.on(connection), {"lane": lane, "jobs": jobs})


@dataclass(frozen=True)
class Claim:
    """A claim: its token, the worker's name, the lane to claim from, and the end of the lease."""

    token: str
    worker: str
    lane: Lane
    lease_expires_at: datetime


def claim(connection: Connection, new_claim: Claim, limit: int) -> list[ClaimedItem]:
    """Claim up to `limit` queued items, across jobs; return them in the order of their turns."""
    values = {**vars(new_claim), "limit": limit}
    rows = sorted(connection.execute(CLAIM_CHUNK.on(connection), values), key=lambda row: (row[3], row[0], row[1]))
    return [ClaimedItem(*row[:3]) for row in rows]


def extend_lease(connection: Connection, token: str, lease_expires_at: datetime) -> int:
    """Extend the lease of a claim; return the number of items that are still claimed under the token."""
    return connection.execute(EXTEND_LEASE, {"token": token, "lease_expires_at": lease_expires_at}).rowcount


def lock_held(connection: Connection, token: str) -> set[tuple[str, str]]:
    """Lock the items that are still claimed under a token until the transaction ends; return the (job_id, key) of each."""
    return {(row[0], row[1]) for row in connection.execute(LOCK_HELD.on(connection), {"token": token})}


def mark_succeeded(connection: Connection, token: str, results: Mapping[ClaimedItem, Stored], now: datetime) -> int:
    """Mark items as succeeded, each with what its kind stored; return how many were still claimed under the token."""
    if not results:
        return 0
    stored = json.dumps([[item.job_id, item.key, *_values_of(result)] for item, result in results.items()])
    return connection.execute(MARK_SUCCEEDED.on(connection), {"token": token, "stored": stored, "now": now}).rowcount


def mark_failed(connection: Connection, items: list[tuple[Held, Fault]], now: datetime) -> None:
    """Mark items as failed, each with its fault."""
    if items:
        connection.execute(MARK_FAILED, [{**vars(held), "code": fault.code, "message": fault.message, "now": now} for held, fault in items])


def mark_stopped(connection: Connection, items: Collection[Held], now: datetime) -> None:
    """Mark claimed items as cancelled, because their job was cancelled before they were run."""
    if items:
        connection.execute(MARK_STOPPED, [{**vars(held), "now": now} for held in items])


def mark_given_back(connection: Connection, items: Collection[Held]) -> None:
    """Requeue items that their worker did not run, at the head of the queue. Their last claim does not count as a try."""
    if items:
        connection.execute(MARK_GIVEN_BACK, [vars(held) for held in items])


def lock_expired(connection: Connection, now: datetime, limit: int) -> list[Lost]:
    """Lock up to `limit` items whose lease, or delay, has expired; return them by claim, in the order of their turns."""
    return [_lost(*row) for row in connection.execute(LOCK_EXPIRED.on(connection), {"now": now, "limit": limit})]


def lock_claimed_by(connection: Connection, worker: str) -> list[Lost]:
    """Lock the items that a worker has claimed; return them by claim, in the order of their turns."""
    return [_lost(*row) for row in connection.execute(LOCK_CLAIMED_BY.on(connection), {"worker": worker})]


def mark_rescued(connection: Connection, items: Sequence[Lost]) -> None:
    """Requeue items behind the head of the queue, spread out: the gap before an item grows with its tries."""
    turns: dict[Lane, int] = {}
    rows = []
    for lost in items:
        if lost.lane not in turns:
            turns[lost.lane] = connection.execute(HEAD_TURN, {"lane": lost.lane}).scalar_one()
        turns[lost.lane] += min(lost.tries, MAX_TURN_GAP)
        rows.append({"job_id": lost.job_id, "key": lost.key, "token": lost.token, "turn": turns[lost.lane]})
    if rows:
        connection.execute(MARK_RESCUED, rows)


def cancel_queued(connection: Connection, job_id: str, now: datetime) -> int:
    """Cancel the queued items of a job; return their number."""
    return connection.execute(CANCEL_QUEUED.on(connection), {"job_id": job_id, "now": now}).rowcount


def abandon_queued(connection: Connection, job_id: str, fault: Fault, now: datetime) -> int:
    """Fail the queued items of a job that cannot be run; return their number."""
    values = {"job_id": job_id, "now": now, "code": fault.code, "message": fault.message}
    return connection.execute(ABANDON_QUEUED.on(connection), values).rowcount


def failed_keys(connection: Connection, job_id: str) -> list[str]:
    """The keys of a job's failed items."""
    return [row[0] for row in connection.execute(FAILED_KEYS, {"job_id": job_id})]


def next_queued_job(connection: AnyReader, lane: Lane) -> str | None:
    """The id of the job of a lane's next item that is not held; None when none is queued in the lane."""
    row = connection.execute(ONE_QUEUED_JOB, {"lane": lane}).first()
    return None if row is None else str(row[0])


def has_claimed_items(connection: AnyReader, lane: Lane) -> bool:
    """Whether any item of a lane is claimed."""
    return connection.execute(ANY_CLAIMED, {"lane": lane}).first() is not None


def count_queued(connection: AnyReader) -> int:
    """The number of queued items, of all lanes."""
    return sum(row[0] for row in connection.execute(COUNT_QUEUED, {}))


def delete_some(connection: Connection, job_id: str, limit: int) -> int:
    """Delete up to `limit` items of a job; return their number."""
    return connection.execute(DELETE_SOME, {"job_id": job_id, "limit": limit}).rowcount


def _values_of(stored: Stored) -> tuple[str, str | None, bool | None, str | None]:
    # The facts are a text within the array: the database stores them and never reads them.
    return stored.result_id, stored.outcome, stored.changed, None if stored.facts is None else json.dumps(stored.facts)


def _lost(job_id: str, key: str, token: str, tries: int, lane: str, worker: str) -> Lost:  # noqa: PLR0913 — the columns
    return Lost(job_id, key, token, tries, Lane(lane), worker)
