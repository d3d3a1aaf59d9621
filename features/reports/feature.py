"""What reports offer: Excel files of what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from flask import Blueprint

    from infrastructure.capability import Capability
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.reports.routes import blueprint

    return (blueprint,)


def _capabilities(foundation: Foundation) -> tuple[Capability, ...]:
    from features.reports.capabilities import report_capability

    return (report_capability(foundation),)


FEATURE = Feature("reports", blueprints=_blueprints, capabilities=_capabilities)
