"""Jobs under whatever order of events hypothesis thinks of, against the real store: counters equal the rows, and only legal moves."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from kit.databases import Backend
from kit.jobs import KINDS, SAMPLE, ask, claim, item_rows, job_row, release_worker, rescue_expired, run_jobs
from kit.support import Client

import database
from app import Application
from features.analyses.bulk import submit
from features.analyses.service import analyse_ticker
from infrastructure.cache import NoCache
from infrastructure.feature import Universes
from jobs import claims
from jobs import service as job_service
from jobs.claims import ClaimLost, Claims, Postponement
from jobs.kind import JobKinds
from jobs.store.delay import NOBODY
from models.analysis import AnalysisOrder
from models.bulk_analysis import Analysed, BulkOrder, BulkParams
from models.errors import JobChanged, JobFinished, JobNotFinished, NothingFailed
from models.job import Chunk, ClaimedItem, Fault, Later, Outcome
from models.job_state import FINISHED, ItemStatus, JobStatus, is_legal
from models.strategy import BALANCED
from utils.clock import now

WORKERS = ("one", "two", "three")
CODES = ("ticker_not_found", "insufficient_history", "internal_error")
UNREADABLE = Fault("job_unreadable", "Why.")
results: dict[str, tuple[str, str]] = {}  # of each ticker: fingerprint and id of its result


def ending() -> Claims:
    return Claims(database.current(), JobKinds(KINDS))


@dataclass
class Hand:
    """What one worker has in hand, or thinks that it has."""

    worker: str
    chunk: Chunk
    is_lost: bool = False


class Jobs(RuleBasedStateMachine):
    """People who ask, cancel and retry; workers that claim, end, give back, die and come back too late; and maintenance."""

    @initialize()
    def begin(self) -> None:
        for table in ("analysis_job_items", "analysis_jobs"):
            database.execute_db(f"DELETE FROM {table}")
        self.hands: list[Hand] = []
        self.keys: dict[str, object] = {}  # what each job would be the same work as; None when it was forced
        self.jobs: dict[str, dict[str, Any]] = {}
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.gives_back = False  # whether the step just taken counts no try

    # ---- people ----

    @rule(tickers=st.permutations(SAMPLE), count=st.integers(1, 5), force=st.booleans())
    def submit(self, tickers: list[str], count: int, force: bool) -> None:
        asked = tuple(tickers[:count])
        with database.transaction() as connection:
            submission = submit(connection, 1, BulkOrder(asked, BulkParams(BALANCED), force), Universes())
        key = None if force else frozenset(asked)
        same = [job_id for job_id, other in self.keys.items() if other == key is not None and self.is_active(job_id)]
        assert (submission.is_new, submission.job.id in same) == (not same, bool(same))
        if submission.is_new:
            assert (submission.job.status, submission.job.version, submission.job.total) == ("queued", 1, count)
            self.keys[submission.job.id] = key

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        if not self.is_active(job_id):
            with pytest.raises(JobFinished):
                job_service.cancel(database.current(), 1, job_id)
            return
        before = self.jobs[job_id]
        after = job_service.cancel(database.current(), 1, job_id, [before["version"], 10**6])
        assert after.cancel_requested
        assert (after.version == before["version"]) == bool(before["cancel_requested"])
        if before["status"] == "queued":
            assert (after.status, after.cancelled) == ("cancelled", after.total)
        if not before["cancel_requested"]:
            self.end_put_off(job_id)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data(), off=st.sampled_from([-1, 1]), command=st.sampled_from(["cancel", "retry"]))
    def command_a_version_that_is_past(self, data: st.DataObject, off: int, command: str) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        expected = [self.jobs[job_id]["version"] + off]
        act = partial(job_service.cancel, database.current()) if command == "cancel" else self.retry_once
        with pytest.raises(JobChanged):
            act(1, job_id, expected)

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(sorted(self.jobs)))
        failed = {ticker for (of, ticker), item in self.items.items() if of == job_id and item["status"] == "failed"}
        if self.is_active(job_id) or not failed:
            with pytest.raises(JobNotFinished if self.is_active(job_id) else NothingFailed):
                self.retry_once(1, job_id)
            return
        retried = self.retry_once(1, job_id)
        same = [other for other, key in self.keys.items() if key == job_id and self.is_active(other)]
        assert retried.is_new == (not same)
        assert retried.job.retry_of == job_id
        if retried.is_new:
            self.keys[retried.job.id] = job_id
            assert {ticker for of, ticker in self.observed()[1] if of == retried.job.id} == failed
        else:
            assert [retried.job.id] == same

    # ---- workers ----

    @rule(limit=st.integers(1, 8), worker=st.sampled_from(WORKERS))
    def claim(self, limit: int, worker: str) -> None:
        waiting = sum(item["status"] == "queued" for item in self.items.values())
        chunk = claim(worker, limit)
        assert len(chunk.items if chunk else ()) == min(limit, waiting)
        if chunk is not None:
            assert set(chunk.jobs) == {item.job_id for item in chunk.items}
            self.hands.append(Hand(worker, chunk))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def end_chunk(self, data: st.DataObject) -> None:
        """The zombie of a rescued chunk does the same, and changes nothing."""
        hand = data.draw(st.sampled_from(self.hands))
        outcomes: dict[ClaimedItem, Outcome] = {}
        for item in hand.chunk.items:
            kind = data.draw(st.sampled_from(["analysed", "analysed", "fault", "left"]))
            if kind == "analysed":
                outcomes[item] = Analysed(results[item.key][0], None, data.draw(st.booleans()), now())
            elif kind == "fault":
                outcomes[item] = Fault(data.draw(st.sampled_from(CODES)), "Why.")
        self.gives_back = True
        self.act(hand, lambda: ending().end_chunk(hand.chunk, outcomes), ended=hand.chunk.items)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def end_some(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        some = self.some_of(hand, data)
        outcomes = {item: Analysed(results[item.key][0], None, True, now()) for item in some}
        self.act(hand, lambda: ending().end_items(hand.chunk, outcomes), ended=some)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def put_off(self, data: st.DataObject) -> None:
        """From then on they are under a token of their own; whoever knew it could end them."""
        hand = data.draw(st.sampled_from(self.hands))
        some, was_lost = self.some_of(hand, data), hand.is_lost
        self.act(hand, lambda: claims.put_off(database.current(), hand.chunk, some, Postponement(Later(60))), ended=some)
        rows = self.observed()[1]
        left = tuple(item for item in some if rows[item.job_id, item.key]["status"] == "processing")
        if left and not was_lost:
            (token,) = {rows[item.job_id, item.key]["claim_token"] for item in left}
            assert token != hand.chunk.token
            self.hands.append(Hand(NOBODY, Chunk(token, left, hand.chunk.jobs)))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def end_unreadable(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        job_id = data.draw(st.sampled_from(sorted({item.job_id for item in hand.chunk.items})))
        outcomes = {item: UNREADABLE for item in hand.chunk.items if item.job_id == job_id}
        self.gives_back, was_lost = True, hand.is_lost
        self.act(hand, lambda: ending().end_chunk(hand.chunk, outcomes, {job_id: UNREADABLE}), ended=hand.chunk.items)
        if not was_lost:
            self.end_put_off(job_id)

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def heartbeat(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        assert claims.extend_lease(database.current(), hand.chunk.token, 60) == (0 if hand.is_lost else len(hand.chunk.items))

    # ---- the loss of workers ----

    @rule(worker=st.sampled_from(WORKERS))
    def worker_dies(self, worker: str) -> None:
        lost = [hand for hand in self.hands if hand.worker == worker and not hand.is_lost]
        assert release_worker(worker) == {item.job_id for hand in lost for item in hand.chunk.items}
        for hand in lost:
            hand.is_lost = True

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def lease_runs_out(self, data: st.DataObject) -> None:
        hand = data.draw(st.sampled_from(self.hands))
        past = {"token": hand.chunk.token, "past": now() - timedelta(seconds=1)}
        database.execute_db("UPDATE analysis_job_items SET lease_expires_at = :past WHERE claim_token = :token", past)
        assert rescue_expired() == (set() if hand.is_lost else {item.job_id for item in hand.chunk.items})
        hand.is_lost = True

    # ---- what always holds ----

    @invariant()
    def only_legal_moves(self) -> None:
        jobs, items = self.observed()
        for job_id, job in jobs.items():
            before = self.jobs.get(job_id)
            if before is None or job == before:
                continue
            assert before["status"] not in FINISHED
            assert job["version"] == before["version"] + 1
            assert job["status"] == before["status"] or is_legal(JobStatus(before["status"]), JobStatus(job["status"]))
        for place, item in items.items():
            before = self.items.get(place, {"status": "queued", "tries": 0})
            moved = (before["status"], item["status"])
            if moved[0] != moved[1]:
                assert is_legal(*map(ItemStatus, moved))
            counts = {("queued", "processing"): 1, ("processing", "queued"): -1 if self.gives_back else 0}
            assert item["tries"] - before["tries"] == counts.get(moved, 0)
        assert set(self.jobs) <= set(jobs)
        assert set(self.items) <= set(items)
        self.jobs, self.items, self.gives_back = jobs, items, False

    @invariant()
    def counters_equal_the_rows(self) -> None:
        for job_id, job in self.jobs.items():
            rows = [(ticker, item) for (of, ticker), item in self.items.items() if of == job_id]
            count: dict[str, int] = {status: sum(item["status"] == status for _, item in rows) for status in ItemStatus}
            assert job["total"] == len(rows)
            assert {name: job[name] for name in ("succeeded", "failed", "cancelled")} == {
                name: count[ItemStatus(name)] for name in ("succeeded", "failed", "cancelled")
            }
            assert (count["queued"] + count["processing"] == 0) == (job["status"] in FINISHED)
            assert all(item["result_id"] == results[ticker][1] for ticker, item in rows if item["status"] == "succeeded")

    # ---- helpers ----

    def end_put_off(self, job_id: str) -> None:
        """What was put off of a job has ended with it."""
        for other in [one for one in self.hands if one.worker == NOBODY]:
            left = tuple(item for item in other.chunk.items if item.job_id != job_id)
            other.chunk = replace(other.chunk, items=left)
            if not left:
                self.hands.remove(other)

    def is_active(self, job_id: str) -> bool:
        return self.jobs[job_id]["status"] not in FINISHED

    @staticmethod
    def retry_once(org_id: int, job_id: str, expected: list[int] | None = None) -> job_service.Submission:
        with database.transaction() as connection:
            return job_service.retry(connection, org_id, job_id, expected)

    @staticmethod
    def some_of(hand: Hand, data: st.DataObject) -> tuple[ClaimedItem, ...]:
        return tuple(data.draw(st.lists(st.sampled_from(hand.chunk.items), min_size=1, unique=True)))

    def act(self, hand: Hand, write: Callable[[], None], ended: tuple[ClaimedItem, ...]) -> None:
        if hand.is_lost:
            before = self.observed()
            with pytest.raises(ClaimLost):
                write()
            assert self.observed() == before
            return
        write()
        left = tuple(item for item in hand.chunk.items if item not in ended)
        hand.chunk = replace(hand.chunk, items=left)
        if not left:
            self.hands.remove(hand)

    @staticmethod
    def observed() -> tuple[dict[str, dict[str, Any]], dict[tuple[str, str], dict[str, Any]]]:
        """Without when items came back to the queue, which nobody is told: it makes no new version."""
        rows = [
            {name: value for name, value in row.items() if name != "requeued_at"}
            for row in database.query_db("SELECT * FROM analysis_jobs")
        ]
        jobs = {row["id"]: row for row in rows}
        items = {(row["job_id"], row["key"]): row for row in database.query_db("SELECT * FROM analysis_job_items")}
        return jobs, items


def test_jobs_whatever_happens(backend: Backend) -> None:
    for ticker in SAMPLE:
        analyse_ticker(database.current(), 1, AnalysisOrder(ticker, BALANCED), NoCache(database.current()))
    rows = database.query_db("SELECT ticker, fingerprint, id FROM analysis_results")
    results.update({row["ticker"]: (row["fingerprint"], row["id"]) for row in rows})
    enough = settings(
        max_examples=40,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(Jobs, settings=enough)


# ---- fifty at once ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_hand", [pytest.param(False, id="queued"), pytest.param(True, id="in hand")])
def test_fifty_at_once(app: Application, in_hand: bool) -> None:
    client = Client(app)
    job_id = ask(client, *SAMPLE, "NOPE")["id"]
    chunk = claim("w", 3) if in_hand else None
    etag = client.get(f"/jobs/{job_id}").headers["ETag"]
    begin, answers, seen = threading.Barrier(50), [], []

    def person(number: int) -> None:
        mine, observed = Client(app), []
        begin.wait()
        for _ in range(3):
            observed.append(mine.get(f"/jobs/{job_id}").json)
            command = "cancel" if number % 5 else "retry"
            headers = {"If-Match": etag} if command == "cancel" else {}
            answers.append((command, mine.post(f"/jobs/{job_id}/{command}", headers=headers)))
        observed.append(mine.get(f"/jobs/{job_id}").json)
        seen.append(observed)

    threads = [threading.Thread(target=person, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    if chunk is not None:
        ending().end_chunk(chunk, {})
    for thread in threads:
        thread.join()
    assert len(seen) == 50
    count = Counter((command, answer.status_code, answer.json.get("code")) for command, answer in answers)
    assert count == {("cancel", 202, None): 1, ("cancel", 412, "precondition_failed"): 119, ("retry", 409, "conflict"): 30}
    for observed in seen:
        for before, after in pairwise(observed):
            assert after["version"] >= before["version"]
            assert (after["version"] == before["version"]) == ({**after, "eta_seconds": 0} == {**before, "eta_seconds": 0})
            moved = (JobStatus(before["status"]), JobStatus(after["status"]))
            assert moved[0] == moved[1] or (moved[0] not in FINISHED and is_legal(*moved))
    row, first = job_row(job_id), int(etag.strip('"').partition(":")[0])
    assert (row["status"], row["cancelled"]) == ("cancelled", 6)
    assert row["version"] in ((first + 1, first + 2) if in_hand else (first + 1,))  # the worker may have given back before or after
    assert {item["status"] for item in item_rows(job_id).values()} == {"cancelled"}
    assert run_jobs() == 0
