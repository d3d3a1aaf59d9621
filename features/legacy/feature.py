"""The import of an earlier tool's database: its command, the results that it imported, and the kind of the jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging
from infrastructure.feature import Feature

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint

    from features.legacy.kinds import ImportedAnalysis
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.legacy.routes import blueprint

    return (blueprint,)


def _kinds(_: Foundation) -> tuple[ImportedAnalysis, ...]:
    from features.legacy.kinds import ImportedAnalysis

    return (ImportedAnalysis(),)


def _commands() -> tuple[Command, ...]:
    from features.legacy.commands import import_legacy

    return (import_legacy,)


BELONGINGS = (Belonging("imported_results", rows=50),)

FEATURE = Feature("legacy", blueprints=_blueprints, kinds=_kinds, commands=_commands, belongings=BELONGINGS)
