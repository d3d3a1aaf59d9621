"""Sessions of browsers, as they are stored."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StoredSession:
    """A session: the digest of its cookie's token, and the digest of the key that it stands for."""

    id: str
    org_id: int
    token_sha256: str
    key_sha256: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class SessionOwner:
    """Whose an active session is; `key_id` is None when no active key has the digest, as it is with the master key."""

    org_id: int
    key_sha256: str
    key_id: str | None
