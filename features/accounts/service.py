"""What accounts offer: who callers are, and the use cases of signing in."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from api.authentication import Authentication
from config import Settings
from database import AnyReader, Database
from features.accounts.access_tokens import AccessTokens
from features.accounts.api_keys import KeyRing, digest_of
from features.accounts.challenges import Challenges
from features.accounts.derived_keys import DerivedKeys
from features.accounts.links import Links
from features.accounts.mail import AccountMail
from features.accounts.openid import OpenIdProvider
from features.accounts.passkeys import Answered, Passkeys
from features.accounts.passwords import Passwords
from features.accounts.proof import Proof, Proving, record_refusal
from features.accounts.relying_party import RelyingParty
from features.accounts.sessions import LIFETIME, Lifetimes, Sessions
from features.accounts.sign_in import SignIn
from features.accounts.store import api_key as api_key_store
from features.accounts.store import organization as organization_store
from features.accounts.store import user as user_store
from features.accounts.totp import Totp
from features.accounts.tries import Tries
from infrastructure.cache import Cache
from infrastructure.mail_server import MailServer
from models.account_errors import UserNotFound
from models.session import NewSession, Origin

__all__ = [
    "LIFETIME", "Accounts", "Answered", "NewSession", "Origin", "Proof", "address_of", "count_members", "digest_of", "make_accounts",
    "providers_of", "record_refusal",
]  # fmt: skip

EVERYWHERE = ("0.0.0.0/0", "::/0")  # providers are the operator's choice, and may be on a private network


@dataclass(frozen=True)
class Accounts(Authentication):
    """The parts of accounts in a web process. All are thread-safe."""

    database: Database
    ring: KeyRing
    all_sessions: Sessions
    passwords: Passwords
    proving: Proving
    sign_in: SignIn
    totp: Totp
    tries: Tries
    links: Links
    passkeys: Passkeys
    mail: AccountMail
    providers: Mapping[str, OpenIdProvider]
    cache: Cache

    def close(self) -> None:
        """Write the uses that are not written yet, and send the e-mails that wait."""
        self.ring.close()
        self.all_sessions.close()
        self.mail.close()


def names_of_actors(connection: AnyReader, ids: Collection[str]) -> dict[str, str]:
    """The names of people and keys by the ids under which it is written down what they did; of some there is none any more."""
    return {**user_store.names_of(connection, ids), **api_key_store.names_of(connection, ids)}


def count_members(connection: AnyReader, org_id: int) -> int:
    """How many members an organization has."""
    return organization_store.count_members(connection, org_id)


def address_of(connection: AnyReader, user_id: str) -> str:
    """The address of a person. Raises UserNotFound."""
    found = user_store.find(connection, user_id)
    if found is None:
        raise UserNotFound
    return found.email


def make_accounts(settings: Settings, database: Database, cache: Cache, clock: Callable[[], float] = time.monotonic) -> Accounts:
    """The parts, by the settings; look-ups are kept by `clock`. Opens no connection and reads no file."""
    ring = KeyRing(database, settings.resolve_master_key, cache, clock=clock)
    lifetimes = Lifetimes(timedelta(days=settings.session_days), timedelta(days=settings.session_idle_days))
    sessions = Sessions(database, ring, cache, lifetimes, clock)
    keys = DerivedKeys(settings.resolve_secret_key)
    tokens = AccessTokens(keys, sessions, timedelta(minutes=settings.access_token_minutes))
    passwords, tries, totp = Passwords(), Tries(database), Totp(keys)
    links = Links(database, settings.public_url)
    return Accounts(
        keys=ring,
        sessions=sessions,
        tokens=tokens,
        database=database,
        ring=ring,
        all_sessions=sessions,
        passwords=passwords,
        proving=Proving(database, passwords, tries, totp, keys),
        sign_in=SignIn(database, sessions, tokens),
        totp=totp,
        tries=tries,
        links=links,
        passkeys=Passkeys(database, tries, Challenges(database, keys), RelyingParty.of(settings.public_url)),
        mail=AccountMail(database, links, MailServer.of(settings)),
        providers=providers_of(settings),
        cache=cache,
    )


def providers_of(settings: Settings) -> dict[str, OpenIdProvider]:
    """The OpenID providers that are configured, by their keys. Opens no connection."""
    if not settings.openid_clients:
        return {}
    from infrastructure.address_guard import AddressGuard, networks_of  # noqa: PLC0415 — only where a provider is configured
    from infrastructure.outbound import Outbound  # noqa: PLC0415

    outbound = Outbound(AddressGuard(networks_of(EVERYWHERE)))
    return {client.key: OpenIdProvider(client, outbound) for client in settings.openid_clients}
