"""Dry runs: conditions and arguments resolved as far as they are known, and nothing called or stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from features.pipelines import conditions, inputs, steps
from features.pipelines.definition import StepSpec
from features.pipelines.library import Found, Library
from features.pipelines.steps import Offered, StepFailed, StepSkipped
from features.pipelines.templates import NotKnownYet, Resolver, TemplateError, Unknown, has_template
from infrastructure.capability import Capability
from models.pipeline import Origin, Run, RunStatus, StepOutcome, StepRecord
from utils.clock import now
from utils.input_messages import message_of

NOT_KNOWN = "Its condition is known once the steps before have run."


def plan(library: Library, offered: Offered, found: Found, given: Mapping[str, Any], origin: Origin) -> tuple[Run, list[StepRecord]]:
    """What a run would do, as a run that is not stored and its trace. Raises PipelineInvalid or InputsInvalid."""
    definition = library.check(found.definition)
    moment = now()
    values = inputs.fill(definition.inputs, given, moment.date())
    run = Run(
        id="",
        org_id=0,
        pipeline_id=definition.id,
        version=found.version.version,
        sha256=found.version.sha256,
        definition=found.definition,
        status=RunStatus.COMPLETED,
        next_step=0,
        inputs=values,
        outputs=None,
        error=None,
        job_id=None,
        state_bytes=0,
        origin=origin,
        created_at=moment,
        started_at=moment,
        finished_at=moment,
    )
    answers: dict[str, Any] = {}
    trace = []
    for position, step in enumerate(definition.steps):
        record = _plan_step(StepRecord(position, step.name, step.capability, StepOutcome.PLANNED, {}), step, run, (answers, offered))
        trace.append(record)
        answers[step.name] = Unknown() if record.outcome is StepOutcome.PLANNED else None
    return run, trace


def _plan_step(blank: StepRecord, step: StepSpec, run: Run, known: tuple[dict[str, Any], Offered]) -> StepRecord:
    answers, offered = known
    names = steps.names_of(run, answers)
    resolver = Resolver(names, keeps_unknown=True)
    try:
        capability = steps.find_capability(step, offered)
        if step.when is not None:
            _plan_condition(step.when, resolver)
        if step.for_each is not None:
            resolver.resolve(step.for_each, "for_each")
            resolver.names = {**names, "item": Unknown(), "number": Unknown()}
        args = resolver.resolve(step.args, "args")
        _check_known(step, capability, args)
    except StepSkipped as skipped:
        return replace(blank, outcome=StepOutcome.SKIPPED, reason=str(skipped))
    except (StepFailed, TemplateError) as failed:
        return replace(blank, outcome=StepOutcome.FAILED, reason=str(failed))
    return replace(blank, args=steps.hidden(args), notes=resolver.notes)


def _plan_condition(condition: dict[str, Any], resolver: Resolver) -> None:
    try:
        verdict = conditions.evaluate(condition, Resolver(resolver.names), "when")
    except NotKnownYet:
        resolver.notes.append(NOT_KNOWN)
        return
    if not verdict.holds:
        raise StepSkipped(f"Its condition: {verdict.reason}.")


def _check_known(step: StepSpec, capability: Capability, args: Mapping[str, Any]) -> None:
    """Raises StepFailed for an argument that is known and does not fit."""
    unknown = {name for name, value in args.items() if has_template(value)}
    given = {name: value for name, value in args.items() if value is not None or step.args[name] is None}
    try:
        capability.inputs.model_validate(given)
    except ValidationError as error:
        for entry in error.errors(include_url=False, include_input=False):
            of = entry["loc"][0] if entry["loc"] else None
            if of not in unknown and (of is not None or not unknown):
                place = ".".join(["args", *map(str, entry["loc"])])
                raise StepFailed(f"{place}: {message_of(entry)}") from error
