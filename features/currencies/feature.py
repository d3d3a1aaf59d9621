"""The currencies feature: exchange rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.currencies.flags import CURRENCIES
from infrastructure.belonging import Belonging
from infrastructure.feature import Feature, MaintenanceTask
from models.fx import FX_FETCH

if TYPE_CHECKING:
    from flask import Blueprint

    from features.currencies.kinds import RateFetching
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector

LOOKED_SECONDS = 600.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.currencies.routes import blueprint

    return (blueprint,)


def _kinds(foundation: Foundation) -> tuple[RateFetching, ...]:
    if foundation.settings.fx_rates_url is None:
        return ()
    from features.currencies.kinds import RateFetching

    return (RateFetching(foundation.settings),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    if foundation.settings.fx_rates_url is None:
        return ()
    from features.currencies.upkeep import queue_due

    return (MaintenanceTask("queue_due_fx_rates", LOOKED_SECONDS, lambda: queue_due(foundation.database, foundation.flags)),)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.currencies.capabilities import rate_capabilities

    return rate_capabilities(foundation)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.currencies.integrations import rates_connector

    return (rates_connector(foundation.settings),)


BELONGINGS = (Belonging("fx_rates", ("org_id", "currency"), rows=20),)

FEATURE = Feature(
    "currencies",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(FX_FETCH,),
    flags=(CURRENCIES,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    connectors=_connectors,
    belongings=BELONGINGS,
)
