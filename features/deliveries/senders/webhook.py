"""Webhooks as Standard Webhooks says: a body `{type, timestamp, data}`, an id that repetitions share, and signatures."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256

from features.deliveries.attempts import Sent
from features.deliveries.senders.base import Parcel, post
from features.deliveries.stored_message import webhook_body
from infrastructure.outbound import Outbound, OutboundRequest

PREFIX = "whsec_"


class WebhookSender:
    """Posts to the channel's URL."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def send(self, parcel: Parcel) -> Sent:
        """Make one attempt."""
        body = webhook_body(parcel.message, parcel.created_at, parcel.rendered.link or parcel.message.link)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": parcel.id,
            "webhook-timestamp": str(_seconds(parcel.moment)),
            "webhook-signature": " ".join(signature(each, parcel.id, parcel.moment, body) for each in parcel.secrets.signing),
        }
        return post(self._outbound, parcel, OutboundRequest("POST", parcel.channel.address, headers, body))


def signature(secret: str, delivery_id: str, moment: datetime, body: bytes) -> str:
    """The signature of a body by one secret."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((delivery_id.encode(), str(_seconds(moment)).encode(), body))
    return f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode()}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
