"""Schemas of pipelines and capabilities."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas import Answer, Body, Counted, Page, PageQuery, Query
from features.pipelines.definition import Definition
from features.pipelines.library import Found
from infrastructure.capability import Capability, Starts, Writes
from models.pipeline import Listed, Version

SourceName = Literal["file", "organization"]
WorkName = Literal["reads", "writes", "starts"]


class PipelinePath(BaseModel):
    """The id of a pipeline in a path."""

    pipeline_id: str = Field(description="The id of a pipeline.", max_length=200)


class PipelineQuery(Query):
    """The version of a pipeline."""

    version: int | None = Field(None, ge=1, le=10**9, description="An older version; by default the present one.")


class PipelineBody(Definition):
    """The definition of a pipeline."""


class RollbackRequest(Body):
    """The version to go back to."""

    version: Counted = Field(description="What this version had becomes the present one, under a new number.")


class PipelineMistake(Answer):
    """What is wrong with a definition."""

    field: str = Field(description="The place, dotted; empty for the whole.")
    message: str = Field(description="What is wrong, in a sentence.")


class PipelineSummary(Answer):
    """A pipeline in the list."""

    id: str
    name: str = Field(description="What people call it.")
    description: str = Field(description="What it does, and for whom.")
    source: SourceName = Field(description="`file` for one that everybody has, `organization` for your own.")
    version: int | None = Field(description="The version that runs use; null where there is no good one.")
    sha256: str | None = Field(description="The digest of that version.")
    inputs: dict[str, Any] = Field(description="What a run may or must give.")
    steps: int = Field(description="How many steps it has.")
    hides_file: bool = Field(description="Whether a file of the same id is there, which is used again once yours is deleted.")
    updated_at: datetime | None
    errors: list[PipelineMistake] = Field(description="What is wrong with the file as it stands; a good version before it stays in use.")


class PipelinePage(Page):
    """All pipelines by id; `next_cursor` is always null."""

    items: list[PipelineSummary]


class PipelineAnswer(Answer):
    """A pipeline with its definition."""

    id: str
    source: SourceName = Field(description="`file` for one that everybody has, `organization` for your own.")
    version: int = Field(description="The number of the version.")
    sha256: str = Field(description="The digest of the definition.")
    hides_file: bool = Field(description="Whether a file of the same id is there, which is used again once yours is deleted.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that stored it; null for a file.")
    note: str | None = Field(description="Why there is this version, where there is something to say.")
    definition: dict[str, Any] = Field(description="The pipeline itself, as PUT takes it.")


class PipelineVersion(Answer):
    """One version of a pipeline."""

    pipeline_id: str = Field(description="The id of the pipeline.")
    version: int = Field(description="Its number; the next is higher.")
    sha256: str = Field(description="The digest of the definition.")
    created_at: datetime
    created_by: str | None = Field(description="The id of the key or the person that stored it; null for a file.")
    note: str | None = Field(description="Why there is this version, where there is something to say.")


class VersionPage(Page):
    """A page of versions, newest first."""

    items: list[PipelineVersion]


class VersionsQuery(PageQuery):
    """A page of versions."""


class ValidatedAnswer(Answer):
    """The definition fits."""

    id: str
    sha256: str = Field(description="The digest of the definition.")
    steps: int = Field(description="How many steps it has.")


class CapabilityAnswer(Answer):
    """A use case that steps of pipelines and schedules can call."""

    name: str = Field(description="As steps and schedules name it.")
    description: str = Field(description="What it does.")
    work: WorkName = Field(description="`reads` computes or reads, `writes` is done once, `starts` queues a job that a run waits for.")
    needs: list[str] = Field(description="The feature flags that must be on.")
    in_pipelines: bool = Field(description="Whether a step may use it.")
    inputs: dict[str, Any] = Field(description="The JSON Schema of its arguments.")


class CapabilityPage(Page):
    """All capabilities by name; `next_cursor` is always null."""

    items: list[CapabilityAnswer]


def summary(listed: Listed) -> dict[str, Any]:
    """A pipeline in the list as JSON."""
    return {**vars(listed), "errors": list(listed.errors)}


def pipeline_answer(found: Found, version: Version | None = None) -> dict[str, Any]:
    """A pipeline as JSON."""
    shown = version or found.version
    told = {name: getattr(shown, name) for name in ("sha256", "created_at", "created_by", "note")}
    return {
        "id": shown.pipeline_id,
        "source": found.source,
        "version": shown.version,
        **told,
        "hides_file": found.hides_file,
        "definition": found.definition,
    }


def capability_answer(capability: Capability, in_pipelines: bool) -> dict[str, Any]:
    """A capability as JSON."""
    work = "writes" if isinstance(capability.work, Writes) else "starts" if isinstance(capability.work, Starts) else "reads"
    return {
        "name": capability.name,
        "description": capability.description,
        "work": work,
        "needs": [] if capability.flag is None else [capability.flag.name],
        "in_pipelines": in_pipelines,
        "inputs": capability.inputs.model_json_schema(),
    }
