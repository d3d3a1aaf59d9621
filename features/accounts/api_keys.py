"""API keys: making, checking and ending them. `python -m services.api_key create NAME | list | revoke ID`."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import secrets
import sys
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

import database
from config import ConfigError, Settings
from features.accounts.store import api_key as api_key_store
from infrastructure import cache_store as clearing_store
from infrastructure.cache import Cache, NoCache
from models.api_key import FIRST_ORG, ApiKey, Principal
from models.cache import Region
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant
from utils.start_errors import explain

PREFIX = "bw_"
KEY_SECONDS = 5.0  # a key that was revoked is refused everywhere within so long
MASTER = "master"


class KeyRing:
    """Tells whose a key is. Holds the master key's digest only; the others' are in the database."""

    def __init__(self, master_key: Callable[[], str], cache: Cache | None = None) -> None:
        """`master_key` is called at the first check, so that making a ring reads no file."""
        self._read_master_key = master_key
        self._master_digest: str | None = None
        self._cache = cache or NoCache()

    def is_masters(self, digest: str) -> bool:
        """Whether a digest is the master key's; asks no database."""
        if self._master_digest is None:
            self._master_digest = digest_of(self._read_master_key())
        return hmac.compare_digest(digest, self._master_digest)

    def principal(self, key: str) -> Principal | None:
        """Whom a key acts for; None for a key that nobody holds."""
        digest = digest_of(key)
        if self.is_masters(digest):
            return Principal(FIRST_ORG, MASTER)
        return self._find(digest) if key.startswith(PREFIX) else None

    def _find(self, digest: str) -> Principal | None:
        kept = self._cache.get(Region.KEYS, digest)
        if kept is not None:
            org_id, key_id = parse_tolerant(kept)
            return Principal(org_id, key_id)
        with database.reader() as connection:
            stored = api_key_store.find_active(connection, digest)
        if stored is None:
            return None
        self._cache.put(Region.KEYS, digest, dump([stored.org_id, stored.id]), KEY_SECONDS)
        return Principal(stored.org_id, stored.id)


def digest_of(key: str) -> str:
    """What is kept of a key: SHA-256 in hex. Looking digests up by index tells an attacker's clock nothing about a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def create_key(org_id: int, name: str) -> tuple[ApiKey, str]:
    """Make and store a key; the second value is the key itself, which is not kept."""
    key = PREFIX + secrets.token_urlsafe(32)
    made = ApiKey(new_id(), org_id, name, now(), None)
    with database.transaction() as connection:
        api_key_store.insert(connection, org_id, made, digest_of(key))
    return made, key


def _create(arguments: argparse.Namespace) -> int:
    made, key = create_key(FIRST_ORG, arguments.name)
    print(f"{key}\n\nThis is the key {made.name!r}, id {made.id}. It is shown once: only its digest is kept.")
    return 0


def _list(_: argparse.Namespace) -> int:
    with database.read() as connection:
        keys = api_key_store.list_keys(connection, FIRST_ORG)
    for key in keys:
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "active"
        print(f"{key.id}  {key.created_at:%Y-%m-%d}  {state:18}  {key.name}")
    print(f"{len(keys)} keys, besides the master key.")
    return 0


def _revoke(arguments: argparse.Namespace) -> int:
    with database.transaction() as connection:
        revoked = api_key_store.revoke(connection, FIRST_ORG, arguments.id, now())
        # The processes that serve keep keys for a moment: they hear of it within two seconds.
        clearing_store.insert(connection, new_id(), f"{Region.KEYS}:", now(), "revocation")
    print("revoked" if revoked else "There is no active key with this id.", file=sys.stdout if revoked else sys.stderr)
    return 0 if revoked else 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code is 0, or 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m services.api_key", description="Make, list and revoke API keys.")
    commands = parser.add_subparsers(required=True)
    create = commands.add_parser("create", help="make a key and print it, once")
    create.add_argument("name", help="what the key is for")
    create.set_defaults(run=_create)
    commands.add_parser("list", help="list the keys, without the keys themselves").set_defaults(run=_list)
    revoke = commands.add_parser("revoke", help="end a key at once")
    revoke.add_argument("id")
    revoke.set_defaults(run=_revoke)
    parsed = parser.parse_args(arguments)
    try:
        database.configure(Settings.load())
        code: int = parsed.run(parsed)
        return code
    except (ConfigError, SQLAlchemyError, OSError) as error:
        print(explain(error), file=sys.stderr)
        return 1
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
