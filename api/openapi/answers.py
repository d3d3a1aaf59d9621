"""Completes the answers of the document: their headers, the 304 of what can be revalidated, and the problems that operations share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.blueprint import Operation
from api.openapi.headers import BY_STATUS, IF_NONE_MATCH, LIMITS, UNCOUNTED, header_components, references
from utils.api_utils import PROBLEM_TYPE

Entry = dict[str, Any]


def operations_of(document: Entry) -> Iterator[Entry]:
    """The operations of the document."""
    for path in document["paths"].values():
        yield from path.values()


def complete_answers(document: Entry, operations: Mapping[str, Operation]) -> None:
    """Declare the headers and the revalidation of every answer. Changes the document."""
    document["components"]["headers"] = header_components()
    for entry in operations_of(document):
        operation = operations[entry["operationId"]]
        if "ETag" in operation.sends and operation.method == "GET":
            entry["responses"]["304"] = {"description": "Nothing has changed since the answer with the ETag of `If-None-Match`."}
            entry["parameters"] = [*entry.get("parameters", ()), IF_NONE_MATCH]
        for status, answer in entry["responses"].items():
            answer["headers"] = references(sent_headers(operation, status))
        entry["responses"] = dict(sorted(entry["responses"].items()))


def sent_headers(operation: Operation, status: str) -> tuple[str, ...]:
    """The names of the headers of an answer that are worth telling. Optional ones are among them."""
    is_counted = not getattr(operation.view, "is_unlimited", False) and status not in UNCOUNTED
    successful = operation.sends_with.get(status, operation.sends)
    own = successful if status.startswith("2") and status != "204" else ("ETag",) if status == "304" else ()
    return ("X-Request-ID", *(LIMITS if is_counted else ()), *BY_STATUS.get(status, ()), *own)


def share_problems(document: Entry) -> None:
    """Replace the problems that several operations answer alike by references to one of them. Changes the document."""
    shared: dict[str, Entry] = {}
    for entry in operations_of(document):
        for status, answer in entry["responses"].items():
            if PROBLEM_TYPE not in answer.get("content", {}):
                continue
            name = "Or".join(code.title().replace("_", "") for code in answer["x-codes"])
            if shared.setdefault(name, answer) == answer:
                entry["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    document["components"]["responses"] = shared
