"""The Excel report of an index, read back."""

from __future__ import annotations

import pytest
from kit.reports import download, rows
from kit.support import Client

RULES = {"members": {"tickers": ["AAPL", "IBM", "MSFT"]}, "weighting": {"method": "inverse_volatility"}, "start": "2012-01-03"}


def test_it_says_what_the_index_says(client: Client) -> None:
    index = client.post("/indexes", {"name": "Calm", **RULES}).json
    book = download(client, f"/reports/index/{index['id']}.xlsx")
    assert book.sheetnames == ["Index", "Members", "Rebalancings", "Weights", "Levels"]
    facts = {row["What"]: row["Value"] for row in rows(book["Index"])}
    assert (facts["Name"], facts["Members"], facts["Weights follow"]) == ("Calm", "AAPL, IBM, MSFT", "inverse volatility")
    assert facts["Level"] == pytest.approx(index["level"])
    assert facts["Currency"] == "USD"  # of its members: the rules name none
    members = client.get(f"/indexes/{index['id']}/allocations").json["items"]
    assert [(row["Ticker"], row["Weight"]) for row in rows(book["Members"])] == [
        (item["ticker"], pytest.approx(item["weight"])) for item in members
    ]
    ledger = client.get(f"/indexes/{index['id']}/rebalances").json["items"]
    assert [(row["Number"], row["Turnover"]) for row in rows(book["Rebalancings"])] == [
        (line["number"], pytest.approx(line["turnover"])) for line in reversed(ledger)
    ]
    assert len(rows(book["Weights"])) == 3 * len(ledger)
    values = client.get(f"/indexes/{index['id']}/values?variant=total").json["items"]
    assert [row["With them"] for row in rows(book["Levels"])] == pytest.approx([item["value"] for item in values])


def test_there_is_none_of_what_is_not_there(client: Client) -> None:
    assert client.get("/reports/index/nosuch.xlsx").status_code == 404
