"""Templates, by table: what each text becomes, and what is said of those that cannot be resolved."""

from __future__ import annotations

from typing import Any

import pytest

from features.pipelines.templates import NoSuchName, Resolver, TemplateError, templates_in

NAMES = {
    "inputs": {"ticker": "AAPL", "score": 0.5, "count": 3, "on": True, "none": None, "list": [1, {"x": "y"}], "BRK.B": 1, "a-b": 2},
    "steps": {"a": {"b": [{"c": "deep"}], "empty": []}, "skipped": None},
    "run": {"id": "r"},
}


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("plain", "plain"),
        ("", ""),
        (5, 5),
        (None, None),
        ("{{inputs.ticker}}", "AAPL"),
        ("{{ inputs.ticker }}", "AAPL"),
        ("{{inputs.score}}", 0.5),
        ("{{inputs.count}}", 3),
        ("{{inputs.on}}", True),
        ("{{inputs.none}}", None),
        ("{{inputs.list}}", [1, {"x": "y"}]),
        ("{{inputs.list[1].x}}", "y"),
        ("{{inputs}}", NAMES["inputs"]),
        ('{{inputs["BRK.B"]}}', 1),
        ("{{inputs.a-b}}", 2),
        ("{{steps.a.b[0].c}}", "deep"),
        ("{{steps.skipped.any.thing[7]}}", None),
        ("a {{inputs.ticker}} b {{inputs.score}} c", "a AAPL b 0.5 c"),
        ("{{inputs.on}}!", "true!"),
        ("{{inputs.list}}!", '[1,{"x":"y"}]!'),
        ("{{inputs.none}}.", "."),
        ("{{inputs.ticker}}{{inputs.count}}", "AAPL3"),
        (" {{inputs.count}}", " 3"),
        ('{{inputs.nothing ?? "d"}}', "d"),
        ('{{inputs.none ?? "d"}}', "d"),
        ("{{inputs.none ?? 5}}", 5),
        ("{{inputs.none ?? null}}", None),
        ("{{inputs.none ?? []}}", []),
        ("{{steps.a.empty[0] ?? false}}", False),
        ("{{steps.skipped.x ?? 0}}", 0),
        ('{{inputs.ticker ?? "d"}}', "AAPL"),
        ('{{inputs.nothing ?? "a ?? b"}}', "a ?? b"),
        ({"k": ["{{inputs.count}}", {"n": "{{run.id}}"}]}, {"k": [3, {"n": "r"}]}),
        ({"{{inputs.ticker}}": 1}, {"{{inputs.ticker}}": 1}),
        ("one { brace } is text", "one { brace } is text"),
    ],
)
def test_what_is_resolved(value: Any, resolved: Any) -> None:
    assert Resolver(NAMES).resolve(value, "args") == resolved
    assert type(Resolver(NAMES).resolve(value, "args")) is type(resolved)


@pytest.mark.parametrize(
    ("value", "where", "told"),
    [
        ("{{inputs.tickr}}", "args", "no 'tickr' in inputs; there is BRK.B, a-b, count"),
        ("{{output.x}}", "args", "no 'output' in the values of a run; there is inputs, run, steps"),
        ("{{steps.a.b[1]}}", "args", "no '1' in steps.a.b: it is a list of 1"),
        ("{{steps.a.b.c}}", "args", "a list, which takes a place like [0]"),
        ("{{inputs.score.x}}", "args", "no 'x' in inputs.score: it is a number"),
        ("{{inputs.ticker[0]}}", "args", "it is a text"),
        ({"x": ["", "{{steps.a.nope}}"]}, "args.x.1", "no 'nope' in steps.a; there is b, empty"),
        ("{{inputs.x", "args", "'{{' at character 1 is not closed"),
        ("x }} y", "args", "'}}' at character 3 closes nothing"),
        ("{{}}", "args", "begins with no name"),
        ("{{ 5 }}", "args", "begins with no name"),
        ("{{inputs..x}}", "args", "cannot be read from character 7 on"),
        ("{{inputs.x y}}", "args", "cannot be read from character 9 on"),
        ("{{inputs[x]}}", "args", "cannot be read from character 7 on"),
        ("{{inputs.x + 1}}", "args", "cannot be read from character 9 on"),
        ("{{__import__('os')}}", "args", "cannot be read"),
        ("{{inputs.__class__}}", "args", "no '__class__' in inputs"),
        ("{{inputs.x ?? d}}", "args", "the default 'd' is not JSON"),
        ("{{inputs.x ?? NaN}}", "args", "is not JSON"),
        ("{{inputs.x ??}}", "args", "is not JSON"),
    ],
)
def test_what_is_refused(value: Any, where: str, told: str) -> None:
    with pytest.raises(TemplateError) as refused:
        Resolver(NAMES).resolve(value, "args")
    assert refused.value.where == where
    assert told in refused.value.message


def test_null_in_text_is_empty_and_noted() -> None:
    resolver = Resolver(NAMES)
    assert resolver.resolve({"text": "[{{inputs.none}}]"}, "args") == {"text": "[]"}
    assert resolver.notes == ["args.text: inputs.none is null, so its place in the text is empty."]


def test_a_missing_name_is_told_from_a_template_that_cannot_be_read() -> None:
    with pytest.raises(NoSuchName):
        Resolver(NAMES).resolve("{{inputs.nothing}}", "args")


def test_what_templates_bring_in_is_limited() -> None:
    resolver = Resolver({"inputs": {"large": "x" * 400_000}})
    with pytest.raises(TemplateError, match="more than 1,000,000 bytes"):
        resolver.resolve(["{{inputs.large}}"] * 3, "args")


def test_templates_are_found_at_their_places() -> None:
    value: Any = {"a": ["{{inputs.x}} and {{steps.y.z}}"], "b": {"c": "{{run.id}}"}}
    assert [(at, template.text) for at, template in templates_in(value, "args")] == [
        ("args.a.0", "inputs.x"),
        ("args.a.0", "steps.y.z"),
        ("args.b.c", "run.id"),
    ]


def test_what_is_nested_too_deeply_is_refused() -> None:
    value: Any = "x"
    for _ in range(40):
        value = [value]
    with pytest.raises(TemplateError, match="deeper than 30 levels"):
        list(templates_in(value, "args"))
