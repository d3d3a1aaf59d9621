"""Weights by the score of an own strategy follow it as it was: what is computed anew has the version of then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.series import store
from kit.support import Client

import database
from utils.clock import now, today

TICKERS = ("ONE", "TWO", "SIX")
CHANGED = today() - timedelta(days=50)
WITHOUT_TREND = {"base": "balanced", "category_weights": {"trend": 0}}


def put(correction: float = 0.0) -> None:
    for seed, ticker in enumerate(TICKERS):
        walk = 50 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.001, 0.02, 600)))
        walk[470] *= 1 + correction
        store(ticker, bars_of(walk, first=today() - timedelta(days=599)), now())


def make(client: Client, name: str, strategy: str, **more: Any) -> Any:
    rules = {"members": {"tickers": TICKERS}, "weighting": {"method": "score", "strategy": strategy}, "rebalance": "weekly", **more}
    answer = client.post("/indexes", {"name": name, "start": str(today() - timedelta(days=150)), **rules})
    assert answer.status_code == 201, answer.json
    return answer.json


def weights(client: Client, index: Any) -> dict[str, dict[str, float]]:
    """By reference day."""
    lines = client.get(f"/indexes/{index['id']}/rebalances?limit=100").json["items"]
    return {line["reference_day"]: {each["ticker"]: each["after"] for each in line["positions"] if each["after"] > 0} for line in lines}


def test_what_is_computed_anew_is_by_the_strategy_as_it_was(client: Client) -> None:
    put()
    own = client.post("/strategies", {"name": "Own", "base": "balanced"}).json["id"]
    made = make(client, "Mine", own)
    client("PUT", f"/strategies/{own}", json={"name": "Own", **WITHOUT_TREND})
    for version, days in ((1, 400), (2, 50)):
        values = {"moment": now() - timedelta(days=days), "version": version}
        database.execute_db("UPDATE strategy_versions SET created_at = :moment WHERE version = :version", values)
    database.execute_db("UPDATE index_versions SET created_at = :moment", {"moment": now() - timedelta(days=100)})
    put(0.01)
    assert client.post(f"/indexes/{made['id']}/publish").json["revision"] == 2
    before = weights(client, make(client, "Before", "balanced"))
    other = client.post("/strategies", {"name": "Other", **WITHOUT_TREND}).json["id"]
    after = weights(client, make(client, "After", other))
    found = weights(client, made)
    assert {day < str(CHANGED) for day in found} == {True, False}
    for day, held in found.items():
        assert held == pytest.approx((before if day < str(CHANGED) else after)[day]), day
    assert before != after
