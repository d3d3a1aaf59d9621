"""The evidence feature: the record of verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.evidence.flags import EVIDENCE
from infrastructure.belonging import Belonging
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from flask import Blueprint

    from features.evidence.kinds import BulkBacktests, UniverseCalibration
    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation

TIDIED_SECONDS = 60.0


def _blueprints() -> tuple[Blueprint, ...]:
    from features.evidence.routes import backtest, evidence, universe

    return backtest.blueprint, evidence.blueprint, universe.blueprint


def _kinds(foundation: Foundation) -> tuple[UniverseCalibration | BulkBacktests, ...]:
    from features.evidence.kinds import BulkBacktests, UniverseCalibration

    return UniverseCalibration(), BulkBacktests()


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.evidence.backtests import prune_backtests
    from features.evidence.calibrations import tidy_calibrations
    from features.evidence.retention import prune_evidence

    database, kept = foundation.database, foundation.settings.results_kept
    return (
        MaintenanceTask("prune_evidence", HOURLY, lambda: prune_evidence(database, kept)),
        MaintenanceTask("prune_backtests", HOURLY, lambda: prune_backtests(database, kept)),
        MaintenanceTask("tidy_calibrations", TIDIED_SECONDS, lambda: tidy_calibrations(database)),
    )


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.evidence.capabilities import evidence_capabilities

    return evidence_capabilities(foundation)


BELONGINGS = (
    Belonging("calibration_parts", ("calibration_id", "id"), through=("calibration_id", "calibrations"), rows=50),
    Belonging("calibrations", rows=10),
    Belonging("evidence", ("org_id", "fingerprint"), rows=50),
    Belonging("backtests", rows=10),
    Belonging("trials", ("org_id", "ticker", "digest")),
)

FEATURE = Feature(
    "evidence",
    blueprints=_blueprints,
    kinds=_kinds,
    flags=(EVIDENCE,),
    maintenance=_maintenance,
    capabilities=_capabilities,
    belongings=BELONGINGS,
)
