"""The items of jobs: a queue, per lane, that workers claim chunks of.

An item that is being processed belongs to whoever has its claim token; every write of a worker names it. Locks are taken in one order:
items first, then jobs by id; and whoever holds a job never waits for an item.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.job import ClaimedItem, Fault, JobItem, Lane
from models.job_state import (
    ABANDON_ITEM,
    CANCEL_ITEM,
    CLAIM,
    FAIL_ITEM,
    GIVE_BACK,
    RESCUE,
    STOP_ITEM,
    SUCCEED,
    ItemStatus,
)
from utils.dialects import Variants, locking

assert GIVE_BACK.target == RESCUE.target == CLAIM.source
assert CANCEL_ITEM.source == ABANDON_ITEM.source
MOST_TURNS_APART = 16  # an item that was lost often waits for no more than so many turns of the others

# Where the queue of a lane stands: what comes (back) now is served from here on, in turns with what is there.
HEAD_TURN = text(f"""
    SELECT COALESCE(min(turn), 0)
    FROM analysis_job_items
    WHERE status = '{CLAIM.source}' AND lane = :lane
""")
# A whole job's items by one statement, its keys as a JSON array.
INSERT = Variants(
    f"""
    INSERT INTO analysis_job_items (job_id, key, lane, status, turn, tries)
    SELECT :job_id, named.value, :lane, '{CLAIM.source}', :turn + named.key, 0
    FROM json_each(:keys) AS named
    """,
    f"""
    INSERT INTO analysis_job_items (job_id, key, lane, status, turn, tries)
    SELECT :job_id, named.value, :lane, '{CLAIM.source}', :turn + named.place - 1, 0
    FROM json_array_elements_text(CAST(:keys AS json)) WITH ORDINALITY AS named (value, place)
    """,
)
CLAIM_CHUNK = locking(
    f"""
    WITH picked AS MATERIALIZED (
        SELECT job_id, key
        FROM analysis_job_items
        WHERE status = '{CLAIM.source}' AND lane = :lane
        ORDER BY turn, job_id, key
        LIMIT :limit {{lock}}
    )
    UPDATE analysis_job_items
    SET status = '{CLAIM.target}', claim_token = :token, worker = :worker, lease_expires_at = :lease_expires_at, tries = tries + 1
    FROM picked
    WHERE analysis_job_items.job_id = picked.job_id AND analysis_job_items.key = picked.key
    RETURNING analysis_job_items.job_id, analysis_job_items.key, analysis_job_items.tries, analysis_job_items.turn
    """,
    "FOR UPDATE SKIP LOCKED",
)
EXTEND_LEASE = text("UPDATE analysis_job_items SET lease_expires_at = :lease_expires_at WHERE claim_token = :token")
LOCK_HELD = locking("SELECT job_id, key FROM analysis_job_items WHERE claim_token = :token {lock}", "FOR UPDATE")
# One statement for all items of a chunk, given as a JSON array of [job_id, key, result_id]. On SQLite the plus sign keeps the token's index
# out of the plan: the whole array would be read for each item of the chunk, instead of each item being found by its primary key.
MARK_SUCCEEDED = Variants(
    f"""
    UPDATE analysis_job_items
    SET status = '{SUCCEED.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now,
        result_id = json_extract(stored.value, '$[2]')
    FROM json_each(:stored) AS stored
    WHERE analysis_job_items.job_id = json_extract(stored.value, '$[0]')
        AND analysis_job_items.key = json_extract(stored.value, '$[1]')
        AND +claim_token = :token AND status = '{SUCCEED.source}'
    """,
    f"""
    UPDATE analysis_job_items
    SET status = '{SUCCEED.target}', claim_token = NULL, lease_expires_at = NULL, finished_at = :now, result_id = stored.value->>2
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
            (SELECT min(q.turn) FROM analysis_job_items AS q WHERE q.status = '{CLAIM.source}' AND q.lane = analysis_job_items.lane), 0
        )
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{GIVE_BACK.source}'
""")
# Under another token, whose lease nobody extends: when it has expired, the item is rescued like any other.
MARK_PUT_OFF = text(f"""
    UPDATE analysis_job_items
    SET claim_token = :new_token, lease_expires_at = :lease_expires_at, tries = tries - :uncounted
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{RESCUE.source}'
""")
# The items of a worker come in the order in which it runs them.
LOCK_EXPIRED = locking(
    f"""
    SELECT job_id, key, claim_token, tries, lane
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL AND lease_expires_at < :now
    ORDER BY claim_token, turn, job_id, key
    LIMIT :limit {{lock}}
    """,
    "FOR UPDATE SKIP LOCKED",
)
LOCK_OF_WORKER = locking(
    f"""
    SELECT job_id, key, claim_token, tries, lane
    FROM analysis_job_items
    WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL AND worker = :worker
    ORDER BY claim_token, turn, job_id, key {{lock}}
    """,
    "FOR UPDATE SKIP LOCKED",
)
MARK_RESCUED = text(f"""
    UPDATE analysis_job_items
    SET status = '{RESCUE.target}', claim_token = NULL, lease_expires_at = NULL, turn = :turn
    WHERE job_id = :job_id AND key = :key AND claim_token = :token AND status = '{RESCUE.source}'
""")
# Items that a worker is claiming at this very moment are left to it: it will see that the job was cancelled.
CANCEL_QUEUED = locking(
    f"""
    UPDATE analysis_job_items
    SET status = '{CANCEL_ITEM.target}', finished_at = :now
    WHERE job_id = :job_id
        AND key IN (SELECT key FROM analysis_job_items WHERE job_id = :job_id AND status = '{CANCEL_ITEM.source}' {{lock}})
    """,
    "FOR UPDATE SKIP LOCKED",
)
ABANDON_QUEUED = locking(
    f"""
    UPDATE analysis_job_items
    SET status = '{ABANDON_ITEM.target}', finished_at = :now, error_code = :code, error = :message
    WHERE job_id = :job_id
        AND key IN (SELECT key FROM analysis_job_items WHERE job_id = :job_id AND status = '{ABANDON_ITEM.source}' {{lock}})
    """,
    "FOR UPDATE SKIP LOCKED",
)
LIST = text("""
    SELECT key, status, tries, result_id, error_code, error, finished_at
    FROM analysis_job_items
    WHERE job_id = :job_id AND (CAST(:status AS TEXT) IS NULL OR status = :status) AND key > :after
    ORDER BY key
    LIMIT :limit
""")
FAILED_KEYS = text(f"SELECT key FROM analysis_job_items WHERE job_id = :job_id AND status = '{FAIL_ITEM.target}' ORDER BY key")
ONE_QUEUED_JOB = text(f"SELECT job_id FROM analysis_job_items WHERE status = '{CLAIM.source}' AND lane = :lane ORDER BY turn LIMIT 1")
COUNT_QUEUED = text(f"SELECT count(*) FROM analysis_job_items WHERE status = '{CLAIM.source}'")
ANY_CLAIMED = text("SELECT 1 FROM analysis_job_items WHERE claim_token IS NOT NULL AND lane = :lane LIMIT 1")
DELETE_SOME = text("""
    DELETE FROM analysis_job_items
    WHERE job_id = :job_id AND key IN (SELECT key FROM analysis_job_items WHERE job_id = :job_id LIMIT :limit)
""")


@dataclass(frozen=True)
class Held:
    """An item with the token that it is claimed under."""

    job_id: str
    key: str
    token: str


@dataclass(frozen=True)
class Lost(Held):
    """An item that was taken from its worker; `tries` counts the claim that was lost."""

    tries: int
    lane: Lane


def insert(connection: Connection, lane: Lane, keys: Mapping[str, Sequence[str]]) -> None:
    """Queue the keys of new jobs, by job id, in turns with each other and with what is queued in the lane already."""
    # One turn behind the head: it was there first, and would wait for ever if each newcomer went before it.
    turn = connection.execute(HEAD_TURN, {"lane": lane}).scalar_one() + 1
    rows = [{"job_id": job_id, "lane": lane, "turn": turn, "keys": json.dumps(list(some))} for job_id, some in keys.items()]
    connection.execute(INSERT.on(connection), rows)


@dataclass(frozen=True)
class Claim:
    """Who claims: its token, the worker's name, the lane that it works in, and how long the lease lasts."""

    token: str
    worker: str
    lane: Lane
    lease_expires_at: datetime


def claim(connection: Connection, claimant: Claim, limit: int) -> list[ClaimedItem]:
    """Claim up to `limit` queued items of a lane, whichever jobs they are of; in the order of their turns."""
    values = {**vars(claimant), "limit": limit}
    rows = sorted(connection.execute(CLAIM_CHUNK.on(connection), values), key=lambda row: (row[3], row[0], row[1]))
    return [ClaimedItem(*row[:3]) for row in rows]


def extend_lease(connection: Connection, token: str, lease_expires_at: datetime) -> int:
    """Extend the lease of a claim; how many items are still under it."""
    return connection.execute(EXTEND_LEASE, {"token": token, "lease_expires_at": lease_expires_at}).rowcount


def lock_held(connection: Connection, token: str) -> set[tuple[str, str]]:
    """The (job_id, key) still claimed under a token, which nobody takes away before the transaction ends."""
    return {(row[0], row[1]) for row in connection.execute(LOCK_HELD.on(connection), {"token": token})}


def mark_succeeded(connection: Connection, token: str, results: Mapping[ClaimedItem, str], now: datetime) -> int:
    """End items under a token well, each with the id of its result; how many these are."""
    if not results:
        return 0
    stored = json.dumps([[item.job_id, item.key, result_id] for item, result_id in results.items()])
    return connection.execute(MARK_SUCCEEDED.on(connection), {"token": token, "stored": stored, "now": now}).rowcount


def mark_failed(connection: Connection, items: list[tuple[Held, Fault]], now: datetime) -> None:
    """End items badly."""
    if items:
        connection.execute(MARK_FAILED, [{**vars(held), "code": fault.code, "message": fault.message, "now": now} for held, fault in items])


def mark_stopped(connection: Connection, items: Collection[Held], now: datetime) -> None:
    """End items that were not run because their job was cancelled."""
    if items:
        connection.execute(MARK_STOPPED, [{**vars(held), "now": now} for held in items])


def mark_given_back(connection: Connection, items: Collection[Held]) -> None:
    """Queue items again that their worker did not come to."""
    if items:
        connection.execute(MARK_GIVEN_BACK, [vars(held) for held in items])


@dataclass(frozen=True)
class Delay:
    """Until when items are left alone, under which token, and whether their last claim counts as a try."""

    new_token: str
    lease_expires_at: datetime
    counts: bool


def mark_put_off(connection: Connection, items: Collection[Held], delay: Delay) -> None:
    """Leave items alone for a while."""
    if items:
        values = {"new_token": delay.new_token, "lease_expires_at": delay.lease_expires_at, "uncounted": int(not delay.counts)}
        connection.execute(MARK_PUT_OFF, [{**vars(held), **values} for held in items])


def lock_expired(connection: Connection, now: datetime, limit: int) -> list[Lost]:
    """Items whose worker has missed its heartbeats, or that were put off and whose time has come; by claim, in the order of their turns."""
    return [_lost(*row) for row in connection.execute(LOCK_EXPIRED.on(connection), {"now": now, "limit": limit})]


def lock_of_worker(connection: Connection, worker: str) -> list[Lost]:
    """Items that a worker has claimed; by claim, in the order of their turns."""
    return [_lost(*row) for row in connection.execute(LOCK_OF_WORKER.on(connection), {"worker": worker})]


def mark_rescued(connection: Connection, items: Sequence[Lost]) -> None:
    """Queue items again whose worker was lost: spread out behind the head of the queue, the more often they were lost the farther apart."""
    turns: dict[Lane, int] = {}
    rows = []
    for lost in items:
        if lost.lane not in turns:
            turns[lost.lane] = connection.execute(HEAD_TURN, {"lane": lost.lane}).scalar_one()
        turns[lost.lane] += min(lost.tries, MOST_TURNS_APART)
        rows.append({"job_id": lost.job_id, "key": lost.key, "token": lost.token, "turn": turns[lost.lane]})
    if rows:
        connection.execute(MARK_RESCUED, rows)


def cancel_queued(connection: Connection, job_id: str, now: datetime) -> int:
    """Cancel what nobody has begun of a job; how many items that were."""
    return connection.execute(CANCEL_QUEUED.on(connection), {"job_id": job_id, "now": now}).rowcount


def abandon_queued(connection: Connection, job_id: str, fault: Fault, now: datetime) -> int:
    """Fail what nobody has begun of a job that cannot be run; how many items that were."""
    values = {"job_id": job_id, "now": now, "code": fault.code, "message": fault.message}
    return connection.execute(ABANDON_QUEUED.on(connection), values).rowcount


def list_items(connection: Connection, job_id: str, status: str | None, after: str, limit: int) -> list[JobItem]:
    """A job's items by key, after `after`."""
    rows = connection.execute(LIST, {"job_id": job_id, "status": status, "after": after, "limit": limit})
    return [JobItem(row[0], ItemStatus(row[1]), row[2], row[3], None if row[4] is None else Fault(row[4], row[5]), row[6]) for row in rows]


def failed_keys(connection: Connection, job_id: str) -> list[str]:
    """The keys of a job that failed."""
    return [row[0] for row in connection.execute(FAILED_KEYS, {"job_id": job_id})]


def next_queued_job(connection: AnyReader, lane: Lane) -> str | None:
    """A job that has queued items in a lane; None when nothing is queued there."""
    row = connection.execute(ONE_QUEUED_JOB, {"lane": lane}).first()
    return None if row is None else str(row[0])


def is_anything_processed(connection: AnyReader, lane: Lane) -> bool:
    """Whether any worker of a lane has claimed items."""
    return connection.execute(ANY_CLAIMED, {"lane": lane}).first() is not None


def count_queued(connection: AnyReader) -> int:
    """How many items wait to be claimed."""
    return sum(row[0] for row in connection.execute(COUNT_QUEUED, {}))


def delete_some(connection: Connection, job_id: str, limit: int) -> int:
    """Remove up to `limit` items of a job; how many there were."""
    return connection.execute(DELETE_SOME, {"job_id": job_id, "limit": limit}).rowcount


def _lost(job_id: str, key: str, token: str, tries: int, lane: str) -> Lost:
    return Lost(job_id, key, token, tries, Lane(lane))
