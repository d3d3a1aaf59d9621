"""API keys and the organizations they act for."""

from dataclasses import dataclass
from datetime import datetime

SHARED_ORG = 0  # owns bundled prices and those of providers
FIRST_ORG = 1  # the master key acts for it
MASTER = "master"  # the id of the master key


@dataclass(frozen=True)
class Principal:
    """The authenticated caller: the organization it acts for, and the key's id (`master` for the master key)."""

    org_id: int
    key_id: str


@dataclass(frozen=True)
class ApiKey:
    """A stored key, without the key itself, which only its holder knows."""

    id: str
    org_id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None
