"""Errors about macroeconomic series."""

from __future__ import annotations

from models.errors import Conflict, NotFound


class MacroSeriesNotFound(NotFound):
    """There is no such series."""

    def __init__(self, series: str) -> None:
        self.series = series
        super().__init__(f"There is no series {series}. See GET /api/v1/macro; PUT /api/v1/macro/{series} uploads it.")


class SharedSeriesStays(Conflict):
    """The series belongs to all organizations."""

    def __init__(self, series: str) -> None:
        self.series = series
        super().__init__(f"{series} is of a provider and shared by all organizations; you have none of your own that could be deleted.")
