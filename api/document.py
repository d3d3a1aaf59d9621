"""Builds the OpenAPI document by flask-openapi3. Imported when the document is asked for, because the library is slow to import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_openapi3 import APIBlueprint, Info, OpenAPI, Tag

from api.blueprint import ApiBlueprint
from api.problem import Problem
from config import VERSION

DESCRIPTION = "Price history in, explained verdicts out. Send the key as `X-API-Key` or as a bearer token."


def build_document(blueprints: Iterable[ApiBlueprint]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the operations of these blueprints, in their order."""
    collector = OpenAPI(
        "bellwether",
        info=Info(title="Bellwether", version=VERSION, description=DESCRIPTION),
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
    return _corrected(collector.api_doc)


def _documented(blueprint: ApiBlueprint) -> APIBlueprint:
    """A blueprint of the library with the same operations. Nothing calls its views."""
    documented = APIBlueprint(
        blueprint.name,
        blueprint.import_name,
        url_prefix=blueprint.url_prefix,
        abp_tags=[Tag(name=blueprint.tag.name, description=blueprint.tag.description)],
        abp_responses=dict(blueprint.responses),
    )
    for operation in blueprint.operations:
        add = getattr(documented, operation.method.lower())
        add(operation.rule, **operation.documentation)(operation.view)
    return documented


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    """The document without two faults of flask-openapi3."""
    for path in document["paths"].values():
        for operation in path.values():
            # It adds a 422 with its own schema to operations that declare none, and those cannot return 422.
            if "application/json" in operation["responses"].get("422", {}).get("content", {}):
                del operation["responses"]["422"]
            # It marks a body that is not JSON as optional.
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return document
