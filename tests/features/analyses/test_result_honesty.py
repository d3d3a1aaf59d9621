"""GET /results/{id}/honesty on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from kit.support import Client

from analysis.engine import ENGINE_VERSION


def honesty(client: Client, result_id: str) -> Any:
    answer = client.get(f"/results/{result_id}/honesty")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_the_scores_of_a_result_do_not_know_the_future(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "MSFT", "weights": {"rsi": 2}}).json
    answer = honesty(client, result["id"])
    told = [answer[name] for name in ("result_id", "ticker", "as_of", "engine_version", "clean")]
    assert told == [result["id"], "MSFT", result["as_of"], ENGINE_VERSION, True]
    lookahead = answer["lookahead"]
    assert (lookahead["days"], lookahead["changed"], lookahead["examples"], lookahead["last"]) == (60, 0, [], result["as_of"])
    assert lookahead["max_difference"] < 1e-9
    assert [row["bars"] for row in answer["recursion"]] == [120, 200, 250, 300, 400, 500, 750, 1000]
    assert len(answer["meaning"]) == 2
    assert answer == honesty(client, result["id"])


def test_of_an_earlier_day_later_prices_are_not_looked_at(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL", "as_of": "2002-06-28"}).json
    answer = honesty(client, result["id"])
    assert (answer["as_of"], answer["lookahead"]["last"]) == ("2002-06-28", "2002-06-28")
    assert max(row["bars"] for row in answer["recursion"]) < result["bars"]


def test_a_short_history_answers_with_what_it_has(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "FB"}).json
    answer = honesty(client, result["id"])
    assert (answer["clean"], answer["lookahead"]["days"]) == (True, 60)
    assert [row["bars"] for row in answer["recursion"]] == [120]


@pytest.mark.parametrize("change", ["replace", "delete"])
def test_it_needs_the_bars_of_the_result(client: Client, change: str) -> None:
    rows = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    client.put("/prices/OURS", rows)
    result = client.post("/analyze", {"ticker": "OURS"}).json
    client.put("/prices/OURS", rows + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n")
    assert honesty(client, result["id"])["lookahead"]["last"] == result["as_of"]  # its bars are still there
    if change == "replace":
        client.put("/prices/OURS", rows.replace(b"2013-03-01,200.65", b"2013-03-01,201.65"))
    else:
        client.delete("/prices/OURS")
    answer = client.get(f"/results/{result['id']}/honesty")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_an_unknown_parameter_is_refused(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "IBM"}).json
    assert client.get(f"/results/{result['id']}/honesty?days=10").json["code"] == "validation_error"
