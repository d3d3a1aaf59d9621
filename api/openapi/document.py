"""Builds the OpenAPI document of the operations of blueprints."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, get_type_hints

from flask_openapi3 import APIBlueprint, Info, OpenAPI, Server, Tag

from api.blueprint import ApiBlueprint, Operation
from api.openapi.answers import complete_answers, operations_of, share_problems
from api.openapi.examples import add_examples
from api.openapi.fields import describe_fields
from api.openapi.schemas import tidy_schemas
from api.problem import Problem
from api.validation import BINARY, RawBody
from config import VERSION
from utils.json_text import dump

DESCRIPTION = (
    "Price history in, explained verdicts out. Send the key as `X-API-Key` or as a bearer token. "
    "The examples are recorded answers; their lists show the first three items, and their files the first lines."
)
FIRST_SENTENCE = re.compile(r"(?P<summary>.+?)\.(?:\s+|$)(?P<rest>.*)", re.DOTALL)


@lru_cache(maxsize=1)
def serialized_document(blueprints: tuple[ApiBlueprint, ...]) -> bytes:
    """The document of `build_document` as JSON. Building takes seconds, and every application of a process has the same blueprints."""
    return dump(build_document(blueprints))


def build_document(blueprints: Iterable[ApiBlueprint]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the operations of these blueprints, in their order.

    The id of an operation is the name of its view. Raises ValueError for two views of one name.
    """
    blueprints = list(blueprints)
    operations = _by_name(operation for blueprint in blueprints for operation in blueprint.operations)
    collector = OpenAPI(
        "bellwether",
        info=Info(title="Bellwether", version=VERSION, description=DESCRIPTION),
        servers=[Server(url="/", description="The server that this document comes from.")],
        security_schemes={
            "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "Bearer": {"type": "http", "scheme": "bearer"},
        },
        openapi_extensions={"security": [{"ApiKey": []}, {"Bearer": []}]},
        validation_error_model=Problem,
        doc_ui=False,
        static_folder=None,
    )
    for blueprint in blueprints:
        collector.register_api(_documented(blueprint))
    document: dict[str, Any] = collector.api_doc
    _correct(document, operations)
    tidy_schemas(document)
    describe_fields(document)
    complete_answers(document, operations)
    add_examples(document)
    share_problems(document)
    return document


def _by_name(operations: Iterable[Operation]) -> dict[str, Operation]:
    by_name: dict[str, Operation] = {}
    for operation in operations:
        other = by_name.setdefault(operation.name, operation)
        if other is not operation:
            raise ValueError(f"Two operations have the id {operation.name}: {operation.rule} and {other.rule}. Rename the view of one.")
    return by_name


def _documented(blueprint: ApiBlueprint) -> APIBlueprint:
    """A blueprint of the library with the same operations. Nothing calls its views."""
    documented = APIBlueprint(
        blueprint.name,
        blueprint.import_name,
        url_prefix=blueprint.url_prefix,
        abp_tags=[Tag(name=blueprint.tag.name, description=blueprint.tag.description)],
    )
    for operation in blueprint.operations:
        add = getattr(documented, operation.method.lower())
        summary, description = _texts(operation)
        texts = {"operation_id": operation.name, "summary": summary, "description": description}
        add(operation.rule, **texts, **operation.documentation)(operation.view)
    return documented


def _texts(operation: Operation) -> tuple[str, str]:
    """The first sentence of the view's docstring as the summary, and the rest as the description."""
    text = inspect.cleandoc(operation.view.__doc__ or "")
    parts = FIRST_SENTENCE.match(text)
    if parts is None:
        raise ValueError(f"The view {operation.name} has no docstring with a sentence, which the OpenAPI document needs.")
    # A line break inside a paragraph is only how the docstring is wrapped.
    paragraphs = [" ".join(paragraph.split()) for paragraph in parts["rest"].split("\n\n")]
    return " ".join(parts["summary"].split()), "\n\n".join(paragraphs)


def _correct(document: dict[str, Any], operations: Mapping[str, Operation]) -> None:
    """Correct faults of flask-openapi3."""
    for operation in operations_of(document):
        # It adds a 422 with its own schema to operations that declare none, and those cannot return 422.
        if "application/json" in operation["responses"].get("422", {}).get("content", {}):
            del operation["responses"]["422"]
        parts = get_type_hints(operations[operation["operationId"]].view)
        if "body" in parts:
            # It drops the keywords of JSON Schema that it does not know.
            schema = parts["body"].model_json_schema()
            conditions = {key: schema[key] for key in ("if", "then", "else") if key in schema}
            document["components"]["schemas"][parts["body"].__name__] |= conditions
        if "raw" in parts:
            operation["requestBody"] = _file_body(parts["raw"])


def _file_body(file: type[RawBody]) -> dict[str, Any]:
    """The request body of a route that takes a file.

    The media type that any file may be sent as is the only one that generators of clients can send; the others are told in words.
    """
    others = " or ".join(f"`{mimetype}`" for mimetype in file.mimetypes)
    told = f"{inspect.getdoc(file)} It may also be sent as {others}: its content tells what it is."
    return {"description": told, "required": True, "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}}}
