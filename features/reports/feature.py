"""What reports offer: Excel files of what is stored, and reports that a job makes and that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from flask import Blueprint

    from features.reports.kinds import ReportMaking
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.reports.routes import direct, kept

    return direct.blueprint, kept.blueprint


def _kinds(foundation: Foundation) -> tuple[ReportMaking, ...]:
    from features.reports.kinds import ReportMaking

    return (ReportMaking(foundation),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.reports.service import prune_reports

    return (MaintenanceTask("prune_kept_reports", HOURLY, lambda: prune_reports(foundation.database)),)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.reports.capabilities import keeping_capability, report_capability

    return report_capability(foundation), keeping_capability(foundation)


BELONGINGS = (Belonging("kept_reports"),)

FEATURE = Feature(
    "reports", blueprints=_blueprints, kinds=_kinds, maintenance=_maintenance, capabilities=_capabilities, belongings=BELONGINGS
)
