"""SQL of runs and their traces.

Whoever ends a step first moves the run on from it; in a run that has moved on or ended meanwhile, that changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.pipeline import Origin, Run, RunStatus, RunSummary, StepOutcome, StepRecord
from utils.dialects import locking
from utils.json_text import dump, parse_tolerant

_NAMES = (
    "id", "org_id", "pipeline_id", "version", "sha256", "definition", "status", "next_step", "inputs", "outputs", "error", "job_id",
    "state_bytes", "created_by", "caused_by", "cause_key", "workflow_id", "depth", "created_at", "started_at", "finished_at",
)  # fmt: skip
_COLUMNS = ", ".join(_NAMES)
INSERT = text(
    """
    INSERT INTO pipeline_runs (
        id, org_id, pipeline_id, version, sha256, definition, status, inputs, state_bytes, created_by, caused_by, cause_key, workflow_id,
        depth, created_at
    )
    VALUES (
        :id, :org_id, :pipeline_id, :version, :sha256, :definition, 'queued', :inputs, :state_bytes, :created_by, :caused_by, :cause_key,
        :workflow_id, :depth, :created_at
    )
    ON CONFLICT DO NOTHING
    """
)


def insert(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Add a queued run, unless its cause has started one; return whether it was added."""
    return connection.execute(INSERT, values).rowcount == 1


FIND = text(f"SELECT {_COLUMNS} FROM pipeline_runs WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, run_id: str) -> Run | None:
    """One run."""
    row = connection.execute(FIND, {"org_id": org_id, "id": run_id}).first()
    return None if row is None else _run(row)


FIND_BY_CAUSE = text(f"SELECT {_COLUMNS} FROM pipeline_runs WHERE org_id = :org_id AND cause_key = :cause_key")


def find_by_cause(connection: AnyReader, org_id: int, cause_key: str) -> Run | None:
    """The run that a cause has started."""
    row = connection.execute(FIND_BY_CAUSE, {"org_id": org_id, "cause_key": cause_key}).first()
    return None if row is None else _run(row)


LIST = text(
    """
    SELECT id, pipeline_id, version, status, error, caused_by, created_by, created_at, started_at, finished_at
    FROM pipeline_runs
    WHERE org_id = :org_id
        AND (CAST(:pipeline AS TEXT) IS NULL OR pipeline_id = :pipeline)
        AND (CAST(:status AS TEXT) IS NULL OR status = :status)
        AND (CAST(:before AS TEXT) IS NULL OR id < :before)
    ORDER BY id DESC
    LIMIT :limit
    """
)


def list_runs(connection: AnyReader, org_id: int, chosen: Mapping[str, Any]) -> list[RunSummary]:
    """Runs, newest first; `chosen` has pipeline, status, before and limit."""
    rows = connection.execute(LIST, {"org_id": org_id, **chosen})
    return [RunSummary(row[0], row[1], row[2], RunStatus(row[3]), *row[4:]) for row in rows]


BEGIN = text(
    """
    UPDATE pipeline_runs
    SET status = 'running', started_at = COALESCE(started_at, :now)
    WHERE id = :id AND status IN ('queued', 'running')
    """
)


def begin(connection: Connection, run_id: str, moment: datetime) -> bool:
    """Mark a run as running; return whether it is to be run."""
    return connection.execute(BEGIN, {"id": run_id, "now": moment}).rowcount == 1


HOLD = locking("SELECT id FROM pipeline_runs WHERE id = :id AND status = 'running' AND next_step = :step {lock}", "FOR UPDATE")


def hold(connection: Connection, run_id: str, step: int) -> bool:
    """Hold a running run against others until the transaction ends; return whether it stands at that step."""
    return connection.execute(HOLD.on(connection), {"id": run_id, "step": step}).first() is not None


MOVE_ON = text(
    """
    UPDATE pipeline_runs
    SET next_step = next_step + 1, state_bytes = state_bytes + :bytes
    WHERE id = :id AND status = 'running' AND next_step = :step
    """
)


def move_on(connection: Connection, run_id: str, step: int, added_bytes: int) -> bool:
    """Move a running run on from a step; return whether it stood there."""
    return connection.execute(MOVE_ON, {"id": run_id, "step": step, "bytes": added_bytes}).rowcount == 1


WAIT = text("UPDATE pipeline_runs SET status = 'waiting' WHERE id = :id AND status = 'running' AND next_step = :step")


def wait(connection: Connection, run_id: str, step: int) -> bool:
    """Let a running run wait at a step; return whether it stood there."""
    return connection.execute(WAIT, {"id": run_id, "step": step}).rowcount == 1


RESUME = text("UPDATE pipeline_runs SET status = 'running' WHERE id = :id AND status = 'waiting' AND next_step = :step")


def resume(connection: Connection, run_id: str, step: int) -> bool:
    """Let a waiting run go on; return whether it waited at that step."""
    return connection.execute(RESUME, {"id": run_id, "step": step}).rowcount == 1


SET_JOB = text("UPDATE pipeline_runs SET job_id = :job_id WHERE id = :id")


def set_job(connection: Connection, run_id: str, job_id: str) -> None:
    """Note the job that runs the next piece of a run."""
    connection.execute(SET_JOB, {"id": run_id, "job_id": job_id})


END = text(
    """
    UPDATE pipeline_runs
    SET status = :status, outputs = :outputs, error = :error, finished_at = :now
    WHERE id = :id AND finished_at IS NULL
    """
)


def end(connection: Connection, run_id: str, status: RunStatus, told: tuple[Any, str | None], moment: datetime) -> bool:
    """End a run with its outputs or its error; return whether it had not ended."""
    outputs, error = told
    written = None if outputs is None else dump(outputs).decode()
    return connection.execute(END, {"id": run_id, "status": status, "outputs": written, "error": error, "now": moment}).rowcount == 1


_STEP_VALUES = {
    "run_id": ":run_id", "position": ":position", "name": ":name", "capability": ":capability", "outcome": ":outcome", "args": ":args",
    "reason": ":reason", "notes": ":notes", "digest": ":digest", "answer": ":answer", "answer_bytes": ":answer_bytes", "job_id": ":job_id",
    "started_at": ":started_at", "ms": ":ms",
}  # fmt: skip
PUT_STEP = text(
    f"""
    INSERT INTO pipeline_steps ({", ".join(_STEP_VALUES)}) VALUES ({", ".join(_STEP_VALUES.values())})
    ON CONFLICT (run_id, position) DO UPDATE
    SET outcome = excluded.outcome, reason = excluded.reason, notes = excluded.notes, digest = excluded.digest, answer = excluded.answer,
        answer_bytes = excluded.answer_bytes, ms = excluded.ms
    """
)


def put_step(connection: Connection, run_id: str, record: StepRecord, answer: str | None) -> None:
    """Write a line of the trace, or what became of one that waited; `answer` is JSON."""
    values = {
        **vars(record), "run_id": run_id, "name": record.step, "args": dump(record.args).decode(), "notes": dump(record.notes).decode(),
        "answer": answer,
    }  # fmt: skip
    connection.execute(PUT_STEP, {name: values[name] for name in _STEP_VALUES})


_TRACE = "position, name, capability, outcome, args, reason, notes, digest, answer_bytes, job_id, started_at, ms"
STEPS = text(f"SELECT {_TRACE} FROM pipeline_steps WHERE run_id = :run_id ORDER BY position")


def list_steps(connection: AnyReader, run_id: str) -> list[StepRecord]:
    """The trace of a run, without the answers."""
    return [_step(row) for row in connection.execute(STEPS, {"run_id": run_id})]


STEP = text(f"SELECT {_TRACE}, answer FROM pipeline_steps WHERE run_id = :run_id AND name = :name")


def find_step(connection: AnyReader, run_id: str, name: str) -> tuple[StepRecord, str | None] | None:
    """A line of the trace, and its answer as JSON."""
    row = connection.execute(STEP, {"run_id": run_id, "name": name}).first()
    return None if row is None else (_step(row[:-1]), row[-1])


ANSWERS = text("SELECT name, answer FROM pipeline_steps WHERE run_id = :run_id AND position < :before ORDER BY position")


def answers(connection: AnyReader, run_id: str, before: int) -> dict[str, Any]:
    """What the steps before a position have answered, by name; None of those that have no answer."""
    rows = connection.execute(ANSWERS, {"run_id": run_id, "before": before})
    return {name: None if answer is None else parse_tolerant(answer) for name, answer in rows}


WAITING = text(
    """
    SELECT r.org_id, r.id, s.position
    FROM pipeline_steps AS s
    JOIN pipeline_runs AS r ON r.id = s.run_id
    WHERE s.job_id = :job_id AND s.outcome = 'waiting' AND r.status = 'waiting'
    ORDER BY r.id
    """
)


def waiting_for(connection: AnyReader, job_id: str) -> list[tuple[int, str, int]]:
    """The runs that wait for a job: organization, id and step."""
    return [(row[0], row[1], row[2]) for row in connection.execute(WAITING, {"job_id": job_id})]


RUN_BY = text("SELECT org_id, id FROM pipeline_runs WHERE job_id = :job_id AND finished_at IS NULL AND status <> 'waiting' ORDER BY id")


def run_by(connection: AnyReader, job_id: str) -> list[tuple[int, str]]:
    """The runs that a job is to run and that have not ended: organization and id."""
    return [(row[0], row[1]) for row in connection.execute(RUN_BY, {"job_id": job_id})]


OPEN = text(
    """
    SELECT r.org_id, r.id, r.next_step, r.status, r.job_id, s.job_id
    FROM pipeline_runs AS r
    LEFT JOIN pipeline_steps AS s ON s.run_id = r.id AND s.position = r.next_step
    WHERE r.finished_at IS NULL AND r.id > :after
    ORDER BY r.id
    LIMIT :limit
    """
)


def list_open(connection: AnyReader, after: str, limit: int) -> list[tuple[int, str, int, str, str | None, str | None]]:
    """Runs that have not ended: organization, id, step, status, the job that runs it, and the one that its step waits for."""
    return [tuple(row) for row in connection.execute(OPEN, {"after": after, "limit": limit})]


DELETE_OLD = text(
    "DELETE FROM pipeline_runs WHERE id IN (SELECT id FROM pipeline_runs WHERE finished_at < :before ORDER BY finished_at LIMIT :limit)"
)


def delete_ended_before(connection: Connection, before: datetime, limit: int) -> int:
    """Remove old runs with their traces; return how many."""
    return connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount


COUNTS = text("SELECT status, count(*) FROM pipeline_runs GROUP BY status")


def count_by_status(connection: AnyReader) -> dict[str, int]:
    """How many runs of all organizations are stored, by status."""
    return {row[0]: row[1] for row in connection.execute(COUNTS, {})}


def steps_of(records: Sequence[StepRecord]) -> list[str]:
    """The names of the steps in a trace."""
    return [record.step for record in records]


def _run(row: Any) -> Run:
    values = dict(zip(_NAMES, row, strict=True))
    origin = Origin(*(values.pop(name) for name in ("created_by", "caused_by", "cause_key", "workflow_id", "depth")))
    for name in ("definition", "inputs", "outputs"):
        values[name] = None if values[name] is None else parse_tolerant(values[name])
    return Run(**{**values, "status": RunStatus(values["status"])}, origin=origin)


def _step(row: Any) -> StepRecord:
    position, name, capability, outcome, args, reason, notes, *rest = row
    return StepRecord(position, name, capability, StepOutcome(outcome), parse_tolerant(args), reason, parse_tolerant(notes), *rest)
