"""The feature of the evening run: its command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import Feature

if TYPE_CHECKING:
    from click import Command


def _commands() -> tuple[Command, ...]:
    from features.evening.commands import group

    return (group,)


FEATURE = Feature("evening", commands=_commands)
