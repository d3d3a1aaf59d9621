"""Feeds for tests: RSS and Atom as servers send them, and a worker that reads them in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

import database
from features.news.kinds import FeedReading
from kit.jobs import items_of, options_for, working
from kit.receivers import LOOPBACK, Received, Returned
from kit.support import Client, settings_for
from models.job import Lane
from utils.clock import now

RSS_TYPE = {"Content-Type": "application/rss+xml; charset=utf-8"}
RECENT = now() - timedelta(hours=2)


def item(title: str, number: int = 1, *, guid: str | None = "", moment: datetime | None = RECENT, **more: str) -> str:
    """An item of RSS; `guid` is made from the number unless it is given, and missing where it is None."""
    parts = {"title": escape(title), "link": f"https://news.example.com/{number}", **more}
    if guid is not None:
        parts["guid"] = guid or f"item-{number}"
    if moment is not None:
        parts.setdefault("pubDate", format_datetime(moment))
    return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in parts.items()) + "</item>"


def rss(*items: str, title: str = "Example News", head: str = "") -> bytes:
    """A feed of items."""
    body = f'<rss version="2.0"><channel><title>{title}</title><link>https://news.example.com</link>{"".join(items)}</channel></rss>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}{body}'.encode()


def serving(body: bytes | Callable[[Received], bytes], **headers: str) -> Callable[[Received], Returned]:
    """An answer of a feed to whoever asks."""
    return lambda received: Returned(200, body(received) if callable(body) else body, {**RSS_TYPE, **headers})


def kind_for(folder: Any, networks: Sequence[str] = LOOPBACK, **more: Any) -> FeedReading:
    """The kind of job, which may ask servers of this machine."""
    return FeedReading(settings_for(f"sqlite:///{folder}/unused.db", folder, webhook_allowed_networks=",".join(networks), **more))


def read_feeds(kind: FeedReading, worker: str = "reader") -> int:
    """Read the feeds that are queued; return how many."""
    with working(worker, options=options_for([kind], Lane.NETWORK)) as executor:
        return executor.drain()


def feed_row(feed_id: str) -> dict[str, Any]:
    """The row of a feed."""
    row: dict[str, Any] = database.query_db("SELECT * FROM feeds WHERE id = :id", {"id": feed_id}, one=True)
    return row


def add(client: Client, url: str, **more: Any) -> Any:
    answer = client.post("/feeds", {"url": url, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def fetch(client: Client, feed_id: str, kind: FeedReading) -> Any:
    """Read a feed by a job, and return the item of the job."""
    job = client.post(f"/feeds/{feed_id}/fetch").json
    read_feeds(kind)
    return items_of(client, job["id"])[feed_id]


def news(client: Client, query: str = "") -> list[Any]:
    items: list[Any] = client.get(f"/news{query}").json["items"]
    return items


def titles(client: Client, query: str = "") -> list[str]:
    return [each["title"] for each in news(client, query)]
