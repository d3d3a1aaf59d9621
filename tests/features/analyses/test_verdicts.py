"""The verdicts of all strategies on one ticker, beside the analyses that explain them."""

from __future__ import annotations

from kit.support import Client

from models.strategy import STRATEGIES


def test_each_strategy_says_what_its_analysis_says(client: Client) -> None:
    answer = client.get("/verdicts/aapl").json
    assert [item["strategy"] for item in answer["items"]] == list(STRATEGIES)
    for item in answer["items"]:
        result = client.post("/analyze", {"ticker": "AAPL", "strategy": item["strategy"]}).json
        assert item == {"strategy": result["strategy"], "name": STRATEGIES[result["strategy"]].name} | {
            key: result[key] for key in ("score", "verdict", "signal")
        }
        assert (answer["ticker"], answer["as_of"], answer["close"]) == ("AAPL", result["as_of"], result["close"])


def test_nothing_is_stored(client: Client) -> None:
    client.get("/verdicts/AAPL")
    assert client.get("/history/AAPL").json["items"] == client.get("/results").json["items"] == []


def test_the_tag_changes_with_the_prices(client: Client) -> None:
    rows = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    client.put("/prices/MINE", rows)
    tag = client.get("/verdicts/MINE").headers["ETag"]
    assert client.get("/verdicts/MINE", headers={"If-None-Match": tag}).status_code == 304
    client.put("/prices/MINE?extend=true", rows + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n")
    answer = client.get("/verdicts/MINE", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json["as_of"]) == (200, "2013-03-04")


def test_without_enough_prices_there_is_a_reason(client: Client) -> None:
    rows = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data.splitlines()
    client.put("/prices/FEW", b"\n".join(rows[:50]))
    assert (client.get("/verdicts/NONE").status_code, client.get("/verdicts/NONE").json["code"]) == (404, "ticker_not_found")
    assert (client.get("/verdicts/FEW").status_code, client.get("/verdicts/FEW").json["code"]) == (422, "insufficient_history")
