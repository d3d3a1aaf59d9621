"""Access tokens: short JWTs (RFC 9068) that name a session. The session decides what they are good for; the token alone decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

from features.accounts.derived_keys import DerivedKeys
from features.accounts.sessions import Sessions
from models.access import Principal
from utils.ids import new_id

if TYPE_CHECKING:
    from joserfc.jwk import OctKey

ALGORITHM, TYPE = "HS256", "at+jwt"
ISSUER = AUDIENCE = "bellwether"
LEEWAY_SECONDS = 5  # between the clocks of instances
LONGEST_TOKEN = 2_000  # characters
CLAIMS = ("sub", "sid", "jti")


@dataclass(frozen=True)
class AccessToken:
    """A token, and the seconds that it is valid for."""

    token: str
    seconds: int


class AccessTokens:
    """Makes and reads access tokens. Thread-safe."""

    def __init__(self, keys: DerivedKeys, sessions: Sessions, lifetime: timedelta, clock: Callable[[], float] = time.time) -> None:
        self._keys, self._sessions, self._clock = keys, sessions, clock
        self._seconds = int(lifetime.total_seconds())

    @staticmethod
    def is_shaped(credential: str) -> bool:
        """Whether a credential looks like a token, which an API key never does."""
        return credential.count(".") == 2

    def make(self, user_id: str, session_id: str, org_id: int) -> AccessToken:
        """A token of a session; the organization is told, and not read again: the session has the present one."""
        from joserfc import jwt  # noqa: PLC0415 — imported by the first token

        moment = int(self._clock())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user_id,
            "sid": session_id,
            "org": org_id,
            "jti": new_id(),
            "iat": moment,
            "exp": moment + self._seconds,
        }
        token = jwt.encode({"alg": ALGORITHM, "typ": TYPE}, claims, self._key, algorithms=[ALGORITHM])
        return AccessToken(token, self._seconds)

    def principal(self, token: str) -> Principal | None:
        """The principal of a token's session; None for a token that is not ours, has expired, or whose session has ended."""
        claims = self._read(token)
        if claims is None:
            return None
        principal = self._sessions.find_by_id(claims["sid"])
        return principal if principal is not None and principal.user_id == claims["sub"] else None

    def _read(self, token: str) -> dict[str, Any] | None:
        from joserfc import jwt  # noqa: PLC0415 — imported by the first token
        from joserfc.errors import JoseError  # noqa: PLC0415

        if len(token) > LONGEST_TOKEN:
            return None
        try:
            # The key and the algorithm are ours, whatever the token's header names (`alg`, `kid`, `jwk`, `jku`, `x5u`).
            read = jwt.decode(token, self._key, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError):
            return None
        claims, moment = read.claims, self._clock()
        if read.header.get("typ") != TYPE or claims.get("iss") != ISSUER or claims.get("aud") != AUDIENCE:
            return None
        if not all(isinstance(claims.get(name), str) for name in CLAIMS):
            return None
        issued, ends = claims.get("iat"), claims.get("exp")
        begins = claims.get("nbf", issued)
        if not (_is_time(issued) and _is_time(ends) and _is_time(begins)):
            return None
        is_valid = moment < ends and max(issued, begins) <= moment + LEEWAY_SECONDS
        return dict(claims) if is_valid else None

    @cached_property
    def _key(self) -> OctKey:
        from joserfc.jwk import OctKey  # noqa: PLC0415 — imported by the first token

        return OctKey.import_key(self._keys.access_tokens)


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
