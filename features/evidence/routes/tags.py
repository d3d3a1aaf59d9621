"""The sections of the OpenAPI document."""

from api.blueprint import Tag

EVIDENCE = Tag("Evidence", "The record of verdicts: what came after them.")
BACKTESTS = Tag("Backtests", "What following the verdicts would have earned.")
