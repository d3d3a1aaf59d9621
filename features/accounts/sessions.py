"""Sessions of browsers: a cookie that stands for an API key, until it is signed out, expires, or the key is no longer good.

The cookie is a random token. The table holds its digest, so that what lies there opens nothing; each process keeps what it looked up for
two seconds, so that a page costs no read for each of its requests and a session that has ended is refused everywhere as soon.
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
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # so many bytes in base64url


class Sessions:
    """Begins, finds and ends sessions. Every method that reaches the database raises its errors."""

    def __init__(self, database: Database, ring: KeyRing, cache: Cache, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._ring, self._cache, self._clock = database, ring, cache, clock

    def begin(self, key: str, principal: Principal, replaced: str | None = None) -> str:
        """Store a new session for a key that is known to be good; its token. The session whose token the browser held before ends."""
        token, moment = secrets.token_urlsafe(TOKEN_BYTES), now()
        made = StoredSession(new_id(), principal.org_id, digest_of(token), digest_of(key), moment, moment + LIFETIME)
        with self._database.transaction() as connection:
            session_store.insert(connection, made)
            if replaced is not None and TOKEN.fullmatch(replaced):
                session_store.end(connection, digest_of(replaced), moment)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a cookie, as it was at most two seconds ago; None for one that is not good. A malformed token costs no look-up."""
        if not TOKEN.fullmatch(token):
            return None
        digest = digest_of(token)
        kept = self._cache.get(Region.SESSIONS, digest)
        if kept is not None:
            return Session(token, Principal(*parse_tolerant(kept)))
        asked_at = self._clock()
        with self._database.reader() as connection:
            owner = session_store.find_owner(connection, digest, now())
        principal = self._principal_of(owner) if owner else None
        if principal is None:
            return None
        # From before the read on: what was read may have changed while a slow database answered.
        left = asked_at + LOOKUP_SECONDS - self._clock()
        self._cache.put(Region.SESSIONS, digest, dump([principal.org_id, principal.key_id]), left)
        return Session(token, principal)

    def end(self, session: Session) -> None:
        """End a session; every process refuses it within two seconds."""
        with self._database.transaction() as connection:
            session_store.end(connection, digest_of(session.token), now())

    def _principal_of(self, owner: SessionOwner) -> Principal | None:
        key_id = MASTER if self._ring.is_master_digest(owner.key_sha256) else owner.key_id
        return None if key_id is None else Principal(owner.org_id, key_id)
