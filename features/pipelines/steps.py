"""One step: its condition, its arguments, and the call of its capability."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from features.pipelines import conditions
from features.pipelines.bounded import TookTooLong
from features.pipelines.definition import Definition, StepSpec
from features.pipelines.templates import MOST_BYTES, Resolver, TemplateError, templates_in
from infrastructure.capability import Capabilities, Capability, CapabilityNotFound
from infrastructure.flags import FeatureFlags
from models.errors import BellwetherError, FeatureDisabled
from models.pipeline import MOST_ITEMS, Run
from utils.clock import iso
from utils.database_errors import is_unavailable
from utils.input_messages import message_of
from utils.json_text import dump

log = structlog.get_logger(__name__)

SECRET = re.compile(r"(?i)secret|password|passwd|token|api_?key|authorization|credential")
HIDDEN = "•••"
LONGEST_REASON = 1000
MOST_NOTES = 20


class StepFailed(Exception):
    """The step fails, with a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:LONGEST_REASON])


class StepSkipped(StepFailed):
    """The step is skipped instead."""


@dataclass(frozen=True)
class Prepared:
    """The arguments of a step: as the capability takes them, and as the trace shows them. `items` has those of a for_each."""

    inputs: BaseModel | None
    args: Mapping[str, Any]
    notes: list[str] = field(default_factory=list)
    items: list[Any] | None = None


def names_of(run: Run, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates of a run may name."""
    own = {
        "id": run.id, "pipeline": run.pipeline_id, "version": run.version, "day": run.created_at.date().isoformat(),
        "started_at": iso(run.created_at), "caused_by": run.origin.caused_by,
    }  # fmt: skip
    return {"inputs": run.inputs, "steps": answers, "run": own}


def prepare(step: StepSpec, capability: Capability, names: Mapping[str, Any]) -> Prepared:
    """The condition and the arguments of a step, resolved. Raises StepSkipped or StepFailed."""
    resolver = Resolver(names)
    try:
        if step.when is not None:
            verdict = conditions.evaluate(step.when, resolver, "when")
            if not verdict.holds:
                raise StepSkipped(f"Its condition: {verdict.reason}.")
        if step.for_each is None:
            return prepare_args(step, capability, resolver)
        items = resolver.resolve(step.for_each, "for_each")
    except TemplateError as error:
        raise StepFailed(str(error)) from error
    if not isinstance(items, list):
        raise StepFailed("for_each: a list is needed.")
    if len(items) > MOST_ITEMS:
        raise StepFailed(f"for_each: the list has {len(items):,} items; at most {MOST_ITEMS} are done.")
    return Prepared(None, hidden({**step.args, "for_each": f"{len(items)} items"}), bounded(resolver.notes), items)


def prepare_args(step: StepSpec, capability: Capability, resolver: Resolver) -> Prepared:
    """The arguments of a step for a capability. Raises StepFailed or TemplateError."""
    resolved = resolver.resolve(step.args, "args")
    if len(dump(resolved)) > MOST_BYTES:
        raise StepFailed(f"args: they have more than {MOST_BYTES:,} bytes.")
    fields = capability.inputs.model_fields
    for name in [name for name, value in resolved.items() if value is None and step.args[name] is not None]:
        source = next((template.text for _, template in templates_in(step.args[name], "")), "")
        if name in fields and fields[name].is_required():
            raise StepFailed(f"args.{name}: {source} is null, and '{capability.name}' needs it.")
        resolver.notes.append(f"args.{name}: {source} is null, so it is left out.")
        del resolved[name]
    try:
        inputs = capability.inputs.model_validate(resolved)
    except ValidationError as error:
        entry = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in entry["loc"])
        raise StepFailed(f"args{'.' if place else ''}{place}: {message_of(entry)}") from error
    return Prepared(inputs, hidden(resolved), bounded(resolver.notes))


def unwrapped(error: Exception, step: StepSpec, seconds: float) -> StepFailed:
    """An exception of a step as its failure. Raises errors of the database that are no fault of the step."""
    if isinstance(error, StepFailed):
        return error
    if isinstance(error, FeatureDisabled):
        return off(step, error)
    if isinstance(error, TemplateError | BellwetherError):
        return StepFailed(str(error))
    if isinstance(error, TookTooLong):
        return StepFailed(f"It did not answer within {seconds:g} s.")
    if isinstance(error, SQLAlchemyError) and is_unavailable(error):
        raise error
    log.error("a step failed unexpectedly", step=step.name, exc_info=error)
    return StepFailed("It failed unexpectedly; the log has the reason.")


@dataclass(frozen=True)
class Offered:
    """What steps of an organization may use: the capabilities whose flags are on for it."""

    capabilities: Capabilities
    flags: FeatureFlags
    org_id: int


def find_capability(step: StepSpec, offered: Offered) -> Capability:
    """The capability of a step. Raises StepFailed or StepSkipped where there is none, or it is switched off."""
    try:
        capability = offered.capabilities.find(step.capability)
        if capability.flag is not None:
            offered.flags.require(capability.flag, offered.org_id)
    except CapabilityNotFound as error:
        raise StepFailed(str(error)) from error
    except FeatureDisabled as error:
        raise off(step, error) from error
    return capability


def off(step: StepSpec, error: FeatureDisabled) -> StepFailed:
    """What becomes of a step whose capability is switched off."""
    return StepSkipped(str(error)) if step.if_off == "skip" else StepFailed(str(error))


def outputs_of(definition: Definition, names: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a run. Raises StepFailed."""
    try:
        outputs: dict[str, Any] = Resolver(names).resolve(definition.outputs, "outputs")
    except TemplateError as error:
        raise StepFailed(str(error)) from error
    return outputs


def written(answer: Any) -> str:
    """An answer as JSON. Raises StepFailed for one that cannot be written so."""
    try:
        return dump(answer).decode()
    except (TypeError, ValueError, UnicodeError) as error:
        raise StepFailed(f"Its answer cannot be written as JSON: {error}.") from error


def digest(text: str) -> str:
    """The SHA-256 of an answer."""
    return hashlib.sha256(text.encode()).hexdigest()


def hidden(value: Any) -> Any:
    """A value without what its names tell to be secret."""
    if isinstance(value, dict):
        return {key: HIDDEN if SECRET.search(str(key)) and child is not None else hidden(child) for key, child in value.items()}
    return [hidden(child) for child in value] if isinstance(value, list) else value


def bounded(notes: list[str]) -> list[str]:
    """Notes as many and as long as they are stored."""
    return [note[:LONGEST_REASON] for note in notes[:MOST_NOTES]]
