"""The trading days of an index are those of its members, and of who is still held; what is computed anew has the members of then."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.series import store
from kit.support import Client

from utils.clock import now

FIRST = date(2024, 1, 1)  # a Monday


def put(tickers: str, count: int, first: int = 0) -> None:
    """Store prices on each day, weekends too."""
    for ticker in tickers.split():
        store(ticker, bars_of(10 + 0.1 * np.arange(first, count), first=FIRST + timedelta(days=first)), now())


def put_weekdays(client: Client, ticker: str, count: int, correction: float = 0.0) -> None:
    """Store prices from Monday to Friday; that of one day is corrected."""
    days = [FIRST + timedelta(days=at) for at in range(count) if at % 7 < 5]
    closes = [10 + at / 10 + (correction if at == 12 else 0) for at in range(len(days))]
    lines = [f"{day},{close},{close},{close},{close},1000" for day, close in zip(days, closes, strict=True)]
    answer = client.put(f"/prices/{ticker}", "\n".join(["Date,Open,High,Low,Close,Volume", *lines]) + "\n", content_type="text/csv")
    assert answer.status_code == 200, answer.json


def make(client: Client, *tickers: str, **more: Any) -> Any:
    answer = client.post("/indexes", {"name": "Mine", "members": {"tickers": tickers}, "rebalance": "weekly", **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def change(client: Client, index: Any, **changes: Any) -> None:
    answer = client("PATCH", f"/indexes/{index['id']}", json=changes)
    assert answer.status_code == 200, answer.json


def publish(client: Client, index: Any) -> Any:
    answer = client.post(f"/indexes/{index['id']}/publish")
    assert answer.status_code == 200, answer.json
    return answer.json


def ledger(client: Client, index: Any) -> list[Any]:
    lines: list[Any] = client.get(f"/indexes/{index['id']}/rebalances?limit=100").json["items"]
    return lines


def is_on_a_weekend(day: str) -> bool:
    return date.fromisoformat(day).weekday() > 4


def test_days_on_which_only_a_former_member_trades_take_nobody_out(client: Client) -> None:
    put("ONE TWO", 70)
    made = make(client, "ONE", "TWO")
    change(client, made, members={"tickers": ["TWO"]})
    put("ONE TWO", 90)
    before = publish(client, made)
    put("ONE", 100)
    after = publish(client, made)
    assert (after["members"], after["last_day"]) == (before["members"], before["last_day"]) == (1, str(FIRST + timedelta(days=89)))


@pytest.mark.parametrize("between", [None, 100], ids=["at once", "in two steps"])
def test_a_former_member_that_trades_on_weekends_adds_no_days(client: Client, between: int | None) -> None:
    put_weekdays(client, "STOCK", 71)
    put("COIN", 71)
    made = make(client, "STOCK", "COIN")
    change(client, made, members={"tickers": ["STOCK"]})
    for count in filter(None, (between, 140)):
        put_weekdays(client, "STOCK", count)
        put("COIN", count)
        told = publish(client, made)
    assert (told["members"], told["revision"]) == (1, 1)
    sold = next(line["day"] for line in reversed(ledger(client, made)) if line["version"] == 2)
    newer = [item["day"] for item in client.get(f"/indexes/{made['id']}/values?start={made['last_day']}").json["items"]]
    assert [day for day in newer if is_on_a_weekend(day)] == [day for day in newer if is_on_a_weekend(day) and day <= sold]
    assert newer[-1] > "2024-05-01" > sold


def test_a_correction_has_the_days_of_the_members_of_then(client: Client) -> None:
    put_weekdays(client, "STOCK", 85)
    put("COIN", 85)
    made = make(client, "STOCK", rebalance="monthly")
    change(client, made, members={"tickers": ["STOCK", "COIN"]})

    def told(correction: float) -> Any:
        put_weekdays(client, "STOCK", 113, correction)
        found = publish(client, made)
        days = [item["day"] for item in client.get(f"/indexes/{made['id']}/values").json["items"]]
        return found["revision"], days, [(line["day"], line["reference_day"], line["version"]) for line in ledger(client, made)]

    put("COIN", 113)
    revision, days, lines = told(0)
    assert any(map(is_on_a_weekend, days))
    assert not is_on_a_weekend(lines[0][0])
    assert told(0.5) == (revision + 1, days, lines)


def test_a_correction_makes_no_member_of_who_was_only_still_held(client: Client) -> None:
    put("ONE TWO", 70)
    put("NEW", 70, first=60)  # too young to be weighted
    made = make(client, "ONE", "TWO", rebalance="monthly")
    change(client, made, members={"tickers": ["NEW"]}, weighting={"method": "momentum", "lookback": 60})
    put("ONE TWO", 95)
    put("NEW", 95, first=60)
    publish(client, made)
    before = [(line["day"], line["kind"]) for line in ledger(client, made)]
    assert before[0] == ("2024-04-01", "skipped")
    closes = 10 + 0.1 * np.arange(95)
    closes[40:] *= 1.5
    store("ONE", bars_of(closes, first=FIRST), now())
    assert publish(client, made)["revision"] == 2
    assert [(line["day"], line["kind"]) for line in ledger(client, made)] == before


def test_a_removal_costs_what_trading_cost_then(client: Client) -> None:
    put("ONE", 70)
    put("TWO", 40)
    made = make(client, "ONE", "TWO", rebalance="monthly", cost_bp=10)
    removal = next(line for line in ledger(client, made) if line["kind"] == "removal")
    change(client, made, cost_bp=1000)
    closes = 10 + 0.1 * np.arange(70)
    closes[10] *= 1.05
    store("ONE", bars_of(closes, first=FIRST), now())
    assert publish(client, made)["revision"] == 2
    again = next(line for line in ledger(client, made) if line["kind"] == "removal")
    assert (again["day"], again["version"]) == (removal["day"], 1)
    assert again["cost"] == pytest.approx(removal["cost"], rel=0.1)
