"""Sign-in through OpenID providers: by issuer and subject, never by an address, which may become somebody else's."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

import structlog

from database import Database
from features.accounts.openid import Attempt, OpenIdProvider
from features.accounts.proof import Proof
from features.accounts.service import Accounts
from features.accounts.store import identity as identity_store
from features.accounts.store import passkey as passkey_store
from features.accounts.store import user as user_store
from features.accounts.users import NewUser, add_user, organization_of
from infrastructure.audit import note
from models.account_errors import AccountDisabled, EmailTaken, IdentityNotFound, IdentityTaken, LastWayIn, NobodyKnown, ProviderNotFound
from models.audit import Actor, ActorKind
from models.openid import Claims, Identity
from models.user import normalize_email, normalize_user_name
from utils.clock import now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

CALLBACK = "/login/openid/{key}/callback"


@dataclass(frozen=True)
class Returning:
    """Somebody whom a provider has sent back: for what they were sent there, and with which code."""

    provider: str
    attempt: Attempt
    code: str
    connects: str | None = None  # the id of the person who is signed in and connects an account


def find_provider(providers: Mapping[str, OpenIdProvider], key: str) -> OpenIdProvider:
    """A configured provider. Raises ProviderNotFound."""
    if key not in providers:
        raise ProviderNotFound
    return providers[key]


def new_attempt() -> Attempt:
    """What a new sign-in is known by: 256 bits each."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def redirect_uri(parts: Accounts, key: str) -> str:
    """Where a provider sends somebody back to."""
    assert parts.links.public_url is not None, "the settings refuse a provider without PUBLIC_URL"
    return parts.links.public_url.rstrip("/") + CALLBACK.format(key=key)


def prove(parts: Accounts, returning: Returning, *, may_register: bool) -> Proof:
    """The proof of somebody whom a provider vouches for.

    Raises ProviderRefused, NobodyKnown, IdentityTaken, EmailTaken, AccountDisabled, and SecondFactorNeeded: a provider is one factor.
    """
    provider = find_provider(parts.providers, returning.provider)
    claims = provider.claims(returning.code, returning.attempt, redirect_uri(parts, returning.provider))
    user_id = _connect(parts.database, claims, returning.connects) if returning.connects else _user_of(parts.database, claims, may_register)
    with parts.database.reader() as connection:
        found = user_store.credentials(connection, user_id)
    if found is None or found.disabled_at is not None:
        raise AccountDisabled(user_id)
    if returning.connects is not None:
        return Proof(user_id, two_factor=False)  # they are signed in already
    return replace(parts.proving.passed(found), way="provider")


def list_identities(database: Database, user_id: str) -> list[Identity]:
    """What somebody has connected."""
    with database.reader() as connection:
        return identity_store.list_of_user(connection, user_id)


def disconnect(database: Database, user_id: str, identity_id: str) -> None:
    """Remove a connected account. Raises IdentityNotFound, and LastWayIn for somebody without another way to sign in."""
    with database.transaction() as connection:
        # Two removals at once would each find the other way there.
        user_store.lock(connection, user_id)
        found = user_store.find(connection, user_id)
        own = {each.id: each for each in identity_store.list_of_user(connection, user_id)}
        if not is_id(identity_id) or identity_id not in own:
            raise IdentityNotFound
        has_another = len(own) > 1 or passkey_store.count_of_user(connection, user_id) > 0
        if found is not None and not found.has_password and not has_another:
            raise LastWayIn
        identity_store.delete(connection, identity_id, user_id)
        note(connection, before={"provider": own[identity_id].issuer, "email": own[identity_id].email})
    log.warning("account at a provider disconnected", user_id=user_id)


def _user_of(database: Database, claims: Claims, may_register: bool) -> str:
    """Whoever is known by the claims; else, where anybody may register, a new account."""
    with database.bookkeeping() as connection:
        known = identity_store.find(connection, claims.issuer, claims.subject)
        if known is not None:
            identity_store.mark_used(connection, known.id, now(), claims.email)
            return known.user_id
    with database.transaction() as connection:
        known = identity_store.find(connection, claims.issuer, claims.subject)
        if known is not None:  # since a moment ago, by another request
            return known.user_id
        if not may_register or claims.email is None or not claims.email_verified:
            raise NobodyKnown
        email = normalize_email(claims.email)
        try:
            name = normalize_user_name(claims.name or "")
        except ValueError:
            name = email.partition("@")[0]
        try:
            user = add_user(connection, NewUser(email, name, None), None)
        except EmailTaken as error:
            # An address alone connects nobody: whoever has it at the provider today need not be who registered with it here.
            raise EmailTaken(
                "There is an account with this e-mail address. Sign in as before, and connect it on the page Account."
            ) from error
        identity_store.insert(connection, _identity(claims, user.id))
        actor = Actor(ActorKind.PERSON, user.id, organization_of(connection, user.id))
        told = {"email": email, "name": name, "provider": claims.issuer}
        note(connection, action="register", target=f"users/{user.id}", actor=actor, after=told)
        return user.id


def _connect(database: Database, claims: Claims, user_id: str) -> str:
    with database.transaction() as connection:
        known = identity_store.find(connection, claims.issuer, claims.subject)
        if known is not None and known.user_id != user_id:
            raise IdentityTaken
        if known is None:
            identity_store.insert(connection, replace(_identity(claims, user_id), used_at=None))
            actor = Actor(ActorKind.PERSON, user_id, organization_of(connection, user_id))
            told = {"provider": claims.issuer, "email": claims.email}
            note(connection, action="connect_identity", target=f"users/{user_id}", actor=actor, after=told)
            log.warning("account at a provider connected", user_id=user_id, issuer=claims.issuer)
    return user_id


def _identity(claims: Claims, user_id: str) -> Identity:
    moment = now()
    return Identity(new_id(), claims.issuer, claims.subject, user_id, claims.email, moment, moment)
