"""Conditions, by table: which hold, which do not, and which cannot be judged."""

from __future__ import annotations

from typing import Any

import pytest

from features.pipelines.conditions import check, evaluate
from features.pipelines.templates import Resolver, TemplateError

NAMES = {
    "inputs": {"n": 5, "f": 0.5, "text": "Strong Buy", "none": None, "list": ["a", 1], "on": True, "map": {"k": 1}},
    "steps": {"s": None},
}


def over(op: str, left: Any, right: Any) -> dict[str, Any]:
    return {"op": op, "left": left, "right": right}


HOLDS = over("==", 1, 1)
NOT = over("==", 1, 2)
BROKEN = over(">", "{{inputs.none}}", 1)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (over(">", "{{inputs.n}}", 4), True),
        (over(">", "{{inputs.n}}", 5), False),
        (over(">=", "{{inputs.n}}", 5.0), True),
        (over("<", "{{inputs.f}}", 0.6), True),
        (over("<=", "{{inputs.f}}", "{{inputs.n}}"), True),
        (over("<", "2026-01-01", "2026-02-01"), True),
        (over("==", "{{inputs.text}}", "Strong Buy"), True),
        (over("==", 1, 1.0), True),
        (over("!=", "{{inputs.text}}", "Buy"), True),
        (over("==", "{{inputs.none}}", None), True),
        (over("!=", "{{inputs.n}}", None), True),
        (over("==", None, "{{steps.s.x}}"), True),
        (over("==", "{{inputs.list}}", ["a", 1]), True),
        (over("in", "a", "{{inputs.list}}"), True),
        (over("in", True, "{{inputs.list}}"), False),
        (over("in", "Buy", "{{inputs.text}}"), True),
        (over("in", "k", "{{inputs.map}}"), True),
        (over("contains", "{{inputs.list}}", 1), True),
        (over("contains", "{{inputs.text}}", "Sell"), False),
        (over("in", "{{inputs.text}}", ["Buy", "Strong Buy"]), True),
        ({"op": "exists", "left": "{{inputs.n}}"}, True),
        ({"op": "exists", "left": "{{inputs.none}}"}, False),
        ({"op": "exists", "left": "{{inputs.nothing.at[3].all}}"}, False),
        ({"op": "exists", "left": "{{steps.s.x}}"}, False),
        ({"and": [HOLDS, HOLDS]}, True),
        ({"and": [HOLDS, NOT]}, False),
        ({"and": [NOT, BROKEN]}, False),
        ({"or": [NOT, HOLDS]}, True),
        ({"or": [NOT, NOT]}, False),
        ({"or": [HOLDS, BROKEN]}, True),
        ({"not": NOT}, True),
        ({"not": [HOLDS]}, False),
        ({"and": [{"or": [NOT, {"not": NOT}]}, {"not": {"and": [HOLDS, NOT]}}]}, True),
        (over("==", "a and b or c", "a and b or c"), True),
    ],
)
def test_what_holds(condition: dict[str, Any], holds: bool) -> None:
    assert list(check(condition, "when")) == []
    assert evaluate(condition, Resolver(NAMES), "when").holds is holds


@pytest.mark.parametrize(
    ("condition", "where", "told"),
    [
        (BROKEN, "when.left", "'>' cannot compare null"),
        (over("==", "{{inputs.none}}", "Buy"), "when.left", "cannot compare null"),
        (over("in", "a", "{{steps.s.x}}"), "when.right", "cannot compare null"),
        (over(">", "{{inputs.text}}", 1), "when", 'a text ("Strong Buy") with a number (1)'),
        (over(">", True, 0), "when", "a truth value (true) with a number (0)"),
        (over("==", "1", 1), "when", "values of one type"),
        (over("==", True, 1), "when", "values of one type"),
        (over("<", [1], [2]), "when", "two numbers or two texts"),
        (over("in", 1, "123"), "when", "Within a text, a text is looked for"),
        (over("in", 1, 2), "when", "looks into a list"),
        (over("==", "{{inputs.nope}}", 1), "when.left", "no 'nope' in inputs"),
        ({"and": [HOLDS, {"or": [BROKEN]}]}, "when.and.1.or.0.left", "cannot compare null"),
    ],
)
def test_what_cannot_be_judged_is_an_error(condition: dict[str, Any], where: str, told: str) -> None:
    with pytest.raises(TemplateError) as refused:
        evaluate(condition, Resolver(NAMES), "when")
    assert refused.value.where == where
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{{inputs.n}} > 4", "when: a condition is an object"),
        ({}, "when.op: it is one of"),
        ({"op": "=", "left": 1, "right": 1}, "when.op: it is one of > >= < <= == != in contains exists"),
        ({"op": ["=="], "left": 1, "right": 1}, "when.op: it is one of"),
        ({"op": ">", "left": 1}, "when.right: '>' needs it"),
        ({"op": ">", "left": 1, "right": 2, "and": []}, "when: 'and' stands alone"),
        ({"op": "exists", "left": "x"}, "when.left: 'exists' takes a template"),
        ({"op": "exists", "left": "{{inputs.x}}", "right": 1}, "when.right: 'exists' takes no such field"),
        ({"and": []}, "when.and: it takes a list of 1 to 50 conditions"),
        ({"or": HOLDS}, "when.or: it takes a list"),
        ({"not": [HOLDS, NOT]}, "when.not: it takes one condition"),
        ({"and": [HOLDS, {"or": [{"op": "?"}]}]}, "when.and.1.or.0.op: it is one of"),
    ],
)
def test_the_form_of_a_condition_is_checked(condition: Any, told: str) -> None:
    assert told in "\n".join(check(condition, "when"))


def test_the_reason_names_what_was_compared() -> None:
    assert evaluate(over(">", "{{inputs.f}}", 0.6), Resolver(NAMES), "when").reason == "0.5 > 0.6 does not hold"


def test_a_condition_that_is_nested_too_deeply_is_refused() -> None:
    condition: Any = HOLDS
    for _ in range(40):
        condition = {"not": condition}
    assert "deeper than 30 levels" in "\n".join(check(condition, "when"))
