"""What a definition must fulfil before it is stored or run: the form of its JSON, and what the form cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from features.pipelines import conditions, inputs
from features.pipelines.definition import Definition, StepSpec
from features.pipelines.templates import Template, TemplateError, templates_in
from infrastructure.capability import Capabilities, Capability, CapabilityNotFound, Starts
from models.pipeline import NAME, RUNS, Mistake
from models.pipeline_errors import PipelineInvalid
from utils.clock import today
from utils.input_messages import message_of
from utils.json_text import dump

IS_NAME = re.compile(NAME)
MOST_BYTES = 100_000  # of a definition
MOST_MISTAKES = 50
RUN_NAMES = ("id", "pipeline", "version", "day", "started_at", "caused_by")
ITEM_NAMES = ("item", "number")  # within the args of a for_each


def validate(raw: Any, capabilities: Capabilities) -> Definition:
    """The definition in parsed JSON. Raises PipelineInvalid with every mistake."""
    try:
        size = len(dump(raw))
    except (TypeError, ValueError) as error:
        raise PipelineInvalid([Mistake("", f"It cannot be stored as JSON: {error}.")]) from error
    if size > MOST_BYTES:
        raise PipelineInvalid([Mistake("", f"It has more than {MOST_BYTES:,} bytes.")])
    try:
        definition = Definition.model_validate(raw)
    except ValidationError as error:
        raise PipelineInvalid([_mistake(entry) for entry in error.errors(include_url=False)[:MOST_MISTAKES]]) from error
    mistakes = list(_mistakes(definition, capabilities))
    if mistakes:
        raise PipelineInvalid(mistakes[:MOST_MISTAKES])
    return definition


def stored(definition: Mapping[str, Any]) -> Definition:
    """A definition that was validated when it was stored."""
    return Definition.model_validate(definition)


def _mistake(entry: Any, prefix: str = "") -> Mistake:
    place = ".".join([*([prefix] if prefix else []), *map(str, entry["loc"])])
    return Mistake(place[:200], message_of(entry))


def _mistakes(definition: Definition, capabilities: Capabilities) -> Iterator[Mistake]:
    for group, names in (("inputs", definition.inputs), ("outputs", definition.outputs)):
        for name in names:
            if not IS_NAME.fullmatch(name):
                told = "A name has up to 40 characters: small letters, digits and _, the first a letter."
                yield Mistake(f"{group}.{name[:60]}", told)
    yield from _of_inputs(definition)
    earlier: list[str] = []
    for number, step in enumerate(definition.steps):
        where = f"steps.{number}"
        if step.name in earlier:
            yield Mistake(f"{where}.as", f"Two steps are called '{step.name}'.")
        for mistake in _of_step(step, where, _Scope(definition, tuple(earlier)), capabilities):
            yield Mistake(mistake.field, f"Step '{step.name}': {mistake.message}")
        earlier.append(step.name)
    scope = _Scope(definition, tuple(earlier))
    for name, value in definition.outputs.items():
        yield from scope.mistakes(value, f"outputs.{name}")


def _of_inputs(definition: Definition) -> Iterator[Mistake]:
    for name, spec in definition.inputs.items():
        if spec.required and spec.default is not None:
            yield Mistake(f"inputs.{name}.default", "An input that is required has no default.")
        if spec.options is not None and spec.type != "text":
            yield Mistake(f"inputs.{name}.options", "Only a text has options.")
        try:
            inputs.read(spec, spec.default, today())
        except ValueError as error:
            yield Mistake(f"inputs.{name}.default", str(error))


class _Scope:
    """What templates at one place of a definition may name."""

    def __init__(self, definition: Definition, earlier: tuple[str, ...], has_item: bool = False) -> None:
        self._known: dict[str, tuple[str, ...]] = {"inputs": tuple(definition.inputs), "steps": earlier, "run": RUN_NAMES}
        self._step_names = [step.name for step in definition.steps]
        self._has_item = has_item
        self._definition, self._earlier = definition, earlier

    def with_item(self) -> _Scope:
        return _Scope(self._definition, self._earlier, has_item=True)

    def mistakes(self, value: Any, where: str) -> Iterator[Mistake]:
        try:
            for at, template in templates_in(value, where):
                told = self._told(template)
                if told:
                    yield Mistake(at, told)
        except TemplateError as error:
            yield Mistake(error.where, error.message)

    def _told(self, template: Template) -> str | None:
        first = template.path[0]
        if first in ITEM_NAMES:
            return None if self._has_item else f"{{{{{template.text}}}}}: only the args of a step with for_each have '{first}'."
        if first not in self._known:
            return f"{{{{{template.text}}}}} begins with '{first}'; a path begins with {', '.join(self._known)}."
        if len(template.path) < 2:
            return f"{{{{{template.text}}}}} names no one of them; write {first}. and a name."
        name, known = template.path[1], self._known[str(first)]
        if name in known:
            return None
        if first == "steps" and name in self._step_names:
            return f"{{{{{template.text}}}}}: the step '{name}' does not come before this one."
        return f"{{{{{template.text}}}}}: there is no '{name}' in {first}; there is {', '.join(known) or 'nothing'}."


def _of_step(step: StepSpec, where: str, scope: _Scope, capabilities: Capabilities) -> Iterator[Mistake]:
    if step.when is not None:
        for told in conditions.check(step.when, f"{where}.when"):
            at, _, message = told.partition(": ")
            yield Mistake(at, message)
        yield from scope.mistakes(step.when, f"{where}.when")
    if step.for_each is not None:
        yield from scope.mistakes(step.for_each, f"{where}.for_each")
        if isinstance(step.for_each, str) and next(_safely(step.for_each), None) is None:
            yield Mistake(f"{where}.for_each", "It is a list, or a template whose value is one.")
    own = scope if step.for_each is None else scope.with_item()
    yield from own.mistakes(step.args, f"{where}.args")
    try:
        capability = capabilities.find(step.capability)
    except CapabilityNotFound as error:
        yield Mistake(f"{where}.capability", str(error))
        return
    if capability.name in RUNS:
        yield Mistake(f"{where}.capability", "A pipeline cannot be a step of another. Copy its steps.")
        return
    if step.for_each is not None and isinstance(capability.work, Starts):
        told = f"'{capability.name}' starts a job of its own, which takes many tickers at once; it cannot be done for_each."
        yield Mistake(f"{where}.for_each", told)
    yield from _of_args(step, f"{where}.args", capability)


def _safely(value: Any) -> Iterator[Any]:
    try:
        yield from templates_in(value, "")
    except TemplateError:
        yield None  # told of by the scope


def _of_args(step: StepSpec, where: str, capability: Capability) -> Iterator[Mistake]:
    """The arguments that cannot fit, as far as that can be told before their templates are resolved."""
    try:
        templated = {name for name, value in step.args.items() if next(templates_in(value, ""), None) is not None}
    except TemplateError:
        return  # told of by the scope
    try:
        capability.inputs.model_validate(step.args)
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            of = entry["loc"][0] if entry["loc"] else None
            if entry["type"] == "extra_forbidden" and len(entry["loc"]) == 1:
                known = ", ".join(capability.inputs.model_fields) or "none"
                yield Mistake(f"{where}.{of}", f"'{capability.name}' has no such argument; there is {known}.")
            elif of not in templated and (of is not None or not templated):
                yield _mistake(entry, where)
