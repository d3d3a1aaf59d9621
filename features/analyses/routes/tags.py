"""The sections of the OpenAPI document."""

from flask_openapi3 import Tag

ANALYSIS = Tag(name="Analysis", description="Explained verdicts.")
RESULTS = Tag(name="Results", description="Stored verdicts.")
