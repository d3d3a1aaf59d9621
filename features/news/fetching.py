"""Reads feeds as a job: asks for each what is new, within bounds, and prepares it to be stored.

A feed is asked with what its server said last (ETag, Last-Modified), so that an unchanged one costs next to nothing. Each address, also of
a redirect, passes the guard. After a failure a feed waits, twice as long after each one in a row.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from urllib.parse import urljoin, urlsplit

from sqlalchemy import Connection

from database import Database
from features.news.matching import CompanyNames, find_tickers
from features.news.reading import MOST_BYTES, Entry, FeedUnreadable, ReadFeed, plain_text, read_feed
from features.news.store import feed as feed_store
from features.news.store import item as item_store
from features.news.store.feed import Reading
from features.prices import service as prices
from infrastructure.outbound import AddressRefused, Outbound, OutboundAnswer, OutboundError, OutboundLimits, OutboundRequest
from models.job import Fault, Stored
from models.news import LONGEST_LINK, LONGEST_SOURCE, LONGEST_TITLE, Feed, NewItem, Validators
from utils.clock import now

ITEMS_KEPT = 500  # of a feed
MOST_REDIRECTS = 4
REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_VALIDATOR = 500
LONGEST_WAIT = timedelta(days=1)  # between two readings of a feed that fails, or as its server asks
SUMMARY_LOOKED_AT = 2_000  # characters
FUTURE = timedelta(days=1)  # a later time of publication cannot be
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class FeedFailed(Exception):
    """A feed could not be read. `wait` is how long its server asks to wait; one that `is_gone` is not asked again."""

    def __init__(self, message: str, wait: timedelta | None = None, *, is_gone: bool = False) -> None:
        super().__init__(message)
        self.wait, self.is_gone = wait, is_gone


@dataclass(frozen=True)
class Fetched:
    """A feed that was read: its new items. `is_same` says that its server had nothing new."""

    items: tuple[NewItem, ...]
    told_title: str | None
    validators: Validators
    is_same: bool
    entries: int


@dataclass(frozen=True)
class FeedReader:
    """Asks for feeds. `interval` is the time between two readings of a feed that answers; an older item than `kept` is not stored."""

    outbound: Outbound
    interval: timedelta
    kept: timedelta
    seconds: float = 20.0  # for a feed, with its redirects
    clock: Callable[[], datetime] = now

    def ask(self, url: str, validators: Validators) -> tuple[str, OutboundAnswer]:
        """The answer for a feed and the address that gave it. Raises FeedFailed."""
        ends_at = time.monotonic() + self.seconds
        headers = {"Accept": _ACCEPT, "User-Agent": "Bellwether (feed reader)"}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        for _ in range(MOST_REDIRECTS + 1):
            limits = OutboundLimits(max(ends_at - time.monotonic(), 0.01), MOST_BYTES)
            try:
                answer = self.outbound.send(OutboundRequest("GET", url, headers), limits)
            except (AddressRefused, OutboundError) as error:
                raise FeedFailed(str(error)) from error
            if answer.status not in REDIRECTS:
                return url, answer
            url = urljoin(url, answer.headers.get("location", ""))
        raise FeedFailed(f"The feed redirects more than {MOST_REDIRECTS} times.")

    def read(self, url: str, validators: Validators) -> tuple[str, ReadFeed, Validators] | None:
        """A feed with the address that gave it; None where it has not changed. Raises FeedFailed."""
        address, answer = self.ask(url, validators)
        if answer.status == 304:
            return None
        if answer.status != 200:
            wait = _wait(answer.headers.get("retry-after", ""), self.clock())
            raise FeedFailed(f"The server of the feed answered with the status {answer.status}.", wait, is_gone=answer.status == 410)
        try:
            feed = read_feed(_unpacked(answer), answer.headers.get("content-type", ""))
        except FeedUnreadable as error:
            raise FeedFailed(str(error)) from error
        given = (_validator(answer.headers.get(name, "")) for name in ("etag", "last-modified"))
        return address, feed, Validators(*given)

    def next_after(self, failures: int, wait: timedelta | None) -> datetime:
        """When a feed is read again after so many failures in a row."""
        pause: timedelta = self.interval * (2 ** min(failures, 16))
        moment: datetime = self.clock()
        longest: timedelta = max(LONGEST_WAIT, self.interval)
        return moment + min(max(pause, wait or pause), longest)


Names = Callable[[], CompanyNames]


def fetch_each(database: Database, reader: FeedReader, org_id: int, feed_ids: Sequence[str]) -> Iterator[tuple[str, Fetched | Fault]]:
    """Yield what each feed tells that is new. Why one could not be read is stored at once."""
    known: list[CompanyNames] = []

    def names() -> CompanyNames:
        if not known:
            with database.read() as connection:
                known.append(CompanyNames(prices.list_names(connection, org_id)))
        return known[0]

    for feed_id in feed_ids:
        with database.read() as connection:
            feed = feed_store.find(connection, org_id, feed_id)
            validators = feed_store.find_validators(connection, org_id, feed_id)
            digests = item_store.find_digests(connection, feed_id)
        if feed is None:
            yield feed_id, Fault("feed_not_found", "The feed has been deleted.")
            continue
        try:
            read = reader.read(feed.url, validators)
        except FeedFailed as error:
            next_at = reader.next_after(feed.failures + 1, error.wait)
            failure = Reading(reader.clock(), next_at, error=str(error), is_gone=error.is_gone)
            with database.transaction() as connection:
                feed_store.save_reading(connection, org_id, feed_id, failure)
            yield feed_id, Fault("feed_failed", str(error))
            continue
        if read is None:
            yield feed_id, Fetched((), None, validators, True, 0)
            continue
        address, told, given = read
        telling = Telling(feed, address, told, reader.clock(), reader.kept)
        items = new_items(telling, digests, names)
        yield feed_id, Fetched(items, plain_text(told.title, LONGEST_SOURCE) or None, given, False, len(told.entries))


@dataclass(frozen=True)
class Telling:
    """What a feed told at a moment, from an address; an item that is older than `kept` is not wanted."""

    feed: Feed
    address: str
    told: ReadFeed
    moment: datetime
    kept: timedelta


def new_items(telling: Telling, digests: set[str], names: Names) -> tuple[NewItem, ...]:
    """The entries that are not stored and not too old, each once, with their tickers."""
    feed, address, told, moment = telling.feed, telling.address, telling.told, telling.moment
    found: list[NewItem] = []
    seen = set(digests)
    for entry in told.entries:
        title, link = plain_text(entry.title, LONGEST_TITLE), _link(address, entry.link)
        if not title and link is None:
            continue
        published = entry.published_at if entry.published_at is not None and entry.published_at <= moment + FUTURE else None
        guid_digest, content_digest = _digests(entry, title, link)
        if {guid_digest, content_digest} & seen or (published is not None and published < moment - telling.kept):
            continue
        seen |= {guid_digest, content_digest}
        summary = plain_text(entry.summary, SUMMARY_LOOKED_AT)
        source = plain_text(entry.source or told.title, LONGEST_SOURCE) or urlsplit(address).hostname or "feed"
        matches = find_tickers(title, summary, feed.ticker, names())
        found.append(NewItem(guid_digest, content_digest, title or str(link)[:LONGEST_TITLE], link, source, published, matches))
    return tuple(found)


def store_fetched(connection: Connection, org_id: int, reader: FeedReader, outcomes: Mapping[str, Fetched]) -> dict[str, Stored]:
    """Store what feeds tell that is new; return by feed what is told of it. A feed that was deleted meanwhile is missing."""
    stored: dict[str, Stored] = {}
    moment = reader.clock()
    for feed_id, fetched in sorted(outcomes.items()):
        if not feed_store.lock(connection, org_id, feed_id):
            continue
        # Another worker may have stored some since this one looked.
        seen = item_store.find_digests(connection, feed_id) if fetched.items else set()
        items = [item for item in fetched.items if not {item.guid_digest, item.content_digest} & seen]
        item_store.insert(connection, org_id, feed_id, items, moment)
        if items:
            item_store.delete_beyond(connection, feed_id, ITEMS_KEPT)
        reading = Reading(moment, moment + reader.interval, fetched.validators, fetched.told_title)
        feed_store.save_reading(connection, org_id, feed_id, reading)
        outcome = "Unchanged" if fetched.is_same else "New items" if items else "Nothing new"
        stored[feed_id] = Stored(feed_id, outcome, bool(items), {"items": len(items), "entries": fetched.entries})
    return stored


def _digests(entry: Entry, title: str, link: str | None) -> tuple[str, str]:
    """By what a feed calls an item, and by what it says: some feeds change the one, some the other, at each reading."""
    content = sha256(f"content\n{title}\n{link}".encode()).hexdigest()
    return (sha256(f"guid\n{entry.guid}".encode()).hexdigest() if entry.guid else content), content


def _link(address: str, link: str) -> str | None:
    """The address of an item; None for what is no address of the web."""
    try:
        whole = urljoin(address, link.strip())
        split = urlsplit(whole)
        is_web = split.scheme in ("http", "https") and bool(split.hostname) and "@" not in split.netloc
    except ValueError:
        return None
    is_plain = all(character.isprintable() and not character.isspace() for character in whole)
    return whole if link.strip() and is_web and is_plain and len(whole) <= LONGEST_LINK else None


def _unpacked(answer: OutboundAnswer) -> bytes:
    """The body of an answer, unpacked where its server packs what it was asked not to. Raises FeedFailed for one that is too large."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower() or "identity"
    body, is_whole = answer.body, not answer.is_cut
    if encoding in ("gzip", "x-gzip", "deflate"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            body = unpacker.decompress(answer.body, MOST_BYTES + 1)
        except zlib.error as error:
            raise FeedFailed("What was sent is packed, and cannot be unpacked.") from error
        is_whole = is_whole and len(body) <= MOST_BYTES
        if is_whole and not unpacker.eof:
            raise FeedFailed("What was sent is packed, and ends too early.")
    elif encoding != "identity":
        raise FeedFailed(f"What was sent is packed as {encoding[:40]!r}, which was not asked for.")
    if not is_whole:
        raise FeedFailed(f"The feed is larger than {MOST_BYTES // 1_000_000} MB.")
    return body


def _validator(text: str) -> str | None:
    return text if text and text.isascii() and text.isprintable() and len(text) <= LONGEST_VALIDATOR else None


def _wait(text: str, moment: datetime) -> timedelta | None:
    """What Retry-After asks for: seconds, or a time."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return timedelta(seconds=int(text))
    try:
        then = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return None if then.tzinfo is None else then - moment
