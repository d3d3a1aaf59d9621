"""Helpers of the tests of channels and deliveries."""

from __future__ import annotations

from typing import Any

import database
from features.deliveries import channels
from features.deliveries.channels import Caller, NewChannel
from infrastructure.address_guard import AddressGuard, networks_of
from kit.receivers import LOOPBACK
from models.message import Channel, ChannelType, Message

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
