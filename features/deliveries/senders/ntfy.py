"""ntfy: one POST of JSON, which takes any characters, to the server of the topic."""

from __future__ import annotations

from urllib.parse import urlsplit

from features.deliveries.attempts import Sent
from features.deliveries.senders.base import Parcel, post
from infrastructure.outbound import Outbound, OutboundRequest
from models.event import EventType
from utils.json_text import dump

LONGEST_TEXT = 3_800  # bytes; ntfy makes a file of what is longer than 4,096
URGENT = frozenset({EventType.ALERT_FIRED, EventType.CHANNEL_DISABLED})
DEFAULT, HIGH = 3, 4


class NtfySender:
    """Publishes to the channel's topic."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def send(self, parcel: Parcel) -> Sent:
        """Make one attempt."""
        split = urlsplit(parcel.channel.address)
        values = {
            "topic": split.path.strip("/"),
            "title": parcel.rendered.title,
            "message": shortened(parcel.rendered.text, LONGEST_TEXT),
            "priority": HIGH if parcel.message.event in URGENT else DEFAULT,
            **({"click": parcel.rendered.link} if parcel.rendered.link else {}),
        }
        headers = {"Content-Type": "application/json"}
        if parcel.secrets.signing:
            headers["Authorization"] = f"Bearer {parcel.secrets.signing[0]}"
        return post(self._outbound, parcel, OutboundRequest("POST", f"{split.scheme}://{split.netloc}/", headers, dump(values)))


def shortened(text: str, most: int) -> str:
    """A text of at most so many bytes, cut at the end of a line."""
    if len(text.encode()) <= most:
        return text
    cut = text.encode()[: most - 4].decode("utf-8", "ignore")
    return f"{cut.rpartition(chr(10))[0] or cut}\n…"
