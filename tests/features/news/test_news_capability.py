"""The capability `news`: stored news for schedules and pipelines."""

from __future__ import annotations

from typing import Any

import pytest
from kit.feeds import add, fetch, item, rss, serving
from kit.receivers import Receiver
from kit.support import Client
from pydantic import ValidationError

import database
from features.news.kinds import FeedReading
from infrastructure.capability import Call, Reads
from models.errors import BellwetherError

CALL = Call(1, "a key", "a test")


def answer(client: Client, **inputs: Any) -> list[str]:
    capability = client.app.services.foundation.capabilities.find("news")
    assert isinstance(capability.work, Reads)
    found = capability.work.answer(database.current(), CALL, capability.inputs.model_validate(inputs))
    return [each["title"] for each in found["items"]]


def test_news_of_tickers_of_a_universe_and_of_all(client: Client, server: Receiver, kind: FeedReading) -> None:
    server.answer = serving(rss(item("$AAPL up", 1), item("$MSFT and $AAPL", 2), item("$NONE", 3), item("Weather", 4)))
    fetch(client, add(client, server.url("/a"))["id"], kind)
    assert sorted(answer(client)) == ["$AAPL up", "$MSFT and $AAPL", "$NONE", "Weather"]
    assert sorted(answer(client, tickers=["aapl"])) == ["$AAPL up", "$MSFT and $AAPL"]
    assert answer(client, tickers=["MSFT", "IBM"]) == ["$MSFT and $AAPL"]
    assert sorted(answer(client, universe="all")) == ["$AAPL up", "$MSFT and $AAPL"]
    assert len(answer(client, limit=1)) == 1
    client.post("/watchlist", {"ticker": "MSFT"})
    assert answer(client, universe="watchlist", days=1) == ["$MSFT and $AAPL"]


def test_an_empty_list_has_no_news(client: Client) -> None:
    assert answer(client, universe="watchlist") == []


@pytest.mark.parametrize("inputs", [{"days": 0}, {"days": 91}, {"limit": 201}, {"nosuch": 1}, {"tickers": ["A"], "universe": "all"}])
def test_inputs_are_checked(client: Client, inputs: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer(client, **inputs)


def test_a_universe_that_is_not_there(client: Client) -> None:
    with pytest.raises(BellwetherError):
        answer(client, universe="nosuch")
