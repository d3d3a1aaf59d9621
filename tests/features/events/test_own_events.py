"""The events that the service writes itself."""

from __future__ import annotations

from datetime import timedelta

from kit.companies import BARS, Company
from kit.events import recorded
from kit.jobs import finished, run_jobs
from kit.market import Market, trading
from kit.support import Client
from kit.turning import days_of_two_verdicts, upload_until

import database
from features.prices.events import tell_of_stale_prices
from features.prices.refresh import Refresher
from models.api_key import SHARED_ORG
from models.event import EventType
from utils.clock import now

SPLIT_AT = BARS - 15


def test_a_changed_verdict_is_told_once(client: Client) -> None:
    before, after = days_of_two_verdicts(client)
    assert recorded(EventType.VERDICT_CHANGED) == []  # none of these is the latest of a ticker
    upload_until(client, before["as_of"])
    client.post("/analyze", {"ticker": "MINE"})
    assert recorded(EventType.VERDICT_CHANGED) == []  # the first verdict is no change
    upload_until(client, after["as_of"])
    result = client.post("/analyze", {"ticker": "MINE"}).json
    (event,) = recorded(EventType.VERDICT_CHANGED)
    assert event.subject == "MINE"
    told = event.data
    assert (told["from"], told["to"]) == (before["verdict"], after["verdict"])
    assert (told["result_id"], told["strategy"], told["score"]) == (result["id"], "balanced", result["score"])
    assert (told["as_of"], told["close"]) == (result["as_of"], result["close"])
    client.post("/analyze", {"ticker": "MINE"})
    finished(client, "MINE", force=True)
    assert len(recorded(EventType.VERDICT_CHANGED)) == 1


def test_a_bulk_analysis_tells_the_same(client: Client) -> None:
    before, after = days_of_two_verdicts(client)
    upload_until(client, before["as_of"])
    finished(client, "MINE")
    upload_until(client, after["as_of"])
    job = finished(client, "MINE")
    (event,) = recorded(EventType.VERDICT_CHANGED)
    assert (event.data["from"], event.data["to"]) == (before["verdict"], after["verdict"])
    ended = recorded(EventType.JOB_FINISHED)
    assert [one.subject for one in ended][-1] == job["id"]
    told = ended[-1].data
    assert (told["kind"], told["status"], told["succeeded"], told["failed"]) == ("bulk_analysis", "completed", 1, 0)


def test_every_end_of_a_job_is_told(client: Client) -> None:
    cancelled = client.post("/bulk-analyze", {"tickers": ["AAPL", "IBM"]}).json["id"]
    client.post(f"/jobs/{cancelled}/cancel")
    failing = client.post("/bulk-analyze", {"tickers": ["NOWHERE"]}).json["id"]
    run_jobs()
    told = {event.subject: event.data for event in recorded(EventType.JOB_FINISHED)}
    assert (told[cancelled]["status"], told[cancelled]["cancelled"]) == ("cancelled", 2)
    assert (told[failing]["status"], told[failing]["failed"]) == ("completed", 1)
    assert len(told) == 2


def test_prices_that_come_and_a_split_are_told(client: Client) -> None:
    with trading(Market({"ACME": Company(3, splits=((SPLIT_AT, 2.0),))}), "tiingo") as own:
        refresher = Refresher(database.current(), own.configured, now)
        refresher.refresh("ACME", force=True)
        own.market.evening = SPLIT_AT + 2
        refresher.refresh("ACME", force=True)
        refresher.refresh("ACME", force=True)
    first, second = recorded(EventType.PRICES_REFRESHED, SHARED_ORG)
    assert (first.data["outcome"], second.data["outcome"]) == ("new", "replaced")
    assert second.data["source"] == "tiingo"
    assert second.data["last_day"] > first.data["last_day"]
    assert second.data["previous_close"] is not None
    (split,) = recorded(EventType.SPLIT_DETECTED, SHARED_ORG)
    assert (split.subject, split.data["ratio"]) == ("ACME", 2.0)


def test_a_split_turns_no_verdict(client: Client) -> None:
    """The former verdict is computed again from the new prices before the new one is compared with it."""
    with trading(Market({"ACME": Company(3, splits=((SPLIT_AT, 2.0),))}), "tiingo") as own:
        refresher = Refresher(database.current(), own.configured, now)
        refresher.refresh("ACME", force=True)
        client.post("/analyze", {"ticker": "ACME"})
        own.market.evening = SPLIT_AT
        refresher.refresh("ACME", force=True)
        client.post("/analyze", {"ticker": "ACME"})
    turned = recorded(EventType.VERDICT_CHANGED)
    latest = client.get("/results?q=ACME&strategy=balanced").json["items"][0]
    assert [event.data["from"] for event in turned] == ([latest["former_verdict"]] if latest["former_verdict"] else [])


def test_uploads_are_told_to_their_organization(client: Client) -> None:
    upload_until(client, "2012-06-29")
    upload_until(client, "2012-06-29")  # changes nothing
    upload_until(client, "2012-07-31")
    assert [event.data["outcome"] for event in recorded(EventType.PRICES_REFRESHED)] == ["new", "replaced"]
    assert recorded(EventType.PRICES_REFRESHED)[-1].data["last_day"] == "2012-07-31"
    client.post("/prices/MINE/restore")
    assert recorded(EventType.PRICES_REFRESHED)[-1].data["outcome"] == "restored"


def test_stale_prices_are_told_once(client: Client) -> None:
    upload_until(client, "2012-06-29")
    assert tell_of_stale_prices(database.current()) == 1  # none of the sample's
    assert tell_of_stale_prices(database.current()) == 0
    (event,) = recorded(EventType.PRICES_STALE)
    assert (event.subject, event.data["last_day"]) == ("MINE", "2012-06-29")
    assert event.data["days"] > 5
    upload_until(client, "2012-07-31")
    assert tell_of_stale_prices(database.current(), now() + timedelta(days=1)) == 1


def test_changes_of_watch_lists_are_told(client: Client) -> None:
    client.post("/watchlist", {"ticker": "AAPL"})
    client.post("/watchlist/items", {"tickers": ["AAPL", "IBM", "FB"]})
    client.delete("/watchlist/IBM")
    told = [(event.data["added"], event.data["removed"]) for event in recorded(EventType.WATCHLIST_CHANGED)]
    assert told == [(["AAPL"], []), (["IBM", "FB"], []), ([], ["IBM"])]
