"""One worker: what it claims, and what becomes of good and bad keys. test_isolated_process.py has those whose worker was lost."""

from __future__ import annotations

import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import (
    SAMPLE,
    another_organization,
    ask,
    claim,
    csv_of,
    end_chunk,
    finished,
    item_rows,
    items_of,
    job_row,
    options_for,
    queue,
    queue_trial,
    release_worker,
    rescue_expired,
    run_jobs,
    working,
)
from kit.servers import wait_until
from kit.support import Client
from kit.trial import TrialKind, TrialParams, create_table, new_trial

import database
from features.analyses.kinds import BulkAnalysis
from features.analyses.retention import cleanup_old_analyses
from jobs.executor import CHUNK_SIZES
from jobs.kind import JobKinds
from jobs.service import cancel, enqueue_many
from models.job import Fault, Lane

SIZES = CHUNK_SIZES[Lane.CPU]


@pytest.fixture
def trials(backend: Backend) -> None:
    """The table that trial jobs store to."""
    create_table(database.current())


# ---- which items it claims --------------------------------------------------------------------------------------------------------


def claimed(limit: int) -> Counter[str]:
    """How many items of each job are in the next chunk, which is then ended."""
    chunk = claim("w", limit)
    assert chunk is not None
    end_chunk(chunk, dict.fromkeys(chunk.items, Fault("internal_error", "Why.")))
    return Counter(item.job_id for item in chunk.items)


def many(letter: str, count: int) -> list[str]:
    return [f"{letter}{number:04}" for number in range(count)]


def test_a_small_job_is_in_the_chunk_after_it_came(backend: Backend) -> None:
    big = queue(*many("A", 500))
    assert claimed(16) == {big: 16}
    small = queue("AAPL")
    assert claimed(16) == {big: 15, small: 1}
    assert claimed(16) == {big: 16}


def test_big_jobs_share_chunks(backend: Backend) -> None:
    first = queue(*many("A", 200))
    claimed(50)
    second = queue(*many("B", 200))
    for _ in range(4):
        shares = claimed(32)
        assert abs(shares[first] - shares[second]) <= 2
    third = queue(*many("C", 30))
    assert min(claimed(30)[job_id] for job_id in (first, second, third)) >= 9


def test_jobs_that_are_queued_together_take_turns(backend: Backend) -> None:
    with database.transaction() as connection:
        ids = enqueue_many(connection, 1, [new_trial(many(letter, 4)) for letter in "ABC"])
    assert [job_row(job_id)["total"] for job_id in ids] == [4, 4, 4]
    assert {tuple(item_rows(job_id)) for job_id in ids} == {tuple(many(letter, 4)) for letter in "ABC"}
    assert claimed(6) == dict.fromkeys(ids, 2)


def test_newcomers_do_not_keep_others_waiting_for_ever(backend: Backend) -> None:
    old = queue(*many("A", 3))
    for number in range(20):
        queue(f"B{number}")
        if not any(item["status"] == "queued" for item in item_rows(old).values()):
            break
        claimed(2)
    assert {item["status"] for item in item_rows(old).values()} == {"failed"}


@pytest.mark.parametrize(
    ("asked", "got", "seconds", "expected"),
    [
        pytest.param(16, 16, SIZES.seconds, 16, id="at the right pace"),
        pytest.param(16, 16, SIZES.seconds / 10, 32, id="fast: twice at most"),
        pytest.param(16, 16, SIZES.seconds * 2, 8, id="slow: half at once"),
        pytest.param(16, 16, SIZES.seconds * 1000, 1, id="very slow: one at least"),
        pytest.param(SIZES.largest, SIZES.largest, 0.001, SIZES.largest, id="as large as they get"),
        pytest.param(16, 16, 0.0, 32, id="no time at all"),
        pytest.param(64, 3, 0.001, 64, id="no more work: says nothing"),
        pytest.param(64, 3, SIZES.seconds * 3, 1, id="no more work, but slow"),
        pytest.param(1, 1, SIZES.seconds / 10, 2, id="from one"),
    ],
)
def test_the_size_of_the_next_chunk(asked: int, got: int, seconds: float, expected: int) -> None:
    assert SIZES.after(asked, got, seconds) == expected


def test_jobs_that_ask_for_the_same_are_run_together(client: Client) -> None:
    asked: list[tuple[int, list[str]]] = []

    class Noted(BulkAnalysis):
        def run(self, *arguments: Any) -> Any:
            asked.append((arguments[1], sorted(arguments[3])))
            return super().run(*arguments)

    another_organization()
    ids = [queue("AAPL", "FB"), queue("AAPL"), queue("AAPL", strategy="trend"), queue("AAPL", org_id=2)]
    run_jobs(kinds=[Noted()])
    assert sorted(asked) == [(1, ["AAPL"]), (1, ["AAPL", "FB"]), (2, ["AAPL"])]
    assert {job_row(job_id)["status"] for job_id in ids} == {"completed"}
    first, second, third, fourth = (item_rows(job_id)["AAPL"]["result_id"] for job_id in ids)
    assert first == second
    assert len({first, third, fourth}) == 3


def test_a_small_job_does_not_wait_for_the_large_one_in_its_chunk(client: Client) -> None:
    """Its outcome is stored before the large work of the chunk is run."""
    large, small = queue(*SAMPLE), queue("MSFT", strategy="trend")
    states: list[tuple[str, str]] = []

    class Noted(BulkAnalysis):
        def run(self, *arguments: Any) -> Any:
            states.append((job_row(small)["status"], job_row(large)["status"]))
            return super().run(*arguments)

    run_jobs(kinds=[Noted()])
    assert states == [("processing", "processing"), ("completed", "processing")]
    assert {job_row(job_id)["status"] for job_id in (large, small)} == {"completed"}


def test_what_it_did_not_come_to_is_given_back(client: Client) -> None:
    stop = threading.Event()

    class Stopped(BulkAnalysis):
        def run(self, *arguments: Any) -> Any:
            for number, outcome in enumerate(super().run(*arguments), 1):
                if number == 2:
                    stop.set()
                yield outcome

    job_id = ask(client, *SAMPLE)["id"]
    with working(stop=stop, options=options_for([Stopped()])) as stopped:
        assert stopped.drain() == 5
        assert stopped.drain() == 0
    rows = item_rows(job_id).values()
    assert Counter((row["status"], row["tries"]) for row in rows) == {("succeeded", 1): 2, ("queued", 0): 3}
    assert job_row(job_id)["status"] == "processing"
    assert run_jobs() == 3
    assert {(row["status"], row["tries"]) for row in item_rows(job_id).values()} == {("succeeded", 1)}


# ---- lanes and kinds --------------------------------------------------------------------------------------------------------------


def test_each_lane_is_claimed_by_its_own_workers_in_turns_of_its_own(backend: Backend) -> None:
    big, network = queue_trial(*many("A", 100)), queue_trial(*many("N", 30), lane=Lane.NETWORK)
    assert claimed(40) == {big: 40}
    small = queue_trial("N", lane=Lane.NETWORK)
    chunk = claim("w", 5, Lane.NETWORK)
    assert chunk is not None
    assert Counter(item.job_id for item in chunk.items) == {network: 4, small: 1}
    release_worker("w")
    assert claimed(100) == {big: 60}
    assert claim("w", 5) is None


def test_a_job_of_an_unknown_kind_waits_for_a_worker_that_knows_it(trials: None) -> None:
    """A newer version may have queued it while a deploy goes on; no try is counted, and people can cancel it."""
    job_id, other, cancelled = queue_trial("A", "B"), queue("NOPE"), queue_trial("C")
    older = replace(options_for([BulkAnalysis()]), unknown_kind_seconds=0.0)
    with working(options=older) as worker:
        assert worker.run_chunk() == 4
    assert job_row(other)["status"] == "completed"
    assert {(row["status"], row["tries"]) for row in item_rows(job_id).values()} == {("processing", 0)}
    cancel(database.current(), 1, cancelled)
    assert job_row(cancelled)["status"] == "cancelled"
    assert wait_until(rescue_expired) == {job_id}
    assert run_jobs() == 2
    assert {(row["status"], row["tries"]) for row in item_rows(job_id).values()} == {("succeeded", 1)}


def test_kinds_have_different_names() -> None:
    with pytest.raises(ValueError, match="trial_cpu"):
        JobKinds([TrialKind(Lane.CPU), TrialKind(Lane.CPU)])


def test_jobs_of_several_kinds_are_in_one_chunk_and_point_at_what_each_has_stored(trials: None) -> None:
    analysis, trial = queue("AAPL", "NOPE"), queue_trial("AAPL", "k" * 200, params=TrialParams(deeds={"AAPL": "fail"}))
    assert run_jobs() == 4
    assert {key: row["error_code"] for key, row in item_rows(trial).items()} == {"AAPL": "trial_failed", "k" * 200: None}
    (row,) = database.query_db("SELECT id, key FROM trial_results")
    assert (row["id"], row["key"]) == (item_rows(trial)["k" * 200]["result_id"], "k" * 200)
    assert item_rows(analysis)["AAPL"]["result_id"] is not None
    assert (job_row(analysis)["succeeded"], job_row(trial)["succeeded"]) == (1, 1)


# ---- kinds that do what they should not -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", ["raise", "leave 3", "forget", "refuse", "unstorable"])
def test_one_key_that_fails_unexpectedly_harms_no_other(trials: None, deed: str) -> None:
    """It raises, exits, has no outcome, or has one that the database refuses or that cannot be stored."""
    job_id = queue_trial("A", "B", "C", "D", params=TrialParams(deeds={"B": deed, "D": "fail"}))
    other = queue_trial("E")
    run_jobs()
    assert {key: row["error_code"] for key, row in item_rows(job_id).items() if row["error_code"]} == {
        "B": "trial_unexpected", "D": "trial_failed"
    }  # fmt: skip
    assert {row["tries"] for row in item_rows(job_id).values()} == {1}
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2, "failed": 2}.items()
    assert job_row(other)["status"] == "completed"
    stored = database.query_db("SELECT key FROM trial_results ORDER BY key")
    assert [row["key"] for row in stored] == ["A", "C", "E"]


def test_several_keys_that_raise_fail_each_for_itself(trials: None) -> None:
    job_id = queue_trial(*many("A", 6), params=TrialParams(deeds={"A0001": "raise", "A0004": "raise"}))
    run_jobs()
    assert {key for key, row in item_rows(job_id).items() if row["error_code"] == "trial_unexpected"} == {"A0001", "A0004"}
    assert job_row(job_id)["succeeded"] == 4


def test_a_key_that_was_not_stored_is_run_again(trials: None, tmp_path: Path) -> None:
    job_id = queue_trial("A", "B", params=TrialParams(deeds={"B": "once lose"}, folder=str(tmp_path)))
    assert run_jobs() == 3
    assert {(row["status"], row["tries"]) for row in item_rows(job_id).values()} == {("succeeded", 1)}
    assert job_row(job_id).items() >= {"status": "completed", "succeeded": 2}.items()


# ---- bad tickers fail, their job does not -----------------------------------------------------------------------------------------


def with_prices(change: Callable[[bytes, int], bytes]) -> None:
    """Damage the stored prices of AAPL."""
    row = database.query_db("SELECT data, bars FROM price_series WHERE ticker = 'AAPL'", one=True)
    data = change(bytes(row["data"]), row["bars"])
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'AAPL'", {"data": data})


def test_bad_tickers_fail_with_their_codes(client: Client) -> None:
    client.put("/prices/TEN", csv_of(10))
    with_prices(lambda data, _: data[:-100])
    job = finished(client, *SAMPLE, "TEN", "NOPE")
    assert (job["status"], job["succeeded"], job["failed"], job["error"]) == ("completed", 4, 3, None)
    failed = {ticker: item["error"] for ticker, item in items_of(client, job["id"]).items() if item["status"] == "failed"}
    assert {ticker: error["code"] for ticker, error in failed.items()} == {
        "TEN": "insufficient_history", "NOPE": "ticker_not_found", "AAPL": "price_quality"
    }  # fmt: skip
    assert all(ticker in error["message"] for ticker, error in failed.items())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data, _: b"", id="nothing left"),
        pytest.param(lambda data, _: data + b"x", id="a byte too many"),
        pytest.param(lambda data, bars: data[: bars * 8] + struct.pack("<d", float("nan")) * bars * 6, id="all prices NaN"),
        pytest.param(lambda data, bars: data[: bars * 8] + struct.pack("<d", float("inf")) * bars * 6, id="all prices infinite"),
        pytest.param(lambda data, bars: data[: bars * 40 - 8] + struct.pack("<d", float("nan")) + data[bars * 40 :], id="last close NaN"),
        pytest.param(lambda data, bars: data[: bars * 8] + bytes(bars * 48), id="all prices 0"),
    ],
)
@pytest.mark.filterwarnings("default")  # numpy's, about dividing by them
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_broken_prices_are_a_matter_of_quality(client: Client, change: Callable[[bytes, int], bytes]) -> None:
    with_prices(change)
    job = finished(client, "AAPL", "MSFT")
    assert (job["status"], job["succeeded"], job["failed"]) == ("completed", 1, 1)
    assert items_of(client, job["id"])["AAPL"]["error"]["code"] == "price_quality"


@pytest.mark.parametrize(
    "params",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("", id="empty"),
        pytest.param("null", id="null"),
        pytest.param("[1]", id="a list"),
        pytest.param("{}", id="no strategy"),
        pytest.param('{"strategy": "luck"}', id="unknown strategy"),
        pytest.param('{"strategy": ["trend"]}', id="a list of strategies"),
        pytest.param('{"strategy": "trend", "as_of": "yesterday"}', id="no date"),
        pytest.param('{"strategy": "trend", "as_of": 7}', id="number as a date"),
        pytest.param('{"strategy": "trend", "weights": {"rsi": "much"}}', id="text as a weight"),
        pytest.param('{"strategy": "trend", "weights": ["rsi"]}', id="a list of weights"),
        pytest.param('{"strategy": "trend", "indicators": ["luck"]}', id="unknown indicator"),
        pytest.param('{"strategy": "trend", "weights": {"luck": 2}}', id="unknown weight"),
        pytest.param('{"strategy": "trend", "indicators": 7}', id="number as indicators"),
        pytest.param('{"strategy": "trend", "universe": "No Universe"}', id="name of no universe"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_job_that_cannot_be_read_fails_as_a_whole(client: Client, params: str) -> None:
    job_id = ask(client, *many("A", 40))["id"]  # more than one chunk
    other = ask(client, "MSFT")["id"]
    database.execute_db("UPDATE analysis_jobs SET params = :params WHERE id = :id", {"params": params, "id": job_id})
    run_jobs()
    assert job_row(job_id)["error_code"] == "job_unreadable"
    job = client.get(f"/jobs/{job_id}").json
    assert (job["status"], job["failed"], job["error"]["code"], job["progress"]) == ("failed", 40, "job_unreadable", 1.0)
    assert {item["error"]["code"] for item in items_of(client, job_id).values()} == {"job_unreadable"}
    assert client.get(f"/jobs/{other}").json["status"] == "completed"
    assert len(client.get("/jobs").json["items"]) == 2


class Refused(BulkAnalysis):
    """An analysis whose result of FB the database refuses."""

    def run(self, *arguments: Any) -> Any:
        for ticker, outcome in super().run(*arguments):
            if ticker == "FB":
                assert not isinstance(outcome, Fault)
                assert outcome.result is not None
                object.__setattr__(outcome.result.result, "score", 7.0)
            yield ticker, outcome


def test_a_result_that_the_database_refuses_harms_no_other(client: Client) -> None:
    job_id = ask(client, *SAMPLE, "NOPE")["id"]
    run_jobs(kinds=[Refused()])
    job = client.get(f"/jobs/{job_id}").json
    assert (job["status"], job["succeeded"], job["failed"]) == ("completed", 4, 2)
    failed = {ticker: item["error"]["code"] for ticker, item in items_of(client, job["id"]).items() if item["error"]}
    assert failed == {"FB": "internal_error", "NOPE": "ticker_not_found"}


def test_a_refused_result_does_not_hide_that_another_job_cannot_be_read(client: Client) -> None:
    unreadable, other = ask(client, "AAPL")["id"], ask(client, "FB", "IBM")["id"]
    database.execute_db("UPDATE analysis_jobs SET params = '{}' WHERE id = :id", {"id": unreadable})
    run_jobs(kinds=[Refused()])
    row = job_row(unreadable)
    assert (row["status"], row["error_code"], row["failed"]) == ("failed", "job_unreadable", 1)
    assert client.get(f"/jobs/{other}").json.items() >= {"status": "completed", "succeeded": 1, "failed": 1}.items()


def test_a_result_that_is_removed_before_the_chunk_ends_fails_nobody(client: Client) -> None:
    """Retention may come between finding a stored result and pointing at it."""
    old, new = ({"ticker": "AAPL", "as_of": f"2012-0{month}-15"} for month in (5, 6))
    client.put("/prices/AAPL", client.get("/prices/AAPL?end=2012-05-15", headers={"Accept": "text/csv"}).data)
    client.post("/analyze", {"ticker": "AAPL", "reward_risk": 5})
    removed: list[int] = []

    class Removed(BulkAnalysis):
        def run(self, *arguments: Any) -> Any:
            for outcome in super().run(*arguments):
                if not removed:
                    client.post("/analyze", old | {"reward_risk": 4})
                    client.post("/analyze", new | {"reward_risk": 3})
                    removed.append(cleanup_old_analyses(1))
                yield outcome

    job_id = ask(client, "AAPL", reward_risk=5)["id"]
    assert run_jobs(kinds=[Removed()]) == 2  # the second time it is analysed again
    assert removed[0] > 0
    assert [item["error"] for item in items_of(client, job_id).values()] == [None]
