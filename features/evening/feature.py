"""The feature of the evening run: its command and its call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint


def _blueprints() -> tuple[Blueprint, ...]:
    from features.evening.routes import blueprint

    return (blueprint,)


def _commands() -> tuple[Command, ...]:
    from features.evening.commands import group

    return (group,)


FEATURE = Feature("evening", blueprints=_blueprints, commands=_commands)
