"""The starter of a web process."""

from __future__ import annotations

from api.services import services
from features.schedules.starting import Starter


def starter() -> Starter:
    """Starts actions by what this process offers."""
    return Starter(services().foundation, services().wakeup)
