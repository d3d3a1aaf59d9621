"""The link at the end of an e-mail: whoever has it can switch the channel off, without signing in."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection

from database import AnyReader
from features.deliveries.service import SWITCHED_OFF
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from infrastructure.sql.database_clock import database_now
from models.delivery_errors import ChannelNotFound
from models.message import Channel
from utils.ids import is_id

REASON = "its reader wants no more messages"


class Unsubscribing:
    """Signs links, and does what they ask."""

    def __init__(self, secret_key: Callable[[], str], public_url: str | None = None) -> None:
        self._secret_key = secret_key
        self._public_url = None if public_url is None else public_url.rstrip("/")

    def link(self, channel: Channel) -> str | None:
        """The link for a channel's messages; None without PUBLIC_URL."""
        return None if self._public_url is None else f"{self._public_url}{self.path(channel)}"

    def path(self, channel: Channel) -> str:
        """The path of the link."""
        return f"/unsubscribe/{channel.id}/{self._signature(channel)}"

    def find(self, connection: AnyReader, channel_id: str, signature: str) -> Channel:
        """The channel of a link. Raises ChannelNotFound for a signature that is not ours, or of an address that was replaced."""
        channel = channel_store.find_anywhere(connection, channel_id) if is_id(channel_id) else None
        if channel is None or not hmac.compare_digest(self._signature(channel).encode(), signature.encode()):
            raise ChannelNotFound
        return channel

    def stop(self, connection: Connection, channel_id: str, signature: str) -> Channel:
        """Switch the channel off. Raises as `find`."""
        channel = self.find(connection, channel_id, signature)
        if channel.enabled:
            channel_store.switch_off(connection, channel.org_id, channel.id, REASON)
            told = f"{SWITCHED_OFF}: {REASON}."
            delivery_store.disable_pending(connection, channel.org_id, channel.id, told, database_now(connection))
        return channel

    def _signature(self, channel: Channel) -> str:
        signed = "\n".join(("unsubscribe", channel.id, channel.address)).encode()
        return urlsafe_b64encode(hmac.digest(self._secret_key().encode(), signed, sha256)).decode().rstrip("=")
