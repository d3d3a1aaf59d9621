"""A portfolio of cash alone has no days of its own, and says so."""

from __future__ import annotations

from kit.portfolios import booked, cash, make_portfolio, trade
from kit.support import Client


def test_cash_alone_is_told_as_what_cannot_be_measured_until_something_is_bought(client: Client) -> None:
    portfolio = make_portfolio(client)
    booked(client, portfolio, cash("deposit", "2009-01-05", "5000.50"))
    answer = client.get(f"/portfolios/{portfolio}/performance?period=max")
    assert (answer.status_code, answer.json["code"]) == (422, "insufficient_history")
    assert "Only cash is booked" in answer.json["detail"]
    booked(client, portfolio, trade("buy", "2009-01-06", "AAPL", "10", "93.02"))
    assert client.get(f"/portfolios/{portfolio}/performance?period=max").status_code == 200
