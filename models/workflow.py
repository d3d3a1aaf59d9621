"""Workflows, which start pipelines by themselves, and suggestions of such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.errors import Conflict, NotFound

MOST_WORKFLOWS = 100  # of an organization
MOST_RUNS_AN_HOUR = 60  # of a workflow, by events
DEEPEST = 3  # runs that one starts by the event of another


@dataclass(frozen=True)
class Workflow:
    """A pipeline with inputs, and the event that starts it; without an event it is started by hand."""

    id: str
    org_id: int
    name: str
    pipeline: str
    event_type: str | None
    filter: Mapping[str, Any] | None
    inputs: Mapping[str, Any]
    enabled: bool
    created_at: datetime
    created_by: str | None
    changed_at: datetime
    changed_by: str | None
    last_event_at: datetime | None = None
    last_outcome: str | None = None


@dataclass(frozen=True)
class Suggestion:
    """A workflow that what was done by hand suggests, and the grounds for it."""

    id: str
    title: str
    grounds: tuple[str, ...]
    pipeline: str
    inputs: Mapping[str, Any]
    at: str  # the time of the day (UTC) about which it was done
    first_at: datetime
    last_at: datetime


class WorkflowNotFound(NotFound):
    """There is no workflow with this id. It may have been deleted; see GET /api/v1/workflows."""


class SuggestionNotFound(NotFound):
    """There is no such suggestion, or it no longer holds. See GET /api/v1/suggestions."""


class WorkflowExists(Conflict):
    """There is a workflow of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a workflow called {name!r} already, in capitals or not. Choose another name.")


class TooManyWorkflows(Conflict):
    """The organization has as many workflows as can be stored."""

    def __init__(self) -> None:
        super().__init__(f"There are {MOST_WORKFLOWS} workflows, which is the most that are stored. Delete one first.")
