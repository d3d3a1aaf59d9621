"""Conditions of steps, as JSON: `{"op": ">", "left": "{{steps.a.score}}", "right": 0.6}`, and `and`, `or`, `not` around them.

Values of different types are not compared: that is an error, not a condition that does not hold.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from features.pipelines.templates import DEEPEST, NoSuchName, Resolver, TemplateError, templates_in, type_name
from utils.json_text import dump

ORDERED: dict[str, Callable[[Any, Any], bool]] = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
OPERATORS = (*ORDERED, "==", "!=", "in", "contains", "exists")
GROUPS = ("and", "or", "not")
MOST_PARTS = 50  # of a group
FORM = 'a condition is an object like {"op": ">", "left": …, "right": …}, {"and": […]}, {"or": […]} or {"not": …}.'
LONGEST_SHOWN = 60  # characters of a value in a reason


@dataclass(frozen=True)
class Verdict:
    """Whether a condition holds, and the comparison that decided it."""

    holds: bool
    reason: str


def check(condition: Any, where: str) -> Iterator[str]:
    """What is wrong with the form of a condition, each in a sentence with its place."""
    waiting = [(condition, where, 0)]
    while waiting:
        current, at, depth = waiting.pop()
        if depth > DEEPEST:
            yield f"{where}: it is nested deeper than {DEEPEST} levels."
            return
        if not isinstance(current, dict):
            yield f"{at}: {FORM}"
            continue
        group = next((name for name in GROUPS if name in current), None)
        if group is None:
            yield from _check_comparison(current, at)
        elif len(current) > 1:
            yield f"{at}: '{group}' stands alone; there is {', '.join(sorted(current))}."
        else:
            inner = _parts(current[group], group)
            if inner is None or not 1 <= len(inner) <= MOST_PARTS:
                least = "one condition" if group == "not" else f"a list of 1 to {MOST_PARTS} conditions"
                yield f"{at}.{group}: it takes {least}."
            else:
                waiting += [(part, _place(at, group, number), depth + 1) for number, part in enumerate(inner)]


def _check_comparison(condition: dict[str, Any], where: str) -> Iterator[str]:
    op = condition.get("op")
    if not isinstance(op, str) or op not in OPERATORS:
        yield f"{where}.op: it is one of {' '.join(OPERATORS)}."
        return
    needed = {"op", "left"} if op == "exists" else {"op", "left", "right"}
    for name in sorted(needed - condition.keys()):
        yield f"{where}.{name}: '{op}' needs it."
    for name in sorted(condition.keys() - needed):
        yield f"{where}.{name}: '{op}' takes no such field."
    if op == "exists" and "left" in condition:
        try:
            if next(templates_in(condition["left"], where), None) is None:
                yield f"{where}.left: 'exists' takes a template."
        except TemplateError:
            return  # told of with the other templates


def evaluate(condition: Any, resolver: Resolver, where: str) -> Verdict:
    """Whether a condition holds; no more of it is read than decides that. Raises TemplateError, also for values that do not compare."""
    group = next((name for name in GROUPS if name in condition), None)
    if group is None:
        return _compare(condition, resolver, where)
    inner = _parts(condition[group], group)
    assert inner is not None, "conditions are checked before they are stored"
    if group == "not":
        verdict = evaluate(inner[0], resolver, _place(where, group, 0))
        return Verdict(not verdict.holds, verdict.reason)
    verdict = Verdict(group == "and", "")
    for number, part in enumerate(inner):
        verdict = evaluate(part, resolver, _place(where, group, number))
        if verdict.holds == (group == "or"):
            return verdict
    return verdict


def _compare(condition: Mapping[str, Any], resolver: Resolver, where: str) -> Verdict:
    op = condition["op"]
    if op == "exists":
        return _exists(condition["left"], resolver, f"{where}.left")
    left = resolver.resolve(condition["left"], f"{where}.left")
    right = resolver.resolve(condition["right"], f"{where}.right")
    asks_for_null = op in ("==", "!=") and (condition["left"] is None or condition["right"] is None)
    if not asks_for_null:
        for name, value in (("left", left), ("right", right)):
            if value is None:
                told = "Ask with 'exists' first, or give a default behind ??."
                raise TemplateError(f"{where}.{name}", f"'{op}' cannot compare null. {told}")
    verdict = holds(op, left, right, where)
    return Verdict(verdict, f"{_shown(left)} {op} {_shown(right)} {'holds' if verdict else 'does not hold'}")


def _exists(value: Any, resolver: Resolver, where: str) -> Verdict:
    try:
        found = resolver.resolve(value, where) is not None
    except NoSuchName:
        found = False
    return Verdict(found, f"{_shown(value)} {'exists' if found else 'does not exist'}")


def holds(op: str, left: Any, right: Any, where: str) -> bool:
    """Whether a comparison of two values holds. Raises TemplateError for values that do not compare."""
    if op in ORDERED:
        if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
            raise _differ(op, left, right, where, "It compares two numbers or two texts.")
        return ORDERED[op](left, right)
    if op in ("in", "contains"):
        whole, part = (right, left) if op == "in" else (left, right)
        if isinstance(whole, str):
            if not isinstance(part, str):
                raise _differ(op, left, right, where, "Within a text, a text is looked for.")
            return part in whole
        if not isinstance(whole, list | Mapping):
            raise _differ(op, left, right, where, "It looks into a list, an object or a text.")
        return any(type_name(part) == type_name(item) and part == item for item in whole)
    if left is not None and right is not None and type_name(left) != type_name(right):
        raise _differ(op, left, right, where, "It compares values of one type.")
    return bool(left == right) == (op == "==")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _differ(op: str, left: Any, right: Any, where: str, rule: str) -> TemplateError:
    return TemplateError(
        where, f"'{op}' cannot compare {type_name(left)} ({_shown(left)}) with {type_name(right)} ({_shown(right)}). {rule}"
    )


def _shown(value: Any) -> str:
    text = dump(value).decode()
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _parts(inner: Any, group: str) -> list[Any] | None:
    """The conditions of a group; None where it is none. `not` takes a condition, or a list of one."""
    if group == "not":
        inner = inner if isinstance(inner, list) else [inner]
        return inner if len(inner) == 1 else None
    return inner if isinstance(inner, list) else None


def _place(where: str, group: str, number: int) -> str:
    return f"{where}.{group}.{number}"
