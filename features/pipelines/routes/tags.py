"""The sections of the OpenAPI document that pipelines have routes in."""

from api.blueprint import Tag

PIPELINES = Tag("Pipelines", "Declared steps of capabilities, their runs with a trace, and what starts them.")
