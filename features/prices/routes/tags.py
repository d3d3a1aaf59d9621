"""The section of the OpenAPI document."""

from flask_openapi3 import Tag

PRICES = Tag(name="Prices", description="Daily prices.")
