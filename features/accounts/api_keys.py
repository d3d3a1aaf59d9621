"""API keys: creating, verifying and revoking them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable

from database import Database
from features.accounts.store import api_key as api_key_store
from infrastructure import cache_store as clearing_store
from infrastructure.cache import Cache
from models.api_key import FIRST_ORG, MASTER, ApiKey, Principal
from models.cache import Region
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant

PREFIX = "bw_"
KEY_SECONDS = 5.0  # lifetime of a verified key in the cache: a revoked key is refused everywhere within this time


class KeyRing:
    """Verifies API keys. It holds the digest of the master key; the digests of the others are in the database."""

    def __init__(self, database: Database, master_key: Callable[[], str], cache: Cache) -> None:
        """`master_key` is called at the first check, so that the constructor reads no file."""
        self._database, self._cache = database, cache
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
        return self._find(digest) if key.startswith(PREFIX) else None

    def _find(self, digest: str) -> Principal | None:
        cached = self._cache.get(Region.KEYS, digest)
        if cached is not None:
            org_id, key_id = parse_tolerant(cached)
            return Principal(org_id, key_id)
        with self._database.reader() as connection:
            stored = api_key_store.find_active(connection, digest)
        if stored is None:
            return None
        self._cache.put(Region.KEYS, digest, dump([stored.org_id, stored.id]), KEY_SECONDS)
        return Principal(stored.org_id, stored.id)


def digest_of(key: str) -> str:
    """The SHA-256 of a key in hex, which is stored in its place. A look-up by digest leaks no timing information about a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def create_key(database: Database, org_id: int, name: str) -> tuple[ApiKey, str]:
    """Create a key; the second value is the key itself, of which only the digest is stored."""
    key = PREFIX + secrets.token_urlsafe(32)
    stored = ApiKey(new_id(), org_id, name, now(), None)
    with database.transaction() as connection:
        api_key_store.insert(connection, org_id, stored, digest_of(key))
    return stored, key


def list_keys(database: Database, org_id: int) -> list[ApiKey]:
    """The records of an organization's keys."""
    with database.read() as connection:
        return api_key_store.list_keys(connection, org_id)


def revoke_key(database: Database, org_id: int, key_id: str) -> bool:
    """Revoke a key; return whether it was active. Every process refuses it within two seconds."""
    with database.transaction() as connection:
        revoked = api_key_store.revoke(connection, org_id, key_id, now())
        # Web processes cache verified keys, and drop them when they read this row.
        clearing_store.insert(connection, new_id(), f"{Region.KEYS}:", now(), "revocation")
    return revoked
