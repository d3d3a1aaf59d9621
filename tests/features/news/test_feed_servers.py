"""What servers of feeds do to their readers: faults, bombs, redirects, slowness; and how long a feed is left alone after it."""

from __future__ import annotations

import gzip
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from kit.feeds import add, fetch, item, kind_for, news, rss, serving
from kit.receivers import Receiver, Returned, receiving
from kit.support import Client

import database
from api.application import Application
from features.news import fetching
from features.news.kinds import FeedReading
from features.news.upkeep import queue_due
from infrastructure.address_guard import AddressGuard, networks_of
from infrastructure.outbound import Outbound
from models.news import Validators
from utils.clock import now, parse_iso

INTERVAL = timedelta(minutes=30)


def error_of(client: Client, server: Receiver, kind: FeedReading) -> str:
    """Why a feed of the server cannot be read, which the job tells as well as the feed."""
    feed = add(client, server.url("/bad"))
    told = fetch(client, feed["id"], kind)
    after = client.get(f"/feeds/{feed['id']}").json
    assert (told["status"], told["error"]["code"], told["error"]["message"]) == ("failed", "feed_failed", after["error"])
    assert (after["failures"], news(client)) == (1, [])
    assert parse_iso(after["next_at"]) > now() + INTERVAL
    error: str = after["error"]
    return error


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(Returned(404), "status 404", id="not there"),
        pytest.param(Returned(500), "status 500", id="broken"),
        pytest.param(Returned(200, b"a" * 3_000_000), "larger than 2 MB", id="large"),
        pytest.param(Returned(200, b"<rss>", {"Content-Length": "50000000"}), "cut off", id="cut off"),
        pytest.param(Returned(200, gzip.compress(b"a" * 50_000_000), {"Content-Encoding": "gzip"}), "larger than 2 MB", id="a gzip bomb"),
        pytest.param(Returned(200, b"nonsense", {"Content-Encoding": "gzip"}), "cannot be unpacked", id="no gzip"),
        pytest.param(Returned(200, gzip.compress(b"a" * 99_999)[:80], {"Content-Encoding": "gzip"}), "ends too early", id="half of gzip"),
        pytest.param(Returned(200, b"x", {"Content-Encoding": "br"}), "packed as 'br'", id="another packing"),
        pytest.param(Returned(200, rss(head='<!DOCTYPE r [<!ENTITY x "y">]>')), "document type", id="entities"),
        pytest.param(Returned(200, b"<!doctype html><p>Sign in</p>"), "web page", id="a page"),
        pytest.param(Returned(302, b"", {"Location": "http://10.0.0.1/feed"}), "not public", id="to a private network"),
        pytest.param(Returned(301, b"", {"Location": "http://169.254.169.254/latest/meta-data"}), "not public", id="to metadata"),
        pytest.param(Returned(307, b"", {"Location": "http://[::ffff:10.0.0.1]/"}), "not public", id="to a mapped address"),
        pytest.param(Returned(302, b"", {"Location": "file:///etc/passwd"}), "must begin with https", id="to a file"),
        pytest.param(Returned(302, b"", {"Location": "/bad"}), "redirects more than", id="in a circle"),
        pytest.param(Returned(302), "redirects more than", id="to nowhere"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_told_and_stored(client: Client, server: Receiver, kind: FeedReading, answer: Returned, reason: str) -> None:
    server.answer = lambda received: answer
    assert reason in error_of(client, server, kind)


def test_a_feed_of_50_megabytes_is_not_read_to_its_end(client: Client, kind: FeedReading) -> None:
    with receiving(lambda received: Returned(200, rss() + b" " * 50_000_000)) as server:
        assert "larger than 2 MB" in error_of(client, server, kind)


@pytest.mark.parametrize("answer", [Returned(silent=True), Returned(drips=True)], ids=["silent", "drips"])
def test_the_whole_exchange_ends_in_time(server: Receiver, tmp_path: Path, answer: Returned) -> None:
    server.answer = lambda received: answer
    outbound = Outbound(AddressGuard(networks_of(["127.0.0.0/8"])))
    reader = fetching.FeedReader(outbound, INTERVAL, INTERVAL, seconds=0.3)
    with pytest.raises(fetching.FeedFailed, match="in time"):
        reader.read(server.url("/a"), Validators())


def test_an_address_of_this_machine_is_refused_by_default(client: Client, server: Receiver, tmp_path: Path) -> None:
    assert "not public" in error_of(client, server, kind_for(tmp_path, networks=()))
    assert server.received == []


def test_redirects_are_followed_and_links_are_relative_to_their_end(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed_answer = serving(rss(item("One", link="one")))
    server.answer = lambda received: (
        feed_answer(received) if received.path == "/new/feed" else Returned(301, b"", {"Location": server.url("/new/feed")})
    )
    feed = add(client, server.url("/old"))
    assert fetch(client, feed["id"], kind)["outcome"] == "New items"
    assert news(client)[0]["link"] == server.url("/new/one")
    assert client.get(f"/feeds/{feed['id']}").json["url"] == server.url("/old")


def test_a_packed_answer_is_unpacked(client: Client, server: Receiver, kind: FeedReading) -> None:
    server.answer = serving(gzip.compress(rss(item("One"))), **{"Content-Encoding": "gzip"})
    feed = add(client, server.url("/a"))
    assert fetch(client, feed["id"], kind)["outcome"] == "New items"
    assert server.received[0].headers["accept-encoding"] == "identity"


def test_failures_in_a_row_wait_longer_and_an_answer_ends_them(client: Client, server: Receiver, kind: FeedReading) -> None:
    feed = add(client, server.url("/a"))
    good = server.answer
    server.answer = lambda received: Returned(500)
    pauses = []
    for _ in range(8):
        fetch(client, feed["id"], kind)
        pauses.append((parse_iso(client.get(f"/feeds/{feed['id']}").json["next_at"]) - now()).total_seconds() / 3600)
    assert [round(pause) for pause in pauses] == [1, 2, 4, 8, 16, 24, 24, 24]
    server.answer = good
    fetch(client, feed["id"], kind)
    after = client.get(f"/feeds/{feed['id']}").json
    assert (after["failures"], after["error"]) == (0, None)


@pytest.mark.parametrize(
    ("retry_after", "hours"),
    [("36000", 10), ("999999999", 24), ("1", 1), ("soon", 1), ("-5", 1), ("a time in 7 hours", 7)],
)
def test_a_server_may_ask_to_wait(client: Client, server: Receiver, kind: FeedReading, retry_after: str, hours: int) -> None:
    asked = format_datetime(now() + timedelta(hours=7), usegmt=True) if retry_after.startswith("a time") else retry_after
    server.answer = lambda received: Returned(429, b"", {"Retry-After": asked})
    feed = add(client, server.url("/a"))
    fetch(client, feed["id"], kind)
    pause = parse_iso(client.get(f"/feeds/{feed['id']}").json["next_at"]) - now()
    assert round(pause.total_seconds() / 3600) == hours


def test_a_feed_that_is_gone_is_switched_off(app: Application, client: Client, server: Receiver, kind: FeedReading) -> None:
    server.answer = lambda received: Returned(410)
    feed = add(client, server.url("/a"))
    fetch(client, feed["id"], kind)
    assert client.get(f"/feeds/{feed['id']}").json["enabled"] is False
    assert queue_due(database.current(), app.services.flags, INTERVAL, now() + timedelta(days=30)) == 0
    again = client("PATCH", f"/feeds/{feed['id']}", json={"enabled": True}).json
    assert (again["enabled"], again["failures"], again["error"]) == (True, 0, None)
    assert queue_due(database.current(), app.services.flags, INTERVAL) == 1
