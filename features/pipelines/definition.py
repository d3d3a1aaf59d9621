"""The definition of a pipeline: the model of its JSON, which is also published as JSON Schema (data/pipelines/schema.json)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import PLAIN_TEXT, PLAIN_TEXT_WITH_LINES, Body
from models.pipeline import MOST_ITEMS, MOST_STEPS, NAME, PIPELINE_ID

InputType = Literal[
    "text", "whole_number", "number", "truth", "date", "ticker", "tickers", "universe", "strategy", "strategies", "channels", "portfolio",
    "list", "object",
]  # fmt: skip
Name = Annotated[str, StringConstraints(pattern=NAME)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN_TEXT)]
Text = Annotated[str, StringConstraints(max_length=2000, pattern=PLAIN_TEXT_WITH_LINES)]


class InputSpec(Body):
    """An input of a pipeline."""

    type: InputType = Field(description="What it takes. Forms have a picker for it.")
    title: Title | None = Field(None, description="What forms call it.")
    description: Text | None = Field(None, description="What it is for.")
    required: bool = Field(False, description="Whether a run must give it; it has no default then.")
    default: Any = Field(None, description="What it is where a run does not give it. A date may be `today` or days before it, like `-7d`.")
    options: Annotated[list[str], Field(min_length=1, max_length=100)] | None = Field(None, description="The texts to choose from.")


class StepSpec(Body):
    """A step: one use of a capability."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    name: Name = Field(alias="as", description="What later steps call its answer: `{{steps.NAME}}`.")
    capability: Annotated[str, StringConstraints(min_length=1, max_length=60)] = Field(description="See GET /capabilities.")
    title: Title | None = Field(None, description="What it does, for people.")
    args: dict[str, Any] = Field({}, description="The arguments of the capability; texts may have templates.")
    when: dict[str, Any] | None = Field(None, description="A condition; where it does not hold, the step is skipped.")
    for_each: str | list[Any] | None = Field(
        None,
        description=f"A list, or a template of one: the step is done for each of up to {MOST_ITEMS} items, `{{{{item}}}}` in the args.",
    )
    on_error: Literal["fail", "continue"] = Field("fail", description="Whether the run fails with the step, or goes on.")
    if_off: Literal["fail", "skip"] = Field("fail", description="What becomes of the step while its capability is switched off.")


class Definition(Body):
    """A pipeline."""

    schema_: str | None = Field(None, alias="$schema", description="For editors.")
    id: Annotated[str, StringConstraints(pattern=PIPELINE_ID)] = Field(description="Its id; that of a file is the file's name.")
    name: Title = Field(description="What people call it.")
    description: Text = Field("", description="What it does, and for whom.")
    inputs: dict[str, InputSpec] = Field({}, max_length=30, description="What a run may or must give: `{{inputs.NAME}}`.")
    steps: list[StepSpec] = Field(min_length=1, max_length=MOST_STEPS, description="Done in this order.")
    outputs: dict[str, Any] = Field({}, max_length=30, description="What a run answers in the end; templates like those of args.")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a pipeline. The names of inputs and outputs are checked with what no schema can say."""
    schema = Definition.model_json_schema(by_alias=True)
    for named in ("inputs", "outputs"):
        schema["properties"][named]["propertyNames"] = {"pattern": NAME}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A pipeline of Bellwether", **schema}
