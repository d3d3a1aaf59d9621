"""The evidence of a universe: its job, what came of it, and what happens to both."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from kit.bars import walk
from kit.jobs import another_organization, claim, csv_of, item_rows, items_of, release_worker, run_jobs
from kit.series import store
from kit.support import Client

import database
from analysis.bars import adjusted_bars
from analysis.calibration import CountRules, Sums, count_ticker
from analysis.calibration_table import seed_of, tables_of
from analysis.engine import parameters_of, signal_history
from features.evidence.calibrations import Reading, of_job, tidy_calibrations
from features.evidence.kinds import UniverseCalibration
from features.evidence.parts import PartsChanged, add_up, drop, gather
from features.prices.providers.sample import SampleProvider
from jobs.claims import ClaimLost, Claims
from jobs.kind import JobKinds
from models.analysis import Overrides
from models.price_series import PackedBars
from models.strategy import STRATEGIES
from utils.clock import now
from utils.json_text import dump, parse_tolerant

KINDS = (UniverseCalibration(),)
SAMPLE = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def ask(client: Client, **body: Any) -> Any:
    answer = client.post("/evidence", body or {"universe": "all"})
    assert answer.status_code == 202, answer.json
    return answer.json


def found(client: Client, query: str = "") -> Any:
    answer = client.get(f"/evidence{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def counted(client: Client, **body: Any) -> Any:
    """Ask for the evidence of a universe, run the job, and return the evidence."""
    job = ask(client, **body)
    run_jobs(kinds=KINDS)
    return found(client, f"?job_id={job['id']}")


def count(table: str) -> int:
    total: int = database.query_db(f"SELECT count(*) AS n FROM {table}", one=True)["n"]
    return total


def content(evidence: Any) -> dict[str, Any]:
    """The evidence without what is of one run alone."""
    return {name: value for name, value in evidence.items() if name not in ("id", "job_id", "job", "created_at", "finished_at")}


def test_a_job_counts_the_tickers_of_a_universe(client: Client) -> None:
    missing = client.get("/evidence")
    assert (missing.status_code, missing.json["code"]) == (404, "evidence_not_found")
    assert 'POST /api/v1/evidence {"strategy": "balanced", "universe": "all"}' in missing.json["detail"]
    job = ask(client)
    waiting = client.get("/evidence")
    assert (waiting.status_code, waiting.json["id"], waiting.headers["Location"]) == (202, job["id"], f"/api/v1/jobs/{job['id']}")
    run_jobs(kinds=KINDS)
    items = items_of(client, job["id"])
    assert {key: item["outcome"] for key, item in items.items()} == {**dict.fromkeys(SAMPLE, "Counted"), "FB": "Too short"}
    assert items["AAPL"]["facts"] == {"bars": 3270, "days": 2864, "first": "2000-03-01", "last": "2013-03-01", "beat_hold": False}
    evidence = found(client)
    assert (evidence["id"], evidence["job_id"], evidence["job"]) == (job["params"]["evidence_id"], job["id"], None)
    told = (evidence["tickers"], evidence["too_short"], evidence["ended"], evidence["universe"], evidence["first"], evidence["last"])
    assert told == (4, 1, 0, "all", "2000-03-01", "2013-03-01")
    assert [horizon["h"] for horizon in evidence["horizons"]] == [5, 10, 20, 60]
    assert evidence["beat"]["tickers"] == 4
    assert (count("calibrations"), count("calibration_parts")) == (1, 0)
    tag = client.get("/evidence").headers["ETag"]
    assert client.get("/evidence", headers={"If-None-Match": tag}).status_code == 304


def test_the_sums_are_those_of_the_tickers(client: Client) -> None:
    universe = counted(client, tickers=list(SAMPLE), horizons=[20, 5], cost_bp=10)
    tickers = [client.get(f"/evidence/{ticker}?horizons=5,20&cost_bp=10").json for ticker in SAMPLE if ticker != "FB"]
    for at, horizon in enumerate(universe["horizons"]):
        bases = [ticker["horizons"][at]["base"] for ticker in tickers]
        n = sum(base["n"] for base in bases)
        assert horizon["base"]["n"] == sum(decile["n"] for decile in horizon["deciles"]) == n
        for name in ("hit", "fell", "mean"):
            assert horizon["base"][name] == pytest.approx(sum(base["n"] * base[name] for base in bases) / n, abs=1e-6)
        assert sum(decile["n"] * decile["excess"] for decile in horizon["deciles"]) / n == pytest.approx(0, abs=1e-6)
        for number, verdict in enumerate(horizon["verdicts"]):
            own = [ticker["horizons"][at]["verdicts"][number] for ticker in tickers]
            days = sum(one["n"] for one in own)
            assert (verdict["n"], verdict["episodes"]) == (days, sum(one["episodes"] for one in own))
            assert verdict["tickers"] == sum(one["n"] > 0 for one in own)
            for name in ("hit", "lift", "mean", "excess"):
                values = [(one["n"], one[name]) for one in own if one["n"]]
                if verdict["verdict"] == "Hold" and name in ("hit", "lift"):
                    assert verdict[name] is None
                else:
                    assert verdict[name] == pytest.approx(sum(weight * value for weight, value in values) / days, abs=1e-6)


def test_either_database_gives_what_the_sums_give(client: Client) -> None:
    universe = counted(client, universe="all", strategy="reversion")
    rules, parameters, counts = CountRules((5, 10, 20, 60), 20.0), parameters_of(STRATEGIES["reversion"], Overrides()), []
    for series in SampleProvider().series():
        bars = adjusted_bars(PackedBars.pack(series.bars), adjusted=True)
        if len(bars) >= rules.bars_needed:
            counts.append(count_ticker(bars, signal_history(bars, parameters).score, rules, beat=False))
    sums = Sums.of(counts, len(rules.horizons))
    tables = tables_of(sums, rules.horizons, seed_of(sums))
    assert universe["horizons"] == parse_tolerant(dump(tables))
    assert universe["interval"]["seed"] == seed_of(sums)


def test_the_same_work_is_queued_once(client: Client) -> None:
    job = ask(client, universe="all")
    again = client.post("/evidence", {"tickers": list(reversed(SAMPLE))})
    assert again.status_code == 202  # named tickers are another work: their evidence is not that of the universe
    same = client.post("/evidence", {"universe": "all", "horizons": [60, 20, 10, 5]})
    assert (same.status_code, same.json["id"], same.json["deduplicated"]) == (200, job["id"], True)
    assert client.post("/evidence", {"universe": "all", "force": True}).status_code == 202
    assert client.post("/evidence", {"universe": "all", "cost_bp": 0}).status_code == 202
    assert count("calibrations") == 4


def test_the_newest_answer_stays_while_another_is_counted(client: Client) -> None:
    first = counted(client, universe="all")
    assert found(client)["id"] == first["id"]
    job = ask(client, universe="all")
    during = found(client)
    assert (during["id"], during["job"]["id"], content(during)) == (first["id"], job["id"], content(first))
    run_jobs(kinds=KINDS)
    after = found(client)
    assert (after["id"], after["job"], content(after)) == (job["params"]["evidence_id"], None, content(first))


def test_readers_at_once_get_one_answer(client: Client) -> None:
    job = ask(client, universe="all")
    run_jobs(kinds=KINDS)
    with ThreadPoolExecutor(4) as pool:
        bodies = set(pool.map(lambda _: of_job(Reading(database.current(), 1), job["id"]).body, range(4)))
    assert len(bodies) == 1
    assert (count("calibration_parts"), found(client)["tickers"]) == (0, 4)


def test_of_which_universe_and_strategy(client: Client) -> None:
    client.put("/universes/two", "Ticker\nAAPL\nIBM\n")
    two = counted(client, universe="two", strategy="trend", horizons=[20])
    assert found(client, "?universe=two&strategy=trend")["id"] == two["id"]
    assert two["tickers"] == 2
    for query, code in (("", "evidence_not_found"), ("?universe=two", "evidence_not_found"), ("?universe=none", "universe_not_found")):
        answer = client.get(f"/evidence{query}")
        assert (answer.status_code, answer.json["code"]) == (404, code), query
    named = counted(client, tickers=["AAPL"])
    assert (named["universe"], named["tickers"]) == (None, 1)
    unknown = client.get("/evidence?job_id=x")
    assert (unknown.status_code, unknown.json["code"]) == (404, "evidence_not_found")


def test_a_cancelled_job_leaves_nothing(client: Client) -> None:
    job = ask(client)
    client.post(f"/jobs/{job['id']}/cancel")
    assert client.get("/evidence").json["code"] == "evidence_not_found"
    assert client.get(f"/evidence?job_id={job['id']}").json["code"] == "evidence_not_found"
    assert tidy_calibrations(database.current()) == 1
    assert count("calibrations") == 0


def test_maintenance_puts_together_what_nobody_asks_for_and_drops_old_answers(client: Client) -> None:
    jobs = [ask(client, universe="all", force=True)["id"] for _ in range(3)]
    ask(client, universe="all", strategy="trend")
    run_jobs(kinds=KINDS)
    assert count("calibration_parts") >= 4
    assert tidy_calibrations(database.current(), kept=2) == 1
    assert (count("calibrations"), count("calibration_parts")) == (3, 0)
    assert client.get(f"/evidence?job_id={jobs[0]}").status_code == 404
    assert found(client)["job_id"] == jobs[2]
    assert tidy_calibrations(database.current(), kept=2) == 0


def test_a_damaged_series_fails_alone_and_a_retry_adds_it(client: Client) -> None:
    store("WELL", walk(1, 700), now())
    store("ILL", walk(2, 700), now())
    data = database.query_db("SELECT data FROM price_series WHERE ticker = 'ILL'", one=True)["data"]
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'ILL'", {"data": bytes(data)[:-8]})
    job = ask(client, tickers=["WELL", "ILL", "NONE"])
    run_jobs(kinds=KINDS)
    failed = {key: row["error_code"] for key, row in item_rows(job["id"]).items() if row["status"] == "failed"}
    assert failed == {"ILL": "price_quality", "NONE": "ticker_not_found"}
    query = f"?job_id={job['id']}"
    assert found(client, query)["tickers"] == 1
    database.execute_db("UPDATE price_series SET data = :data WHERE ticker = 'ILL'", {"data": bytes(data)})
    assert client.post(f"/jobs/{job['id']}/retry").status_code == 202
    run_jobs(kinds=KINDS)
    both = found(client, query)
    (retried,) = [one["id"] for one in client.get("/jobs").json["items"] if one["retry_of"] == job["id"]]
    assert found(client, f"?job_id={retried}")["id"] == both["id"]
    assert both["tickers"] == 2
    assert content(both) == content(counted(client, tickers=["ILL", "WELL"]))


def test_a_lost_claim_counts_nothing_twice(client: Client) -> None:
    undisturbed = counted(client, universe="all")
    job = ask(client, universe="all", force=True)
    chunk = claim("lost")
    assert chunk is not None
    params = KINDS[0].read_params(next(iter(chunk.jobs.values())).params)
    outcomes = dict(KINDS[0].run(database.current(), 1, params, [item.key for item in chunk.items]))
    release_worker("lost")
    database.execute_db("UPDATE analysis_job_items SET tries = 0")  # a suspect runs in a process of its own
    run_jobs("other", kinds=KINDS)
    with pytest.raises(ClaimLost):
        Claims(database.current(), JobKinds(KINDS)).end_items(chunk, {item: outcomes[item.key] for item in chunk.items})
    assert content(found(client, f"?job_id={job['id']}")) == content(undisturbed)


def test_outcomes_that_are_stored_one_by_one_give_the_same(client: Client) -> None:
    undisturbed = counted(client, universe="all")
    job = ask(client, universe="all", force=True)
    chunk = claim("slow")
    assert chunk is not None
    params = KINDS[0].read_params(next(iter(chunk.jobs.values())).params)
    outcomes = dict(KINDS[0].run(database.current(), 1, params, [item.key for item in chunk.items]))
    for item in reversed(chunk.items):
        Claims(database.current(), JobKinds(KINDS)).end_items(chunk, {item: outcomes[item.key]})
    assert count("calibration_parts") == len(SAMPLE)
    assert content(found(client, f"?job_id={job['id']}")) == content(undisturbed)


def test_many_parts_become_one_while_the_job_runs(client: Client) -> None:
    undisturbed = counted(client, universe="all")
    job = ask(client, universe="all", force=True)
    calibration_id = job["params"]["evidence_id"]
    chunk = claim("slow")
    assert chunk is not None
    params = KINDS[0].read_params(next(iter(chunk.jobs.values())).params)
    outcomes = dict(KINDS[0].run(database.current(), 1, params, [item.key for item in chunk.items]))
    parts = []
    for item in chunk.items:
        Claims(database.current(), JobKinds(KINDS)).end_items(chunk, {item: outcomes[item.key]})
        gather(database.current(), calibration_id, 4, gathered=3)
        parts.append(count("calibration_parts"))
    assert parts == [1, 2, 1, 2, 1]
    assert content(found(client, f"?job_id={job['id']}")) == content(undisturbed)


def test_parts_that_others_gather_at_once_are_counted_once(client: Client) -> None:
    undisturbed = counted(client, universe="all")
    job = ask(client, universe="all", force=True)
    for _ in SAMPLE:
        chunk = claim("slow", 1)
        assert chunk is not None
        params = KINDS[0].read_params(next(iter(chunk.jobs.values())).params)
        outcomes = dict(KINDS[0].run(database.current(), 1, params, [item.key for item in chunk.items]))
        Claims(database.current(), JobKinds(KINDS)).end_items(chunk, {item: outcomes[item.key] for item in chunk.items})
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: gather(database.current(), job["params"]["evidence_id"], 4, gathered=2), range(6)))
    assert count("calibration_parts") >= 1
    with database.current().reader() as connection:
        sums, parts = add_up(connection, job["params"]["evidence_id"], 4)
    assert (sums.counted, sums.too_short) == (4, 1)
    with pytest.raises(PartsChanged), database.transaction() as transaction:
        drop(transaction, job["params"]["evidence_id"], [*parts, "gone"])
    assert content(found(client, f"?job_id={job['id']}")) == content(undisturbed)


def test_tickers_that_ended_holes_and_other_calendars(client: Client) -> None:
    moment = now()
    whole, hole, ended = walk(1, 900), walk(2, 900), walk(3, 700)
    rows = [*range(500), *range(600, 900)]
    hole = type(hole)(*(getattr(hole, name)[rows] for name in ("days", "open", "high", "low", "close", "volume")))
    alternate = walk(4, 450)
    alternate = type(alternate)(
        alternate.days[0] + (alternate.days - alternate.days[0]) * 2, *(getattr(alternate, name) for name in COLUMNS)
    )
    for ticker, bars in (("WHOLE", whole), ("HOLE", hole), ("ENDED", ended), ("EVERY2", alternate)):
        store(ticker, bars, moment)
    evidence = counted(client, tickers=["WHOLE", "HOLE", "ENDED", "EVERY2"], horizons=[5, 60])
    assert (evidence["tickers"], evidence["ended"], evidence["too_short"]) == (4, 1, 0)
    assert evidence["horizons"][0]["base"]["n"] == sum(bars - 400 - 1 - 5 for bars in (900, 800, 700, 450))
    assert evidence["horizons"][1]["base"]["n"] == sum(bars - 400 - 1 - 60 for bars in (900, 800, 700))
    assert evidence["survivorship"].startswith("1 of 4 tickers ended more than 30 days before the newest")


COLUMNS = ("open", "high", "low", "close", "volume")


def test_where_nothing_can_be_counted(client: Client) -> None:
    client.put("/prices/TINY", csv_of(60))
    evidence = counted(client, tickers=["TINY"])
    assert (evidence["tickers"], evidence["too_short"], evidence["horizons"]) == (0, 1, [])
    assert (evidence["first"], evidence["last"], evidence["beat"]["tickers"]) == (None, None, 0)
    young = walk(5, 430)
    store("YOUNG", young, now())
    few = counted(client, tickers=["YOUNG"])
    assert [horizon["h"] for horizon in few["horizons"]] == [5, 10, 20]
    assert {verdict["too_few"] for verdict in few["horizons"][0]["verdicts"]} == {True}
    assert all(decile["hit_low"] is None for decile in few["horizons"][0]["deciles"])


def test_as_csv(client: Client) -> None:
    evidence = counted(client, universe="all", horizons=[20])
    table = list(csv.DictReader(io.StringIO(client.get("/evidence", headers={"Accept": "text/csv"}).text)))
    horizon = evidence["horizons"][0]
    assert len(table) == len(horizon["deciles"]) + 5
    assert (table[0]["of"], float(table[0]["excess_low"])) == ("Decile 1", horizon["deciles"][0]["excess_low"])
    assert (table[-1]["of"], int(table[-1]["tickers"])) == ("Strong Sell", horizon["verdicts"][-1]["tickers"])


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"universe": "all", "tickers": ["AAPL"]}, ""),
        ({"universe": "all", "horizons": []}, "horizons"),
        ({"universe": "all", "horizons": [5, 5]}, "horizons"),
        ({"universe": "all", "horizons": [0]}, "horizons.0"),
        ({"universe": "all", "horizons": [251]}, "horizons.0"),
        ({"universe": "all", "horizons": [5.5]}, "horizons.0"),
        ({"universe": "all", "horizons": ["5"]}, "horizons.0"),
        ({"universe": "all", "horizons": [True]}, "horizons.0"),
        ({"universe": "all", "horizons": "5"}, "horizons"),
        ({"universe": "all", "horizons": list(range(1, 10))}, "horizons"),
        ({"universe": "all", "cost_bp": -1}, "cost_bp"),
        ({"universe": "all", "cost_bp": 1001}, "cost_bp"),
        ({"universe": "all", "strategy": "best"}, "strategy"),
        ({"universe": "all", "weights": {}}, "weights"),
        ({"universe": "watchlist"}, "universe"),
    ],
)
def test_bad_input_is_told_by_its_field(client: Client, body: dict[str, Any], field: str) -> None:
    answer = client.post("/evidence", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), answer.json
    assert answer.json["errors"][0]["field"] == field
    assert count("calibrations") == 0


def test_each_organization_has_its_own(client: Client) -> None:
    key = another_organization()
    counted(client, universe="all")
    assert client.get("/evidence", key=key).status_code == 404
    job = client.get("/jobs").json["items"][0]
    assert client.get(f"/evidence?job_id={job['id']}", key=key).status_code == 404
    assert client.post("/evidence", {"universe": "all"}, key=key).status_code == 202


@pytest.mark.parametrize("flag", ["evidence", "bulk_jobs"])
def test_switched_off_it_counts_nothing_new(client: Client, flag: str) -> None:
    counted(client, universe="all")
    client("PUT", f"/admin/flags/{flag}", json={"enabled": False})
    refused = client.post("/evidence", {"universe": "all"})
    assert (refused.status_code, refused.json["code"]) == (503, "feature_disabled")
    assert client.get("/evidence").status_code == 200


def test_it_is_finished_when_its_job_was(client: Client) -> None:
    evidence = counted(client, universe="all")
    job = client.get(f"/jobs/{evidence['job_id']}").json
    assert evidence["finished_at"] == job["finished_at"]
    assert timedelta(0) <= now() - database.query_db("SELECT finished_at FROM calibrations", one=True)["finished_at"]
