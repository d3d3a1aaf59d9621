"""The risk feature: what holding a ticker, a portfolio or an index was like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.risk.routes import blueprint

    return (blueprint,)


FEATURE = Feature("risk", blueprints=_blueprints)
