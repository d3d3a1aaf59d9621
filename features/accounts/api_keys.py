"""API keys: creating, verifying and revoking them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.accounts.principals import OPERATOR, packed, scopes_of_key, unpacked
from features.accounts.store import api_key as api_key_store
from features.accounts.store.api_key import KeyPage
from features.accounts.uses import Uses
from infrastructure.audit import note
from infrastructure.cache import Cache
from models.access import Principal
from models.api_key import MASTER, ApiKey, KeyRights
from models.cache import Region
from models.errors import ApiKeyNotFound
from utils.clock import now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

PREFIX = "bw_"
ORDINARY = KeyRights()
KEY_SECONDS = 2.0  # a verified key is looked up again after this time: a revoked key is refused everywhere within it


class KeyRing:
    """Verifies API keys. It holds the digest of the master key; the digests of the others are in the database."""

    def __init__(
        self,
        database: Database,
        master_key: Callable[[], str],
        cache: Cache,
        uses: Uses | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`master_key` is called at the first check, so that the constructor reads no file."""
        self._database, self._cache, self._clock = database, cache, clock
        self._uses = uses or Uses.of_keys(database)
        self._read_master_key = master_key
        self._master_digest: str | None = None

    def close(self) -> None:
        """Write the uses that are not written yet."""
        self._uses.close()

    def is_master(self, key: str) -> bool:
        """Whether a key is the master key; does not read the database."""
        return self.is_master_digest(digest_of(key))

    def is_master_digest(self, digest: str) -> bool:
        """Whether a digest is the master key's; does not read the database."""
        if self._master_digest is None:
            self._master_digest = digest_of(self._read_master_key())
        return hmac.compare_digest(digest, self._master_digest)

    def principal(self, key: str) -> Principal | None:
        """The principal of a key; None for an unknown or revoked key."""
        digest = digest_of(key)
        if self.is_master_digest(digest):
            return OPERATOR
        principal = self._find(digest) if key.startswith(PREFIX) else None
        if principal is not None:
            self.note_use(principal)
        return principal

    def note_use(self, principal: Principal) -> None:
        """Note that a key, or a session that was begun with it, was used now."""
        if principal.key_id is not None and principal.key_id != MASTER:
            self._uses.note(principal.key_id)

    def _find(self, digest: str) -> Principal | None:
        cached = self._cache.get(Region.KEYS, digest)
        if cached is not None:
            return unpacked(cached)
        read_at = self._clock()
        with self._database.reader() as connection:
            found = api_key_store.find_by_digest(connection, digest)
        if found is None:
            return None
        stored = found.key
        if stored.revoked_at is not None or (stored.expires_at is not None and stored.expires_at <= now()):
            # The answer is that of an unknown key, so the log alone tells whose client still sends it.
            log.warning("revoked api key refused" if stored.revoked_at else "expired api key refused", refused=stored.id)
            return None
        scopes = scopes_of_key(stored.scopes, stored.user_id, found.role)
        principal = Principal(stored.org_id, scopes, stored.id, stored.user_id, role=found.role)
        # Counted from before the read: the key may have been revoked while a slow database answered.
        self._cache.put(Region.KEYS, digest, packed(principal), read_at + KEY_SECONDS - self._clock())
        return principal


def digest_of(key: str) -> str:
    """The SHA-256 of a key in hex, which is stored in its place. A look-up by digest leaks no timing information about a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def create_key(database: Database, org_id: int, name: str, rights: KeyRights = ORDINARY) -> tuple[ApiKey, str]:
    """Create a key in a transaction of its own; see `add_key`."""
    with database.transaction() as connection:
        return add_key(connection, org_id, name, rights)


def add_key(connection: Connection, org_id: int, name: str, rights: KeyRights = ORDINARY) -> tuple[ApiKey, str]:
    """Create a key; the second value is the key itself, of which only the digest is stored."""
    key = PREFIX + secrets.token_urlsafe(32)
    stored = ApiKey(new_id(), org_id, name, now(), None, None, rights.user_id, rights.scopes, rights.expires_at)
    api_key_store.insert(connection, org_id, stored, digest_of(key))
    return stored, key


def list_keys(database: Database, org_id: int, wanted: KeyPage) -> list[ApiKey]:
    """Records of an organization's keys, newest first."""
    with database.read() as connection:
        return api_key_store.list_keys(connection, org_id, wanted)


def find_key(database: Database, org_id: int, key_id: str, user_id: str | None = None) -> ApiKey:
    """The record of one key, revoked or not; with `user_id`, only of that person. Raises ApiKeyNotFound."""
    with database.reader() as connection:
        return _find(connection, org_id, key_id, user_id)


def _find(connection: AnyReader, org_id: int, key_id: str, user_id: str | None) -> ApiKey:
    stored = api_key_store.find(connection, org_id, key_id) if is_id(key_id) else None
    if stored is None or (user_id is not None and stored.user_id != user_id):
        raise ApiKeyNotFound
    return stored


def log_creation(stored: ApiKey, created_by: str) -> None:
    """Log that a key was created; the key itself is in no log."""
    log.warning("api key created", created=stored.id, name=stored.name, created_by=created_by)


@dataclass(frozen=True)
class Revocation:
    """Which key to revoke: with `user_id`, only one of that person; `revoked_by` is for the log."""

    org_id: int
    key_id: str
    revoked_by: str
    user_id: str | None = None


def revoke_key(database: Database, cache: Cache, wanted: Revocation) -> bool:
    """Revoke a key; return whether it was active. Raises ApiKeyNotFound.

    The process of `cache` refuses the key and its sessions at once, every other one when it looks them up again, within two seconds.
    """
    with database.transaction() as connection:
        former = _find(connection, wanted.org_id, wanted.key_id, wanted.user_id)
        revoked = api_key_store.revoke(connection, wanted.org_id, wanted.key_id, now())
        after = api_key_store.find(connection, wanted.org_id, wanted.key_id)
        note(connection, target=f"keys/{wanted.key_id}", before=former, after=after)
    forget_callers(cache)
    if revoked:
        log.warning("api key revoked", revoked=wanted.key_id, revoked_by=wanted.revoked_by)
    return revoked


def forget_callers(cache: Cache) -> None:
    """Look keys and sessions up again in this process at their next use, because what they may do has changed."""
    for region in (Region.KEYS, Region.SESSIONS):
        cache.forget(region)
