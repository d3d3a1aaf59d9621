"""Names every set of values and every object of the document, so that generators of clients make one well-named class of each."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
COMPONENTS = "#/components/schemas/"
NULL = {"type": "null"}


def tidy_schemas(document: dict[str, Any]) -> None:
    """Resolve aliases, name inline values and objects, and leave null out of parameters. Changes the document.

    Generators number a class that has no name of its own (`ListResultsSortType0`), and refuse a second name for the same class.
    """
    schemas: dict[str, Schema] = document["components"]["schemas"]
    _resolve_aliases(document, schemas)
    namer = _Namer(schemas)
    for name in list(schemas):
        namer.name_parts(schemas[name], name)
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
                parameter["schema"] = namer.named(parameter["schema"], operation["operationId"] + "_" + parameter["name"])


def _resolve_aliases(document: dict[str, Any], schemas: dict[str, Schema]) -> None:
    """Replace each schema that only refers to another by that other; what the alias says describes the answer."""
    aliases = {name: schema for name, schema in schemas.items() if "$ref" in schema}
    for path in document["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                for media in answer.get("content", {}).values():
                    name = media.get("schema", {}).get("$ref", "").removeprefix(COMPONENTS)
                    if name in schemas and answer["description"] in ("OK", "Created", "Accepted") and "description" in schemas[name]:
                        answer["description"] = schemas[name]["description"]
    for name in aliases:
        del schemas[name]

    def resolve(value: Any) -> None:
        if isinstance(value, dict):
            while (name := str(value.get("$ref", "")).removeprefix(COMPONENTS)) in aliases:
                value["$ref"] = aliases[name]["$ref"]
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            resolve(part)

    resolve(document)


def _without_null(schema: Schema) -> Schema:
    """The schema of a parameter without null, which no query and no header can express: it is left out instead."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != NULL]
    rest = {key: value for key, value in schema.items() if key != "anyOf" and not (key == "default" and value is None)}
    if not choices:
        return rest
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, "anyOf": choices}


class _Namer:
    """Moves inline parts of schemas to the components, each set of values once."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = schemas
        self._names = {_values(schema): name for name, schema in schemas.items() if "enum" in schema}

    def name_parts(self, schema: Schema, name: str) -> None:
        """Name the parts of the component `name`."""
        for key, part in schema.get("properties", {}).items():
            schema["properties"][key] = self.named(part, f"{name}_{key}")

    def named(self, schema: Schema, name: str) -> Schema:
        """The schema with references in place of inline values, and of objects in a choice."""
        if "enum" in schema:
            return self._referring(schema, name)
        if isinstance(schema.get("items"), dict):
            schema["items"] = self.named(schema["items"], name)
        if isinstance(schema.get("additionalProperties"), dict):
            schema["additionalProperties"] = self.named(schema["additionalProperties"], name)
        if "anyOf" in schema:
            schema["anyOf"] = [self._chosen(choice, name) for choice in schema["anyOf"]]
        return schema

    def _chosen(self, choice: Schema, name: str) -> Schema:
        return self._referring(choice, name) if choice.get("type") == "object" else self.named(choice, name)

    def _referring(self, schema: Schema, name: str) -> Schema:
        """A reference to the component with these values, which is added if there is none, beside what is told of this use."""
        told: Schema = {key: schema[key] for key in ("default", "description", "example", "title") if key in schema}
        content = {key: value for key, value in schema.items() if key not in told}
        known = self._names.get(_values(content)) if "enum" in content else None
        if known is None:
            known = "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").split("_"))
            if known in self._schemas:
                raise ValueError(f"The document has two schemas with the name {known}.")
            self._schemas[known] = {"title": known, **content}
            if "enum" in content:
                self._names[_values(content)] = known
        return {"$ref": COMPONENTS + known, **told}


def _values(schema: Schema) -> tuple[str, ...]:
    return tuple(sorted(map(str, schema["enum"])))
