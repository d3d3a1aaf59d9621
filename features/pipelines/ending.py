"""Ends runs, each with its event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.pipelines.store import run as run_store
from infrastructure.outbox import record
from models.event import EventType, NewEvent
from models.pipeline import RunStatus

Told = tuple[Any, str | None]  # the outputs of a run, or its error


def end_run(connection: Connection, run: tuple[int, str], status: RunStatus, told: Told, moment: datetime) -> bool:
    """End a run, given its organization and id, within the caller's transaction; return whether it had not ended."""
    org_id, run_id = run
    if not run_store.end(connection, run_id, status, told, moment):
        return False
    data = {"run_id": run_id, "status": status, "error": told[1]}
    record(connection, org_id, [NewEvent(EventType.RUN_FINISHED, f"run:{run_id}", run_id, data)])
    return True
