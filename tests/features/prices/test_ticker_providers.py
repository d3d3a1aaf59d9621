"""A ticker's own order of providers: set and seen, and kept to by refreshes and fetches on demand."""

from __future__ import annotations

from typing import Any

import pytest
from kit.companies import Company
from kit.jobs import another_organization
from kit.market import Market, Trading, trading
from kit.price_server import Reply
from kit.support import Client

import database
from features.prices.provider_order import set_providers
from features.prices.refresh import RefreshFailed
from models.series_fetch import RefreshOutcome

DOWN = Reply(b"Bad gateway", 502)


def put(client: Client, providers: object, ticker: str = "ACME", **more: Any) -> Any:
    return client("PUT", f"/tickers/{ticker}/providers", json={"providers": providers}, **more)


def own_order(*providers: str) -> None:
    set_providers(database.current(), "ACME", providers)


def asked(own: Trading) -> dict[str, int]:
    return {name: len(server.asked) for name, server in own.servers.items()}


def test_an_order_is_set_seen_and_taken_back(client: Client) -> None:
    none = {"ticker": "ACME", "providers": [], "order": [], "updated_at": None}
    assert client.get("/tickers/acme/providers").json == none
    answer = put(client, ["yahoo", "tiingo"], "acme")
    assert (answer.status_code, answer.json["providers"], answer.json["order"]) == (200, ["yahoo", "tiingo"], [])
    assert client.get("/tickers/ACME/providers").json == answer.json
    assert put(client, ["yahoo", "tiingo"]).json == answer.json, "the same again changes nothing, nor its moment"
    assert client.get("/tickers/AAPL/providers").json["providers"] == []
    assert put(client, []).json == none
    assert put(client, []).json == none


@pytest.mark.parametrize(
    ("providers", "words"),
    [
        (["bloomberg"], "tiingo"),
        (["tiingo", "tiingo"], "twice"),
        (["tiingo", "twelvedata", "yahoo", "csv_url", "tiingo"], "4"),
        (["TIINGO"], "tiingo"),
        ("tiingo", "list"),
        ([None], "tiingo"),
        ([["tiingo"]], "tiingo"),
        (None, "list"),
    ],
)
def test_other_orders_are_refused(client: Client, providers: object, words: str) -> None:
    answer = put(client, providers)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert words in answer.json["errors"][0]["message"]
    assert client.get("/tickers/ACME/providers").json["providers"] == []


def test_unknown_fields_and_bad_tickers_are_refused(client: Client) -> None:
    assert client("PUT", "/tickers/ACME/providers", json={"providers": [], "more": 1}).status_code == 422
    assert client("PUT", "/tickers/ACME/providers", json={}).status_code == 422
    assert put(client, ["tiingo"], "A%20B").status_code == 422
    assert put(client, ["tiingo"], "A" * 21).status_code == 422


def test_shared_prices_are_the_operators(client: Client) -> None:
    key = another_organization()
    refused = put(client, ["tiingo"], key=key)
    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    put(client, ["tiingo"])
    assert client("GET", "/tickers/ACME/providers", key=key).json["providers"] == ["tiingo"]


def test_where_fetches_are_switched_off_nothing_is_set(client: Client) -> None:
    client("PUT", "/admin/flags/fetches", json={"enabled": False})
    assert put(client, ["tiingo"]).json["code"] == "feature_disabled"


def test_a_new_ticker_is_asked_of_its_own_providers_in_their_order(client: Client) -> None:
    with trading(Market({"ACME": Company(1)}), "tiingo", "twelvedata", "csv_url") as own:
        own_order("yahoo", "csv_url", "twelvedata")  # yahoo is not configured, and is passed over
        assert own.refresher.refresh("ACME").provider == "csv_url"
        assert asked(own) == {"tiingo": 0, "twelvedata": 0, "csv_url": 1}


def test_the_next_of_its_own_providers_takes_over_and_no_other(client: Client) -> None:
    with trading(Market({"ACME": Company(1)}), "tiingo", "twelvedata", "csv_url", answers={"csv_url": lambda asked: DOWN}) as own:
        own_order("csv_url", "twelvedata")
        assert own.refresher.refresh("ACME").provider == "twelvedata"
        own_order("csv_url")
        with pytest.raises(RefreshFailed, match="502") as caught:
            own.refresher.refresh("ACME")
        assert caught.value.code == "prices_unavailable"
        assert asked(own)["tiingo"] == 0


def test_a_series_stays_with_its_provider_while_that_is_named(client: Client) -> None:
    market = Market({"ACME": Company(1)})
    with trading(market, "tiingo", "csv_url") as own:
        assert own.refresher.refresh("ACME").provider == "tiingo"
        own_order("csv_url", "tiingo")
        market.evening += 1
        extended = own.refresher.refresh("ACME")
        assert (extended.outcome, extended.provider) == (RefreshOutcome.EXTENDED, "tiingo")
        assert asked(own)["csv_url"] == 0


def test_a_provider_that_is_named_no_longer_is_replaced_as_one(client: Client) -> None:
    market = Market({"ACME": Company(1)})
    with trading(market, "tiingo", "csv_url") as own:
        own.refresher.refresh("ACME")
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
        before = asked(own)["tiingo"]
        own_order("csv_url")
        replaced = own.refresher.refresh("ACME")
        assert (replaced.outcome, replaced.provider, replaced.reason) == (
            RefreshOutcome.REPLACED, "csv_url", "the stored prices are of tiingo",
        )  # fmt: skip
        fetch = client.get("/prices/ACME/quality").json["fetch"]
        assert (fetch["provider"], fetch["is_whole"], fetch["replaced_at"]) == ("csv_url", True, fetch["fetched_at"])
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
        assert asked(own) == {"tiingo": before, "csv_url": 1}
        # Without an order of its own it stays where it is now.
        own_order()
        market.evening += 1
        assert own.refresher.refresh("ACME").provider == "csv_url"


def test_where_none_of_its_own_is_configured_the_error_says_so_and_the_prices_stay(client: Client) -> None:
    with trading(Market({"ACME": Company(1)}), "tiingo") as own:
        own.refresher.refresh("ACME")
        own_order("twelvedata", "yahoo")
        with pytest.raises(RefreshFailed) as caught:
            own.refresher.refresh("ACME")
        for words in ("ACME is asked of twelvedata, yahoo only", "PRICE_PROVIDERS has tiingo", "PUT /api/v1/tickers/ACME/providers"):
            assert words in str(caught.value)
        quality = client.get("/prices/ACME/quality").json
        assert (quality["provider"], quality["fetch_failure"]["message"]) == ("tiingo", str(caught.value))
        own_order("tiingo")
        assert client.get("/prices/ACME/quality").json["fetch_failure"] is None, "it is asked for again"
        assert own.refresher.refresh("ACME").outcome is RefreshOutcome.CURRENT
