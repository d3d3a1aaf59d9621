"""The accounts feature: people and their sign-ins, organizations, and API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure.belonging import Belonging, Shown
from infrastructure.feature import HOURLY, Feature, MaintenanceTask

if TYPE_CHECKING:
    from click import Command
    from flask import Blueprint

    from api.authentication import Authentication
    from database import AnyReader
    from infrastructure.cache import Cache
    from infrastructure.foundation import Foundation
    from infrastructure.integration import Connector
    from models.integration import Integration


def _blueprints() -> tuple[Blueprint, ...]:
    from features.accounts.routes import (
        any_organization,
        api_key,
        auth,
        identity,
        invitation,
        me,
        organization,
        passkey,
        session,
        totp,
        user,
    )

    return (
        session.blueprint,
        auth.blueprint,
        me.blueprint,
        totp.blueprint,
        identity.blueprint,
        passkey.blueprint,
        api_key.own_blueprint,
        api_key.blueprint,
        user.blueprint,
        organization.blueprint,
        any_organization.blueprint,
        invitation.blueprint,
    )


def _authentication(foundation: Foundation, cache: Cache) -> Authentication:
    from features.accounts.service import make_accounts

    return make_accounts(foundation.settings, foundation.database, cache)


def _maintenance(foundation: Foundation) -> tuple[MaintenanceTask, ...]:
    from features.accounts.retention import prune_challenges, prune_links, prune_sessions, prune_tries

    return (
        MaintenanceTask("prune_sessions", HOURLY, lambda: prune_sessions(foundation.database)),
        MaintenanceTask("prune_links", HOURLY, lambda: prune_links(foundation.database)),
        MaintenanceTask("prune_challenges", HOURLY, lambda: prune_challenges(foundation.database)),
        MaintenanceTask("prune_tries", HOURLY, lambda: prune_tries(foundation.database)),
    )


def _commands() -> tuple[Command, ...]:
    from features.accounts.commands import create_admin, keys, users

    return (keys, users, create_admin)


def _connectors(foundation: Foundation) -> tuple[Connector, ...]:
    from features.accounts.integrations import sign_in_connectors

    return sign_in_connectors(foundation.settings)


def _integrations(_: Foundation, reader: AnyReader, org_id: int) -> list[Integration]:
    from features.accounts.integrations import key_integrations

    return key_integrations(reader, org_id)


# The row of an organization goes last, when nothing refers to it.
BELONGINGS = (
    Belonging("organization_exports", ("org_id",), shown=Shown.TO_NOBODY),
    Belonging("account_exports", ("user_id",), None, "user_id", shown=Shown.TO_NOBODY),
    Belonging("one_time_links", ("token_sha256",), person="user_id", hidden=("token_sha256",)),
    Belonging("refresh_tokens", ("token_sha256",), through=("session_id", "sessions"), shown=Shown.TO_NOBODY),
    Belonging("sessions", person="user_id", hidden=("token_sha256", "key_sha256"), shown=Shown.TO_PERSON),
    Belonging("api_keys", person="user_id", hidden=("key_sha256",)),
    Belonging("members", ("org_id", "user_id"), person="user_id"),
    Belonging("organizations", ("id",), "id", is_removed=False),
    Belonging("recovery_codes", ("user_id", "code_sha256"), None, "user_id", shown=Shown.TO_NOBODY),
    Belonging("identities", ("id",), None, "user_id"),
    Belonging("passkeys", ("id",), None, "user_id", hidden=("credential_id", "public_key", "sign_count")),
    Belonging("users", ("id",), None, "id", hidden=("password_hash", "totp_secret", "totp_step", "email_key")),
)

FEATURE = Feature(
    "accounts",
    blueprints=_blueprints,
    authentication=_authentication,
    maintenance=_maintenance,
    commands=_commands,
    connectors=_connectors,
    integrations=_integrations,
    belongings=BELONGINGS,
)
