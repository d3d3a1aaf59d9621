"""API keys and who they act for."""

from dataclasses import dataclass
from datetime import datetime

SHARED_ORG = 0  # owns what came with the product or from a provider
FIRST_ORG = 1  # the master key acts for it
MASTER = "master"  # the id of the master key


@dataclass(frozen=True)
class Principal:
    """Whoever makes a request: the organization acted for, and the key's id (`master` for the master key)."""

    org_id: int
    key_id: str


@dataclass(frozen=True)
class ApiKey:
    """A stored key; the key itself is known only to its holder."""

    id: str
    org_id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None
