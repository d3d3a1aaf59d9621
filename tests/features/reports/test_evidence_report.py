"""The Excel report of a ticker's evidence, read back."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import csv_of, run_jobs
from kit.reports import download, pairs, rows
from kit.support import Client

from features.evidence.kinds import UniverseCalibration


def test_it_says_what_the_evidence_says(client: Client) -> None:
    evidence = client.get("/evidence/AAPL?strategy=trend&horizons=5,20").json
    book = download(client, "/reports/evidence/aapl.xlsx?strategy=trend&horizons=5,20")
    assert book.sheetnames == ["Record", "Halves", "Fan", "Definitions"]
    told = [(horizon, verdict) for horizon in evidence["horizons"] for verdict in horizon["verdicts"]]
    for row, (horizon, verdict) in zip(rows(book["Record"]), told, strict=True):
        assert (row["Horizon, days"], row["Verdict"], row["Days"], row["Episodes"]) == (
            horizon["h"], verdict["verdict"], verdict["n"], verdict["episodes"],
        )  # fmt: skip
        for title, name in (("Hit", "hit"), ("Lift, low", "lift_low"), ("Excess, high", "excess_high"), ("Median", "median")):
            assert row[title] == (None if verdict[name] is None else pytest.approx(verdict[name]))
        if verdict["verdict"] == "Buy":
            assert row["Any day"] == pytest.approx(horizon["base"]["hit"])
        assert row["In words"] == verdict["sentence"]
    halves: list[tuple[Any, ...]] = [
        (horizon["h"], verdict["verdict"], half["n"]) for horizon, verdict in told for half in verdict["halves"]
    ]
    assert [(row["Horizon, days"], row["Verdict"], row["Days"]) for row in rows(book["Halves"])] == halves
    fan = rows(book["Fan"])
    assert len(fan) == len(evidence["fan"]["days"]) * len(evidence["fan"]["lines"])
    assert (fan[0]["Verdict"], fan[0]["50% are below"]) == ("Any day", pytest.approx(evidence["fan"]["lines"][0]["quantiles"][2][0]))
    definitions = pairs(book["Definitions"])
    assert (definitions["Ticker"], definitions["Strategy"], definitions["Cost of a round trip"]) == (
        "AAPL",
        "Trend following",
        "20 basis points",
    )
    assert definitions["Lift"] == evidence["definitions"]["lift"]
    assert definitions["Fingerprint"] == evidence["fingerprint"]


def test_of_a_short_history_it_says_why_it_is_empty(client: Client) -> None:
    client.put("/prices/YOUNG", csv_of(100))
    book = download(client, "/reports/evidence/YOUNG.xlsx")
    assert (rows(book["Record"]), rows(book["Fan"])) == ([], [])
    assert pairs(book["Definitions"])["Note"].startswith("The history is too short for any horizon")
    assert client.get("/reports/evidence/NOSUCH.xlsx").json["code"] == "ticker_not_found"


def test_a_universe_has_one_of_its_own(client: Client) -> None:
    missing = client.get("/reports/evidence.xlsx")
    assert (missing.status_code, missing.json["code"]) == (404, "evidence_not_found")
    job = client.post("/evidence", {"universe": "all", "horizons": [20, 60]}).json
    pending = client.get("/reports/evidence.xlsx")
    assert (pending.status_code, pending.json["code"], job["id"] in pending.json["detail"]) == (404, "evidence_not_found", True)
    run_jobs(kinds=[UniverseCalibration()])
    evidence = client.get("/evidence").json
    book = download(client, "/reports/evidence.xlsx")
    assert book.sheetnames == ["Summary", "Deciles", "Verdicts"]
    summary = pairs(book["Summary"])
    assert (summary["Strategy"], summary["Universe"], summary["Tickers"]) == ("Balanced", "all", 4)
    assert summary["Beside buying and holding"] == evidence["beat"]["sentence"]
    deciles = [(horizon["h"], decile) for horizon in evidence["horizons"] for decile in horizon["deciles"]]
    for row, (horizon, decile) in zip(rows(book["Deciles"]), deciles, strict=True):
        assert (row["Horizon, days"], row["Decile"], row["Days"]) == (horizon, decile["decile"], decile["n"])
        assert row["Excess, low"] == pytest.approx(decile["excess_low"])
    verdicts = [(horizon["h"], verdict) for horizon in evidence["horizons"] for verdict in horizon["verdicts"]]
    for row, (horizon, verdict) in zip(rows(book["Verdicts"]), verdicts, strict=True):
        assert (row["Horizon, days"], row["Verdict"], row["Tickers"]) == (horizon, verdict["verdict"], verdict["tickers"])
        assert row["Lift"] == (None if verdict["lift"] is None else pytest.approx(verdict["lift"]))
