"""The part of the story (tools/api_story.py) about feeds and news. No feed is asked: what one told is stored beforehand."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from features.news import service
from features.news.fetching import FeedReader, Fetched, store_fetched
from features.news.service import FeedChanges
from infrastructure.address_guard import AddressGuard
from infrastructure.outbound import Outbound
from models.api_key import FIRST_ORG, MASTER
from models.news import MatchRule, NewItem, TickerMatch, Validators
from tools.api_recorder import Recorder
from utils.clock import now

WIRE = "https://news.example.com/markets.rss"
REPEATED = range(2)  # a request and its repetition, which gets the same answer


def store_news(connection: Connection) -> None:
    """Store a feed and what it told."""
    feed = service.add_feed(connection, FIRST_ORG, FeedChanges(frozenset(), WIRE, title="Market wire"), MASTER)
    match = TickerMatch("AAPL", MatchRule.COMPANY_NAME, "Apple Inc", "title")
    link = "https://news.example.com/2026/11/20/apple"
    item = NewItem("0" * 64, "1" * 64, "Apple Inc. raises its dividend", link, "Example News", now() - timedelta(hours=3), (match,))
    reader = FeedReader(Outbound(AddressGuard()), timedelta(minutes=30), timedelta(days=90))
    store_fetched(connection, FIRST_ORG, reader, {feed.id: Fetched((item,), "Example News", Validators(), False, 1)})


def tell_of_news(call: Recorder) -> None:
    """Call the operations of feeds and news."""
    feed = {"url": "https://news.example.com/apple.atom", "ticker": "AAPL"}
    added = call("add_feed", body=feed)["id"]
    call("add_feed", body=feed)
    call("add_feed", body={"url": "news.example.com"})
    call("list_feeds")
    call("get_feed", feed_id=added)
    call("change_feed", feed_id=added, body={"title": "Apple"})
    for key in ("2026-11-20-feed", "2026-11-20-feed-again"):
        for _ in REPEATED:
            job = call("fetch_feed", feed_id=added, header={"Idempotency-Key": key})
    call("cancel_job", job_id=job["id"])
    call("list_news", query={"ticker": "AAPL", "limit": 10})
    call("delete_feed", feed_id=added)
    call("get_feed", feed_id=added)


def tell_of_macro(call: Recorder) -> None:
    """Call the operations of macroeconomic series."""
    rates = ("3.7", "3.6", "3.5", "3.8", "3.8", "3.8", "3.7", "3.7", "3.7", "3.9", "3.8", "3.9", "4.0", "4.1", ".")
    file = "observation_date,UNRATE\n" + "".join(
        f"{2025 + (at + 8) // 12}-{(at + 8) % 12 + 1:02}-01,{rate}\n" for at, rate in enumerate(rates)
    )
    call(
        "upload_macro", body=file.encode(), series="UNRATE", query={"title": "Unemployment rate (U3)"}, header={"Content-Type": "text/csv"}
    )
    call("upload_macro", body=b"DATE,VALUE\n2026-11-01,high\n", series="UNRATE", header={"Content-Type": "text/csv"})
    call("list_macro")
    call("get_macro", series="UNRATE", query={"start": "2026-06-01"})
    call("get_macro", series="UNRATE", query={"start": "2026-06-01"}, header={"Accept": "text/csv"})
    call("get_regime")
    call("get_regime", query={"index": "MSFT"})
    call("delete_macro", series="UNRATE")
    call("get_macro", series="UNRATE")
