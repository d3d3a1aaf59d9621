"""The integrations feature: the list of what every feature is connected to, and the tests of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.integrations import routes

    return (routes.blueprint,)


FEATURE = Feature("integrations", blueprints=_blueprints)
