"""The capability `select`, by table."""

from __future__ import annotations

from typing import Any

import pytest
from kit.pipelines import Runner, step

ITEMS = [
    {"ticker": "A", "score": 0.5, "record": {"lift": 0.1}},
    {"ticker": "B", "score": 0.9, "record": None},
    {"ticker": "C", "score": None, "record": {"lift": 0.3}},
    {"ticker": "D", "score": 0.7, "record": {"lift": -0.1}},
]


@pytest.mark.parametrize(
    ("asked", "tickers"),
    [
        ({}, ["A", "B", "C", "D"]),
        ({"where": [{"field": "score", "op": ">", "value": 0.6}]}, ["B", "D"]),
        ({"where": [{"field": "score", "op": ">", "value": 0.4}, {"field": "record.lift", "op": ">", "value": 0}]}, ["A"]),
        ({"where": [{"field": "record", "op": "exists"}]}, ["A", "C", "D"]),
        ({"where": [{"field": "ticker", "op": "in", "value": ["A", "Z"]}]}, ["A"]),
        ({"where": [{"field": "score", "op": "<=", "to": "record.lift", "times": 5}]}, ["A"]),
        ({"sort": "score"}, ["A", "D", "B", "C"]),
        ({"sort": "score", "descending": True, "limit": 2}, ["B", "D"]),
    ],
)
def test_what_is_chosen(runner: Runner, asked: dict[str, Any], tickers: list[str]) -> None:
    run = runner.go(step("chosen", "select", items=ITEMS, **asked))
    answer = runner.answers(run["id"])["chosen"]
    assert [item["ticker"] for item in answer["items"]] == tickers
    assert answer["of"] == 4


def test_some_fields_are_kept(runner: Runner) -> None:
    run = runner.go(step("chosen", "select", items=ITEMS, fields=["ticker", "record.lift"], limit=2))
    assert runner.answers(run["id"])["chosen"] == {
        "items": [{"ticker": "A", "record.lift": 0.1}, {"ticker": "B", "record.lift": None}],
        "count": 4,
        "of": 4,
    }


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"where": [{"field": "ticker", "op": ">", "value": 1}]}, "items.0.ticker: '>' cannot compare a text (\"A\") with a number (1)"),
        ({"sort": "record"}, "the values of 'record' are of different types"),
    ],
)
def test_what_does_not_compare_fails_the_step(runner: Runner, asked: dict[str, Any], told: str) -> None:
    items = [*ITEMS, {"ticker": "E", "record": 5}]
    assert (
        told
        in runner.go(step("chosen", "select", items="{{inputs.items}}", **asked), inputs={"items": {"type": "list", "default": items}})[
            "error"
        ]
    )
