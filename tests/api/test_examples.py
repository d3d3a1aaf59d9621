"""Every example of the OpenAPI document is what the service takes and answers: the story behind them is told again, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from api.openapi.headers import header_components
from tools.api_client import read_document
from tools.api_examples import examples_of, record
from tools.api_recorder import Exchange, with_fixed_ids_and_times
from utils.api_utils import PROBLEM_TYPE

# No text.
WITHOUT_EXAMPLE = {"application/octet-stream", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/zip"}
HINT = "Call it in tools/api_story.py, then `make examples`."


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return read_document()


@pytest.fixture(scope="module")
def exchanges(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """The requests and answers of the story, told to a service in this process."""
    return record(tmp_path_factory.mktemp("story"))


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()


def answer_of(document: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
    """What the document says of the answer."""
    (operation,) = (entry for entry in operations(document) if entry["operationId"] == exchange.operation)
    assert exchange.status in operation["responses"], f"{exchange.operation} answers {exchange.status}, which it does not declare."
    return resolved(document, operation["responses"][exchange.status])


def resolved(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    shared: dict[str, Any] = document["components"]["responses"]
    return shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The components, where an object has no other fields than the declared ones."""
    components = deepcopy(document["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return components


def keys(value: Any) -> Any:
    """The names of all fields, without their values; of a list, the names in any of its items."""
    if isinstance(value, dict):
        return {name: keys(part) for name, part in value.items()}
    if isinstance(value, list):
        return [found for number, found in enumerate(map(keys, value)) if found not in [keys(part) for part in value[:number]]]
    return None


def test_every_operation_has_examples(document: dict[str, Any]) -> None:
    missing = []
    for operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            missing += [] if "example" in content else [f"{operation['operationId']}: its body"]
        for status, answer in operation["responses"].items():
            for media_type, content in resolved(document, answer).get("content", {}).items():
                is_shown = "example" in content or content.get("examples") or media_type in WITHOUT_EXAMPLE
                missing += [] if is_shown else [f"{operation['operationId']}: its answer {status} ({media_type})"]
    assert missing == [], HINT


def shown_answers(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """The operation, the media type and the example of each successful answer that has one."""
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            for media_type, content in answer.get("content", {}).items() if status.startswith("2") else ():
                if "example" in content:
                    yield operation["operationId"], media_type, content["example"]


def test_an_example_of_a_list_has_something_in_it(document: dict[str, Any]) -> None:
    empty = []
    for operation, media_type, shown in shown_answers(document):
        fields = shown.items() if isinstance(shown, dict) else ()
        lists = [part for name, part in fields if isinstance(part, list) and name != "faults"]  # what is in order has none
        lines = shown.splitlines() if media_type == "text/csv" else []
        empty += [operation] if (lists and not any(lists)) or len(lines) == 1 else []
    assert empty == []


def test_the_examples_of_streams_are_whole_events(document: dict[str, Any]) -> None:
    streams = [shown for _, media_type, shown in shown_answers(document) if media_type == "text/event-stream"]
    known_by = {"job": "version"}  # what the id of an event is; that of others is their position
    for stream in streams:
        retry, event, *rest = stream.split("\n\n")
        assert retry.partition(": ")[0] == "retry"
        assert {part.partition(":")[0] for part in rest} <= {""}
        fields = dict(line.split(": ", 1) for line in event.splitlines())
        assert fields["id"] == str(json.loads(fields["data"])[known_by.get(fields["event"], "position")])
    assert len(streams) == 2


def test_times_of_examples_keep_their_days() -> None:
    text = '["2026-03-01T07:00:00.5Z", "2026-03-08T07:00:00.7Z", "2026-03-08T07:00:05Z"]'
    assert json.loads(with_fixed_ids_and_times(text)) == [
        "2026-11-20T21:00:00.000000Z", "2026-11-27T21:00:00.000000Z", "2026-11-27T21:00:01.000000Z",
    ]  # fmt: skip


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    assert [
        f"{operation['operationId']}: {parameter['name']}"
        for operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ] == []


def test_the_examples_are_those_of_today(exchanges: list[Exchange]) -> None:
    """By the names of their fields. Times, ids and figures may differ."""
    stored = json.loads((Path(__file__).parents[2] / "api/openapi/examples.json").read_text())
    told = examples_of(exchanges)
    others = [name for name, entry in told["operations"].items() if keys(entry) != keys(stored["operations"].get(name))]
    assert others == [], "`make examples` records them again."
    assert keys(stored["problems"]) == keys(told["problems"]), "`make examples` records them again."


def test_examples_and_answers_fit_their_schemas(document: dict[str, Any], exchanges: list[Exchange]) -> None:
    components = strict(document)
    for exchange in exchanges:
        if exchange.answer is None:
            continue
        content = answer_of(document, exchange)["content"]
        assert exchange.content_type in content, (exchange.operation, exchange.status, exchange.content_type)
        media = content[exchange.content_type]
        validator = jsonschema_rs.validator_for({**media["schema"], "components": components})
        shown = [example["value"] for example in media.get("examples", {}).values()] or [media["example"]]
        for value in (exchange.answer, *shown):
            faults = [f"{'/'.join(map(str, fault.instance_path))}: {fault.message}" for fault in validator.iter_errors(value)]
            assert faults == [], f"{exchange.operation} {exchange.status}"


def test_declared_headers_are_sent_and_sent_ones_declared(document: dict[str, Any], exchanges: list[Exchange]) -> None:
    known = header_components().keys()
    for operation, status in sorted({(exchange.operation, exchange.status) for exchange in exchanges}):
        told = [exchange for exchange in exchanges if (exchange.operation, exchange.status) == (operation, status)]
        sent = {name for exchange in told for name in exchange.headers & known}
        assert sent == set(answer_of(document, told[0])["headers"]), f"{operation} {status}"


def test_problems_come_with_every_code_that_the_document_names(exchanges: list[Exchange]) -> None:
    """The codes that a status may have are told in its description; the frequent ones have an example."""
    problems = {(exchange.status, exchange.answer["code"]) for exchange in exchanges if exchange.content_type == PROBLEM_TYPE}
    frequent = {
        ("404", "ticker_not_found"),
        ("409", "job_finished"),
        ("422", "validation_error"),
        ("422", "price_quality"),
        ("429", "rate_limited"),
    }
    assert frequent <= problems
