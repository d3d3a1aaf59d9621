"""The kind of job that brings indexes up to date: what it publishes, tells, and leaves as it is; and two who do the same at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.jobs import item_rows, run_jobs
from kit.series import store
from kit.support import Client

import database
from features.indexes import due, service
from features.indexes.kinds import IndexRebalancing
from features.indexes.publishing import prepare, publish
from infrastructure.feature import Universes
from models.api_key import FIRST_ORG
from models.index_errors import IndexNotFound, NoIndexes
from utils.clock import now
from utils.ids import new_id

FIRST = date(2024, 1, 1)
KINDS = (IndexRebalancing(Universes),)


def store_walks(count: int, tickers: tuple[str, ...] = ("ONE", "TWO", "SIX")) -> None:
    for seed, ticker in enumerate(tickers):
        path = 50 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.02, 400)))
        store(ticker, bars_of(path[:count], first=FIRST), now())


def remove_prices(*tickers: str) -> None:
    for ticker in tickers:
        database.execute_db("DELETE FROM price_series WHERE ticker = :ticker", {"ticker": ticker})


@pytest.fixture
def made(client: Client) -> Any:
    store_walks(80)
    answer = client.post("/indexes", {"name": "Mine", "members": {"tickers": ["ONE", "TWO", "SIX"]}, "single_cap": 0.5})
    assert answer.status_code == 201, answer.json
    return answer.json


def rebalance(index_id: str) -> Any:
    with database.transaction() as connection:
        job_id = due.submit(connection, FIRST_ORG, [index_id]).job.id
    run_jobs(kinds=KINDS)
    return item_rows(job_id)[index_id]


def told(kind: str) -> list[dict[str, Any]]:
    return database.query_db("SELECT subject, data FROM events WHERE type = :type ORDER BY id", {"type": kind})


def rows_of(table: str) -> list[dict[str, Any]]:
    columns = "*" if table != "indexes" else "id, revision, published, level, total_level, last_day, members"
    return database.query_db(f"SELECT {columns} FROM {table} ORDER BY 1, 2, 3")


def test_it_catches_up_and_tells_of_each_rebalancing(client: Client, made: Any) -> None:
    assert told("index.rebalanced") == []
    store_walks(160)
    item = rebalance(made["id"])
    assert (item["status"], item["outcome"]) == ("succeeded", "Published")
    found = client.get(f"/indexes/{made['id']}").json
    assert (found["revision"], found["published"], found["last_day"]) == (1, 159, str(FIRST + timedelta(days=159)))
    assert [row["subject"] for row in told("index.rebalanced")] == [made["id"]] * 3
    whole = client.post("/indexes", {"name": "At once", "members": {"tickers": ["ONE", "TWO", "SIX"]}, "single_cap": 0.5}).json
    levels = [client.get(f"/indexes/{each['id']}/values?variant=total").json["items"] for each in (made, whole)]
    assert [row["value"] for row in levels[0]] == pytest.approx([row["value"] for row in levels[1]], rel=1e-12)


def test_with_nothing_new_only_the_look_is_noted(client: Client, made: Any) -> None:
    before = {table: rows_of(table) for table in ("indexes", "index_revisions", "index_rebalancings")}
    assert rebalance(made["id"])["outcome"] == "Unchanged"
    assert {table: rows_of(table) for table in before} == before
    assert client.get(f"/indexes/{made['id']}").json["looked_at"] > made["looked_at"]


def test_the_next_rebalancing_is_told_once_some_days_ahead(client: Client, made: Any) -> None:
    assert made["next_reference_day"] == "2024-03-29"
    store_walks(85)  # to 25 March, four weekdays before
    rebalance(made["id"])
    assert told("index.rebalancing_due") == []
    for count in (86, 87):
        store_walks(count)
        rebalance(made["id"])
    assert [row["subject"] for row in told("index.rebalancing_due")] == [made["id"]]


def test_late_closes_are_waited_for(client: Client, made: Any) -> None:
    store_walks(82, ("ONE", "TWO"))
    rebalance(made["id"])
    assert client.get(f"/indexes/{made['id']}").json["last_day"] == made["last_day"]
    store_walks(82)
    assert rebalance(made["id"])["outcome"] == "Published"
    assert client.get(f"/indexes/{made['id']}").json["revision"] == 1


def test_a_member_whose_prices_end_leaves_by_a_line_of_the_ledger(client: Client, made: Any) -> None:
    store_walks(100, ("ONE", "TWO"))
    rebalance(made["id"])
    removal = next(line for line in client.get(f"/indexes/{made['id']}/rebalances").json["items"] if line["kind"] == "removal")
    assert removal["day"] == str(FIRST + timedelta(days=85))
    assert {each["ticker"]: each["after"] == 0 for each in removal["positions"]} == {"ONE": False, "SIX": True, "TWO": False}
    newest = client.get(f"/indexes/{made['id']}/rebalances?limit=1").json["items"][0]
    assert "more than 5 trading days" in newest["left_out"]["SIX"]


def test_whoever_joins_a_universe_changes_no_published_day(client: Client) -> None:
    store_walks(80)
    assert client("PUT", "/universes/few", json={"items": [{"ticker": "ONE"}, {"ticker": "TWO"}]}).status_code == 201
    made = client.post("/indexes", {"name": "Few", "members": {"universe": "few"}}).json
    before = client.get(f"/indexes/{made['id']}/values").json["items"]
    assert client("PUT", "/universes/few", json={"items": [{"ticker": "ONE"}, {"ticker": "SIX"}]}).status_code == 200
    store_walks(120)
    changed = client.post(f"/indexes/{made['id']}/publish").json
    assert changed["revision"] == 1
    assert client.get(f"/indexes/{made['id']}/values").json["items"][: len(before)] == before
    lines = client.get(f"/indexes/{made['id']}/rebalances").json["items"]
    held = {line["day"]: [each["ticker"] for each in line["positions"] if each["after"] > 0] for line in lines}
    assert held == {"2024-01-02": ["ONE", "TWO"], "2024-02-01": ["ONE", "TWO"], "2024-03-01": ["ONE", "TWO"], "2024-04-01": ["ONE", "SIX"]}


def test_a_deleted_index_fails_its_item_alone(client: Client, made: Any) -> None:
    with database.transaction() as connection:
        job_id = due.submit(connection, FIRST_ORG, [made["id"]]).job.id
    client.delete(f"/indexes/{made['id']}")
    run_jobs(kinds=KINDS)
    assert item_rows(job_id)[made["id"]]["error_code"] == "not_found"


def test_of_two_who_publish_the_same_one_does(client: Client, made: Any) -> None:
    store_walks(130)
    current = database.current()
    publications = [prepare(current, FIRST_ORG, made["id"], Universes()) for _ in range(2)]
    results = []

    def write(number: int) -> None:
        with current.transaction() as connection:
            results.append(publish(connection, FIRST_ORG, publications[number]))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, True]
    lines = client.get(f"/indexes/{made['id']}/rebalances").json["items"]
    assert [line["number"] for line in lines] == list(range(len(lines), 0, -1))


def test_what_nobody_has_looked_at_is_queued(client: Client, made: Any) -> None:
    current = database.current()
    assert due.queue_due(current) == 0
    assert due.queue_due(current, now() + 2 * due.LOOKED_EVERY) == 1
    store_walks(90)
    assert run_jobs(kinds=KINDS) == 1
    assert client.get(f"/indexes/{made['id']}").json["published"] == 89


@pytest.mark.parametrize("gone", [("TWO",), ("TWO", "SIX")], ids=len)
@pytest.mark.parametrize("steps", [(100,), (81, 82, 84, 86, 88, 100)], ids=len)
def test_a_member_whose_prices_were_removed_leaves_by_a_line_of_the_ledger(
    client: Client, made: Any, gone: tuple[str, ...], steps: tuple[int, ...]
) -> None:
    before = client.get(f"/indexes/{made['id']}/values?variant=total").json["items"]
    last = client.get(f"/indexes/{made['id']}/allocations").json["items"]
    for count in steps:
        store_walks(count)
        remove_prices(*gone)
        assert rebalance(made["id"])["status"] == "succeeded"
    found = client.get(f"/indexes/{made['id']}").json
    assert (found["revision"], found["members"], found["last_day"]) == (1, 3 - len(gone), str(FIRST + timedelta(days=99)))
    assert f"There are no prices for {', '.join(sorted(gone))}." in found["notes"]
    levels = client.get(f"/indexes/{made['id']}/values?variant=total").json["items"]
    assert levels[: len(before)] == before
    (removal,) = (line for line in client.get(f"/indexes/{made['id']}/rebalances").json["items"] if line["kind"] == "removal")
    assert removal["day"] == str(FIRST + timedelta(days=85))
    assert {each["ticker"] for each in removal["positions"] if each["after"] == 0} == set(gone)
    # What they were worth stands until they leave.
    worth = {each["ticker"]: each["weight"] for each in last}
    closes = {ticker: client.get(f"/prices/{ticker}").json["close"] for ticker in worth.keys() - set(gone)}
    grown = sum(worth[ticker] * (closes[ticker][84] / closes[ticker][79] if ticker in closes else 1.0) for ticker in worth)
    assert levels[83]["value"] == pytest.approx(before[-1]["value"] * grown)


@pytest.mark.parametrize("has_ended", [False, True], ids=["replaced", "removed"])
def test_prices_of_a_former_member_can_go(client: Client, made: Any, has_ended: bool) -> None:
    if not has_ended:
        client("PATCH", f"/indexes/{made['id']}", json={"members": {"tickers": ["ONE", "TWO"]}})
    store_walks(100, ("ONE", "TWO") if has_ended else ("ONE", "TWO", "SIX"))
    rebalance(made["id"])
    before = client.get(f"/indexes/{made['id']}/values").json["items"]
    assert len(before) == 99
    remove_prices("SIX")
    store_walks(110, ("ONE", "TWO"))
    rebalance(made["id"])
    found = client.get(f"/indexes/{made['id']}/values").json
    assert (found["revision"], found["items"][: len(before)]) == (1, before)
    assert len(found["items"]) == 109


def test_without_what_published_levels_leave_for_it_a_member_is_gone_from_all_of_them(client: Client, made: Any) -> None:
    remove_prices("TWO")
    store("SIX", bars_of(np.geomspace(1, 1000, 90), first=FIRST), now())  # alone it would have been worth more than all together
    assert rebalance(made["id"])["status"] == "succeeded"
    newest = client.get(f"/indexes/{made['id']}/revisions").json["items"][0]
    assert newest["revision"] == 2
    assert newest["why"].startswith("There are no prices of TWO any more.")


def test_an_index_that_cannot_be_computed_says_why_and_is_left_alone_for_a_while(client: Client, made: Any) -> None:
    remove_prices("ONE", "TWO", "SIX")
    database.execute_db("UPDATE indexes SET looked_at = :moment", {"moment": now() - 2 * due.LOOKED_EVERY})
    assert due.queue_due(database.current()) == 1
    run_jobs(kinds=KINDS)
    assert due.queue_due(database.current()) == 0
    notes = client.get(f"/indexes/{made['id']}").json["notes"]
    assert [note for note in notes if note.startswith("The last look published nothing: ")]
    assert client("PATCH", f"/indexes/{made['id']}", json={"name": "Other"}).json["notes"] == notes
    store_walks(90)
    published = client.post(f"/indexes/{made['id']}/publish").json
    assert (published["published"], set(notes) - set(published["notes"])) == (89, {notes[-1]})


def test_capabilities_bring_all_or_some_up_to_date(client: Client, made: Any) -> None:
    with database.transaction() as connection:
        assert due.submit_all(connection, FIRST_ORG, None).job.total == 1
    with pytest.raises(IndexNotFound), database.transaction() as connection:
        due.submit_all(connection, FIRST_ORG, ["nosuch"])
    with pytest.raises(NoIndexes), database.transaction() as connection:
        due.submit_all(connection, 99, None)
    with database.reader() as connection:
        assert service.find(connection, FIRST_ORG, made["id"]).name == "Mine"


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.usefixtures("client")
def test_many_indexes_are_one_job_once() -> None:
    """Postgres takes no long text into an index."""
    index_ids = [new_id() for _ in range(300)]
    with database.transaction() as connection:
        jobs = [due.submit(connection, FIRST_ORG, list(ids)).job.id for ids in (index_ids, reversed(index_ids))]
    assert jobs[0] == jobs[1]
