"""Sign-ins of people: from a proof to a session, and for programs to tokens that go on."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from database import Database
from features.accounts.access_tokens import AccessTokens
from features.accounts.api_keys import digest_of
from features.accounts.proof import Proof
from features.accounts.sessions import Sessions
from features.accounts.store import organization as organization_store
from features.accounts.store import session as session_store
from infrastructure.audit import note, record
from models.access import Principal
from models.account_errors import RefreshRefused
from models.audit import Actor, ActorKind
from models.session import NewSession, Origin, SessionOwner
from utils.clock import now

log = structlog.get_logger(__name__)

REFRESH_PREFIX = "bwr_"


@dataclass(frozen=True)
class Tokens:
    """What a program signs in with: an access token for its requests, and a token for the next pair."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class SignIn:
    """Begins sessions and goes on with them. Thread-safe."""

    database: Database
    sessions: Sessions
    access_tokens: AccessTokens

    def browser(self, proof: Proof, origin: Origin, replaced: str | None = None) -> str:
        """Begin a browser's session and return the token of its cookie. The session of the token `replaced` ends."""
        with self.database.transaction() as connection:
            new = self._new(connection, proof, origin)
            token = self.sessions.begin_in(connection, new, replaced)
            _note_sign_in(connection, new, proof)
        if replaced is not None:
            self.sessions.forget()
        log.info("signed in", user_id=proof.user_id, two_factor=proof.two_factor)
        return token

    def program(self, proof: Proof, origin: Origin) -> Tokens:
        """Begin a program's session and return its first tokens."""
        with self.database.transaction() as connection:
            new = self._new(connection, proof, origin)
            session_id = self.sessions.begin_program(connection, new)
            refresh_token = _add_refresh_token(connection, session_id)
            _note_sign_in(connection, new, proof)
        log.info("signed in", user_id=proof.user_id, two_factor=proof.two_factor)
        return self._tokens(proof.user_id, session_id, new.org_id, refresh_token)

    def refresh(self, refresh_token: str) -> Tokens:
        """The next tokens for a refresh token, which is used up. Raises RefreshRefused.

        One that was used before has been copied: by whom it was used first is not known, so its session ends.
        """
        # A sign-in goes on: that is no change. What ends it is written down below.
        with self.database.bookkeeping() as connection:
            owner = self._owner_of_refresh(connection, refresh_token)
            if owner is not None and owner.user_id is not None:
                renewed = _add_refresh_token(connection, owner.session_id)
        if owner is None or owner.user_id is None:
            self.sessions.forget()
            raise RefreshRefused
        return self._tokens(owner.user_id, owner.session_id, owner.org_id, renewed)

    def tokens_of(self, principal: Principal, org_id: int) -> Tokens:
        """New tokens of the caller's session, which acts for another organization now."""
        assert principal.user_id is not None, "a key has no tokens"
        assert principal.session_id is not None, "a person acts in a session"
        with self.database.transaction() as connection:
            renewed = _add_refresh_token(connection, principal.session_id)
        return self._tokens(principal.user_id, principal.session_id, org_id, renewed)

    def _tokens(self, user_id: str, session_id: str, org_id: int, refresh_token: str) -> Tokens:
        access = self.access_tokens.make(user_id, session_id, org_id)
        return Tokens(access.token, refresh_token, access.seconds)

    def _owner_of_refresh(self, connection: Connection, refresh_token: str) -> SessionOwner | None:
        moment = now()
        session_id, is_first = session_store.use_refresh_token(connection, digest_of(refresh_token), moment)
        if session_id is None:
            return None
        if not is_first:
            log.warning("refresh token used twice, session ended", session_id=session_id)
            session_store.end_by_id(connection, session_id, moment)
            org_id = session_store.org_of(connection, session_id)
            actor = Actor(ActorKind.ANYBODY, None, org_id)
            record(connection, action="refresh_token_reused", target=f"sessions/{session_id}", actor=actor, after={"ended": True})
            return None
        owner = session_store.find_owner_by_id(connection, session_id, moment, moment - self.sessions.lifetimes.idle)
        if owner is not None:
            session_store.mark_used(connection, session_id, moment, moment)
        return owner

    def _new(self, connection: Connection, proof: Proof, origin: Origin) -> NewSession:
        org_id = organization_store.last_of_user(connection, proof.user_id)
        return NewSession(org_id, origin, user_id=proof.user_id, two_factor=proof.two_factor)


def _note_sign_in(connection: Connection, new: NewSession, proof: Proof) -> None:
    told = {"by": proof.way, "two_factor": proof.two_factor}
    actor = Actor(ActorKind.PERSON, proof.user_id, new.org_id)
    note(connection, action="sign_in", target=f"users/{proof.user_id}", actor=actor, after=told)


def _add_refresh_token(connection: Connection, session_id: str) -> str:
    token = REFRESH_PREFIX + secrets.token_urlsafe(32)
    session_store.add_refresh_token(connection, digest_of(token), session_id, now())
    return token
