"""Challenges that an authenticator signs: each is for one purpose, for five minutes, and good once.

They are handed out signed and stored nowhere, so that asking for them fills no table; the ones that were answered are remembered until
they would have expired.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from itsdangerous import BadData, URLSafeSerializer

from database import Database
from features.accounts.derived_keys import DerivedKeys
from features.accounts.store import challenge as challenge_store
from models.account_errors import ChallengeEnded
from utils.clock import now

LIFETIME = timedelta(minutes=5)
BYTES = 32


@dataclass(frozen=True)
class MadeChallenge:
    """A challenge, and the token that it is sent back with."""

    value: bytes
    token: str


@dataclass(frozen=True)
class Challenges:
    """Makes challenges and uses them up. Thread-safe."""

    database: Database
    keys: DerivedKeys
    clock: Callable[[], datetime] = now

    def make(self, purpose: str) -> MadeChallenge:
        """A new challenge."""
        value, end = secrets.token_bytes(BYTES), self.clock() + LIFETIME
        signed = self._serializer.dumps([purpose, base64.b64encode(value).decode(), int(end.timestamp())])
        return MadeChallenge(value, signed if isinstance(signed, str) else signed.decode())

    def use(self, purpose: str, token: str) -> bytes:
        """The value of a challenge, which is used up. Raises ChallengeEnded for one that was used, has expired or is another's."""
        try:
            made_for, text, end = self._serializer.loads(token)
        except (BadData, ValueError, TypeError) as error:
            raise ChallengeEnded from error
        expires_at = datetime.fromtimestamp(end, UTC)
        if made_for != purpose or expires_at <= self.clock():
            raise ChallengeEnded
        value = base64.b64decode(text)
        with self.database.bookkeeping() as connection:
            if not challenge_store.use(connection, hashlib.sha256(value).hexdigest(), expires_at):
                raise ChallengeEnded
        return value

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.keys.challenges, salt="passkeys")
