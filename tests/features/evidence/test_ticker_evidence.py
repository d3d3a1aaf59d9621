"""GET /evidence/{ticker}: what is computed, kept and found again, and what it refuses."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.jobs import another_organization, csv_of, insert
from kit.series import store
from kit.support import Client

import database
from analysis.engine import ENGINE_RELEASED, ENGINE_VERSION, parameters_of
from features.evidence.retention import prune_evidence
from models.analysis import Overrides, Verdict
from models.strategy import STRATEGIES
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def evidence(client: Client, query: str = "", ticker: str = "AAPL") -> Any:
    answer = client.get(f"/evidence/{ticker}{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def rows(ticker: str = "AAPL", org_id: int = 1) -> int:
    where = {"ticker": ticker, "org_id": org_id}
    count: int = database.query_db("SELECT count(*) AS n FROM evidence WHERE ticker = :ticker AND org_id = :org_id", where, one=True)["n"]
    return count


def verdict_of(found: Any, verdict: str, horizon: int = 20) -> Any:
    (of_horizon,) = [one for one in found["horizons"] if one["h"] == horizon]
    (of_verdict,) = [one for one in of_horizon["verdicts"] if one["verdict"] == verdict]
    return of_verdict


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_agrees_with_the_record_of_a_result(client: Client, strategy: str) -> None:
    result = client.post("/analyze", {"ticker": "MSFT", "strategy": strategy}).json
    found = evidence(client, f"?strategy={strategy}", "MSFT")
    told = verdict_of(found, result["verdict"])
    if result["record"]["available"]:
        for name in ("n", "episodes", "hit", "lift"):
            assert result["record"][name] == pytest.approx(told[name]), name
    assert (found["basis"], found["days"], found["warmup"], found["note"]) == (found["basis"], 3270, 400, None)
    assert [one["h"] for one in found["horizons"]] == [5, 10, 20, 60]
    assert sum(one["n"] for one in found["horizons"][0]["verdicts"]) == found["horizons"][0]["base"]["n"]


def test_it_is_computed_once_and_found_again(client: Client) -> None:
    first, again = client.get("/evidence/AAPL"), client.get("/evidence/aapl")
    assert (first.data, rows()) == (again.data, 1)
    tag = first.headers["ETag"]
    assert tag.strip('"') == first.json["fingerprint"]
    assert client.get("/evidence/AAPL", headers={"If-None-Match": tag}).status_code == 304
    # The order and the repetition of horizons ask for nothing else; another cost does.
    assert evidence(client, "?horizons=60,20,10,5,5")["fingerprint"] == first.json["fingerprint"]
    assert evidence(client, "?cost_bp=0")["fingerprint"] != first.json["fingerprint"]
    assert rows() == 2


def test_another_horizon_changes_no_interval(client: Client) -> None:
    alone, among = evidence(client, "?horizons=20"), evidence(client)
    assert alone["horizons"] == [one for one in among["horizons"] if one["h"] == 20]


def test_callers_at_once_share_one_computation(client: Client) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: Client(client.app).get("/evidence/IBM"), range(4)))
    answered = {answer.data for answer in answers if answer.status_code == 200}
    assert len(answered) == 1
    assert {answer.status_code for answer in answers} <= {200, 503}  # a server makes only so many at once
    assert rows("IBM") == 1


def test_evidence_with_an_end_is_that_of_the_prefix(client: Client) -> None:
    whole = client.get("/prices/AAPL?end=2010-06-30", headers={"Accept": "text/csv"}).data
    assert client.put("/prices/PREFIX", whole).status_code == 200
    cut, prefix = evidence(client, "?end=2010-06-30"), evidence(client, ticker="PREFIX")
    same = ("first", "last", "days", "fan")
    assert {name: cut[name] for name in same} == {name: prefix[name] for name in same}
    for ours, theirs in zip(cut["horizons"], prefix["horizons"], strict=True):
        assert ours["base"] == theirs["base"]
        for one, other in zip(ours["verdicts"], theirs["verdicts"], strict=True):
            exact = [name for name in one if not name.endswith(("_low", "_high")) and name != "sentence"]
            assert [one[name] for name in exact] == [other[name] for name in exact]
    assert evidence(client, "?end=2010-07-04")["fingerprint"] == evidence(client, "?end=2010-07-02")["fingerprint"]  # a weekend
    assert evidence(client, "?end=2030-01-01")["fingerprint"] == evidence(client)["fingerprint"]


def test_a_start_drops_only_days_before_it(client: Client) -> None:
    later = evidence(client, "?start=2008-01-01&horizons=20")
    half = verdict_of(later, "Hold")["halves"][0]
    assert half["first"] == "2008-01-02"
    assert later["horizons"][0]["base"]["n"] < evidence(client, "?horizons=20")["horizons"][0]["base"]["n"]
    assert (later["first"], later["start"]) == ("2000-03-01", "2008-01-01")


def test_a_short_history_has_no_horizon_and_says_why(client: Client) -> None:
    short = evidence(client, ticker="FB")
    assert (short["horizons"], short["fan"]["lines"], short["days"]) == ([], [], 196)
    assert short["note"].startswith("The history is too short for any horizon: a day counts with 400 bars before it")
    client.put("/prices/YOUNG", csv_of(430))
    young = evidence(client, ticker="YOUNG")
    assert [one["h"] for one in young["horizons"]] == [5, 10, 20]
    assert young["note"].startswith("The history is too short for 60 days:")
    late = evidence(client, "?start=2013-01-15&horizons=5,60")
    assert (
        [one["h"] for one in late["horizons"]],
        late["note"].startswith("The history from 15 January 2013 on is too short for 60 days:"),
    ) == ([5], True)
    client.put("/prices/TINY", csv_of(49))
    assert client.get("/evidence/TINY").json["code"] == "insufficient_history"
    before = client.get("/evidence/AAPL?end=1990-01-01")
    assert (before.status_code, before.json["code"]) == (422, "insufficient_history")


@ON_SQLITE
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("horizons=", "horizons"),
        ("horizons=0", "horizons"),
        ("horizons=251", "horizons"),
        ("horizons=-5", "horizons"),
        ("horizons=5.5", "horizons"),
        ("horizons=5,,10", "horizons"),
        ("horizons=1,2,3,4,5,6,7,8,9", "horizons"),
        ("horizons=" + "5," * 100, "horizons"),
        ("horizons=٥", "horizons"),
        ("cost_bp=-1", "cost_bp"),
        ("cost_bp=1001", "cost_bp"),
        ("cost_bp=nan", "cost_bp"),
        ("cost_bp=x", "cost_bp"),
        ("strategy=best", "strategy"),
        ("start=yesterday", "start"),
        ("start=2012-01-01&end=2011-01-01", "end"),
        ("weights=1", "weights"),
    ],
)
def test_bad_input_is_told_by_its_field(client: Client, query: str, field: str) -> None:
    answer = client.get(f"/evidence/AAPL?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert answer.json["errors"][0]["field"] == field
    assert rows() == 0


@ON_SQLITE
def test_what_is_not_there(client: Client) -> None:
    assert client.get("/evidence/NOSUCH").json["code"] == "ticker_not_found"
    assert client.get("/evidence/a b").status_code == 422


def test_switched_off_it_finds_what_is_stored_and_computes_nothing(client: Client) -> None:
    stored = evidence(client)
    client("PUT", "/admin/flags/evidence", json={"enabled": False, "reason": "Too dear."})
    assert evidence(client) == stored
    for path in ("/evidence/MSFT", "/evidence/AAPL?cost_bp=1", "/reports/evidence/MSFT.xlsx"):
        refused = client.get(path)
        assert (refused.status_code, refused.json["code"]) == (503, "feature_disabled"), path
    assert client.get("/reports/evidence/AAPL.xlsx").status_code == 200


def test_each_organization_has_its_own(client: Client) -> None:
    key = another_organization()
    ours = evidence(client)
    client.put("/prices/AAPL", csv_of(500), key=key)
    theirs = client.get("/evidence/AAPL", key=key).json
    assert (ours["days"], theirs["days"], rows(), rows(org_id=2)) == (3270, 500, 1, 1)


def test_as_csv_it_has_a_row_for_each_horizon_and_verdict(client: Client) -> None:
    found = evidence(client, "?horizons=5,20")
    answer = client.get("/evidence/AAPL?horizons=5,20", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evidence-AAPL-balanced.csv"'
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["horizon"], row["verdict"]) for row in table[:2]] == [("5", "Strong Buy"), ("5", "Buy")]
    assert len(table) == 10
    told = verdict_of(found, "Buy", 5)
    assert float(table[1]["hit_low"]) == told["hit_low"]
    assert (float(table[1]["newer_lift"]), table[1]["too_few"]) == (told["halves"][1]["lift"], "false")
    assert (table[1]["sentence"], table[1]["live_n"]) == (told["sentence"], "")


def test_old_ones_are_pruned_and_those_without_prices(client: Client) -> None:
    client.put("/prices/GONE", csv_of(430))
    for cost in range(4):
        evidence(client, f"?cost_bp={cost}")
    evidence(client, ticker="GONE")
    client.delete("/prices/GONE")
    assert prune_evidence(database.current(), 2, batch=1) == 3
    assert (rows(), rows("GONE")) == (2, 0)
    kept = evidence(client, "?cost_bp=3")
    assert rows() == 2
    assert kept["cost_bp"] == 3
    assert prune_evidence(database.current(), 2) == 0


# ---- the live record ---------------------------------------------------------------------------------------------------------------

FIRST = ENGINE_RELEASED - timedelta(days=500)


@pytest.fixture
def lived(client: Client) -> Client:
    """A ticker with 560 bars, some of them after the engine was released. Each closes at 10, and so opens there."""
    store("LIVED", bars_of(np.full(560, 10.0), first=FIRST), now())
    return client


def told(day: date, verdict: Verdict, **more: Any) -> None:
    """Store what a result said of a day."""
    created = more.pop("created_at", day)
    values = {
        "id": new_id(), "org_id": 1, "ticker": "LIVED", "strategy": "balanced", "as_of": day, "bars": 500, "close": 10.0, "score": 0.3,
        "verdict": str(verdict), "signal": "BUY", "fingerprint": new_id().replace("-", "") * 2, "body": "{}",
        "engine_version": ENGINE_VERSION,
        "parameters": dump(parameters_of(STRATEGIES["balanced"], Overrides())).decode(),
        "created_at": now().replace(year=created.year, month=created.month, day=created.day, hour=22),
    }  # fmt: skip
    insert("analysis_results", {**values, **more})


def live(client: Client, verdict: str, horizon: int = 5) -> Any:
    return verdict_of(evidence(client, ticker="LIVED"), verdict, horizon)["live"]


def test_what_was_said_at_the_time_is_the_live_record(lived: Client) -> None:
    before = lived.get("/evidence/LIVED")
    assert live(lived, "Buy") is None
    day = ENGINE_RELEASED + timedelta(days=1)
    told(day, Verdict.BUY)
    told(day + timedelta(days=1), Verdict.BUY, created_at=day + timedelta(days=2))
    told(day + timedelta(days=2), Verdict.HOLD)
    told(day + timedelta(days=3), Verdict.BUY)
    record = live(lived, "Buy")
    assert (record["since"], record["n"], record["episodes"]) == (ENGINE_RELEASED.isoformat(), 3, 2)
    # Prices stand still, so that holding costs 20 basis points.
    assert (record["hit"], record["mean"]) == (0.0, pytest.approx(-0.002))
    assert live(lived, "Hold")["hit"] is None
    assert live(lived, "Buy", 60) is None  # no outcome yet
    after = lived.get("/evidence/LIVED")
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.json["fingerprint"] == before.json["fingerprint"]
    assert rows("LIVED") == 1
    (row,) = [
        one
        for one in csv.DictReader(io.StringIO(lived.get("/evidence/LIVED?horizons=5", headers={"Accept": "text/csv"}).text))
        if one["verdict"] == "Buy"
    ]
    assert (row["live_n"], row["live_hit"]) == ("3", "0.0")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"created_at": ENGINE_RELEASED + timedelta(days=3)}, id="made when the outcome began"),
        pytest.param({"engine_version": "5"}, id="of another engine"),
        pytest.param({"engine_version": None}, id="of an engine of before"),
        pytest.param({"parameters": "{}"}, id="with other parameters"),
        pytest.param({"strategy": "trend"}, id="by another strategy"),
        pytest.param({"ticker": "AAPL"}, id="of another ticker"),
        pytest.param({"org_id": 0}, id="of another organization"),
        pytest.param({"as_of": FIRST - timedelta(days=1)}, id="of a day without a bar"),
        pytest.param({"as_of": FIRST + timedelta(days=559)}, id="of the newest day"),
    ],
)
def test_what_else_results_said_is_left_out(lived: Client, changes: dict[str, Any]) -> None:
    told(ENGINE_RELEASED + timedelta(days=1), Verdict.BUY, **changes)
    assert live(lived, "Buy") is None


def test_superseded_results_are_left_out(lived: Client) -> None:
    day = ENGINE_RELEASED + timedelta(days=1)
    told(day, Verdict.BUY)
    told(day, Verdict.SELL, created_at=day + timedelta(days=1))  # the first of a day counts
    assert (live(lived, "Buy")["n"], live(lived, "Sell")) == (1, None)
    replaced = {"org_id": 0, "ticker": "LIVED", "provider": "tiingo", "fetched_at": now(), "is_whole": True, "added": 0, "changed": 0}
    insert("series_fetches", {**replaced, "replaced_at": now() + timedelta(days=9)})
    assert (live(lived, "Buy"), live(lived, "Sell")) == (None, None)


def test_days_before_the_start_and_after_the_end_are_left_out(lived: Client) -> None:
    day = ENGINE_RELEASED + timedelta(days=1)
    for later in range(3):
        told(day + timedelta(days=later), Verdict.BUY)
    assert live(lived, "Buy")["n"] == 3
    started = evidence(lived, f"?start={day + timedelta(days=1)}", "LIVED")
    assert verdict_of(started, "Buy", 5)["live"]["n"] == 2
    ended = evidence(lived, f"?end={day + timedelta(days=7)}", "LIVED")
    assert verdict_of(ended, "Buy", 5)["live"]["n"] == 2
