"""The section of the OpenAPI document."""

from api.blueprint import Tag

PRICES = Tag("Prices", "Daily prices.")
