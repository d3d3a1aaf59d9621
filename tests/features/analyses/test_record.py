"""The record that a result carries, and the screener's columns and filters of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kit.bars import TICKERS
from kit.jobs import csv_of
from kit.support import Client

from analysis.bars import adjusted_bars
from analysis.engine import parameters_of, signal_history
from analysis.evidence import EvidenceRules, evidence_of
from features.prices.providers.sample import SampleProvider
from models.analysis import Overrides
from models.evidence import COST_BP, RECORD_HORIZON
from models.price_series import PackedBars
from models.strategy import STRATEGIES


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_is_what_the_evidence_counts(client: Client, strategy: str) -> None:
    result = client.post("/analyze", {"ticker": "AAPL", "strategy": strategy}).json
    (series,) = [one for one in SampleProvider().series() if one.ticker == "AAPL"]
    bars = adjusted_bars(PackedBars.pack(series.bars), adjusted=True)
    scores = signal_history(bars, parameters_of(STRATEGIES[strategy], Overrides())).score
    (evidence,) = evidence_of(bars, scores, [RECORD_HORIZON], EvidenceRules(COST_BP, seed=1))
    (told,) = [one for one in evidence.verdicts if one.verdict == result["verdict"]]
    record = result["record"]
    if told.episodes < 30:
        assert record == {"available": False, "reason": told.sentence}
        return
    assert (record["n"], record["episodes"], record["hit"]) == (told.n, told.episodes, pytest.approx(told.hit))
    assert record["lift"] == pytest.approx(told.lift)
    assert record["low"] < record["hit"] < record["high"]
    assert (record["lift_low"], record["lift_high"]) == pytest.approx((told.lift_low, told.lift_high), abs=0.03)
    assert (record["horizon"], record["interval"], record["verdict"]) == (20, "wilson_on_episodes", result["verdict"])
    assert record["sentence"].startswith(
        f"{result['verdict']} was right after 20 days {100 * record['hit']:.0f}% of {record['n']:,} days in "
    )
    assert "nothing was fitted to this ticker" in record["basis"]


def test_chosen_weights_prove_nothing(client: Client) -> None:
    record = client.post("/analyze", {"ticker": "AAPL", "weights": {"rsi": 3}}).json["record"]
    assert record["basis"].startswith("weights chosen by the caller")


def test_an_earlier_day_has_the_record_of_that_day(client: Client) -> None:
    days = ("2008-02-14", "2012-02-02")  # both Buys
    early, late = (client.post("/analyze", {"ticker": "AAPL", "as_of": day}).json["record"] for day in days)
    assert 0 < early["n"] < late["n"]


@pytest.mark.parametrize("bars", [60, 421])
def test_a_short_history_has_none_and_says_why(client: Client, bars: int) -> None:
    client.put("/prices/YOUNG", csv_of(bars))
    result = client.post("/analyze", {"ticker": "YOUNG", "strategy": "trend"}).json
    reasons = {"The history is too short: a day counts with 400 bars before it and 21 after it.", HOLD}
    assert result["record"]["available"] is False
    assert result["record"]["reason"] in reasons


HOLD = "Hold names no direction, so it can be neither right nor wrong."


def test_a_hold_has_none(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "IBM", "strategy": "trend"}).json
    assert (result["verdict"], result["record"]) == ("Hold", {"available": False, "reason": HOLD})


@pytest.fixture
def listed(client: Client) -> list[dict[str, Any]]:
    for ticker in TICKERS:
        for strategy in STRATEGIES:
            client.post("/analyze", {"ticker": ticker, "strategy": strategy})
    items: list[dict[str, Any]] = client.get("/results?sort=record_lift&limit=100").json["items"]
    return items


def test_the_screener_sorts_and_filters_by_it(client: Client, listed: list[dict[str, Any]]) -> None:
    lifts = [item["record_lift"] for item in listed if item["record_lift"] is not None]
    assert lifts == sorted(lifts)
    assert [item["record_lift"] for item in listed[len(lifts) :]] == [None] * (len(listed) - len(lifts))
    middle = float(np.median(lifts))
    for query, expected in {
        "has_record=true": [item for item in listed if item["record_n"] is not None],
        "has_record=false": [item for item in listed if item["record_n"] is None],
        f"min_lift={middle}": [item for item in listed if (item["record_lift"] or -1) >= middle],
        f"max_lift={middle}": [item for item in listed if item["record_lift"] is not None and item["record_lift"] <= middle],
        "min_hit=0.5": [item for item in listed if (item["record_hit"] or 0) >= 0.5],
        "max_hit=0.5": [item for item in listed if item["record_hit"] is not None and item["record_hit"] <= 0.5],
        "min_n=400": [item for item in listed if (item["record_n"] or 0) >= 400],
    }.items():
        page = client.get(f"/results?limit=100&{query}").json
        assert 0 < page["total"] == len(expected) < len(listed), query
        assert {item["id"] for item in page["items"]} == {item["id"] for item in expected}, query


@pytest.mark.parametrize("query", ["min_hit=2", "min_hit=x", "min_lift=0.2&max_lift=0.1", "min_n=0", "min_n=1.5", "has_record=perhaps"])
def test_impossible_filters_are_refused(client: Client, query: str) -> None:
    answer = client.get(f"/results?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert query.rsplit("&", maxsplit=1)[-1].split("=", maxsplit=1)[0] in answer.text


def test_a_file_has_its_columns(client: Client, listed: list[dict[str, Any]]) -> None:
    lines = client.get(
        "/results?sort=record_lift&columns=ticker,record_hit,record_lift,record_n", headers={"Accept": "text/csv"}
    ).text.splitlines()
    assert lines[0] == "ticker,record_hit,record_lift,record_n"
    first = listed[0]
    assert lines[1] == f"{first['ticker']},{first['record_hit']},{first['record_lift']},{first['record_n']}"
