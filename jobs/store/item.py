"""The items of jobs: a queue that workers claim chunks of.

An item that is being processed belongs to whoever has its claim token; every write of a worker names it. Locks are taken in one order:
items first, then jobs by id; and whoever holds a job never waits for an item.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.job import ClaimedItem, Fault, JobItem
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
from utils.clock import now
from utils.dialects import Variants, locking

assert GIVE_BACK.target == RESCUE.target == CLAIM.source
assert CANCEL_ITEM.source == ABANDON_ITEM.source
MOST_TURNS_APART = 16  # so that what was lost often waits for no more than so many turns of the others
_UNCLAIMED = "claim_token = NULL, lease_expires_at = NULL"
# Where the queue stands: what comes (back) now is served from here on, in turns with what is there.
_HEAD_TURN = f"COALESCE((SELECT min(turn) FROM analysis_job_items WHERE status = '{CLAIM.source}'), 0)"

# Where the leases' clock is: on Postgres the server's, since the machines' own may disagree.
TIME = text("SELECT clock_timestamp()")
HEAD_TURN = text(f"SELECT {_HEAD_TURN}")
# A whole job's items by one statement, its tickers as a JSON array.
INSERT = Variants(
    "INSERT INTO analysis_job_items (job_id, ticker, status, turn, tries) "
    f"SELECT :job_id, value, '{CLAIM.source}', :turn + key, 0 FROM json_each(:tickers)",
    "INSERT INTO analysis_job_items (job_id, ticker, status, turn, tries) "
    f"SELECT :job_id, ticker, '{CLAIM.source}', :turn + place - 1, 0 "
    "FROM json_array_elements_text(CAST(:tickers AS json)) WITH ORDINALITY AS named (ticker, place)",
)
CLAIM_CHUNK = locking(
    "WITH picked AS MATERIALIZED (SELECT job_id, ticker FROM analysis_job_items "
    f"WHERE status = '{CLAIM.source}' ORDER BY turn, job_id, ticker LIMIT :limit {{lock}}) "
    f"UPDATE analysis_job_items SET status = '{CLAIM.target}', claim_token = :token, worker = :worker, "
    "lease_expires_at = :lease_expires_at, tries = tries + 1 FROM picked "
    "WHERE analysis_job_items.job_id = picked.job_id AND analysis_job_items.ticker = picked.ticker "
    "RETURNING analysis_job_items.job_id, analysis_job_items.ticker, analysis_job_items.tries, analysis_job_items.turn",
    "FOR UPDATE SKIP LOCKED",
)
EXTEND_LEASE = text("UPDATE analysis_job_items SET lease_expires_at = :lease_expires_at WHERE claim_token = :token")
LOCK_HELD = locking("SELECT job_id, ticker FROM analysis_job_items WHERE claim_token = :token {lock}", "FOR UPDATE")
# One statement for all items of the same work: each finds its result by its ticker among those of the fingerprints. They are named one by
# one: other items of the same jobs, still in hand, may be of the same tickers.
MARK_SUCCEEDED = text(
    f"UPDATE analysis_job_items SET status = '{SUCCEED.target}', {_UNCLAIMED}, finished_at = :now, result_id = r.id "
    "FROM analysis_results AS r WHERE r.org_id = :org_id AND r.fingerprint IN :fingerprints AND r.ticker = analysis_job_items.ticker "
    "AND (analysis_job_items.job_id, analysis_job_items.ticker) IN :items "
    f"AND claim_token = :token AND status = '{SUCCEED.source}'"
).bindparams(bindparam("fingerprints", expanding=True), bindparam("items", expanding=True))
MARK_FAILED = text(
    f"UPDATE analysis_job_items SET status = '{FAIL_ITEM.target}', {_UNCLAIMED}, finished_at = :now, error_code = :code, error = :message "
    f"WHERE job_id = :job_id AND ticker = :ticker AND claim_token = :token AND status = '{FAIL_ITEM.source}'"
)
MARK_STOPPED = text(
    f"UPDATE analysis_job_items SET status = '{STOP_ITEM.target}', {_UNCLAIMED}, finished_at = :now "
    f"WHERE job_id = :job_id AND ticker = :ticker AND claim_token = :token AND status = '{STOP_ITEM.source}'"
)
MARK_GIVEN_BACK = text(
    f"UPDATE analysis_job_items SET status = '{GIVE_BACK.target}', {_UNCLAIMED}, tries = tries - 1, turn = {_HEAD_TURN} "
    f"WHERE job_id = :job_id AND ticker = :ticker AND claim_token = :token AND status = '{GIVE_BACK.source}'"
)
# Under another token, whose lease nobody extends: when it has run out, the item is taken for lost, as any other.
MARK_PUT_OFF = text(
    "UPDATE analysis_job_items SET claim_token = :new_token, lease_expires_at = :lease_expires_at "
    f"WHERE job_id = :job_id AND ticker = :ticker AND claim_token = :token AND status = '{RESCUE.source}'"
)
# What a worker had in hand comes in the order in which it is run.
LOCK_EXPIRED = locking(
    f"SELECT job_id, ticker, claim_token, tries FROM analysis_job_items WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL "
    "AND lease_expires_at < :now ORDER BY claim_token, turn, job_id, ticker LIMIT :limit {lock}",
    "FOR UPDATE SKIP LOCKED",
)
LOCK_OF_WORKER = locking(
    f"SELECT job_id, ticker, claim_token, tries FROM analysis_job_items WHERE status = '{RESCUE.source}' AND claim_token IS NOT NULL "
    "AND worker = :worker ORDER BY claim_token, turn, job_id, ticker {lock}",
    "FOR UPDATE SKIP LOCKED",
)
MARK_RESCUED = text(
    f"UPDATE analysis_job_items SET status = '{RESCUE.target}', {_UNCLAIMED}, turn = :turn "
    f"WHERE job_id = :job_id AND ticker = :ticker AND claim_token = :token AND status = '{RESCUE.source}'"
)
# Items that a worker is claiming at this very moment are left to it: it will see that the job was cancelled.
_QUEUED_OF_JOB = f"(SELECT ticker FROM analysis_job_items WHERE job_id = :job_id AND status = '{CANCEL_ITEM.source}' {{lock}})"
CANCEL_QUEUED = locking(
    f"UPDATE analysis_job_items SET status = '{CANCEL_ITEM.target}', finished_at = :now "
    f"WHERE job_id = :job_id AND ticker IN {_QUEUED_OF_JOB}",
    "FOR UPDATE SKIP LOCKED",
)
ABANDON_QUEUED = locking(
    f"UPDATE analysis_job_items SET status = '{ABANDON_ITEM.target}', finished_at = :now, error_code = :code, error = :message "
    f"WHERE job_id = :job_id AND ticker IN {_QUEUED_OF_JOB}",
    "FOR UPDATE SKIP LOCKED",
)
LIST = text(
    "SELECT ticker, status, tries, result_id, error_code, error, finished_at FROM analysis_job_items "
    "WHERE job_id = :job_id AND (CAST(:status AS TEXT) IS NULL OR status = :status) AND ticker > :after ORDER BY ticker LIMIT :limit"
)
FAILED_TICKERS = text(f"SELECT ticker FROM analysis_job_items WHERE job_id = :job_id AND status = '{FAIL_ITEM.target}' ORDER BY ticker")
ONE_QUEUED_JOB = text(f"SELECT job_id FROM analysis_job_items WHERE status = '{CLAIM.source}' ORDER BY turn LIMIT 1")
COUNT_QUEUED = text(f"SELECT count(*) FROM analysis_job_items WHERE status = '{CLAIM.source}'")
ANY_CLAIMED = text("SELECT 1 FROM analysis_job_items WHERE claim_token IS NOT NULL LIMIT 1")
DELETE_SOME = text(
    "DELETE FROM analysis_job_items WHERE job_id = :job_id AND ticker IN "
    "(SELECT ticker FROM analysis_job_items WHERE job_id = :job_id LIMIT :limit)"
)


@dataclass(frozen=True)
class Held:
    """An item with the token that it is claimed under."""

    job_id: str
    ticker: str
    token: str


@dataclass(frozen=True)
class Lost(Held):
    """An item that was taken from its worker; `tries` counts the claim that was lost."""

    tries: int


def database_now(connection: Connection) -> datetime:
    """The time by the clock that leases are measured with."""
    if connection.dialect.name == "sqlite":
        return now()
    moment: datetime = connection.execute(TIME).scalar_one()
    return moment


def insert(connection: Connection, tickers: Mapping[str, Iterable[str]]) -> None:
    """Queue the tickers of new jobs, by job id, in turns with each other and with what is queued already."""
    # One turn behind the head: it was there first, and would wait for ever if each newcomer went before it.
    turn = connection.execute(HEAD_TURN).scalar_one() + 1
    rows = [{"job_id": job_id, "turn": turn, "tickers": json.dumps(list(some))} for job_id, some in tickers.items()]
    connection.execute(INSERT.on(connection), rows)


def claim(connection: Connection, token: str, worker: str, lease_expires_at: datetime, limit: int) -> list[ClaimedItem]:
    """Take up to `limit` queued items, whichever jobs they are of; in the order of their turns."""
    values = {"token": token, "worker": worker, "lease_expires_at": lease_expires_at, "limit": limit}
    rows = sorted(connection.execute(CLAIM_CHUNK.on(connection), values), key=lambda row: (row[3], row[0], row[1]))
    return [ClaimedItem(*row[:3]) for row in rows]


def extend_lease(connection: Connection, token: str, lease_expires_at: datetime) -> int:
    """Put off the end of a claim; how many items are still under it."""
    return connection.execute(EXTEND_LEASE, {"token": token, "lease_expires_at": lease_expires_at}).rowcount


def lock_held(connection: Connection, token: str) -> set[tuple[str, str]]:
    """The (job_id, ticker) still claimed under a token, which nobody takes away before the transaction ends."""
    return {(row[0], row[1]) for row in connection.execute(LOCK_HELD.on(connection), {"token": token})}


def mark_succeeded(
    connection: Connection, token: str, org_id: int, items: Collection[ClaimedItem], fingerprints: Collection[str], now: datetime
) -> int:
    """End well those of the items under a token whose results, being stored, have one of the fingerprints; how many these are."""
    names = [(item.job_id, item.ticker) for item in items]
    values = {"token": token, "org_id": org_id, "items": names, "fingerprints": list(fingerprints), "now": now}
    return connection.execute(MARK_SUCCEEDED, values).rowcount


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


def mark_put_off(connection: Connection, items: Collection[Held], token: str, lease_expires_at: datetime) -> None:
    """Leave items alone until then, under a token of their own."""
    if items:
        values = {"new_token": token, "lease_expires_at": lease_expires_at}
        connection.execute(MARK_PUT_OFF, [{**vars(held), **values} for held in items])


def lock_expired(connection: Connection, now: datetime, limit: int) -> list[Lost]:
    """Items whose worker has missed its heartbeats, or that were put off and whose time has come; by claim, in the order of their turns."""
    return [Lost(*row) for row in connection.execute(LOCK_EXPIRED.on(connection), {"now": now, "limit": limit})]


def lock_of_worker(connection: Connection, worker: str) -> list[Lost]:
    """Items that a worker has in hand; by claim, in the order of their turns."""
    return [Lost(*row) for row in connection.execute(LOCK_OF_WORKER.on(connection), {"worker": worker})]


def mark_rescued(connection: Connection, items: Sequence[Lost]) -> None:
    """Queue items again whose worker was lost: spread out behind the head of the queue, the more often they were lost the farther apart."""
    if not items:
        return
    turn, rows = connection.execute(HEAD_TURN).scalar_one(), []
    for lost in items:
        turn += min(lost.tries, MOST_TURNS_APART)
        rows.append({"job_id": lost.job_id, "ticker": lost.ticker, "token": lost.token, "turn": turn})
    connection.execute(MARK_RESCUED, rows)


def cancel_queued(connection: Connection, job_id: str, now: datetime) -> int:
    """Cancel what nobody has begun of a job; how many items that were."""
    return connection.execute(CANCEL_QUEUED.on(connection), {"job_id": job_id, "now": now}).rowcount


def abandon_queued(connection: Connection, job_id: str, fault: Fault, now: datetime) -> int:
    """Fail what nobody has begun of a job that cannot be run; how many items that were."""
    values = {"job_id": job_id, "now": now, "code": fault.code, "message": fault.message}
    return connection.execute(ABANDON_QUEUED.on(connection), values).rowcount


def list_items(connection: Connection, job_id: str, status: str | None, after: str, limit: int) -> list[JobItem]:
    """A job's items by ticker, after `after`."""
    rows = connection.execute(LIST, {"job_id": job_id, "status": status, "after": after, "limit": limit})
    return [JobItem(row[0], ItemStatus(row[1]), row[2], row[3], None if row[4] is None else Fault(row[4], row[5]), row[6]) for row in rows]


def failed_tickers(connection: Connection, job_id: str) -> list[str]:
    """The tickers of a job that failed."""
    return [row[0] for row in connection.execute(FAILED_TICKERS, {"job_id": job_id})]


def next_queued_job(connection: AnyReader) -> str | None:
    """A job that has queued items; None when nothing is queued."""
    row = connection.execute(ONE_QUEUED_JOB, {}).first()
    return None if row is None else str(row[0])


def is_anything_processed(connection: AnyReader) -> bool:
    """Whether any worker has items in hand."""
    return connection.execute(ANY_CLAIMED, {}).first() is not None


def count_queued(connection: AnyReader) -> int:
    """How many items wait to be claimed."""
    return sum(row[0] for row in connection.execute(COUNT_QUEUED, {}))


def delete_some(connection: Connection, job_id: str, limit: int) -> int:
    """Remove up to `limit` items of a job; how many there were."""
    return connection.execute(DELETE_SOME, {"job_id": job_id, "limit": limit}).rowcount
