"""The capabilities of pipelines: `pipeline` and `send_report`, runs, for schedules; and `select`, which chooses from a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from api.schemas import Body, UniverseName
from features.deliveries.schemas.channel import ChannelKeys
from features.pipelines.conditions import holds
from features.pipelines.flags import PIPELINES
from features.pipelines.library import Found, Library
from features.pipelines.runs import Starter
from features.pipelines.store import run as run_store
from features.pipelines.templates import Template, TemplateError, look_up, parse
from features.strategies.schemas import StrategyId
from infrastructure.capability import Call, Capability, Reads, Started, Starts
from models.job import Job
from models.pipeline import PIPELINE, PIPELINE_ID, SEND_REPORT, Origin
from models.pipeline_errors import InputsInvalid, PipelineInvalid, PipelineNotFound

SELECT = "select"
REPORT = "results_report"  # the pipeline of `send_report`
MOST_LISTED = 5_000
FieldPath = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*|\[[0-9]{1,6}\])*$")
]


class PipelineInputs(Body):
    """The pipeline to run, and its inputs."""

    pipeline: Annotated[str, StringConstraints(pattern=PIPELINE_ID)] = Field(description="The id of a pipeline.")
    inputs: dict[str, Any] = Field({}, description="The inputs of the run, by name.")


class ReportInputs(Body):
    """The latest results that are told of, and to whom."""

    universe: UniverseName = Field("watchlist", description="Whose results.")
    strategy: StrategyId = Field("balanced", description="By which strategy; see GET /strategies.")
    limit: int = Field(20, ge=0, le=200, description="The results in the message, the highest scores first.")
    channels: ChannelKeys = Field(description="Ids or names of channels.")


def pipeline_capability(library: Library, starter: Starter) -> Capability:
    """The capability `pipeline`. Its job runs the first piece of the run: a run that waits is not over when that job is."""

    def start(connection: Connection, call: Call, inputs: PipelineInputs) -> Started:
        return _begin(connection, call, library.find_to_run(connection, call.org_id, inputs.pipeline), inputs.inputs, starter)

    def absent(connection: Connection, org_id: int, inputs: PipelineInputs) -> Iterator[tuple[str, str]]:
        return _absent(connection, org_id, inputs, starter)

    description = "Runs a pipeline. For schedules; it cannot be a step of a pipeline."
    return Capability(PIPELINE, description, PipelineInputs, Starts(start, _answer_run), PIPELINES, absent)


def report_capability(library: Library, starter: Starter) -> Capability:
    """The capability `send_report`: a run of the pipeline `results_report`."""

    def start(connection: Connection, call: Call, inputs: ReportInputs) -> Started:
        return _begin(connection, call, library.find_to_run(connection, call.org_id, REPORT), inputs.model_dump(), starter)

    def absent(connection: Connection, org_id: int, inputs: ReportInputs) -> Iterator[tuple[str, str]]:
        for field, message in _absent(connection, org_id, PipelineInputs(pipeline=REPORT, inputs=inputs.model_dump()), starter):
            yield field.removeprefix("inputs."), message

    description = "Sends the report of the latest results. For schedules; it cannot be a step of a pipeline."
    return Capability(SEND_REPORT, description, ReportInputs, Starts(start, _answer_run), PIPELINES, absent)


def _absent(connection: Connection, org_id: int, wanted: PipelineInputs, starter: Starter) -> Iterator[tuple[str, str]]:
    """What is wrong with a pipeline and its inputs that are to be used later."""
    try:
        starter.check(connection, org_id, starter.library.find(connection, org_id, wanted.pipeline), wanted.inputs)
    except (PipelineNotFound, PipelineInvalid) as error:
        yield "pipeline", str(error)
    except InputsInvalid as error:
        yield from ((mistake.field, mistake.message) for mistake in error.mistakes)


def _begin(connection: Connection, call: Call, found: Found, inputs: dict[str, Any], starter: Starter) -> Started:
    origin = Origin(created_by=None, caused_by=call.caused_by, cause_key=call.key)
    run = starter.begin(connection, call.org_id, found, inputs, origin).run
    assert run.job_id is not None
    return Started(run.job_id, run.id)


def _answer_run(connection: Connection, call: Call, inputs: Any, job: Job) -> dict[str, Any]:
    run = run_store.find_by_cause(connection, call.org_id, call.key)
    if run is None:
        return {"run_id": None, "status": str(job.status)}
    return {"run_id": run.id, "status": run.status, "outputs": run.outputs, "error": run.error}


class Comparison(Body):
    """What an item of a list must fulfil."""

    field: FieldPath = Field(description="What of the item is compared: a path like `score` or `record.lift`.")
    op: Literal[">", ">=", "<", "<=", "==", "!=", "in", "contains", "exists"] = Field(description="As in conditions.")
    value: Any = Field(None, description="What it is compared with; nothing for `exists`.")
    to: FieldPath | None = Field(None, description="In place of a value: another field of the item.")
    times: float = Field(1.0, gt=0, le=1000, description="What the other field is multiplied by.")


class SelectInputs(Body):
    """The list, and what is chosen of it."""

    items: Annotated[list[Any], Field(max_length=MOST_LISTED)] = Field(description="The list; its items are objects.")
    where: Annotated[list[Comparison], Field(max_length=20)] = Field([], description="What each item that is kept fulfils, all of it.")
    sort: FieldPath | None = Field(None, description="What the items are sorted by; items without it come last.")
    descending: bool = Field(False, description="Whether the largest comes first.")
    limit: int | None = Field(None, ge=1, le=MOST_LISTED, description="How many are kept at most.")
    fields: Annotated[list[FieldPath], Field(max_length=50)] | None = Field(None, description="What is kept of each; by default all.")


def select(inputs: SelectInputs) -> dict[str, Any]:
    """The items of a list that fulfil something, sorted, cut and reduced. Raises TemplateError for what does not compare."""
    kept = [item for number, item in enumerate(inputs.items) if all(_fulfils(item, each, f"items.{number}") for each in inputs.where)]
    if inputs.sort is not None:
        kept = _sorted(kept, inputs.sort, inputs.descending)
    shown = kept[: inputs.limit]
    if inputs.fields is not None:
        shown = [{name: _value(item, name) for name in inputs.fields} for item in shown]
    return {"items": shown, "count": len(kept), "of": len(inputs.items)}


def _fulfils(item: Any, comparison: Comparison, where: str) -> bool:
    value = _value(item, comparison.field)
    if comparison.op == "exists" or value is None:
        return value is not None and comparison.op == "exists"
    other = comparison.value
    if comparison.to is not None:
        other = _value(item, comparison.to)
        if other is None:
            return False
        other = other * comparison.times if isinstance(other, float | int) and not isinstance(other, bool) else other
    return holds(comparison.op, value, other, f"{where}.{comparison.field}")


def _value(item: Any, path: str) -> Any:
    """What an item has at a path; None where it has nothing there."""
    (template,) = parse(f"{{{{item.{path} ?? null}}}}", "fields")
    assert isinstance(template, Template)
    return look_up({"item": item}, template, "fields")


def _sorted(items: list[Any], path: str, descending: bool) -> list[Any]:
    present = [item for item in items if _value(item, path) is not None]
    absent = [item for item in items if _value(item, path) is None]
    try:
        present.sort(key=lambda item: _value(item, path), reverse=descending)
    except TypeError as error:
        raise TemplateError("sort", f"the values of '{path}' are of different types, so they have no order.") from error
    return present + absent


def select_capability() -> Capability:
    """The capability `select`."""
    description = "Chooses from a list: the items that fulfil something, sorted, cut, and reduced to some fields."
    return Capability(SELECT, description, SelectInputs, Reads(lambda database, call, inputs: select(inputs)))
