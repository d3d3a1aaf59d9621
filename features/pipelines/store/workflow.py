"""SQL of workflows, and of what was decided on suggestions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.workflow import Workflow
from utils.json_text import dump, parse_tolerant

_NAMES = (
    "id", "org_id", "name", "pipeline", "event_type", "filter", "inputs", "enabled", "created_at", "created_by", "changed_at", "changed_by",
    "last_event_at", "last_outcome",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES).replace("pipeline", "pipeline_id")
LIST = text(f"SELECT {_COLUMNS} FROM workflows WHERE org_id = :org_id ORDER BY name_key")


def list_workflows(connection: AnyReader, org_id: int) -> list[Workflow]:
    """The workflows of an organization, by name."""
    return [_workflow(row) for row in connection.execute(LIST, {"org_id": org_id})]


FIND = text(f"SELECT {_COLUMNS} FROM workflows WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, workflow_id: str) -> Workflow | None:
    """One workflow."""
    row = connection.execute(FIND, {"org_id": org_id, "id": workflow_id}).first()
    return None if row is None else _workflow(row)


OF_EVENTS = text(f"SELECT {_COLUMNS} FROM workflows WHERE enabled AND event_type IN :types ORDER BY id").bindparams(
    bindparam("types", expanding=True)
)


def enabled_for(connection: Connection, types: Collection[str]) -> list[Workflow]:
    """The enabled workflows of all organizations that events of some types start."""
    return [_workflow(row) for row in connection.execute(OF_EVENTS, {"types": list(types)})]


INSERT = text(
    """
    INSERT INTO workflows (
        id, org_id, name, name_key, pipeline_id, event_type, filter, inputs, enabled, created_at, created_by, changed_at, changed_by
    )
    VALUES (
        :id, :org_id, :name, :name_key, :pipeline_id, :event_type, :filter, :inputs, :enabled, :created_at, :created_by, :changed_at,
        :changed_by
    )
    ON CONFLICT (org_id, name_key) DO NOTHING
    """
)


def insert(connection: Connection, workflow: Workflow, name_key: str) -> bool:
    """Add a workflow unless there is one of its name; return whether it was added."""
    return connection.execute(INSERT, _values(workflow, name_key)).rowcount == 1


# Nothing is changed where another workflow has the name.
UPDATE = text(
    """
    UPDATE workflows
    SET name = :name, name_key = :name_key, pipeline_id = :pipeline_id, event_type = :event_type, filter = :filter, inputs = :inputs,
        enabled = :enabled, changed_at = :changed_at, changed_by = :changed_by
    WHERE org_id = :org_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM workflows AS o WHERE o.org_id = :org_id AND o.name_key = :name_key AND o.id <> :id)
    """
)


def update(connection: Connection, workflow: Workflow, name_key: str) -> bool:
    """Change a workflow unless another has its name; return whether it was changed."""
    return connection.execute(UPDATE, _values(workflow, name_key)).rowcount == 1


STOP_ALL = text("UPDATE workflows SET enabled = FALSE WHERE org_id = :org_id AND enabled")


def stop_all(connection: Connection, org_id: int) -> int:
    """Switch every workflow of an organization that is being removed off; return how many were on."""
    return connection.execute(STOP_ALL, {"org_id": org_id}).rowcount


NOTE = text("UPDATE workflows SET last_event_at = :moment, last_outcome = :outcome WHERE id = :id")


def note(connection: Connection, workflow_id: str, moment: datetime, outcome: str) -> None:
    """Note what came of the last event that a workflow was told of."""
    connection.execute(NOTE, {"id": workflow_id, "moment": moment, "outcome": outcome})


DELETE = text("DELETE FROM workflows WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, workflow_id: str) -> bool:
    """Remove a workflow; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": workflow_id}).rowcount == 1


COUNT_RUNS = text("SELECT count(*) FROM pipeline_runs WHERE workflow_id = :id AND created_at >= :since")


def count_runs(connection: Connection, workflow_id: str, since: datetime) -> int:
    """How many runs a workflow has started since a moment."""
    return int(connection.execute(COUNT_RUNS, {"id": workflow_id, "since": since}).scalar_one())


DEPTH_OF_JOB = text(
    """
    SELECT max(r.depth)
    FROM pipeline_runs AS r
    WHERE r.org_id = :org_id
        AND (r.job_id = :job_id OR EXISTS (SELECT 1 FROM pipeline_steps AS s WHERE s.run_id = r.id AND s.job_id = :job_id))
    """
)


def depth_of_job(connection: Connection, org_id: int, job_id: str) -> int | None:
    """The depth of the run that a job worked for; None for any other job."""
    depth: int | None = connection.execute(DEPTH_OF_JOB, {"org_id": org_id, "job_id": job_id}).scalar_one()
    return depth


DECIDED = text("SELECT suggestion_id FROM suggestion_decisions WHERE org_id = :org_id")


def decided(connection: AnyReader, org_id: int) -> set[str]:
    """The suggestions that were applied or dismissed."""
    return {row[0] for row in connection.execute(DECIDED, {"org_id": org_id})}


DECIDE = text(
    """
    INSERT INTO suggestion_decisions (org_id, suggestion_id, decision, workflow_id, decided_at, decided_by)
    VALUES (:org_id, :suggestion_id, :decision, :workflow_id, :decided_at, :decided_by)
    ON CONFLICT (org_id, suggestion_id) DO NOTHING
    """
)


def decide(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Note what was decided on a suggestion; return whether nothing was before."""
    return connection.execute(DECIDE, values).rowcount == 1


BY_HAND = text(
    """
    SELECT pipeline_id, inputs, created_at
    FROM pipeline_runs
    WHERE org_id = :org_id AND created_at >= :since AND workflow_id IS NULL AND cause_key IS NULL
    ORDER BY id DESC
    LIMIT :limit
    """
)


def begun_by_hand(connection: AnyReader, org_id: int, since: datetime, limit: int) -> list[tuple[str, str, datetime]]:
    """The newest runs that people have begun: pipeline, inputs as JSON, and when."""
    return [(row[0], row[1], row[2]) for row in connection.execute(BY_HAND, {"org_id": org_id, "since": since, "limit": limit})]


def _values(workflow: Workflow, name_key: str) -> dict[str, Any]:
    return {
        **vars(workflow),
        "name_key": name_key,
        "pipeline_id": workflow.pipeline,
        "filter": None if workflow.filter is None else dump(workflow.filter).decode(),
        "inputs": dump(workflow.inputs).decode(),
    }


def _workflow(row: Any) -> Workflow:
    values = dict(zip(_NAMES, row, strict=True))
    told = values["filter"]
    values |= {"filter": None if told is None else parse_tolerant(told), "inputs": parse_tolerant(values["inputs"])}
    return Workflow(**{**values, "enabled": bool(values["enabled"])})
