"""What a portfolio holds as a universe, and for pipelines."""

from __future__ import annotations

import json

from kit.jobs import UNKNOWN_ID, another_organization, run_jobs
from kit.portfolios import booked, make_portfolio, trade
from kit.support import Client

import database
from infrastructure.capability import Call, Reads
from models.api_key import FIRST_ORG
from utils.json_text import dump


def held(client: Client) -> str:
    made = make_portfolio(client)
    booked(
        client,
        made,
        trade("buy", "2012-09-04", "AAPL", "1", "675"),
        trade("buy", "2012-09-04", "MSFT", "1", "30"),
        trade("buy", "2012-09-04", "IBM", "1", "190"),
        trade("sell", "2012-09-05", "IBM", "1", "190"),
    )
    return made


def test_what_is_held_is_analysed_and_screened(client: Client) -> None:
    portfolio = held(client)
    universe = f"portfolio:{portfolio}"
    read = client.get(f"/universes/{universe}").json
    assert ([item["ticker"] for item in read["items"]], read["built_in"]) == (["AAPL", "MSFT"], True)
    queued = client.post("/bulk-analyze", {"universe": universe})
    assert queued.status_code == 202, queued.json
    run_jobs()
    client.post("/analyze", {"ticker": "IBM"})
    assert [item["ticker"] for item in client.get(f"/results?universe={universe}&sort=ticker").json["items"]] == ["AAPL", "MSFT"]
    booked(client, portfolio, trade("sell", "2012-09-06", "MSFT", "1", "30"))
    assert [item["ticker"] for item in client.get(f"/results?universe={universe}").json["items"]] == ["AAPL"]
    rule = {"name": "Mine", "on": "verdict_changed", "universe": universe}
    assert client.post("/alert-rules", rule).status_code in (201, 422)


def test_what_is_no_portfolio_is_not_found(client: Client) -> None:
    portfolio, other = held(client), another_organization()
    for universe, more in ((f"portfolio:{UNKNOWN_ID}", {}), (f"portfolio:{portfolio}", {"key": other})):
        answer = client.get(f"/universes/{universe}", **more)
        assert (answer.status_code, answer.json["code"]) == (404, "universe_not_found")
    assert client.get("/universes/portfolio:mine").status_code == 422
    refused = client.put(f"/universes/portfolio:{portfolio}", "ticker\nAAPL\n")
    assert (refused.status_code, "or a portfolio" in refused.json["detail"]) == (409, True)
    empty = client.post("/bulk-analyze", {"universe": f"portfolio:{make_portfolio(client, name='Empty')}"})
    assert (empty.status_code, "transactions books some" in empty.json["detail"]) == (422, True)


def test_pipelines_and_schedules_read_holdings(client: Client) -> None:
    portfolio = held(client)
    capability = client.app.services.foundation.capabilities.find("holdings")
    assert isinstance(capability.work, Reads)
    inputs = capability.inputs.model_validate({"portfolio": portfolio})
    answer = capability.work.answer(database.current(), Call(FIRST_ORG, "key", "a test"), inputs)
    assert (answer["tickers"], answer["count"], answer["currency"]) == (["AAPL", "MSFT"], 2, "USD")
    assert json.loads(dump(answer)) == answer
