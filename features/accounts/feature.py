"""The accounts feature: API keys and browser sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint

    from api.authentication import Authentication
    from infrastructure.cache import Cache
    from infrastructure.foundation import Foundation


def _blueprints() -> tuple[Blueprint, ...]:
    from features.accounts.routes import api_key, session

    return session.blueprint, api_key.blueprint


def _authentication(foundation: Foundation, cache: Cache) -> Authentication:
    from api.authentication import Authentication
    from features.accounts.api_keys import KeyRing
    from features.accounts.sessions import Sessions

    ring = KeyRing(foundation.database, foundation.settings.resolve_master_key, cache)
    return Authentication(ring, Sessions(foundation.database, ring, cache))


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.accounts.retention import prune_sessions

    return (MaintenanceTask("prune_sessions", HOURLY, lambda: prune_sessions(foundation.database)),)


def _commands() -> tuple[Command, ...]:
    from features.accounts.commands import group

    return (group,)


FEATURE = Feature("accounts", blueprints=_blueprints, authentication=_authentication, maintenance=_maintenance, commands=_commands)
