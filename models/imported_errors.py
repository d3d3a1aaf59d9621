"""Errors of imported results."""

from __future__ import annotations

from models.errors import NotFound


class ImportedResultNotFound(NotFound):
    """There is no such imported result."""

    def __init__(self, result_id: str) -> None:
        self.result_id = result_id
        super().__init__("There is no imported result with this id. See GET /api/v1/imported-results.")
