"""What analyses offer: verdicts, one at once or many as a job, and the results that are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.analyses.flags import ANALYSES
from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.analyses.routes import analysis, bulk, result, series, strategy

    return analysis.blueprint, bulk.blueprint, result.blueprint, series.blueprint, strategy.blueprint


FEATURE = Feature("analyses", blueprints=_blueprints, flags=(ANALYSES,))
