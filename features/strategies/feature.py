"""The strategies feature: the built-in strategies, and those of organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.strategies.routes import blueprint

    return (blueprint,)


BELONGINGS = (
    Belonging("strategy_versions", ("org_id", "strategy_id", "version")),
    Belonging("strategies", ("org_id", "id")),
)

FEATURE = Feature("strategies", blueprints=_blueprints, belongings=BELONGINGS)
