"""The changed verdicts since they were told last, and the one message that tells them.

What was told is remembered in the transaction that queues the message: a run that dies before it tells nobody, and the next run tells all
of it; one that dies afterwards has told it, and the next run does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from database import AnyReader
from features.deliveries.service import send
from features.deliveries.store import told_changes as told_store
from features.strategies import service as strategies
from infrastructure import event_store
from models.event import Event, EventType
from models.message import Channel, Layout, Message
from models.record_words import record_words
from utils.clock import now

FIRST_WINDOW = timedelta(days=1)  # of the first message: what changed before is no news
CHANGES_EVENT = "verdicts.changed"
NAMED = 5  # tickers in a title
MOST_CHANGES = 500  # told in one message
BATCH = 1_000


@dataclass(frozen=True)
class Wanted:
    """The changes to look for: by these strategies or by all, of these tickers or of all."""

    strategies: frozenset[str] | None
    tickers: frozenset[str] | None

    def has(self, ticker: str, strategy: str) -> bool:
        """Whether a change of this ticker by this strategy is one of them."""
        return (self.strategies is None or strategy in self.strategies) and (self.tickers is None or ticker in self.tickers)


@dataclass(frozen=True)
class ToldChanges:
    """What is told: the changes, how many there are in all, and up to which position that is, under the name `cursor`."""

    cursor: str
    position: int
    items: Sequence[Mapping[str, Any]]
    count: int
    title: str | None = None
    intro: str | None = None


def changes_since(connection: AnyReader, org_id: int, name: str, wanted: Wanted) -> dict[str, Any]:
    """The verdicts that are others than when `name` was told last: `items`, how many in `count`, and the `position` up to which they are.

    A verdict that turned and turned back is none. Of one that turned twice, the first and the last verdict are told.
    """
    until = event_store.last_position(connection)
    after = told_store.find(connection, org_id, name)
    if after is None:
        after = event_store.position_at(connection, now() - FIRST_WINDOW)
    turned: dict[tuple[str, str], dict[str, Any]] = {}
    for event in _events(connection, org_id, after, until):
        data = event.data
        if wanted.has(data["ticker"], data["strategy"]):
            key = data["ticker"], data["strategy"]
            turned[key] = _told(data, turned[key]["was"] if key in turned else data["from"])
    items = [change for _, change in sorted(turned.items()) if change["was"] != change["now"]]
    return {"items": items[:MOST_CHANGES], "count": len(items), "position": until, "cursor": name}


def _events(connection: AnyReader, org_id: int, after: int, until: int) -> Iterable[Event]:
    while after < until:
        found = event_store.of_type(connection, org_id, EventType.VERDICT_CHANGED, (after, until), BATCH)
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1].position or until


def _told(data: Mapping[str, Any], was: str) -> dict[str, Any]:
    return {
        "ticker": data["ticker"],
        "strategy": data["strategy"],
        "was": was,
        "now": data["to"],
        "score": data["score"],
        "previous_score": data["previous_score"],
        "close": data["close"],
        "as_of": data["as_of"],
        "record": record_words(data["record"]),
        "link": f"/tickers/{quote(data['ticker'], safe='')}?{urlencode({'strategy': data['strategy']})}",
        "result_id": data["result_id"],
    }


def tell_changes(connection: Connection, org_id: int, channels: Sequence[Channel], told: ToldChanges) -> list[str]:
    """Queue one message with changes for channels, and note that they are told; return the ids of its deliveries."""
    told_store.save(connection, org_id, told.cursor, told.position, now())
    count = max(told.count, len(told.items))
    names = list(dict.fromkeys(str(item["ticker"]) for item in told.items))
    about = f": {', '.join(names[:NAMED])}{' …' if len(names) > NAMED else ''}" if names else ""
    title = f"{count:,} {'verdict' if count == 1 else 'verdicts'} changed{about}" if count else "No verdict changed"
    left_out = count - len(told.items)
    named = strategies.names_of(connection, org_id, {str(item.get("strategy", "")) for item in told.items})
    context: dict[str, Any] = {"changes": [{**item, "strategy": named[str(item.get("strategy", ""))]} for item in told.items]}
    if told.intro or left_out:
        more = f"The first {len(told.items):,} of {count:,}; the overview has all." if left_out else ""
        context["intro"] = " ".join(part for part in (told.intro, more) if part)
    message = Message(
        event=CHANGES_EVENT,
        key=f"changes:{told.cursor}:{told.position}",
        title=told.title or title,
        text="" if told.items else "Every verdict is as it was.",
        data={"changes": list(told.items), "total": count},
        link="/",
        layout=Layout.DIGEST if told.items else Layout.NOTIFY,
        context=context if told.items else {},
    )
    return send(connection, org_id, [channel.id for channel in channels], message)
