"""The alerts feature: rules, where they stand, and the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.alerts.flags import ALERTS
from infrastructure.belonging import Belonging
from infrastructure.feature import DAILY, HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.foundation import Foundation
    from infrastructure.outbox import Subscriber

LOOK_SECONDS = 60.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.alerts.routes import inbox, rule

    return inbox.blueprint, rule.blueprint


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.alerts.looking import look_at_ages, look_at_digests, look_at_pending
    from features.alerts.retention import prune_alerts

    database, universes = foundation.database, foundation.universes

    def is_on(org_id: int) -> bool:
        return foundation.flags.is_enabled(ALERTS, org_id)

    return (
        MaintenanceTask("look_at_pending_alerts", LOOK_SECONDS, lambda: look_at_pending(database, universes, is_on=is_on)),
        MaintenanceTask("look_at_alert_digests", LOOK_SECONDS, lambda: look_at_digests(database, is_on=is_on)),
        MaintenanceTask("look_at_ages_of_prices", HOURLY, lambda: look_at_ages(database, universes, is_on=is_on)),
        MaintenanceTask("prune_alerts", DAILY, lambda: prune_alerts(database)),
    )


def _metrics(_: Foundation, connection: Connection) -> Iterable[Metric]:
    from features.alerts.metrics import read_metrics

    return read_metrics(connection)


def _subscribers(foundation: Foundation) -> tuple[Subscriber, ...]:
    from features.alerts.subscribing import alert_subscriber

    return (alert_subscriber(foundation),)


def _stop(connection: Connection, org_id: int) -> None:
    from features.alerts.store import rule as rule_store

    rule_store.stop_all(connection, org_id)


BELONGINGS = (
    Belonging("alerts"),
    Belonging("alert_states", ("rule_id", "subject", "strategy")),
    Belonging("alert_rules"),
)

FEATURE = Feature(
    "alerts",
    blueprints=_blueprints,
    flags=(ALERTS,),
    maintenance=_maintenance,
    metrics=_metrics,
    subscribers=_subscribers,
    stopping=_stop,
    belongings=BELONGINGS,
)
