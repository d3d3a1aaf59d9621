"""Messages to people and programs: what is told, and through which channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

DELIVERY = "delivery"  # the kind of job that sends messages


class ChannelType(StrEnum):
    """How a channel delivers."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    NTFY = "ntfy"
    APPRISE = "apprise"


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"  # waits until its time
    SENDING = "sending"  # queued for a worker, or being sent
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    DISABLED = "disabled"  # not sent, because the channel is switched off or deleted


FINISHED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.FAILED, DeliveryStatus.DISABLED})


class AttemptOutcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # the receiver answered, and not with success
    UNANSWERED = "unanswered"  # no answer came, or nothing could be sent
    LOST = "lost"  # the worker died meanwhile; the message may have arrived


class Layout(StrEnum):
    """The template of a message's text."""

    NOTIFY = "notify"  # `text`, and context {items: [texts]}
    DIGEST = "digest"  # context {changes: [fields of Change], intro}
    ALERT = "alert"  # `text`, and context of the alert: {change: fields of Change} or {facts: {label: value}}
    TEST = "test"


@dataclass(frozen=True)
class Change:
    """One change as a digest and an alert tell it; `record` is a sentence, `link` a path of the service."""

    ticker: str
    strategy: str
    was: str | None
    now: str
    score: float | None = None
    previous_score: float | None = None
    close: float | None = None
    as_of: date | None = None
    record: str | None = None
    link: str | None = None
    name: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Message:
    """A message.

    - `event`: its type, as receivers know it; those of events have the event's (models/event.py).
    - `key`: names what is told; a channel gets a second message with the same key no more.
    - `title`: one line.
    - `text`: plain text, for whatever the layout does not say by itself.
    - `subject`: what it is about: a ticker, the id of a job.
    - `data`: for programs, JSON; a webhook's body has up to 20 KB, so longer lists in it are cut.
    - `link`: a path of the service, or an address.
    - `layout`, `context`: the template of the text, and its values, which must be JSON or dates.
    """

    event: str
    key: str
    title: str
    text: str = ""
    subject: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    link: str | None = None
    layout: Layout = Layout.NOTIFY
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Channel:
    """Where messages go. `address` is a URL or an e-mail address."""

    id: str
    org_id: int
    name: str
    type: ChannelType
    address: str
    time_zone: str
    enabled: bool
    disabled_reason: str | None
    dead: int
    hold_until: datetime | None
    created_at: datetime
    created_by: str | None
    changed_at: datetime
    changed_by: str | None


@dataclass(frozen=True)
class Secrets:
    """The secrets of a channel: those that sign now, the newest first."""

    signing: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver. `code` is the receiver's answer, `answer` the beginning of its text."""

    at: datetime
    outcome: AttemptOutcome
    ms: int
    code: int | None = None
    error: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A message for one channel; its id is the `webhook-id` of each attempt."""

    id: str
    org_id: int
    channel_id: str
    channel_name: str
    event: str
    subject: str | None
    title: str
    status: DeliveryStatus
    reason: str | None
    attempts: int
    next_at: datetime | None
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None
