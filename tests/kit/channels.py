"""Helpers of the tests of channels and deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import database
from features.deliveries import channels
from features.deliveries.channels import Caller, NewChannel
from features.deliveries.courier import Courier
from features.deliveries.kinds import Deliveries
from features.deliveries.ledger import Ledger
from features.deliveries.senders.apprise import AppriseSender
from features.deliveries.senders.base import Sender
from features.deliveries.senders.mail import MailSender
from features.deliveries.senders.ntfy import NtfySender
from features.deliveries.senders.webhook import WebhookSender
from features.deliveries.service import send
from features.deliveries.texts import Texts
from features.deliveries.unsubscribing import Unsubscribing
from features.deliveries.upkeep import queue_due
from infrastructure.address_guard import AddressGuard, networks_of
from infrastructure.mail_server import MailServer
from infrastructure.outbound import Outbound
from kit.jobs import options_for, working
from kit.receivers import LOOPBACK
from kit.support import SECRET_KEY
from models.job import Lane
from models.message import Channel, ChannelType, Message
from utils.clock import now

GUARD = AddressGuard(networks_of(LOOPBACK))


def caller(org_id: int = 1) -> Caller:
    """Somebody who may name addresses on loopback."""
    return Caller(org_id, "tester", GUARD)


def make_channel(name: str, address: str, kind: ChannelType = ChannelType.WEBHOOK, org_id: int = 1, **more: Any) -> Channel:
    with database.transaction() as connection:
        return channels.create(connection, caller(org_id), NewChannel(name, kind, address, **more))[0]


def message(key: str = "one", title: str = "AAPL is a buy", **more: Any) -> Message:
    return Message("alert.fired", key, title, **more)


def rows(table: str = "deliveries") -> list[dict[str, Any]]:
    statement = {
        "deliveries": "SELECT * FROM deliveries ORDER BY id",
        "channels": "SELECT * FROM channels ORDER BY id",
        "delivery_attempts": "SELECT * FROM delivery_attempts ORDER BY delivery_id, number",
        "analysis_jobs": "SELECT * FROM analysis_jobs ORDER BY id",
    }[table]
    found: list[dict[str, Any]] = database.query_db(statement)
    return found


class Clock:
    """The database's time, as a test says."""

    def __init__(self) -> None:
        self.moment = now()

    def __call__(self, connection: object = None) -> datetime:
        return self.moment

    def pass_by(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Post:
    """All that sends deliveries, in this process and by a test's clock."""

    clock: Clock = field(default_factory=Clock)
    may_send: bool = True
    server: MailServer | None = None
    public_url: str | None = "https://bellwether.example"

    def kind(self) -> Deliveries:
        outbound = Outbound(GUARD)
        senders: dict[ChannelType, Sender] = {
            ChannelType.WEBHOOK: WebhookSender(outbound),
            ChannelType.NTFY: NtfySender(outbound),
            ChannelType.EMAIL: MailSender(self.server),
            ChannelType.APPRISE: AppriseSender(),
        }
        unsubscribing = Unsubscribing(lambda: SECRET_KEY, self.public_url)
        courier = Courier(senders, Texts(self.public_url), unsubscribing, lambda org_id: self.may_send, self.ledger())
        return Deliveries(lambda: courier)

    def ledger(self) -> Ledger:
        return Ledger(self.clock, lambda low, high: 1.0)

    def send(self, channels_: Sequence[Channel], told: Message) -> list[str]:
        with database.transaction() as connection:
            return send(connection, channels_[0].org_id, [each.id for each in channels_], told, self.clock.moment)

    def work(self, worker: str = "tester") -> int:
        """Send all that is queued; return how many attempts that was."""
        with working(worker, options=options_for([self.kind()], Lane.NETWORK)) as executor:
            return executor.drain()

    def turn(self, seconds: float = 0) -> int:
        """Let time pass, queue what is due then, and send it."""
        self.clock.pass_by(seconds)
        queue_due(database.current(), lambda org_id: self.may_send, self.clock)
        return self.work()


def delivery(delivery_id: str) -> dict[str, Any]:
    return next(row for row in rows() if row["id"] == delivery_id)
