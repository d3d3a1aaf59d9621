"""The sections of the OpenAPI document."""

from api.blueprint import Tag

ANALYSIS = Tag("Analysis", "Explained verdicts.")
RESULTS = Tag("Results", "Stored verdicts.")
SCREENS = Tag("Screens", "Lists of the screener, saved under a name.")
