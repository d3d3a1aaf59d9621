"""The analyses feature: analyses of one ticker or of many as a job, and their stored results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.analyses.flags import ANALYSES
from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from flask import Blueprint

    from features.analyses.kinds import BulkAnalysis
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.analyses.routes import analysis, bulk, result, screen, series, verdict

    return analysis.blueprint, bulk.blueprint, result.blueprint, screen.blueprint, series.blueprint, verdict.blueprint


def _kinds(foundation: Foundation) -> tuple[BulkAnalysis, ...]:
    from features.analyses.kinds import BulkAnalysis
    from features.prices.fetching import SharedRefresher

    return (BulkAnalysis(SharedRefresher(foundation.settings) if foundation.settings.price_providers else None),)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.analyses.retention import cleanup_old_analyses
    from features.analyses.screening import fill_in_screener

    database, kept = foundation.database, foundation.settings.results_kept
    return (
        MaintenanceTask("prune_results", HOURLY, lambda: cleanup_old_analyses(kept, database)),
        MaintenanceTask("fill_in_screener", HOURLY, lambda: fill_in_screener(database)),
    )


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.analyses.capabilities import analysis_capabilities

    return analysis_capabilities(foundation)


BELONGINGS = (
    Belonging("latest_failures", ("org_id", "ticker", "strategy")),
    Belonging("latest_results", ("org_id", "ticker", "strategy")),
    Belonging("analysis_results", rows=100),
    Belonging("saved_screens"),
)

FEATURE = Feature(
    "analyses",
    blueprints=_blueprints,
    kinds=_kinds,
    flags=(ANALYSES,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    belongings=BELONGINGS,
)
