"""What the quality and the actions of a ticker tell of prices that were fetched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.companies import BARS, Company, day_of_bar
from kit.market import Market, trading
from kit.price_server import Reply
from kit.reports import price_file
from kit.support import Client

from features.prices.refresh import RefreshFailed

DOWN = Reply(b"Bad gateway", 502)
PAYER = Company(1, splits=((60, 2.0),), dividends=((100, 0.01),))


def quality(client: Client, ticker: str = "ACME") -> Any:
    answer = client.get(f"/prices/{ticker}/quality")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_fetched_series_tells_from_whom_and_when(client: Client) -> None:
    market = Market({"ACME": Company(1)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        fetch = quality(client)["fetch"]
        assert fetch == {
            "provider": "tiingo", "fetched_at": f"{market.moment:%Y-%m-%dT%H:%M:%S}Z", "provisional_day": None, "currency": "USD",
            "time_zone": "America/New_York", "exchange": "XNYS", "is_whole": True, "reason": None, "added": market.evening + 1,
            "changed": 0, "replaced_at": None,
        }  # fmt: skip
        market.evening += 2
        own.refresher.refresh("ACME")
    fetch = quality(client)["fetch"]
    assert (fetch["is_whole"], fetch["added"]) == (False, 2)
    assert quality(client)["fetch_failure"] is None


def test_a_history_that_was_replaced_tells_when_and_why(client: Client) -> None:
    market = Market({"ACME": Company(3, splits=((BARS - 15, 2.0),))})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        market.evening = BARS - 14
        own.refresher.refresh("ACME")
    fetch = quality(client)["fetch"]
    assert "is reported" in fetch["reason"]
    assert fetch["replaced_at"] == fetch["fetched_at"]


def test_an_unfinished_day_is_told(client: Client) -> None:
    market = Market({"ACME": Company(4)})
    with trading(market, "tiingo") as own:
        own.clock.offset = timedelta(hours=-29, minutes=-30)  # New York trades
        own.refresher.refresh("ACME")
    assert quality(client)["fetch"]["provisional_day"] == str(market.day)


def test_prices_that_nobody_can_serve_stay_and_tell_why_until_somebody_does(client: Client) -> None:
    market = Market({"ACME": Company(2)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
        before = quality(client)
        answering, own.servers["tiingo"].answer = own.servers["tiingo"].answer, lambda asked: DOWN
        market.evening += 3
        with pytest.raises(RefreshFailed):
            own.refresher.refresh("ACME")
        after = quality(client)
        assert (after["last"], after["fetch"]) == (before["last"], before["fetch"])
        assert after["fetch_failure"]["code"] == "prices_unavailable"
        assert "tiingo" in after["fetch_failure"]["message"].lower()
        assert after["fetch_failure"]["failed_at"] > after["fetch"]["fetched_at"]
        own.servers["tiingo"].answer = answering
        own.refresher.refresh("ACME")
    assert quality(client)["fetch_failure"] is None


def test_an_own_upload_and_what_came_with_the_product_were_fetched_by_nobody(client: Client) -> None:
    assert (quality(client, "AAPL")["fetch"], quality(client, "AAPL")["fetch_failure"]) == (None, None)
    with trading(Market({"ACME": Company(2)}), "tiingo") as own:
        own.refresher.refresh("ACME")
    client.put("/prices/ACME", price_file(60))
    assert (quality(client)["provider"], quality(client)["fetch"], quality(client)["fetch_failure"]) == ("upload", None, None)
    client.delete("/prices/ACME")
    assert quality(client)["fetch"]["provider"] == "tiingo"


def test_the_provider_s_actions_are_listed_with_what_they_were_applied_to(client: Client) -> None:
    market = Market({"ACME": PAYER})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
    split, dividend = client.get("/prices/ACME/actions").json["items"]
    assert (split["kind"], split["numerator"], split["denominator"], split["source"]) == ("split", 2, 1, "tiingo")
    assert (split["effective_day"], split["applied_to"], split["reason"]) == (str(day_of_bar(60)), ["volume"], None)
    assert (dividend["kind"], dividend["source"], dividend["applied_to"]) == ("dividend", "tiingo", [])
    assert "adjusted closes" in dividend["reason"]
    assert client.get("/prices/ACME").json["actions"] == [split, dividend]
    assert client.get(f"/prices/ACME/actions/{split['id']}").json == split


def test_what_a_user_tells_of_fetched_prices_stands_beside_and_changes_nothing(client: Client) -> None:
    with trading(Market({"ACME": PAYER}), "tiingo") as own:
        own.refresher.refresh("ACME")
    before = client.post("/analyze", {"ticker": "ACME"}).json
    told = client.post("/prices/ACME/actions", {"kind": "split", "effective_day": str(day_of_bar(80)), "numerator": 3, "denominator": 1})
    assert (told.status_code, told.json["applied_to"]) == (201, [])
    items = client.get("/prices/ACME/actions").json["items"]
    assert [item["source"] for item in items] == ["tiingo", "user", "tiingo"]
    assert items[0]["applied_to"] == ["volume"]
    pages = [client.get("/prices/ACME/actions?limit=1").json]
    while pages[-1]["next_cursor"]:
        pages.append(client.get(f"/prices/ACME/actions?limit=1&cursor={pages[-1]['next_cursor']}").json)
    assert [item for page in pages for item in page["items"]] == items
    assert client.post("/analyze", {"ticker": "ACME"}).json == before
    refused = client.delete(f"/prices/ACME/actions/{items[0]['id']}")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert client.delete(f"/prices/ACME/actions/{told.json['id']}").status_code == 204
    assert len(client.get("/prices/ACME/actions").json["items"]) == 2


def test_an_own_upload_does_not_get_the_provider_s_actions(client: Client) -> None:
    with trading(Market({"ACME": PAYER}), "tiingo") as own:
        own.refresher.refresh("ACME")
    client.put("/prices/ACME", price_file(60))
    assert client.get("/prices/ACME/actions").json["items"] == []
