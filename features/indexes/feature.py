"""The indexes feature: rule-based indexes, their levels and their rebalancings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask
from models.index import INDEX_REBALANCING

if TYPE_CHECKING:
    from flask import Blueprint

    from features.indexes.kinds import IndexRebalancing
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation
    from infrastructure.value_lines import LineReaders


def _blueprints() -> tuple[Blueprint, ...]:
    from features.indexes.routes import index, values

    return index.blueprint, values.blueprint


def _kinds(foundation: Foundation) -> tuple[IndexRebalancing, ...]:
    from features.indexes.kinds import IndexRebalancing

    return (IndexRebalancing(lambda: foundation.universes),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.indexes.due import queue_due

    return (MaintenanceTask("queue_due_indexes", HOURLY, lambda: queue_due(foundation.database)),)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.indexes.capabilities import index_capabilities

    return index_capabilities()


def _lines(foundation: Foundation) -> LineReaders:
    from features.indexes.lines import index_line
    from infrastructure.value_lines import LineKind

    return {LineKind.INDEX: index_line}


BELONGINGS = (
    Belonging("index_rebalancings", ("index_id", "revision", "number"), rows=50),
    Belonging("index_revisions", ("index_id", "revision"), rows=20),
    Belonging("index_versions", ("index_id", "version")),
    Belonging("indexes", hidden=("name_key",)),
)

FEATURE = Feature(
    "indexes",
    blueprints=_blueprints,
    kinds=_kinds,
    background_kinds=(INDEX_REBALANCING,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    lines=_lines,
    belongings=BELONGINGS,
)
