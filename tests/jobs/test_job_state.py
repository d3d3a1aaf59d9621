"""The states of jobs and items: the table of moves, the store that makes no others, and the CHECKs that take no other rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import insert, item_values, job_values
from kit.paths import ROOT
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

import database
from jobs.store import delay as delay_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store.delay import Delay
from jobs.store.item import Claim, Held, Lost
from jobs.store.job import Settlement
from models.job import ClaimedItem, Fault, Lane, Stored, Tally
from models.job_state import ACTIVE, FINISHED, ITEM_MOVES, JOB_MOVES, ItemStatus, JobStatus, Move, is_legal, moves_as_markdown
from utils.clock import now

DOCUMENT = ROOT / "docs" / "state_machine.md"
# Section 4 of the design, word for word.
DESIGNED_JOB_MOVES = {
    ("queued", "processing"),
    ("processing", "completed"),
    ("processing", "failed"),
    ("processing", "cancelled"),
    ("queued", "cancelled"),
}
DESIGNED_ITEM_MOVES = {
    ("queued", "processing"),
    ("processing", "succeeded"),
    ("processing", "failed"),
    ("processing", "queued"),  # given back, or rescued
    ("processing", "cancelled"),
    ("queued", "cancelled"),
    ("queued", "failed"),  # the job could not be run
}
FAULT = Fault("job_unreadable", "Why.")


def pairs(moves: tuple[Move, ...]) -> set[tuple[str, str]]:
    return {(str(move.source), str(move.target)) for move in moves}


@pytest.mark.parametrize(
    ("moves", "designed", "statuses"),
    [
        pytest.param(JOB_MOVES, DESIGNED_JOB_MOVES, JobStatus, id="jobs"),
        pytest.param(ITEM_MOVES, DESIGNED_ITEM_MOVES, ItemStatus, id="items"),
    ],
)
def test_the_moves_are_those_of_the_design(moves: tuple[Move, ...], designed: set[tuple[str, str]], statuses: Any) -> None:
    assert pairs(moves) == designed
    assert {(str(a), str(b)) for a in statuses for b in statuses if is_legal(a, b)} == designed


def test_a_finished_job_has_no_move() -> None:
    assert set(ACTIVE) | set(FINISHED) == set(JobStatus)
    assert not {move.source for move in JOB_MOVES} & set(FINISHED)
    assert {move.source for move in JOB_MOVES} == set(ACTIVE)


@pytest.mark.parametrize("moves", [pytest.param(JOB_MOVES, id="jobs"), pytest.param(ITEM_MOVES, id="items")])
def test_the_document_has_the_table(moves: tuple[Move, ...]) -> None:
    table = moves_as_markdown(moves)
    assert len(table.splitlines()) == len(moves) + 2
    hint = "run `python -m models.job_state` and paste what it prints into docs/state_machine.md"
    assert DOCUMENT.exists(), hint
    assert table in DOCUMENT.read_text(), hint


# ---- the store makes no other moves -----------------------------------------------------------------------------------------------

# With three items, of which the two others may have ended; and whatever a caller might get wrong.
TALLIES = [Tally(s, f, c) for s in range(4) for f in range(4) for c in range(4) if s + f + c <= 4]
JOB_WRITES: list[Callable[[Connection, str], object]] = [
    lambda connection, job_id: job_store.start_claimed(connection, [job_id], now()),
    lambda connection, job_id: job_store.settle_many(connection, {job_id: Tally(succeeded=3)}, now()),
    *(
        lambda connection, job_id, tally=tally, cancel=cancel, fault=fault: job_store.settle(
            connection, job_id, Settlement(tally, cancel, fault), now()
        )
        for tally in TALLIES
        for cancel in (False, True)
        for fault in (None, FAULT)
    ),
]


@pytest.mark.parametrize("status", list(JobStatus))
def test_the_store_moves_a_job_only_as_the_table_says(backend: Backend, status: JobStatus) -> None:
    before = job_values(status)
    insert("analysis_jobs", before)
    reached = set()
    for write in JOB_WRITES:
        after = tried("analysis_jobs", "id = :id", before, lambda connection, write=write: write(connection, before["id"]))
        if after != read_back("analysis_jobs", "id = :id", before):
            assert after["version"] == before["version"] + 1
        if after["status"] != status:
            reached.add((str(status), after["status"]))
    assert reached == {pair for pair in DESIGNED_JOB_MOVES if pair[0] == status}


STORED = Stored("result", "Buy", True, {"score": 0.5})


def item_writes(held: Held) -> list[Callable[[Connection], object]]:
    return [
        lambda connection: item_store.claim(connection, Claim("mine", "me", Lane.CPU, now()), 10),
        lambda connection: item_store.extend_lease(connection, held.token, now()),
        lambda connection: item_store.mark_succeeded(connection, held.token, {ClaimedItem(held.job_id, held.key, 1): STORED}, now()),
        lambda connection: item_store.mark_failed(connection, [(held, FAULT)], now()),
        lambda connection: item_store.mark_stopped(connection, [held], now()),
        lambda connection: item_store.mark_given_back(connection, [held]),
        lambda connection: item_store.mark_rescued(connection, [Lost(held.job_id, held.key, held.token, 1, Lane.CPU)]),
        lambda connection: delay_store.mark_put_off(connection, [(held, now())], Delay("new", counts=True)),
        lambda connection: delay_store.cancel_delayed(connection, held.job_id, now()),
        lambda connection: item_store.cancel_queued(connection, held.job_id, now()),
        lambda connection: item_store.abandon_queued(connection, held.job_id, FAULT, now()),
    ]


@pytest.mark.parametrize("token", [pytest.param("token", id="its token"), pytest.param("another", id="another's token")])
@pytest.mark.parametrize("status", list(ItemStatus))
def test_the_store_moves_an_item_only_as_the_table_says(backend: Backend, status: ItemStatus, token: str) -> None:
    job = job_values("processing")
    insert("analysis_jobs", job)
    before = item_values(job["id"], status)
    insert("analysis_job_items", before)
    reached = set()
    for write in item_writes(Held(job["id"], "AAPL", token)):
        after = tried("analysis_job_items", "job_id = :job_id", before, write)
        if after["status"] != status:
            reached.add((str(status), after["status"]))
        elif status != "processing" or token == "another":
            assert after == read_back("analysis_job_items", "job_id = :job_id", before)
    legal = {pair for pair in DESIGNED_ITEM_MOVES if pair[0] == status}
    assert reached == (set() if status == "processing" and token == "another" else legal)


def read_back(table: str, where: str, values: dict[str, Any], connection: Connection | None = None) -> dict[str, Any]:
    statement = text(f"SELECT * FROM {table} WHERE {where}")
    if connection is not None:
        return dict(connection.execute(statement, values).mappings().one())
    with database.read() as reading:
        return read_back(table, where, values, reading)


def tried(table: str, where: str, values: dict[str, Any], write: Callable[[Connection], object]) -> dict[str, Any]:
    """The row after a write, which is then undone; as it was, when the schema refused the write."""

    class Undone(Exception):
        pass

    after: dict[str, Any] = {}
    try:
        with database.transaction() as connection:
            write(connection)
            after = read_back(table, where, values, connection)
            raise Undone
    except Undone:
        return after
    except IntegrityError:
        return read_back(table, where, values)


# ---- the schema takes no illegal row ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", list(JobStatus))
def test_every_state_of_a_job_is_taken(backend: Backend, status: JobStatus) -> None:
    insert("analysis_jobs", job_values(status))


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        pytest.param("queued", {"status": "paused"}, id="unknown status"),
        pytest.param("queued", {"kind": ""}, id="no kind"),
        pytest.param("queued", {"kind": "k" * 51}, id="long kind"),
        pytest.param("queued", {"lane": "gpu"}, id="unknown lane"),
        pytest.param("queued", {"version": 0}, id="version 0"),
        pytest.param("queued", {"total": 0}, id="no items"),
        pytest.param("queued", {"org_id": 99}, id="organization that there is not"),
        pytest.param("queued", {"started_at": True}, id="queued but started"),
        pytest.param("queued", {"succeeded": 1}, id="queued with a success"),
        pytest.param("queued", {"failed": 1}, id="queued with a failure"),
        pytest.param("queued", {"cancelled": 3}, id="queued with nothing left"),
        pytest.param("queued", {"finished_at": True}, id="queued but finished"),
        pytest.param("queued", {"error_code": "x", "error": "x"}, id="queued with an error"),
        pytest.param("processing", {"started_at": None}, id="processing but not started"),
        pytest.param("processing", {"finished_at": True}, id="processing but finished"),
        pytest.param("processing", {"succeeded": 3}, id="processing with nothing left"),
        pytest.param("processing", {"succeeded": -1}, id="negative successes"),
        pytest.param("processing", {"failed": -1}, id="negative failures"),
        pytest.param("processing", {"cancelled": -1}, id="negative cancellations"),
        pytest.param("processing", {"error_code": "x"}, id="code without a sentence"),
        pytest.param("processing", {"error": "x"}, id="sentence without a code"),
        pytest.param("completed", {"finished_at": None}, id="completed without an end"),
        pytest.param("completed", {"started_at": None}, id="completed but not started"),
        pytest.param("completed", {"failed": 2}, id="counters above the total"),
        pytest.param("completed", {"failed": 0}, id="completed with something left"),
        pytest.param("completed", {"failed": 0, "cancelled": 1, "cancel_requested": True}, id="completed with a cancelled item"),
        pytest.param("completed", {"error_code": "x", "error": "x"}, id="completed with an error"),
        pytest.param("failed", {"finished_at": None}, id="failed without an end"),
        pytest.param("failed", {"started_at": None}, id="failed but not started"),
        pytest.param("failed", {"error_code": None, "error": None}, id="failed without an error"),
        pytest.param("failed", {"failed": 2}, id="failed with something left"),
        pytest.param("cancelled", {"finished_at": None}, id="cancelled without an end"),
        pytest.param("cancelled", {"cancel_requested": False}, id="cancelled but nobody asked"),
        pytest.param("cancelled", {"cancelled": 0, "succeeded": 3, "started_at": True}, id="cancelled with every item run"),
        pytest.param("cancelled", {"cancelled": 2}, id="cancelled with something left"),
        pytest.param("cancelled", {"error_code": "x", "error": "x"}, id="cancelled with an error"),
    ],
)
def test_an_illegal_job_is_refused(backend: Backend, status: str, changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        insert("analysis_jobs", job_values(status, **changes))


def test_the_same_work_is_active_once(backend: Backend) -> None:
    for status in ("completed", "failed", "cancelled", "queued"):
        insert("analysis_jobs", job_values(status, dedupe_key="the same"))
    insert("analysis_jobs", job_values("queued", dedupe_key="other"))
    insert("analysis_jobs", job_values("queued", dedupe_key="the same", org_id=0))
    for status in ("queued", "processing"):
        with pytest.raises(IntegrityError):
            insert("analysis_jobs", job_values(status, dedupe_key="the same"))
    for _ in range(2):
        insert("analysis_jobs", job_values("queued"))


@pytest.mark.parametrize("status", list(ItemStatus))
def test_every_state_of_an_item_is_taken(backend: Backend, status: ItemStatus) -> None:
    job = job_values("processing")
    insert("analysis_jobs", job)
    insert("analysis_job_items", item_values(job["id"], status))


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        pytest.param("queued", {"status": "paused"}, id="unknown status"),
        pytest.param("queued", {"job_id": "nothing"}, id="of no job"),
        pytest.param("queued", {"key": ""}, id="empty key"),
        pytest.param("queued", {"key": "A" * 201}, id="long key"),
        pytest.param("queued", {"lane": "gpu"}, id="unknown lane"),
        pytest.param("queued", {"tries": -1}, id="negative tries"),
        pytest.param("queued", {"claim_token": "x"}, id="queued with a token"),
        pytest.param("queued", {"lease_expires_at": True}, id="queued with a lease"),
        pytest.param("queued", {"finished_at": True}, id="queued but finished"),
        pytest.param("queued", {"result_id": "x"}, id="queued with a result"),
        pytest.param("queued", {"error_code": "x", "error": "x"}, id="queued with an error"),
        pytest.param("processing", {"claim_token": None}, id="processing without a token"),
        pytest.param("processing", {"lease_expires_at": None}, id="processing without a lease"),
        pytest.param("processing", {"worker": None}, id="processing without a worker"),
        pytest.param("processing", {"finished_at": True}, id="processing but finished"),
        pytest.param("succeeded", {"finished_at": None}, id="succeeded without an end"),
        pytest.param("succeeded", {"result_id": None}, id="succeeded without a result"),
        pytest.param("succeeded", {"claim_token": "x"}, id="succeeded with a token"),
        pytest.param("succeeded", {"error_code": "x", "error": "x"}, id="succeeded with an error"),
        pytest.param("failed", {"finished_at": None}, id="failed without an end"),
        pytest.param("failed", {"error_code": None, "error": None}, id="failed without an error"),
        pytest.param("failed", {"error": None}, id="code without a sentence"),
        pytest.param("failed", {"result_id": "x"}, id="failed with a result"),
        pytest.param("failed", {"claim_token": "x"}, id="failed with a token"),
        pytest.param("cancelled", {"finished_at": None}, id="cancelled without an end"),
        pytest.param("cancelled", {"result_id": "x"}, id="cancelled with a result"),
        pytest.param("cancelled", {"error_code": "x", "error": "x"}, id="cancelled with an error"),
        pytest.param("cancelled", {"lease_expires_at": True}, id="cancelled with a lease"),
    ],
)
def test_an_illegal_item_is_refused(backend: Backend, status: str, changes: dict[str, Any]) -> None:
    job = job_values("processing")
    insert("analysis_jobs", job)
    with pytest.raises(IntegrityError):
        insert("analysis_job_items", item_values(job["id"], status, **changes))
