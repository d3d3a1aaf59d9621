"""The macro feature: macroeconomic series, and the regime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.macro.flags import MACRO
from infrastructure.belonging import Belonging
from infrastructure.feature import Feature, MaintenanceTask
from models.macro import FETCHED, MACRO_FETCH

if TYPE_CHECKING:
    from flask import Blueprint

    from features.macro.kinds import MacroFetching
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector

LOOKED_SECONDS = 600.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.macro.routes import macro

    return (macro.blueprint,)


def _kinds(foundation: Foundation) -> tuple[MacroFetching, ...]:
    if foundation.settings.fred_url is None:
        return ()
    from features.macro.kinds import MacroFetching

    return (MacroFetching(foundation.settings),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    settings = foundation.settings
    if settings.fred_url is None:
        return ()
    from features.macro.upkeep import queue_due

    return (
        MaintenanceTask(
            "queue_due_macro", LOOKED_SECONDS, lambda: queue_due(foundation.database, foundation.flags, settings.fred_series or FETCHED)
        ),
    )


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.macro.capabilities import macro_capability

    return (macro_capability(),)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.macro.integrations import macro_connector

    return (macro_connector(foundation.settings),)


BELONGINGS = (Belonging("macro_series", ("org_id", "series"), rows=20),)

FEATURE = Feature(
    "macro",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(MACRO_FETCH,),
    flags=(MACRO,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    connectors=_connectors,
    belongings=BELONGINGS,
)
