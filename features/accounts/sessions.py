"""Sessions: the sign-ins of browsers, by a cookie, and of programs, by tokens, until sign-out, expiry, or the end of whose they are.

The cookie is a random token. The table holds its digest only, so a leaked table gives no access. Each process caches a look-up for two
seconds, which saves the requests of a page their reads; a session that has ended is refused everywhere after that time.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import AnyReader, Database
from features.accounts.api_keys import KeyRing, digest_of
from features.accounts.principals import OPERATOR, packed, scopes_of_key, unpacked
from features.accounts.store import session as session_store
from features.accounts.uses import Uses
from infrastructure.audit import note
from infrastructure.cache import Cache
from models.access import SCOPES_OF, Principal
from models.account_errors import SessionNotFound
from models.api_key import MASTER
from models.cache import Region
from models.session import LONGEST_USER_AGENT, NewSession, Session, SessionOwner, SessionSummary, StoredSession
from utils.clock import now
from utils.ids import is_id, new_id

LIFETIME = timedelta(days=7)  # of a session that was begun with a key
LOOKUP_SECONDS = 2.0
TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # TOKEN_BYTES in base64url
MOST_LISTED = 200


@dataclass(frozen=True)
class Lifetimes:
    """How long a person's session lasts: at most, and without being used."""

    most: timedelta = timedelta(days=30)
    idle: timedelta = timedelta(days=7)


class Sessions:
    """Begins, finds and ends sessions. Methods raise the database's errors."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        cache: Cache,
        lifetimes: Lifetimes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._ring, self._cache, self._clock = database, ring, cache, clock
        self.lifetimes = lifetimes or Lifetimes()
        self._uses = Uses.of_sessions(database)

    def begin(self, new: NewSession, replaced: str | None = None) -> str:
        """Store a browser's session and return its token. The session of the token `replaced` ends."""
        with self._database.transaction() as connection:
            return self.begin_in(connection, new, replaced)

    def begin_in(self, connection: Connection, new: NewSession, replaced: str | None = None) -> str:
        """The same within a transaction."""
        token, created_at = secrets.token_urlsafe(TOKEN_BYTES), now()
        session_store.insert(connection, self._row(new, digest_of(token), created_at))
        if replaced is not None and TOKEN.fullmatch(replaced):
            session_store.end(connection, digest_of(replaced), created_at)
        return token

    def begin_program(self, connection: Connection, new: NewSession) -> str:
        """Store a program's session, which has no cookie, and return its id."""
        row = self._row(new, None, now())
        session_store.insert(connection, row)
        return row.id

    def find(self, token: str) -> Session | None:
        """The session of a browser's token, at most two seconds old; None for an unknown token or a session that has ended.

        A malformed token is not looked up.
        """
        if not TOKEN.fullmatch(token):
            return None
        digest = digest_of(token)
        principal = self._principal(digest, lambda reader, *times: session_store.find_owner(reader, digest, *times))
        return None if principal is None else Session(token, principal)

    def find_by_id(self, session_id: str) -> Principal | None:
        """The principal of an active session, at most two seconds old."""
        if not is_id(session_id):
            return None
        return self._principal(session_id, lambda reader, *times: session_store.find_owner_by_id(reader, session_id, *times))

    def end(self, principal: Principal) -> None:
        """End the session that a principal acts in; this process refuses it at once, every other one within two seconds."""
        assert principal.session_id is not None, "a key has no session"
        with self._database.transaction() as connection:
            session_store.end_by_id(connection, principal.session_id, now())
            note(connection, action="sign_out", target=f"sessions/{principal.session_id}")
        self.forget()

    def end_one(self, user_id: str, session_id: str) -> None:
        """End one session of a person. Raises SessionNotFound for one that is not active."""
        if not is_id(session_id):
            raise SessionNotFound
        with self._database.transaction() as connection:
            former = next((each for each in self._list(connection, user_id) if each.id == session_id), None)
            if not session_store.end_by_id(connection, session_id, now(), user_id):
                raise SessionNotFound
            note(connection, before=former)
        self.forget()

    def list_of(self, user_id: str) -> list[SessionSummary]:
        """The active sessions of a person, newest first."""
        with self._database.reader() as connection:
            return self._list(connection, user_id)

    def close(self) -> None:
        """Write the uses that are not written yet."""
        self._uses.close()

    def forget(self) -> None:
        """Look sessions up again in this process at their next use."""
        self._cache.forget(Region.SESSIONS)

    def _list(self, connection: AnyReader, user_id: str) -> list[SessionSummary]:
        moment = now()
        return session_store.list_of_user(connection, user_id, moment, moment - self.lifetimes.idle, MOST_LISTED)

    def _row(self, new: NewSession, token_sha256: str | None, created_at: datetime) -> StoredSession:
        is_persons = new.user_id is not None
        agent = new.origin.user_agent
        return StoredSession(
            id=new_id(),
            org_id=new.org_id,
            token_sha256=token_sha256,
            key_sha256=new.key_sha256,
            user_id=new.user_id,
            created_at=created_at,
            expires_at=created_at + (self.lifetimes.most if is_persons else LIFETIME),
            used_at=created_at if is_persons else None,
            proved_at=created_at if is_persons else None,
            two_factor=new.two_factor,
            address=new.origin.address,
            user_agent=None if agent is None else agent[:LONGEST_USER_AGENT],
        )

    def _principal(self, name: str, find: Callable[..., SessionOwner | None]) -> Principal | None:
        cached = self._cache.get(Region.SESSIONS, name)
        if cached is not None:
            return self._used(unpacked(cached))
        read_at, moment = self._clock(), now()
        with self._database.reader() as connection:
            owner = find(connection, moment, moment - self.lifetimes.idle)
        principal = self._principal_of(owner) if owner else None
        if principal is None:
            return None
        # Counted from before the read: the row may have changed while a slow database answered.
        self._cache.put(Region.SESSIONS, name, packed(principal), read_at + LOOKUP_SECONDS - self._clock())
        return self._used(principal)

    def _used(self, principal: Principal) -> Principal:
        if principal.key_id is not None:
            self._ring.note_use(principal)
        elif principal.session_id is not None:
            self._uses.note(principal.session_id)
        return principal

    def _principal_of(self, owner: SessionOwner) -> Principal | None:
        if owner.key_sha256 is None:
            scopes = SCOPES_OF[owner.role] if owner.role is not None else frozenset()
            return Principal(owner.org_id, scopes, None, owner.user_id, owner.session_id, owner.role, owner.is_operator)
        if self._ring.is_master_digest(owner.key_sha256):
            return Principal(owner.org_id, OPERATOR.scopes, MASTER, session_id=owner.session_id, is_operator=True)
        if owner.key_id is None:
            return None
        scopes = scopes_of_key(owner.key_scopes, owner.user_id, owner.role)
        return Principal(owner.org_id, scopes, owner.key_id, owner.user_id, owner.session_id, owner.role)
