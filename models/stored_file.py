"""Files in the storage, as their rows tell them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Purpose(StrEnum):
    """What a file is kept for."""

    UPLOAD = "upload"
    REPORT = "report"
    EXPORT = "export"


@dataclass(frozen=True)
class NewFile:
    """A file to be written. `series` is what the newest few are kept of; `expires_at` is None for one that its owner removes."""

    org_id: int
    purpose: Purpose
    series: str
    name: str
    content_type: str
    created_by: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class WrittenFile:
    """A file whose object is written, and whose row is not kept yet; `most_bytes` is how many its organization may keep."""

    id: str
    org_id: int
    bytes: int
    sha256: str
    most_bytes: int | None = None


@dataclass(frozen=True)
class StoredFile:
    """A file whose row and object are whole."""

    id: str
    org_id: int
    purpose: Purpose
    name: str
    content_type: str
    key: str
    bytes: int
    sha256: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Usage:
    """How many files are stored for a purpose, and their bytes."""

    purpose: Purpose
    files: int
    bytes: int
