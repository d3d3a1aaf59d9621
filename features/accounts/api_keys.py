"""API keys: creating, verifying and revoking them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Connection

from database import Database
from features.accounts.key_uses import KeyUses
from features.accounts.store import api_key as api_key_store
from infrastructure.cache import Cache
from models.api_key import FIRST_ORG, MASTER, ApiKey, Principal
from models.cache import Region
from models.errors import ApiKeyNotFound
from utils.clock import now
from utils.ids import is_id, new_id
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

PREFIX = "bw_"
KEY_SECONDS = 2.0  # a verified key is looked up again after this time: a revoked key is refused everywhere within it


class KeyRing:
    """Verifies API keys. It holds the digest of the master key; the digests of the others are in the database."""

    def __init__(
        self,
        database: Database,
        master_key: Callable[[], str],
        cache: Cache,
        uses: KeyUses | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`master_key` is called at the first check, so that the constructor reads no file."""
        self._database, self._cache, self._clock = database, cache, clock
        self._uses = uses or KeyUses(database)
        self._read_master_key = master_key
        self._master_digest: str | None = None

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
            return Principal(FIRST_ORG, MASTER)
        principal = self._find(digest) if key.startswith(PREFIX) else None
        if principal is not None:
            self.note_use(principal)
        return principal

    def note_use(self, principal: Principal) -> None:
        """Note that a key, or a session that was begun with it, was used now."""
        if principal.key_id != MASTER:
            self._uses.note(principal.key_id)

    def _find(self, digest: str) -> Principal | None:
        cached = self._cache.get(Region.KEYS, digest)
        if cached is not None:
            org_id, key_id = parse_tolerant(cached)
            return Principal(org_id, key_id)
        read_at = self._clock()
        with self._database.reader() as connection:
            stored = api_key_store.find_by_digest(connection, digest)
        if stored is None:
            return None
        if stored.revoked_at is not None:
            # The answer is that of an unknown key, so the log alone tells whose client still sends it.
            log.warning("revoked api key refused", refused=stored.id)
            return None
        # Counted from before the read: the key may have been revoked while a slow database answered.
        self._cache.put(Region.KEYS, digest, dump([stored.org_id, stored.id]), read_at + KEY_SECONDS - self._clock())
        return Principal(stored.org_id, stored.id)


def digest_of(key: str) -> str:
    """The SHA-256 of a key in hex, which is stored in its place. A look-up by digest leaks no timing information about a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def create_key(database: Database, org_id: int, name: str) -> tuple[ApiKey, str]:
    """Create a key in a transaction of its own; see `add_key`."""
    with database.transaction() as connection:
        return add_key(connection, org_id, name)


def add_key(connection: Connection, org_id: int, name: str) -> tuple[ApiKey, str]:
    """Create a key; the second value is the key itself, of which only the digest is stored."""
    key = PREFIX + secrets.token_urlsafe(32)
    stored = ApiKey(new_id(), org_id, name, now(), None)
    api_key_store.insert(connection, org_id, stored, digest_of(key))
    return stored, key


def list_keys(database: Database, org_id: int, before: str | None, limit: int) -> list[ApiKey]:
    """Up to `limit` records of an organization's keys, newest first; with the id `before`, only older ones."""
    with database.read() as connection:
        return api_key_store.list_keys(connection, org_id, before, limit)


def find_key(database: Database, org_id: int, key_id: str) -> ApiKey:
    """The record of one key, revoked or not. Raises ApiKeyNotFound."""
    with database.reader() as connection:
        stored = api_key_store.find(connection, org_id, key_id) if is_id(key_id) else None
    if stored is None:
        raise ApiKeyNotFound
    return stored


def log_creation(stored: ApiKey, created_by: str) -> None:
    """Log that a key was created; the key itself is in no log."""
    log.warning("api key created", created=stored.id, name=stored.name, created_by=created_by)


def revoke_key(database: Database, cache: Cache, org_id: int, key_id: str, revoked_by: str) -> bool:
    """Revoke a key; return whether it was active. Raises ApiKeyNotFound.

    The process of `cache` refuses the key and its sessions at once, every other one when it looks them up again, within two seconds.
    """
    if not is_id(key_id):
        raise ApiKeyNotFound
    with database.transaction() as connection:
        revoked = api_key_store.revoke(connection, org_id, key_id, now())
        if not revoked and api_key_store.find(connection, org_id, key_id) is None:
            raise ApiKeyNotFound
    for region in (Region.KEYS, Region.SESSIONS):
        cache.forget(region)
    if revoked:
        log.warning("api key revoked", revoked=key_id, revoked_by=revoked_by)
    return revoked
