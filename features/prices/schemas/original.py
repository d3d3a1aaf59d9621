"""Schemas of the originals of uploads."""

from __future__ import annotations

from pydantic import Field

from api.schemas import Page, TickerPath
from features.files.schemas import StoredFileAnswer


class OriginalPath(TickerPath):
    """A ticker and the file that brought its prices."""

    file_id: str = Field(description="The `id` of a file.")


class OriginalsPage(Page):
    """A page of files, newest first."""

    items: list[StoredFileAnswer]
