"""Changed verdicts: told in one message, each once, whatever dies in between."""

from __future__ import annotations

from typing import Any

import pytest
from kit.channels import make_channel, rows
from kit.events import ORG, Heard
from kit.support import Client

import database
from api.application import Application
from features.deliveries.change_capabilities import change_capabilities
from infrastructure.capability import Call, Reads, Writes
from infrastructure.outbox import record
from models.event import EventType, NewEvent
from utils.json_text import parse_tolerant

CALL = Call(ORG, "run:1", "a test")
RECORD = {"hit": 0.58, "lift": -0.02, "n": 640}


def turn(ticker: str, was: str, now: str, strategy: str = "balanced", **more: Any) -> None:
    """A verdict changes, and the event is handed out."""
    data = {
        "ticker": ticker,
        "strategy": strategy,
        "from": was,
        "to": now,
        "score": 0.31,
        "previous_score": 0.1,
        "close": 62.5,
        "as_of": "2026-11-27",
        "result_id": "r",
        "record": RECORD,
        **more,
    }
    with database.transaction() as connection:
        record(connection, ORG, [NewEvent(EventType.VERDICT_CHANGED, f"verdict:{ticker}:{strategy}:{was}:{now}", ticker, data)])
    Heard().listen()


@pytest.fixture
def use(app: Application) -> Any:
    """Calls a capability as a pipeline does."""
    capabilities = {each.name: each for each in change_capabilities(app.services.foundation)}

    def call(name: str, **given: Any) -> Any:
        capability = capabilities[name]
        inputs = capability.inputs.model_validate(given)
        if isinstance(capability.work, Reads):
            return capability.work.answer(database.current(), CALL, inputs)
        assert isinstance(capability.work, Writes)
        with database.transaction() as connection:
            return capability.work.answer(connection, CALL, inputs)

    return call


@pytest.fixture
def channel(app: Application) -> str:
    """The name of a channel."""
    return make_channel("mine", "http://127.0.0.1:9/hook").name


def test_what_changed_is_told_once(use: Any, channel: str) -> None:
    turn("AAPL", "Hold", "Buy")
    turn("IBM", "Buy", "Hold", "trend")
    found = use("changes")
    assert [(change["ticker"], change["was"], change["now"]) for change in found["items"]] == [
        ("AAPL", "Hold", "Buy"),
        ("IBM", "Buy", "Hold"),
    ]
    assert found["items"][0]["record"] == "Its record here: right after 20 days on 58 % of 640 days, 2.0 points less often than any day."
    assert found["items"][0]["link"] == "/tickers/AAPL?strategy=balanced"
    assert use("changes")["count"] == 2  # nobody has been told
    told = {name: found[name] for name in ("items", "count", "position", "cursor")}
    first = use("tell_changes", channels=[channel], **told)
    assert (first["told"], len(first["deliveries"])) == (2, 1)
    assert use("tell_changes", channels=[channel], **told)["deliveries"] == first["deliveries"]  # the same message
    assert use("changes")["count"] == 0
    turn("AAPL", "Buy", "Strong Buy")
    assert [change["was"] for change in use("changes")["items"]] == ["Buy"]


def test_a_verdict_that_turned_back_is_no_change(use: Any) -> None:
    turn("AAPL", "Hold", "Buy")
    turn("AAPL", "Buy", "Hold")
    turn("FB", "Hold", "Buy")
    turn("FB", "Buy", "Strong Buy")
    (change,) = use("changes")["items"]
    assert (change["ticker"], change["was"], change["now"]) == ("FB", "Hold", "Strong Buy")


def test_only_the_tickers_and_strategies_that_are_wanted(use: Any, client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    turn("AAPL", "Hold", "Buy")
    turn("AAPL", "Hold", "Sell", "trend")
    turn("IBM", "Hold", "Buy")
    assert [change["strategy"] for change in use("changes", universe="watchlist")["items"]] == ["balanced", "trend"]
    assert [change["strategy"] for change in use("changes", tickers=["AAPL"], strategies=["trend"])["items"]] == ["trend"]


def test_each_cursor_has_its_own_place(use: Any, channel: str) -> None:
    turn("AAPL", "Hold", "Buy")
    found = use("changes", cursor="a")
    use("tell_changes", channels=[channel], **found)
    assert use("changes", cursor="a")["count"] == 0
    assert use("changes", cursor="b")["count"] == 1


def test_a_message_that_is_not_queued_tells_nothing(use: Any) -> None:
    turn("AAPL", "Hold", "Buy")
    found = use("changes")
    with pytest.raises(Exception, match="nobody"):
        use("tell_changes", channels=["nobody"], **found)
    assert use("changes")["count"] == 1


def test_no_change_can_be_told_as_well(use: Any, channel: str) -> None:
    found = use("changes")
    assert found["items"] == []
    assert len(use("tell_changes", channels=[channel], **found)["deliveries"]) == 1


def test_strategies_are_told_by_their_names(use: Any, client: Client, channel: str) -> None:
    assert client.post("/strategies", {"id": "steady", "name": "Steady hand", "base": "trend"}).status_code == 201
    for strategy in ("steady", "reversion"):
        turn("AAPL", "Hold", "Buy", strategy)
    found = use("changes")
    assert [item["strategy"] for item in found["items"]] == ["reversion", "steady"]
    use("tell_changes", channels=[channel], **{name: found[name] for name in ("items", "count", "position")})
    (delivery,) = rows("deliveries")
    message = parse_tolerant(delivery["message"])
    assert [change["strategy"] for change in message["context"]["changes"]] == ["Mean reversion", "Steady hand"]
    assert [change["strategy"] for change in message["data"]["changes"]] == ["reversion", "steady"]
