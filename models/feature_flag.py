"""Features that can be switched off while the service runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Feature(StrEnum):
    """What can be switched off; each value is the flag's name."""

    ANALYSES = "analyses"
    BULK_JOBS = "bulk_jobs"
    UPLOADS = "uploads"
    STREAMS = "streams"


# What a person reads before switching one off.
DESCRIPTIONS = {
    Feature.ANALYSES: "POST /analyze. Results that are stored stay readable.",
    Feature.BULK_JOBS: "New bulk jobs, and workers: what is queued waits, what is in hand is finished.",
    Feature.UPLOADS: "PUT /prices. Prices that are stored stay readable.",
    Feature.STREAMS: "Live progress. Clients poll GET /jobs/{id} instead.",
}


@dataclass(frozen=True)
class FeatureFlag:
    """A feature, whether it is on, and who changed that last; `changed_at` and `changed_by` are None for one that was never changed."""

    name: Feature
    enabled: bool
    description: str
    reason: str | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None


@dataclass(frozen=True)
class FlagChange:
    """One change of a flag."""

    id: str
    name: str
    enabled: bool
    reason: str | None
    changed_at: datetime
    changed_by: str
