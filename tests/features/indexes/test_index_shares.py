"""Weights by capitalisation: shares are of the day on which they were given, and later splits change them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.bars import bars_of
from kit.series import store
from kit.support import Client

import database
from utils.clock import now, today

GIVEN, SPLIT = today() - timedelta(days=40), today() - timedelta(days=20)
FIRST = today() - timedelta(days=99)
FLAT = [100.0] * 100
CAP = {"method": "cap", "shares": {"ONE": {"shares": 1e6}, "TWO": {"shares": 1e6}}}


def made_before_the_split(client: Client, *, tells_the_day: bool) -> Any:
    """An index that was made forty days ago, of two companies that are worth the same; one has had a split since."""
    for ticker in ("ONE", "TWO"):
        store(ticker, bars_of(FLAT[:60], first=FIRST), now())
    rules = {"members": {"tickers": ["ONE", "TWO"]}, "weighting": CAP, "rebalance": "weekly"}
    made = client.post("/indexes", {"name": "Mine", **rules}).json
    assert made["rules"]["weighting"]["given_on"] == str(today())
    told = {"now": f'"given_on":"{today()}"', "then": f'"given_on":"{GIVEN}"' if tells_the_day else '"given_on":null'}
    for table in ("indexes", "index_versions"):
        database.execute_db(f"UPDATE {table} SET rules = REPLACE(rules, :now, :then)", told)
    database.execute_db("UPDATE index_versions SET created_at = :moment", {"moment": now() - timedelta(days=40)})
    store("TWO", bars_of(FLAT, first=FIRST), now())
    store("ONE", bars_of([close if FIRST + timedelta(days=at) < SPLIT else 25.0 for at, close in enumerate(FLAT)], first=FIRST), now())
    split = {"kind": "split", "numerator": 4, "denominator": 1, "effective_day": str(SPLIT)}
    assert client.post("/prices/ONE/actions", split).status_code == 201
    return made


def newest_weights(client: Client, index: Any) -> dict[str, float]:
    assert client.post(f"/indexes/{index['id']}/publish").status_code == 200
    line = client.get(f"/indexes/{index['id']}/rebalances?limit=1").json["items"][0]
    return {each["ticker"]: each["after"] for each in line["positions"]}


@pytest.mark.parametrize("tells_the_day", [True, False], ids=["told", "of before"])
@pytest.mark.parametrize("changes", [{}, {"cost_bp": 5.0}], ids=["unchanged", "another rule"])
def test_shares_follow_the_splits_since_they_were_given(client: Client, tells_the_day: bool, changes: dict[str, float]) -> None:
    made = made_before_the_split(client, tells_the_day=tells_the_day)
    if changes:
        assert client("PATCH", f"/indexes/{made['id']}", json=changes).status_code == 200
    assert newest_weights(client, made) == pytest.approx({"ONE": 0.5, "TWO": 0.5})


@pytest.mark.parametrize("tells_the_day", [True, False], ids=["told", "of before"])
def test_the_same_shares_given_again_are_those_of_today(client: Client, tells_the_day: bool) -> None:
    made = made_before_the_split(client, tells_the_day=tells_the_day)
    changed = client("PATCH", f"/indexes/{made['id']}", json={"weighting": CAP}).json
    assert (changed["version"], changed["rules"]["weighting"]["given_on"]) == (2, str(today()))
    assert newest_weights(client, made) == pytest.approx({"ONE": 0.2, "TWO": 0.8})
