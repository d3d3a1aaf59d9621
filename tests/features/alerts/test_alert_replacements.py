"""Real refreshes and analyses: rules tell of verdicts that change, and never of prices that were replaced as one."""

from __future__ import annotations

from typing import Any

import pytest
from kit.alerting import Evening, alerts, make_rule
from kit.companies import BARS, Company
from kit.jobs import run_jobs
from kit.market import Market, Trading, trading
from kit.support import Client

import database
from features.prices.refresh import Refresher
from infrastructure.outbox import hand_out
from models.series_fetch import RefreshOutcome
from utils.clock import now

FIRST = BARS - 60
ACTIONS = range(FIRST + 4, BARS, 7)  # the bars on which something happens
COMPANIES = {
    "dividends": Company(1, dividends=tuple((at, 0.03) for at in ACTIONS)),
    "splits": Company(2, splits=tuple((at, 2.0 if number % 2 else 0.5) for number, at in enumerate(ACTIONS))),
}


def refresh(own: Trading, evening: int) -> RefreshOutcome:
    own.market.evening = evening
    return Refresher(database.current(), own.configured, now).refresh("ACME", force=True).outcome


def analyse(client: Client, **more: Any) -> Any:
    answer = client.post("/analyze", {"ticker": "ACME", **more})
    assert answer.status_code == 200, answer.json
    return answer.json


@pytest.mark.parametrize("name", COMPANIES)
def test_what_is_replaced_tells_nothing_and_what_turns_is_told(client: Client, evening: Evening, name: str) -> None:
    """An alert for each evening on which the verdict differs from that of the day before, by the prices of that evening."""
    expected, replaced, naive = list[str](), 0, 0
    with trading(Market({"ACME": COMPANIES[name]}, evening=FIRST), "tiingo") as own:
        refresh(own, FIRST)
        told = analyse(client)
        make_rule(client, conditions={"dead_band": 0})
        for at in range(FIRST + 1, BARS - 1):
            before = own.market.day.isoformat()
            replaced += refresh(own, at) is RefreshOutcome.REPLACED
            former = analyse(client, as_of=before)["verdict"]
            naive += former != told["verdict"]
            if at % 2:
                client.post("/bulk-analyze", {"tickers": ["ACME"]})
                run_jobs()
            told = analyse(client)
            if told["verdict"] != former:
                expected.append(told["as_of"])
            hand_out(database.current(), evening.app.services.foundation.subscribers)
    assert replaced >= len(ACTIONS) - 2
    assert len(expected) > 3
    assert naive > 0 or name == "splits", "some verdicts change by the replacement alone"
    assert [alert["day"] for alert in alerts(client)] == expected
