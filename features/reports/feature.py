"""What reports offer: Excel files of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.reports.routes import blueprint

    return (blueprint,)


FEATURE = Feature("reports", blueprints=_blueprints)
