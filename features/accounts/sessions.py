"""Browser sessions: a cookie in place of an API key, until sign-out, expiry, or the revocation of the key.

The cookie is a random token. The table holds its digest only, so a leaked table gives no access. Each process caches a look-up for two
seconds, which saves the requests of a page their reads; a session that has ended is refused everywhere after that time.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from datetime import timedelta

from database import Database
from features.accounts.api_keys import KeyRing, digest_of
from features.accounts.store import session as session_store
from infrastructure.cache import Cache
from models.api_key import MASTER, Principal
from models.cache import Region
from models.session import Session, SessionOwner, StoredSession
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump, parse_tolerant

LIFETIME = timedelta(days=7)
LOOKUP_SECONDS = 2.0
TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # TOKEN_BYTES in base64url


class Sessions:
    """Begins, finds and ends sessions. Methods raise the database's errors."""

    def __init__(self, database: Database, ring: KeyRing, cache: Cache, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._ring, self._cache, self._clock = database, ring, cache, clock

    def begin(self, key: str, principal: Principal, replaced: str | None = None) -> str:
        """Store a session for a verified key and return its token. The session of the token `replaced` ends."""
        token, created_at = secrets.token_urlsafe(TOKEN_BYTES), now()
        session = StoredSession(new_id(), principal.org_id, digest_of(token), digest_of(key), created_at, created_at + LIFETIME)
        with self._database.transaction() as connection:
            session_store.insert(connection, session)
            if replaced is not None and TOKEN.fullmatch(replaced):
                session_store.end(connection, digest_of(replaced), created_at)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, at most two seconds old; None for an unknown token or a session that has ended.

        A malformed token is not looked up.
        """
        if not TOKEN.fullmatch(token):
            return None
        digest = digest_of(token)
        cached = self._cache.get(Region.SESSIONS, digest)
        if cached is not None:
            return self._used(Session(token, Principal(*parse_tolerant(cached))))
        read_at = self._clock()
        with self._database.reader() as connection:
            owner = session_store.find_owner(connection, digest, now())
        principal = self._find_principal(owner) if owner else None
        if principal is None:
            return None
        # Counted from before the read: the row may have changed while a slow database answered.
        seconds_left = read_at + LOOKUP_SECONDS - self._clock()
        self._cache.put(Region.SESSIONS, digest, dump([principal.org_id, principal.key_id]), seconds_left)
        return self._used(Session(token, principal))

    def end(self, session: Session) -> None:
        """End a session; every process refuses it within two seconds."""
        with self._database.transaction() as connection:
            session_store.end(connection, digest_of(session.token), now())

    def _used(self, session: Session) -> Session:
        self._ring.note_use(session.principal)
        return session

    def _find_principal(self, owner: SessionOwner) -> Principal | None:
        key_id = MASTER if self._ring.is_master_digest(owner.key_sha256) else owner.key_id
        return None if key_id is None else Principal(owner.org_id, key_id)
