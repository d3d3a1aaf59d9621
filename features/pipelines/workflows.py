"""Workflows: stored, started by hand, and started by the events that they wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from unicodedata import normalize

import structlog
from sqlalchemy import Connection

from database import AnyReader
from features.pipelines import conditions
from features.pipelines.flags import PIPELINES
from features.pipelines.runs import Begun, Starter
from features.pipelines.store import workflow as workflow_store
from features.pipelines.templates import Resolver, TemplateError, has_template, templates_in
from infrastructure.flags import FeatureFlags
from models.api_key import SHARED_ORG
from models.errors import BellwetherError
from models.event import Event, EventType
from models.pipeline import PIPELINE, PIPELINE_ITEMS, Mistake, Origin
from models.pipeline_errors import InputsInvalid, PipelineInvalid
from models.workflow import DEEPEST, MOST_RUNS_AN_HOUR, MOST_WORKFLOWS, TooManyWorkflows, Workflow, WorkflowExists, WorkflowNotFound
from utils.clock import iso, now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

FIELDS = ("name", "pipeline", "event_type", "filter", "inputs", "enabled")
LONGEST_OUTCOME = 500


@dataclass(frozen=True)
class Order:
    """What a person gives of a workflow; `fields` are those that are given."""

    fields: frozenset[str]
    values: Mapping[str, Any]
    actor_id: str


def create(connection: Connection, starter: Starter, org_id: int, order: Order) -> Workflow:
    """Store a workflow. Raises PipelineNotFound, PipelineInvalid, WorkflowExists or TooManyWorkflows."""
    if len(workflow_store.list_workflows(connection, org_id)) >= MOST_WORKFLOWS:
        raise TooManyWorkflows
    moment = now()
    given = {name: order.values[name] for name in FIELDS}
    workflow = Workflow(
        new_id(), org_id, created_at=moment, created_by=order.actor_id, changed_at=moment, changed_by=order.actor_id, **given
    )
    _check(connection, starter, workflow)
    _require_inputs(connection, starter, workflow)
    if not workflow_store.insert(connection, workflow, _key(workflow.name)):
        raise WorkflowExists(workflow.name)
    return workflow


def change(connection: Connection, starter: Starter, found: Workflow, order: Order) -> Workflow:
    """Change what is given of a workflow. Raises as `create`."""
    given = {name: order.values[name] for name in FIELDS if name in order.fields}
    changed = replace(found, changed_at=now(), changed_by=order.actor_id, **given)
    _check(connection, starter, changed)
    if (changed.pipeline, changed.inputs) != (found.pipeline, found.inputs):
        _require_inputs(connection, starter, changed)
    if not workflow_store.update(connection, changed, _key(changed.name)):
        raise WorkflowExists(changed.name)
    return changed


def find(connection: AnyReader, org_id: int, workflow_id: str) -> Workflow:
    """One workflow. Raises WorkflowNotFound."""
    found = workflow_store.find(connection, org_id, workflow_id) if is_id(workflow_id) else None
    if found is None:
        raise WorkflowNotFound
    return found


def delete(connection: Connection, org_id: int, workflow_id: str) -> None:
    """Delete a workflow; its runs stay. Raises WorkflowNotFound."""
    find(connection, org_id, workflow_id)
    workflow_store.delete(connection, org_id, workflow_id)


def run_by_hand(connection: Connection, starter: Starter, workflow: Workflow, actor_id: str) -> Begun:
    """Begin a run of a workflow. Raises what `Starter.begin` raises, and PipelineInvalid for inputs that need an event."""
    if any(True for _ in templates_in(workflow.inputs, "inputs")):
        raise PipelineInvalid([Mistake("inputs", "They have templates of an event, so only an event can start it.")])
    found = starter.library.find_to_run(connection, workflow.org_id, workflow.pipeline)
    return starter.begin(
        connection, workflow.org_id, found, workflow.inputs, Origin(actor_id, f"workflow:{workflow.id}", None, workflow.id)
    )


def tell(connection: Connection, starter: Starter, flags: FeatureFlags, events: Sequence[Event]) -> int:
    """Start the runs that events ask for, each once; return how many."""
    waiting = workflow_store.enabled_for(connection, {event.type for event in events})
    started = 0
    for event in events if waiting else ():
        for workflow in waiting:
            if workflow.event_type != event.type or event.org_id not in (workflow.org_id, SHARED_ORG):
                continue
            try:
                outcome, is_started = _start(connection, starter, flags, (workflow, event))
            except (BellwetherError, TemplateError) as error:
                outcome, is_started = f"failed: {error}", False
            if outcome is not None:
                workflow_store.note(connection, workflow.id, event.created_at, outcome[:LONGEST_OUTCOME])
            started += is_started
    return started


def _start(connection: Connection, starter: Starter, flags: FeatureFlags, pair: tuple[Workflow, Event]) -> tuple[str | None, bool]:
    """What became of an event for a workflow, None where it is not meant; and whether a run was begun."""
    workflow, event = pair
    if event.type == EventType.JOB_FINISHED and event.data.get("kind") in (PIPELINE, PIPELINE_ITEMS):
        return None, False  # the end of a piece of a run is none of a job that anybody asked for
    resolver = Resolver({"event": _told(event)})
    if workflow.filter is not None and not conditions.evaluate(workflow.filter, resolver, "filter").holds:
        return None, False
    if not flags.is_enabled(PIPELINES, workflow.org_id):
        return "skipped: pipelines is switched off", False
    depth = _depth(connection, workflow.org_id, event)
    if depth > DEEPEST:
        return f"skipped: {DEEPEST} runs have already led to each other, which may never end", False
    if workflow_store.count_runs(connection, workflow.id, now() - timedelta(hours=1)) >= MOST_RUNS_AN_HOUR:
        return f"skipped: it has begun {MOST_RUNS_AN_HOUR} runs within the hour, which is the most", False
    found = starter.library.find_to_run(connection, workflow.org_id, workflow.pipeline)
    origin = Origin(None, f"workflow:{workflow.id}", f"workflow:{workflow.id}:{event.key}"[:400], workflow.id, depth)
    begun = starter.begin(connection, workflow.org_id, found, resolver.resolve(dict(workflow.inputs), "inputs"), origin)
    return f"run {begun.run.id}", begun.is_new


def _depth(connection: Connection, org_id: int, event: Event) -> int:
    """How many runs have led to an event: known of jobs that work for runs."""
    if event.type != EventType.JOB_FINISHED or event.subject is None:
        return 0
    depth = workflow_store.depth_of_job(connection, org_id, event.subject)
    return 0 if depth is None else depth + 1


def _told(event: Event) -> dict[str, Any]:
    return {"type": event.type, "subject": event.subject, "data": event.data, "created_at": iso(event.created_at)}


def _check(connection: Connection, starter: Starter, workflow: Workflow) -> None:
    """Raises PipelineNotFound, or PipelineInvalid for a filter or inputs that cannot be read."""
    starter.library.find(connection, workflow.org_id, workflow.pipeline)
    mistakes = []
    if workflow.event_type is not None and workflow.event_type not in set(EventType):
        mistakes.append(Mistake("event_type", f"It is one of {', '.join(EventType)}."))
    if workflow.filter is not None:
        for told in conditions.check(workflow.filter, "filter"):
            at, _, message = told.partition(": ")
            mistakes.append(Mistake(at, message))
        if workflow.event_type is None:
            mistakes.append(Mistake("filter", "Only an event has data to be filtered by."))
    try:
        for value, where in ((workflow.filter, "filter"), (workflow.inputs, "inputs")):
            for at, template in templates_in(value, where):
                if template.path[0] != "event":
                    mistakes.append(Mistake(at, f"{{{{{template.text}}}}}: here a path begins with event, like event.data.ticker."))
    except TemplateError as error:
        mistakes.append(Mistake(error.where, error.message))
    if mistakes:
        raise PipelineInvalid(mistakes)


def _require_inputs(connection: Connection, starter: Starter, workflow: Workflow) -> None:
    """Raises PipelineInvalid for inputs that are known already, and do not fit or name what there is not."""
    found = starter.library.find(connection, workflow.org_id, workflow.pipeline)
    known = {name: value for name, value in workflow.inputs.items() if not has_template(value)}
    try:
        starter.check_known(connection, workflow.org_id, found, known)
    except InputsInvalid as error:
        raise PipelineInvalid(error.mistakes) from error


def _key(name: str) -> str:
    return " ".join(normalize("NFKC", normalize("NFKC", name).casefold()).split())
