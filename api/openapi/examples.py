"""Puts the recorded examples into the document: of parameters, of bodies, of answers and of problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from utils.api_utils import PROBLEM_TYPE

FILE = Path(__file__).with_name("examples.json")  # written by `make examples`
Entry = dict[str, Any]


def add_examples(document: Entry) -> None:
    """Add the examples. Changes the document; an operation that is not recorded stays without."""
    examples = json.loads(FILE.read_text())
    for path in document["paths"].values():
        for entry in path.values():
            if entry["operationId"] in examples["operations"]:
                _add_to_operation(entry, examples["operations"][entry["operationId"]])
            for status, answer in entry["responses"].items():
                if PROBLEM_TYPE in answer.get("content", {}):
                    problems = examples["problems"].get(status, {})
                    shown = {code: {"value": problems[code]} for code in answer["x-codes"] if code in problems}
                    answer["content"][PROBLEM_TYPE] = {**answer["content"][PROBLEM_TYPE], "examples": shown}


def _add_to_operation(entry: Entry, recorded: Entry) -> None:
    request, answers = recorded["request"], recorded["answers"]
    for parameter in entry.get("parameters", ()):
        part = request.get(parameter["in"], {})
        if parameter["name"] in part:
            parameter["example"] = part[parameter["name"]]
    for content in entry.get("requestBody", {}).get("content", {}).values():
        if "body" in request:
            content["example"] = request["body"]
    for status, answer in entry["responses"].items():
        for media_type, content in answer.get("content", {}).items():
            if media_type in answers.get(status, {}):
                content["example"] = answers[status][media_type]
