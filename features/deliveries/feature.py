"""The deliveries feature: channels, and the messages that are sent through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.deliveries.flags import DELIVERIES
from infrastructure.belonging import Belonging, Row
from infrastructure.feature import HOURLY, Feature, MaintenanceTask
from models.message import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from database import AnyReader
    from features.deliveries.courier import Courier
    from features.deliveries.kinds import Deliveries
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector
    from models.health import Probe
    from models.integration import Integration

DUE_SECONDS = 2.0
LOST_SECONDS = 30.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.deliveries.routes import channel, delivery

    return channel.blueprint, delivery.blueprint


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.deliveries.capabilities import notify
    from features.deliveries.change_capabilities import change_capabilities

    return (notify(), *change_capabilities(foundation))


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from features.deliveries.watch import deliveries_probe

    return (deliveries_probe(foundation.database),)


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.deliveries.watch import read_metrics

    return read_metrics(connection)


def _kinds(foundation: Foundation) -> tuple[Deliveries, ...]:
    from features.deliveries.kinds import Deliveries

    def make_courier() -> Courier:
        from features.deliveries.courier import Courier

        return Courier.of(foundation.settings, lambda org_id: foundation.flags.is_enabled(DELIVERIES, org_id))

    return (Deliveries(make_courier),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.deliveries.ledger import Ledger
    from features.deliveries.upkeep import prune_deliveries, queue_due, recover_lost

    database, flags = foundation.database, foundation.flags

    def queue() -> None:
        if flags.is_enabled(DELIVERIES):
            queue_due(database, lambda org_id: flags.is_enabled(DELIVERIES, org_id))

    return (
        MaintenanceTask("queue_deliveries", DUE_SECONDS, queue),
        MaintenanceTask("recover_deliveries", LOST_SECONDS, lambda: recover_lost(database, Ledger())),
        MaintenanceTask("prune_deliveries", HOURLY, lambda: prune_deliveries(database)),
    )


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.deliveries.integrations import mail_connector

    return (mail_connector(foundation.settings),)


def _integrations(_: Foundation, reader: AnyReader, org_id: int) -> list[Integration]:
    from features.deliveries.integrations import channel_integrations

    return channel_integrations(reader, org_id)


def _stop(connection: Connection, org_id: int) -> None:
    from features.deliveries.channels import BY_HAND
    from features.deliveries.store import channel as channel_store

    channel_store.switch_all_off(connection, org_id, BY_HAND)


def _shown_channel(row: Row) -> Row:
    """A channel without what lets somebody in: of a web address, the path may be all that protects it."""
    from infrastructure.audit_values import host_of_address

    return {**row, "address": host_of_address(row["address"]) if "://" in row["address"] else row["address"]}


BELONGINGS = (
    Belonging("delivery_attempts", ("delivery_id", "number"), through=("delivery_id", "deliveries")),
    Belonging("deliveries"),
    Belonging("channels", hidden=("secret", "former_secret", "former_secret_until", "name_key"), show=_shown_channel),
    Belonging("told_changes", ("org_id", "name")),
)

FEATURE = Feature(
    "deliveries",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(DELIVERY,),
    flags=(DELIVERIES,),
    maintenance=_maintenance,
    probes=_probes,
    metrics=_metrics,
    capabilities=_capabilities,
    connectors=_connectors,
    integrations=_integrations,
    stopping=_stop,
    belongings=BELONGINGS,
)
