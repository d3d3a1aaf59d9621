"""What is given to a sender, and how it asks by HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from features.deliveries.attempts import Sent, Stopwatch
from features.deliveries.retries import retry_after
from features.deliveries.texts import Rendered
from infrastructure.outbound import AddressRefused, Outbound, OutboundError, OutboundLimits, OutboundRequest
from models.message import AttemptOutcome, Channel, Message, Secrets

LIMITS = OutboundLimits(seconds=15.0, most_bytes=4_096)
MOST_KEPT = 1_024  # bytes of an answer
GONE = 410


@dataclass(frozen=True)
class Parcel:
    """A message on its way: the delivery's id, when it was queued, and the time of this attempt."""

    id: str
    channel: Channel
    secrets: Secrets
    message: Message
    rendered: Rendered
    created_at: datetime
    moment: datetime
    unsubscribe: str | None = None


class Sender(Protocol):
    """Makes one attempt. It raises nothing for what receivers do."""

    def send(self, parcel: Parcel) -> Sent:
        """Send, within 15 seconds."""


def post(outbound: Outbound, parcel: Parcel, request: OutboundRequest) -> Sent:
    """Send a request. Success is an answer from 200 to 299; a redirect is a failure and is not followed."""
    watch = Stopwatch.start(parcel.moment)
    try:
        answer = outbound.send(request, LIMITS)
    except (OutboundError, AddressRefused) as error:
        return Sent(watch.note(AttemptOutcome.UNANSWERED, error=str(error)))
    kept = answer.body[:MOST_KEPT].decode("utf-8", "replace").replace("\x00", "") or None
    if 200 <= answer.status < 300:
        return Sent(watch.note(AttemptOutcome.DELIVERED, answer.status, answer=kept))
    why = in_words(answer.status)
    wait = retry_after(answer.status, answer.headers.get("retry-after", ""), parcel.moment)
    return Sent(watch.note(AttemptOutcome.REFUSED, answer.status, why, kept), gone=answer.status == GONE, retry_after=wait)


def in_words(status: int) -> str:
    """What an answer means that is no success."""
    if 300 <= status < 400:
        return f"The receiver redirects ({status}), which is not followed. Give the channel the address that it redirects to."
    if status == GONE:
        return "The receiver is gone (410) and wants no more messages."
    if status in (401, 403):
        return f"The receiver does not let us in ({status}). Check the address, or the token."
    if status == 429:
        return "The receiver gets too many messages (429)."
    return f"The receiver answered with {status}, and only 200 to 299 is success."
