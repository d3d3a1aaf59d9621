"""The objects that every process of the service needs: web, worker or command."""

from __future__ import annotations

from dataclasses import dataclass

from config import Settings
from database import Database
from infrastructure.flags import FeatureFlags


@dataclass(frozen=True)
class Foundation:
    """The settings, the database and the feature flags of a process."""

    settings: Settings
    database: Database
    flags: FeatureFlags
