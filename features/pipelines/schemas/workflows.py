"""Schemas of workflows and suggestions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from api.schemas import PLAIN_TEXT, Answer, Body, Page
from features.pipelines.workflows import FIELDS, Order
from models.pipeline import PIPELINE_ID
from models.workflow import Suggestion, Workflow

WorkflowName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PLAIN_TEXT)]
PipelineId = Annotated[str, StringConstraints(pattern=PIPELINE_ID)]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=PLAIN_TEXT)]


class WorkflowPath(BaseModel):
    """The id of a workflow in a path."""

    workflow_id: str = Field(description="The id of a workflow.", max_length=100)


class SuggestionPath(BaseModel):
    """The id of a suggestion in a path."""

    suggestion_id: str = Field(description="The id of a suggestion.", max_length=200)


class NewWorkflowRequest(Body):
    """A workflow to store."""

    name: WorkflowName = Field(description="Unique within the organization, in capitals or not.")
    pipeline: PipelineId = Field(description="The id of the pipeline to run.")
    event_type: EventName | None = Field(
        None, description="The event that starts it, for example `job.finished`; null to start it by hand."
    )
    filter: dict[str, Any] | None = Field(None, description="A condition on the event: `{{event.data.ticker}}` and the like.")
    inputs: dict[str, Any] = Field({}, description="The inputs of its runs; they may have templates of the event.")
    enabled: bool = Field(True, description="Whether events start it.")

    def order(self, actor_id: str) -> Order:
        """The request for the service."""
        return Order(frozenset(FIELDS), {name: getattr(self, name) for name in FIELDS}, actor_id)


class WorkflowChangeRequest(Body):
    """Changes of a workflow; what is left out stays."""

    name: WorkflowName | None = Field(None, description="Unique within the organization, in capitals or not.")
    pipeline: PipelineId | None = Field(None, description="The id of the pipeline to run.")
    event_type: EventName | None = Field(None, description="The event that starts it; null to start it by hand.")
    filter: dict[str, Any] | None = Field(None, description="A condition on the event; null for every event of the type.")
    inputs: dict[str, Any] | None = Field(None, description="The inputs of its runs.")
    enabled: bool | None = Field(None, description="Whether events start it.")

    def order(self, actor_id: str) -> Order:
        """The request for the service."""
        values = {name: getattr(self, name) for name in self.model_fields_set}
        given = {name: value for name, value in values.items() if value is not None or name in ("event_type", "filter")}
        return Order(frozenset(given), given, actor_id)


class WorkflowAnswer(Answer):
    """A workflow."""

    id: str
    name: str = Field(description="What people call it.")
    pipeline: str = Field(description="The id of the pipeline.")
    event_type: str | None = Field(description="The event that starts it; null for one that is started by hand.")
    filter: dict[str, Any] | None = Field(description="The condition on the event; null for every event of the type.")
    inputs: dict[str, Any] = Field(description="The inputs of its runs.")
    enabled: bool = Field(description="Whether events start it.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that stored it.")
    changed_at: datetime
    changed_by: str | None
    last_event_at: datetime | None = Field(description="When the last event happened that it was meant by; null where none has.")
    last_outcome: str | None = Field(description="What came of that event: a run, or why there is none.")


class WorkflowPage(Page):
    """All workflows by name; `next_cursor` is always null."""

    items: list[WorkflowAnswer]


class SuggestionAnswer(Answer):
    """Something that was done by hand several times and could be a workflow."""

    id: str
    title: str = Field(description="What it would do.")
    grounds: list[str] = Field(description="What was counted, in sentences.")
    pipeline: str = Field(description="The id of the pipeline that it would run.")
    inputs: dict[str, Any] = Field(description="The inputs of its runs.")
    at: str = Field(description="The time of the day (UTC) about which it was done.")
    first_at: datetime = Field(description="The first of these days, at that time.")
    last_at: datetime = Field(description="The last of them.")


class SuggestionPage(Page):
    """All suggestions; `next_cursor` is always null."""

    items: list[SuggestionAnswer]


def workflow_answer(workflow: Workflow) -> dict[str, Any]:
    """A workflow as JSON."""
    return {name: getattr(workflow, name) for name in WorkflowAnswer.model_fields}


def suggestion_answer(suggestion: Suggestion) -> dict[str, Any]:
    """A suggestion as JSON."""
    return {name: getattr(suggestion, name) for name in SuggestionAnswer.model_fields}
