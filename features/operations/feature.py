"""The operations feature: health, metrics, feature flags, the cache, and the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import Feature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Blueprint
    from prometheus_client.core import Metric
    from sqlalchemy import Connection

    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector
    from models.health import Probe


def _blueprints() -> tuple[Blueprint, ...]:
    from features.operations.routes import cache, errors, flags, health, limits, metrics, organization_flags, status, workers

    return (
        status.blueprint,
        workers.blueprint,
        errors.blueprint,
        cache.blueprint,
        flags.blueprint,
        organization_flags.own_blueprint,
        organization_flags.blueprint,
        limits.own_blueprint,
        limits.blueprint,
        health.blueprint,
        metrics.blueprint,
    )


def _probes(foundation: Foundation) -> tuple[Probe, ...]:
    from features.operations.health import serving_probes

    return serving_probes(foundation)


def _metrics(foundation: Foundation, connection: Connection) -> Iterable[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    enabled = GaugeMetricFamily("bellwether_feature_enabled", "Whether a feature is on.", labels=["flag"])
    for name, is_enabled in foundation.flags.states(connection).items():
        enabled.add_metric([name], is_enabled)
    return (enabled,)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.operations.integrations import connectors

    return connectors(foundation.settings)


BELONGINGS = (
    Belonging("organization_flag_changes"),
    Belonging("organization_flags", ("org_id", "name")),
    Belonging("organization_limits", ("org_id",)),
    Belonging("member_budgets", ("org_id", "user_id"), person="user_id"),
)

FEATURE = Feature("operations", blueprints=_blueprints, probes=_probes, metrics=_metrics, connectors=_connectors, belongings=BELONGINGS)
