"""What accounts offer: API keys and the sessions of browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.accounts.routes import blueprint

    return (blueprint,)


FEATURE = Feature("accounts", blueprints=_blueprints)
