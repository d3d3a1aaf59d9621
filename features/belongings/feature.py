"""The belongings feature: an export of everything of an organization or a person, and the removal of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature, MaintenanceTask

if TYPE_CHECKING:
    from flask import Blueprint

    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.belongings import routes

    return (routes.blueprint,)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.belongings.removing import SECONDS, remove_remains

    return (MaintenanceTask("remove_organizations", SECONDS, lambda: remove_remains(foundation)),)


FEATURE = Feature("belongings", blueprints=_blueprints, maintenance=_maintenance)
