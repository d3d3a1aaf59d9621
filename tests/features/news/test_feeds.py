"""Feeds: added, read by a job, read again, and left alone after failures; what servers do to their readers."""

from __future__ import annotations

import threading
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import RECENT, add, feed_row, fetch, item, kind_for, news, read_feeds, rss, serving, titles
from kit.jobs import another_organization, items_of
from kit.receivers import Receiver, Returned
from kit.support import Client

import database
from api.application import Application
from features.news import fetching
from features.news.kinds import FeedReading
from features.news.upkeep import prune_news, queue_due
from models.news import MOST_FEEDS
from utils.clock import now, parse_iso

INTERVAL = timedelta(minutes=30)
UNKNOWN = "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"


# ---- the routes -------------------------------------------------------------------------------------------------------------------


def test_a_feed_is_added_changed_and_deleted(client: Client) -> None:
    feed = add(client, "https://example.com/a.rss", title="Wire", ticker="aapl")
    assert (feed["title"], feed["ticker"], feed["enabled"], feed["error"], feed["created_by"]) == ("Wire", "AAPL", True, None, "master")
    assert [each["id"] for each in client.get("/feeds").json["items"]] == [feed["id"]]
    changed = client("PATCH", f"/feeds/{feed['id']}", json={"ticker": None, "enabled": False}).json
    assert (changed["title"], changed["ticker"], changed["enabled"], changed["url"]) == ("Wire", None, False, feed["url"])
    assert client.delete(f"/feeds/{feed['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        assert client(method, f"/feeds/{feed['id']}").status_code == 404
    assert client.post(f"/feeds/{UNKNOWN}/fetch").status_code == 404
    assert client("PATCH", "/feeds/nonsense", json={"title": "x"}).status_code == 404
    assert client.get(f"/news?feed={UNKNOWN}").status_code == 404


def test_an_address_is_read_once(client: Client) -> None:
    first, second = add(client, "https://example.com/a"), add(client, "https://example.com/b")
    assert client.post("/feeds", {"url": " https://example.com/a "}).status_code == 409
    assert client("PATCH", f"/feeds/{second['id']}", json={"url": first["url"]}).status_code == 409
    assert client("PATCH", f"/feeds/{second['id']}", json={"url": second["url"]}).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.com/feed",
            "file:///etc/passwd",
            "ftp://example.com/",
            "gopher://x",
            "javascript:alert(1)",
            "http://",
            "http://a b/",
        ),
        *(
            "//x",
            "http://user:secret@example.com/",
            "http://exämple.com/",
            "http://[::1",
            "https://example.com/" + "a" * 2_000,
            7,
            None,
            ["x"],
        ),
    ],
)
def test_what_is_no_address_is_refused(client: Client, url: Any) -> None:
    answer = client.post("/feeds", {"url": url})
    assert answer.status_code == 422, answer.json
    assert client.get("/feeds").json["items"] == []


def test_there_is_a_most(client: Client) -> None:
    feed = add(client, "https://example.com/first")
    columns = "org_id, enabled, next_at, created_at, created_by, changed_by, updated_at"
    copy = f"INSERT INTO feeds (id, url, {columns}) SELECT :copy, url || :copy, {columns} FROM feeds WHERE id = :id"
    for number in range(MOST_FEEDS - 1):
        database.execute_db(copy, {"id": feed["id"], "copy": str(number)})
    answer = client.post("/feeds", {"url": "https://example.com/last"})
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_another_organization_sees_nothing(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    fetch(client, feed["id"], kind)
    other = another_organization()
    assert client.get("/feeds", key=other).json["items"] == client.get("/news", key=other).json["items"] == []
    assert client.get(f"/feeds/{feed['id']}", key=other).status_code == client.delete(f"/feeds/{feed['id']}", key=other).status_code == 404
    assert client.get(f"/news?feed={feed['id']}", key=other).status_code == 404
    assert client.post(f"/feeds/{feed['id']}/fetch", key=other).status_code == 404


def test_with_the_flag_off_nothing_is_read_or_added(app: Application, client: Client, server: Receiver) -> None:
    feed = add(client, server.url("/a"))
    app.services.flags.change(app.services.flags.find("news"), False, "for a test", "tests")
    assert client.post("/feeds", {"url": server.url("/b")}).json["code"] == "feature_disabled"
    assert client.post(f"/feeds/{feed['id']}/fetch").json["code"] == "feature_disabled"
    assert client("PATCH", f"/feeds/{feed['id']}", json={"title": "x"}).json["code"] == "feature_disabled"
    assert queue_due(database.current(), app.services.flags, INTERVAL) == 0
    assert client.get("/feeds").status_code == client.get("/news").status_code == 200


# ---- reading ----------------------------------------------------------------------------------------------------------------------


def test_a_feed_is_read_and_its_items_tell_their_tickers(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    told = fetch(client, feed["id"], kind)
    assert (told["outcome"], told["changed"], told["facts"]) == ("New items", True, {"items": 2, "entries": 2})
    found = news(client)
    assert {each["title"]: [(match["ticker"], match["rule"], match["matched"]) for match in each["tickers"]] for each in found} == {
        "Apple Inc. beats": [("AAPL", "company_name", "Apple Inc")],
        "$IBM falls": [("IBM", "cash_tag", "$IBM")],
    }
    assert {(each["source"], each["link"][:25], each["sentiment"]) for each in found} == {("Wire", "https://news.example.com/", None)}
    assert titles(client, "?ticker=ibm") == ["$IBM falls"]
    assert titles(client, f"?ticker=AAPL&feed={feed['id']}") == ["Apple Inc. beats"]
    assert titles(client, "?ticker=MSFT") == []
    after = client.get(f"/feeds/{feed['id']}").json
    assert (after["told_title"], after["error"], after["failures"]) == ("Wire", None, 0)
    assert parse_iso(after["fetched_at"]) < parse_iso(after["next_at"])
    client.delete(f"/feeds/{feed['id']}")
    assert news(client) == []


def test_a_feed_of_a_ticker(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"), ticker="MSFT")
    fetch(client, feed["id"], kind)
    assert {match["rule"] for each in news(client, "?ticker=MSFT") for match in each["tickers"] if match["ticker"] == "MSFT"} == {"feed"}
    assert len(news(client, "?ticker=MSFT")) == 2


def test_an_unchanged_feed_is_asked_with_what_its_server_said(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    moment = format_datetime(RECENT)
    server.answer = serving(rss(item("One")), ETag='W/"7"', **{"Last-Modified": moment})
    assert fetch(client, feed["id"], kind)["outcome"] == "New items"
    server.answer = lambda received: Returned(304)
    assert fetch(client, feed["id"], kind)["outcome"] == "Unchanged"
    assert (server.received[-1].headers["if-none-match"], server.received[-1].headers["if-modified-since"]) == ('W/"7"', moment)
    assert "if-none-match" not in server.received[0].headers
    client("PATCH", f"/feeds/{feed['id']}", json={"url": server.url("/b")})
    server.answer = serving(rss(item("One")), ETag="x\x01")
    assert fetch(client, feed["id"], kind)["outcome"] == "Nothing new"
    assert "if-none-match" not in server.received[-1].headers


def test_each_item_is_stored_once(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    server.answer = serving(rss(item("One"), item("One"), item("Two", 2), item("Two, corrected", 3, guid="item-2")))
    assert fetch(client, feed["id"], kind)["facts"]["items"] == 2
    assert sorted(titles(client)) == ["One", "Two"]
    calls = iter(range(100))
    server.answer = serving(lambda received: rss(item("One", guid=f"new-{next(calls)}"), item("Two", 2, guid=f"other-{next(calls)}")))
    for _ in range(3):
        assert fetch(client, feed["id"], kind)["outcome"] == "Nothing new"
    server.answer = serving(rss(item("One", guid=None), item("Three", 3, guid=None)))
    assert fetch(client, feed["id"], kind)["facts"]["items"] == 1


def test_two_workers_at_once_store_each_item_once(client: Client, server: Receiver, tmp_path: Path) -> None:
    feed = add(client, server.url("/a"))
    both = threading.Barrier(2, timeout=20)

    def together(received: Any) -> Returned:
        both.wait()
        return serving(rss(*(item(f"Item {number}", number) for number in range(40))))(received)

    server.answer = together
    client.post(f"/feeds/{feed['id']}/fetch")
    assert queue_due(database.current(), client.app.services.flags, INTERVAL) == 1
    readers = [threading.Thread(target=read_feeds, args=(kind_for(tmp_path), name)) for name in ("one", "two")]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(server.received) == 2
    assert len(set(titles(client, "?limit=500"))) == len(titles(client, "?limit=500")) == 40


def test_hostile_items(client: Client, server: Receiver, kind: FeedReading) -> None:
    script = "<![CDATA[<script>alert(1)</script><img src=x onerror=alert(2)>Hot]]>"
    server.answer = serving(
        rss(
            f"<item><title>{script}</title><link>javascript:alert(1)</link></item>",
            item("data", 2, link="data:text/html,x"),
            item("user", 3, link="https://bank.example@evil.example/"),
            item("blanks", 4, link="https://a.example/ b"),
            item("long", 5, link="https://a.example/" + "a" * 3_000),
            item("relative", 6, link="/six"),
            item("l" * 3_000, 7),
            "<item/>",
            "<item><description>no title and no link</description></item>",
            "<item><link>https://a.example/untitled</link></item>",
            title=script,
        )
    )
    feed = add(client, server.url("/a"))
    assert fetch(client, feed["id"], kind)["facts"]["items"] == 8
    links = {each["title"]: each["link"] for each in news(client)}
    assert {title: links[title] for title in ("alert(1) Hot", "data", "user", "blanks", "long")} == dict.fromkeys(
        ("alert(1) Hot", "data", "user", "blanks", "long")
    )
    assert links["relative"] == server.url("/six")
    assert links["https://a.example/untitled"] == "https://a.example/untitled"
    assert f"{'l' * 399}…" in links
    assert client.get(f"/feeds/{feed['id']}").json["told_title"] == "alert(1) Hot"


def test_times_that_cannot_be(client: Client, server: Receiver, kind: FeedReading) -> None:
    soon, old = now() + timedelta(hours=5), now() - timedelta(days=200)
    server.answer = serving(
        rss(
            item("None", 1, moment=None),
            item("Odd", 2, moment=None, pubDate="yesterday"),
            item("Far", 3, moment=now() + timedelta(days=400)),
            item("Soon", 4, moment=soon),
            item("Old", 5, moment=old),
        )
    )
    feed = add(client, server.url("/a"))
    fetch(client, feed["id"], kind)
    found = {each["title"]: each for each in news(client)}
    assert {title: each["published_at"] is None for title, each in found.items()} == {"None": True, "Odd": True, "Far": True, "Soon": False}
    assert all(each["listed_at"] == each["fetched_at"] for each in found.values())


def test_pages_are_by_time(client: Client, server: Receiver, kind: FeedReading) -> None:
    moments = [RECENT - timedelta(hours=number // 2) for number in range(9)]
    server.answer = serving(rss(*(item(f"Item {number}", number, moment=moment) for number, moment in enumerate(moments))))
    feed = add(client, server.url("/a"), ticker="AAPL")
    fetch(client, feed["id"], kind)
    for query in ("?", "?ticker=AAPL&", f"?feed={feed['id']}&", f"?ticker=AAPL&feed={feed['id']}&"):
        seen, cursor = [], ""
        while True:
            page = client.get(f"/news{query}limit=2{cursor}").json
            seen += [each["title"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert sorted(seen) == [f"Item {number}" for number in range(9)]
        assert seen[-1] == "Item 8"
    days = [moment.date() for moment in moments]
    assert len(news(client, f"?since={days[0]}")) == days.count(days[0])
    cursor = client.get("/news?limit=2").json["next_cursor"]
    assert client.get(f"/news?limit=2&ticker=AAPL&cursor={cursor}").status_code == 422
    for wrong in ("since=yesterday", "limit=0", "ticker=A B", "nosuch=1"):
        assert client.get(f"/news?{wrong}").status_code == 422


# ---- upkeep -----------------------------------------------------------------------------------------------------------------------


def test_due_feeds_are_queued_once(app: Application, client: Client, server: Receiver, kind: FeedReading) -> None:
    flags, moment = app.services.flags, now()
    assert queue_due(database.current(), flags, INTERVAL) == 0
    feeds = [add(client, server.url(f"/{number}"))["id"] for number in range(3)]
    client("PATCH", f"/feeds/{feeds[2]}", json={"enabled": False})
    assert queue_due(database.current(), flags, INTERVAL, moment + timedelta(minutes=1)) == 2
    assert queue_due(database.current(), flags, INTERVAL, moment + timedelta(minutes=2)) == 0
    assert queue_due(database.current(), flags, INTERVAL, moment + timedelta(days=1)) == 0  # its job waits still
    assert read_feeds(kind) == 2
    assert [job["total"] for job in client.get("/jobs").json["items"]] == [2]
    assert queue_due(database.current(), flags, INTERVAL) == 0
    assert queue_due(database.current(), flags, INTERVAL, now() + timedelta(minutes=31)) == 2


def test_feeds_of_an_organization_for_which_news_is_off_stand_before_nobody(app: Application, client: Client, server: Receiver) -> None:
    flags = app.services.flags
    feed = add(client, server.url("/a"))["id"]
    client("PUT", "/organization/flags/news", json={"enabled": False})
    assert queue_due(database.current(), flags, INTERVAL, now() + timedelta(minutes=1)) == 0
    assert client.get(f"/feeds/{feed}").status_code == 200
    client("PUT", "/organization/flags/news", json={"enabled": True})
    assert queue_due(database.current(), flags, INTERVAL, now() + timedelta(minutes=2)) == 0  # looked at again later
    assert queue_due(database.current(), flags, INTERVAL, now() + timedelta(minutes=7)) == 1


def test_a_deleted_feed_fails_its_item_alone(client: Client, server: Receiver, kind: FeedReading) -> None:
    first, second = add(client, server.url("/a")), add(client, server.url("/b"))
    assert queue_due(database.current(), client.app.services.flags, INTERVAL) == 2
    client.delete(f"/feeds/{first['id']}")
    read_feeds(kind)
    job = client.get("/jobs").json["items"][0]
    assert (job["status"], job["succeeded"], job["failed"]) == ("completed", 1, 1)
    assert items_of(client, job["id"])[first["id"]]["error"]["code"] == "feed_not_found"
    assert {each["feed_id"] for each in news(client)} == {second["id"]}


def test_old_news_is_deleted(client: Client, server: Receiver, kind: FeedReading) -> None:
    server.answer = serving(rss(item("New", 1), item("Old", 2, moment=now() - timedelta(days=80))))
    feed = add(client, server.url("/a"), ticker="AAPL")
    fetch(client, feed["id"], kind)
    assert prune_news(database.current(), 90) == 0
    assert prune_news(database.current(), 90, now() + timedelta(days=20)) == 1
    assert titles(client) == titles(client, "?ticker=AAPL") == ["New"]
    assert fetch(client, feed["id"], kind)["facts"]["items"] == 1
    assert prune_news(database.current(), 79) == 1


def test_the_newest_of_a_feed_are_kept(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    for batch in range(3):
        moment = RECENT - timedelta(days=10 - batch)
        server.answer = serving(rss(*(item(f"{batch} {number}", 1_000 * batch + number, moment=moment) for number in range(200))))
        fetch(client, feed["id"], kind)
    stored = database.query_db("SELECT title FROM news_items ORDER BY listed_at, id")
    assert len(stored) == fetching.ITEMS_KEPT
    assert sum(row["title"].startswith("0 ") for row in stored) == 100
    assert feed_row(feed["id"])["failures"] == 0
