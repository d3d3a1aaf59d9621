"""What operations offer: health, metrics, feature flags, the cache, and the status page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.operations.routes import cache, flags, health, metrics, status

    return status.blueprint, cache.blueprint, flags.blueprint, health.blueprint, metrics.blueprint


FEATURE = Feature("operations", blueprints=_blueprints)
