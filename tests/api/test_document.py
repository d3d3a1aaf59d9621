"""The OpenAPI document is built when it is first asked for, and once."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from kit.support import settings_for
from pydantic import BaseModel

import api.openapi.document
from api.application import Application
from api.blueprint import ApiBlueprint
from api.openapi.fields import answer_schemas
from app import create_app
from tools.api_client import read_document

SIMULTANEOUS = 4
OF_THE_PROGRAM = re.compile(r"(?<!-)\b(?:None|True|False|footing|dataclass)\b|\.py\b")
SELF_EXPLAINING = {
    *("id", "ticker", "name", "message", "items", "open", "high", "low", "close", "description", "enabled"),
}


@pytest.fixture
def app(tmp_path: Path) -> Application:
    return create_app(settings_for(f"sqlite:///{tmp_path}/bellwether.db", tmp_path))


def test_simultaneous_readers_share_one_document(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build, all_ask = api.openapi.document.build_document, threading.Barrier(SIMULTANEOUS)

    def counted(blueprints: Iterable[ApiBlueprint]) -> dict[str, Any]:
        built.append(1)
        return build(blueprints)

    def ask(_: int) -> bytes:
        all_ask.wait()
        return app.openapi_document()

    monkeypatch.setattr(api.openapi.document, "build_document", counted)
    api.openapi.document.serialized_document.cache_clear()
    with ThreadPoolExecutor(SIMULTANEOUS) as readers:
        documents = list(readers.map(ask, range(SIMULTANEOUS)))
    assert len(built) == 1
    assert len(set(documents)) == 1


def test_the_command_prints_the_document_that_is_served(app: Application, tmp_path: Path) -> None:
    served = app.test_client().get("/openapi.json").data
    file = tmp_path / "openapi.json"
    printed = app.test_cli_runner().invoke(args=["openapi"])
    assert (printed.exit_code, printed.stdout_bytes) == (0, served + b"\n")
    assert app.test_cli_runner().invoke(args=["openapi", "--output", str(file)]).exit_code == 0
    assert file.read_bytes() == served


def test_every_field_of_an_answer_is_described() -> None:
    """By itself, or by the object or the values that it has."""
    document = read_document()
    schemas = document["components"]["schemas"]

    def is_told(part: dict[str, Any]) -> bool:
        of_type = schemas.get(part.get("$ref", "").rpartition("/")[2], {})
        return "description" in part or "description" in of_type or any(is_told(choice) for choice in part.get("anyOf", ()))

    untold = [
        f"{name}.{field}"
        for name in answer_schemas(document)
        for field, part in schemas[name].get("properties", {}).items()
        if field not in SELF_EXPLAINING and not is_told(part)
    ]
    assert untold == [], "Tell what they mean in the schema, or in api/openapi/fields.py."


def test_every_whole_number_that_is_sent_has_an_upper_bound() -> None:
    """A wider one than a column of the database would be an error of the service."""
    document = read_document()
    schemas, without = document["components"]["schemas"], []

    def collect(part: Any, place: str, within: frozenset[str] = frozenset()) -> None:
        if isinstance(part, list):
            part = dict(enumerate(part))
        if not isinstance(part, dict):
            return
        if part.get("type") == "integer" and not {"maximum", "exclusiveMaximum", "enum", "const"} & part.keys():
            without.append(place)
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name in schemas and name not in within:
            collect(schemas[name], f"{place} {name}", within | {name})
        for key, value in part.items():
            if key not in ("example", "examples", "then"):  # what a condition adds has its bounds beside it
                collect(value, f"{place} {key}", within)

    for path in document["paths"].values():
        for operation in path.values():
            collect(operation.get("parameters", []), operation["operationId"])
            collect(operation.get("requestBody", {}), operation["operationId"])
    assert without == [], "\n".join(without)


def test_no_text_speaks_of_the_program() -> None:
    texts: list[str] = []

    def collect(part: Any, name: str = "") -> None:
        if isinstance(part, str) and name in ("description", "summary"):
            texts.append(part)
        for key, value in part.items() if isinstance(part, dict) else ((name, value) for value in part) if isinstance(part, list) else ():
            if key not in ("example", "examples"):
                collect(value, key)

    collect(read_document())
    assert [text for text in texts if OF_THE_PROGRAM.search(text)] == []


def test_no_description_is_of_a_field_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    unused = []
    describe = api.openapi.document.describe_fields

    def noted(document: dict[str, Any]) -> None:
        unused.extend(describe(document))

    monkeypatch.setattr(api.openapi.document, "describe_fields", noted)
    read_document()
    assert unused == []


def test_no_two_schemas_share_a_name(app: Application) -> None:
    """The document has one schema of a name: the second would be told in place of the first."""
    named: dict[str, set[str]] = {}
    for blueprint in app.blueprints.values():
        for operation in blueprint.operations if isinstance(blueprint, ApiBlueprint) else ():
            models = [get_type_hints(operation.view).get("body"), *operation.documentation["responses"].values()]
            for model in models:
                if isinstance(model, type) and issubclass(model, BaseModel):
                    for each in (model, *nested(model)):
                        named.setdefault(each.__name__, set()).add(each.__module__)
    assert {name: modules for name, modules in named.items() if len(modules) > 1} == {}


def nested(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The models of a model's fields, and those of theirs."""
    for field in model.model_fields.values():
        for part in parts_of(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part is not model:
                yield part
                yield from nested(part)


def parts_of(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from parts_of(part)
