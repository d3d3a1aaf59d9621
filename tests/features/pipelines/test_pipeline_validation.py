"""What a definition must fulfil beyond the form of its JSON; each mistake names its step and its place."""

from __future__ import annotations

from typing import Any

import pytest
from kit.pipelines import Runner, pipeline, step

ECHO = step("a", "echo", value=1)


@pytest.mark.parametrize(
    ("definition", "field", "told"),
    [
        (pipeline(step("a", "nope")), "steps.0.capability", "Step 'a': There is no capability 'nope'. There are "),
        (pipeline(step("a", "pipeline", pipeline="x")), "steps.0.capability", "A pipeline cannot be a step of another."),
        (pipeline(ECHO, ECHO), "steps.1.as", "Two steps are called 'a'."),
        (pipeline(step("a", "echo", value="{{steps.b}}"), step("b", "echo")), "steps.0.args.value", "'b' does not come before this one"),
        (pipeline(step("a", "echo", value="{{steps.a}}")), "steps.0.args.value", "'a' does not come before this one"),
        (pipeline(step("a", "echo", value=[{"x": "{{steps.z.q}}"}])), "steps.0.args.value.0.x", "there is no 'z' in steps"),
        (pipeline(step("a", "echo", value="{{inputs.x}}")), "steps.0.args.value", "there is no 'x' in inputs; there is nothing."),
        (pipeline(step("a", "echo", value="{{env.HOME}}")), "steps.0.args.value", "a path begins with inputs, steps, run."),
        (pipeline(step("a", "echo", value="{{run.secret}}")), "steps.0.args.value", "there is no 'secret' in run"),
        (pipeline(step("a", "echo", value="{{steps}}")), "steps.0.args.value", "names no one of them"),
        (pipeline(step("a", "echo", value="{{item}}")), "steps.0.args.value", "only the args of a step with for_each have 'item'"),
        (pipeline(step("a", "echo", value="{{item}}", for_each="{{item.x}}")), "steps.0.for_each", "only the args of a step"),
        (pipeline(step("a", "echo", for_each="word")), "steps.0.for_each", "It is a list, or a template whose value is one."),
        (pipeline(step("a", "start", keys=["x"], for_each=[1])), "steps.0.for_each", "starts a job of its own"),
        (pipeline(step("a", "echo", value="{{inputs.")), "steps.0.args.value", "is not closed"),
        (pipeline(step("a", "need")), "steps.0.args.ticker", "This field is needed."),
        (pipeline(step("a", "need", ticker="!")), "steps.0.args.ticker", "is no ticker"),
        (
            pipeline(step("a", "need", ticker="AAPL", tickr=1)),
            "steps.0.args.tickr",
            "'need' has no such argument; there is ticker",
        ),
        (pipeline(step("a", "need", ticker=5)), "steps.0.args.ticker", "A text is needed."),
        (
            pipeline(step("a", "need", ticker="{{inputs.t}}", strategy=5), inputs={"t": {"type": "ticker"}}),
            "steps.0.args.strategy",
            "A text is",
        ),
        (pipeline(step("a", "echo", when={"op": "~"})), "steps.0.when.op", "it is one of"),
        (pipeline(step("a", "echo", when={"op": ">", "left": "{{steps.q}}", "right": 1})), "steps.0.when.left", "there is no 'q' in steps"),
        (pipeline(ECHO, outputs={"x": "{{steps.b}}"}), "outputs.x", "there is no 'b' in steps; there is a."),
        (pipeline(ECHO, inputs={"x": {"type": "ticker", "default": "no ticker"}}), "inputs.x.default", "is no ticker"),
        (pipeline(ECHO, inputs={"x": {"type": "strategy", "default": "Best"}}), "inputs.x.default", "There is no strategy 'Best'"),
        (pipeline(ECHO, inputs={"x": {"type": "text", "default": "x", "required": True}}), "inputs.x.default", "has no default"),
        (pipeline(ECHO, inputs={"x": {"type": "text", "options": ["a"], "default": "b"}}), "inputs.x.default", "It is one of a."),
        (pipeline(ECHO, inputs={"A b": {"type": "text"}}), "inputs.A b", "A name has up to 40 characters"),
        (pipeline(ECHO, outputs={"1": 2}), "outputs.1", "A name has up to 40 characters"),
        (pipeline(ECHO, inputs={"x": {"type": "number", "options": ["a"]}}), "inputs.x.options", "Only a text has options."),
    ],
)
def test_what_is_refused(runner: Runner, definition: dict[str, Any], field: str, told: str) -> None:
    for answer in (runner.client.post("/pipelines/validate", definition), runner.client("PUT", "/pipelines/trial", json=definition)):
        assert (answer.status_code, answer.json["code"]) == (422, "pipeline_invalid")
        mistakes = {mistake["field"]: mistake["message"] for mistake in answer.json["errors"]}
        assert told in mistakes[field]


def test_every_mistake_is_told_at_once(runner: Runner) -> None:
    answer = runner.client.post("/pipelines/validate", pipeline(step("a", "nope"), step("a", "need"), outputs={"x": "{{y}}"}))
    assert [mistake["field"] for mistake in answer.json["errors"]] == [
        "steps.0.capability",
        "steps.1.as",
        "steps.1.args.ticker",
        "outputs.x",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        {"value": "\ud800"},
        {"value": 10**30},
        {"value": "x" * 120_000},
        {"value": ["{{" * 20_000]},
    ],
)
def test_hostile_definitions_are_refused(runner: Runner, hostile: dict[str, Any]) -> None:
    answer = runner.client("PUT", "/pipelines/trial", json=pipeline(step("a", "echo", **hostile)))
    assert (answer.status_code, answer.json["code"]) == (422, "pipeline_invalid"), answer.json


def test_deep_arguments_are_refused(runner: Runner) -> None:
    value: Any = 1
    for _ in range(60):
        value = {"x": value}
    answer = runner.client("PUT", "/pipelines/trial", json=pipeline(step("a", "echo", value=value)))
    assert "deeper than 30 levels" in answer.json["detail"]


def test_capabilities_are_listed_with_the_schema_of_their_arguments(runner: Runner) -> None:
    items = {item["name"]: item for item in runner.client.get("/capabilities").json["items"]}
    assert items["need"]["inputs"]["required"] == ["ticker"]
    assert items["rare"]["needs"] == ["rare"]
    assert [items[name]["work"] for name in ("write", "start", "need")] == ["writes", "starts", "reads"]
    assert (items["pipeline"]["in_pipelines"], items["need"]["in_pipelines"]) == (False, True)
    assert list(items) == sorted(items)
