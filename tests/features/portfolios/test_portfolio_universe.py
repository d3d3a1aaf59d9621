"""What a portfolio holds as a universe, named by the portfolio's id, wherever a request names one."""

from __future__ import annotations

from typing import Any

from kit.jobs import UNKNOWN_ID, another_organization, run_jobs
from kit.portfolios import make_portfolio, trade
from kit.reports import download, pairs
from kit.support import Client


def holding(client: Client, *tickers: str) -> str:
    """A portfolio that holds some tickers; its name as a universe."""
    portfolio = make_portfolio(client)
    for ticker in tickers:
        answer = client.post(f"/portfolios/{portfolio}/transactions", trade("buy", "2012-01-03", ticker, "2", "100"))
        assert answer.status_code == 201, answer.json
    return f"portfolio:{portfolio}"


def refusals(client: Client, universe: str, **more: Any) -> list[Any]:
    return [
        client("POST", "/bulk-analyze", json={"universe": universe}, **more),
        client("GET", f"/results?universe={universe}", **more),
        client("GET", f"/universes/{universe}", **more),
    ]


def test_holdings_are_analysed_screened_and_reported(client: Client) -> None:
    universe = holding(client, "AAPL", "MSFT")
    queued = client.post("/bulk-analyze", {"universe": universe})
    assert (queued.status_code, queued.json["total"]) == (202, 2)
    run_jobs()
    client.post("/analyze", {"ticker": "IBM"})
    assert [item["ticker"] for item in client.get(f"/results?universe={universe}&sort=ticker").json["items"]] == ["AAPL", "MSFT"]
    read = client.get(f"/universes/{universe}").json
    assert (read["tickers"], read["built_in"]) == (2, True)
    book = download(client, f"/reports/results.xlsx?universe={universe}")
    assert pairs(book["Filters"])["Tickers"] == "held in a portfolio"
    assert client.delete(f"/universes/{universe}").status_code == 409


def test_what_is_sold_is_in_it_no_more(client: Client) -> None:
    universe = holding(client, "AAPL", "MSFT")
    portfolio = universe.partition(":")[2]
    assert client.post(f"/portfolios/{portfolio}/transactions", trade("sell", "2012-02-01", "MSFT", "2", "100")).status_code == 201
    assert [item["ticker"] for item in client.get(f"/universes/{universe}").json["items"]] == ["AAPL"]


def test_rules_watch_plans_of_what_is_held(client: Client) -> None:
    universe = holding(client, "AAPL")
    body = {"name": "At the stop", "on": "plan_touched", "universe": universe, "conditions": {"levels": ["stop", "target"]}}
    rule = client.post("/alert-rules", body).json
    assert rule["sentence"].startswith(
        "Tells you when prices reach the stop or target of the plan of Balanced for a holding of one of your"
    )
    seen = client.post("/alert-rules/preview", body).json
    assert seen["tickers"] == 1


def test_one_that_is_not_there_or_of_others_is_told(client: Client) -> None:
    universe, key = holding(client, "AAPL"), another_organization()
    told = [*refusals(client, f"portfolio:{UNKNOWN_ID}"), *refusals(client, universe, key=key)]
    for answer in told:
        assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
        assert "GET /api/v1/portfolios" in answer.json["detail"]


def test_an_empty_one_has_nothing_to_work_on(client: Client) -> None:
    universe = holding(client)
    refused = client.post("/bulk-analyze", {"universe": universe})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "universe")
    assert f"POST /api/v1/portfolios/{universe.partition(':')[2]}/transactions books some" in refused.json["detail"]
