"""Makes one attempt of a delivery, and has it noted at once, so that a crash repeats as little as can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from config import Settings
from database import Database
from features.deliveries import service
from features.deliveries.ledger import WAITS, Ledger
from features.deliveries.senders.apprise import AppriseSender
from features.deliveries.senders.base import Parcel, Sender
from features.deliveries.senders.mail import MailSender
from features.deliveries.senders.ntfy import NtfySender
from features.deliveries.senders.webhook import WebhookSender
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from features.deliveries.stored_message import read_message
from features.deliveries.texts import Texts
from features.deliveries.unsubscribing import Unsubscribing
from infrastructure.mail_server import MailServer
from infrastructure.outbound import Outbound
from models.message import Channel, ChannelType, Delivery, DeliveryStatus


@dataclass(frozen=True)
class Courier:
    """Sends deliveries. `may_send` is whether the flag is on for an organization."""

    senders: Mapping[ChannelType, Sender]
    texts: Texts
    unsubscribing: Unsubscribing
    may_send: Callable[[int], bool] = lambda org_id: True
    ledger: Ledger = field(default_factory=Ledger)

    @classmethod
    def of(cls, settings: Settings, may_send: Callable[[int], bool]) -> Courier:
        """As the settings say."""
        outbound = Outbound.of(settings)
        senders: Mapping[ChannelType, Sender] = {
            ChannelType.WEBHOOK: WebhookSender(outbound),
            ChannelType.EMAIL: MailSender(MailServer.of(settings)),
            ChannelType.NTFY: NtfySender(outbound),
            ChannelType.APPRISE: AppriseSender(),
        }
        return cls(senders, Texts(settings.public_url), Unsubscribing(settings.resolve_secret_key, settings.public_url), may_send)

    def deliver(self, database: Database, org_id: int, delivery_id: str) -> str:
        """Make the attempt that is due; return the delivery's status after it, or WAITS."""
        with database.read() as connection:
            moment = self.ledger.clock(connection)
            delivery = delivery_store.find(connection, org_id, delivery_id)
            if delivery is None or delivery.status is not DeliveryStatus.SENDING:
                return WAITS if delivery is None else delivery.status
            channel = channel_store.find(connection, org_id, delivery.channel_id)
            parcel = None if channel is None else self._parcel(connection, delivery, channel, moment)
        if not self.may_send(org_id):
            return self.ledger.put_off(database, delivery, moment)
        if channel is None or parcel is None or not channel.enabled:
            why = "deleted" if channel is None else channel.disabled_reason or "by hand"
            return self.ledger.disable(database, delivery, f"{service.SWITCHED_OFF}: {why}.")
        if channel.hold_until is not None and channel.hold_until > moment:
            return self.ledger.put_off(database, delivery, channel.hold_until)
        return self.ledger.note(database, delivery, self.senders[channel.type].send(parcel))

    def _parcel(self, connection: Connection, delivery: Delivery, channel: Channel, moment: datetime) -> Parcel:
        message = read_message(delivery_store.message_of(connection, channel.org_id, delivery.id) or "{}")
        secrets = channel_store.secrets_of(connection, channel.org_id, channel.id, moment)
        unsubscribe = self.unsubscribing.link(channel) if channel.type is ChannelType.EMAIL else None
        rendered = self.texts.render(channel, message, moment, unsubscribe)
        return Parcel(delivery.id, channel, secrets, message, rendered, delivery.created_at, moment, unsubscribe)
