"""Changes of the rules of an index: what they ask for, since when they hold, and what they leave as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.series import store
from kit.support import Client

import database
from features.indexes import service
from features.indexes.service import IndexChanges
from infrastructure.feature import Universes
from models.api_key import FIRST_ORG
from models.index import IndexRules, IndexWeighting, WeightingMethod
from utils.clock import now

FIRST = date(2024, 1, 1)


def put(count: int, *tickers: str) -> None:
    for ticker in tickers or ("ONE", "TWO"):
        store(ticker, bars_of(10 + 0.1 * np.arange(count), first=FIRST), now())


def make(client: Client, **rules: Any) -> Any:
    answer = client.post("/indexes", {"name": "Mine", "members": {"tickers": ["ONE", "TWO"]}, **rules})
    assert answer.status_code == 201, answer.json
    return answer.json


def change(client: Client, index: Any, **changes: Any) -> Any:
    return client("PATCH", f"/indexes/{index['id']}", json=changes)


def test_the_next_rebalancing_is_by_the_rules_that_hold(client: Client) -> None:
    put(72)  # to 12 March
    made = make(client, rebalance="quarterly")
    changed = change(client, made, rebalance="weekly").json
    assert (made["next_reference_day"], changed["next_reference_day"]) == ("2024-03-29", "2024-03-15")
    assert change(client, made, name="Other").json["next_reference_day"] == "2024-03-15"


def test_rules_begin_after_what_was_published_while_they_were_checked(client: Client) -> None:
    put(70)
    made = make(client)
    put(95)  # to 4 April: a rebalancing is due on 1 April
    current = database.current()

    def only_one(rules: IndexRules) -> IndexRules:
        service.update(current, FIRST_ORG, made["id"], Universes())
        return replace(rules, weighting=IndexWeighting(WeightingMethod.CUSTOM, weights={"ONE": 1.0}))

    changed = service.change(current, FIRST_ORG, made["id"], IndexChanges(rules=only_one), Universes())
    versions = client.get(f"/indexes/{made['id']}/versions").json["items"]
    assert (changed.version, versions[-1]["since"]) == (2, "2024-04-04")
    put(125)
    client.post(f"/indexes/{made['id']}/publish")
    lines = client.get(f"/indexes/{made['id']}/rebalances").json["items"]
    assert [(line["reference_day"], line["version"]) for line in lines[:2]] == [("2024-04-30", 2), ("2024-03-31", 1)]


def test_a_change_asks_only_for_what_the_rules_did_not_have(client: Client) -> None:
    own = client.post("/strategies", {"name": "Own", "base": "balanced"}).json["id"]
    rules = {"members": {"tickers": ["AAPL", "IBM"]}, "weighting": {"method": "score", "strategy": own}, "start": "2012-01-03"}
    made = make(client, **rules)
    assert client.delete(f"/strategies/{own}").status_code == 204
    assert change(client, made, cost_bp=5).status_code == 200
    other = make(client, name="Other", members={"tickers": ["AAPL", "IBM"]})
    assert change(client, other, weighting={"method": "score", "strategy": own}).json["code"] == "validation_error"


def test_a_member_without_prices_is_refused_only_where_it_is_new(client: Client) -> None:
    text = "Date,Open,High,Low,Close,Volume\n" + "".join(f"2024-01-{day:02d},10,10,10,10,1000\n" for day in range(1, 31))
    for ticker in ("ONE", "TWO"):
        assert client.put(f"/prices/{ticker}", text, content_type="text/csv").status_code == 200
    made = make(client, single_cap=0.5)
    assert client.delete("/prices/TWO").status_code == 204
    assert change(client, made, cost_bp=5).status_code == 200
    answer = change(client, made, members={"tickers": ["ONE", "TWO", "NONE"]})
    assert (answer.status_code, answer.json["code"]) == (404, "ticker_not_found")
    assert "NONE" in answer.json["detail"]


@pytest.mark.parametrize("currency", [None, "USD"])
def test_what_a_change_is_refused_for_can_be_done(client: Client, currency: str | None) -> None:
    put(70, "HOME", "AWAY")
    assert client.put("/universes/told", "Ticker,Currency\nHOME,USD\nAWAY,EUR\n", content_type="text/csv").status_code == 201
    assert "Say the currency" in client.post("/indexes/preview", {"members": {"tickers": ["HOME", "AWAY"]}}).json["detail"]
    made = make(client, members={"tickers": ["HOME"]}, currency=currency)
    answer = change(client, made, members={"tickers": ["HOME", "AWAY"]})
    if currency is None:
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "members")
        assert "make a new index with one" in answer.json["detail"]
    else:
        assert answer.json["code"] == "rate_not_found"
