"""The audit feature: the log of changes and sign-ins over HTTP, and how long it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from flask import Blueprint

    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.audit import routes

    return (routes.blueprint,)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.audit.retention import prune_audit_log

    kept_days = foundation.settings.audit_kept_days
    return (MaintenanceTask("prune_audit_log", HOURLY, lambda: prune_audit_log(foundation.database, kept_days)),)


BELONGINGS = (Belonging("audit_log", person="actor", is_removed=False, outlives=True),)

FEATURE = Feature("audit", blueprints=_blueprints, maintenance=_maintenance, belongings=BELONGINGS)
