"""Schemas of imports."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, Field

from api.schemas import CSV, Page
from api.validation import RawBody
from features.prices.schemas.price import UploadQuery
from models.price_import import ImportOutcome

ZIP = "application/zip"


class MemberNames(StrEnum):
    """What the names of files in an archive are."""

    GUESS = "guess"
    TICKERS = "tickers"


class ImportQuery(UploadQuery):
    """Options of an import, for all of its files."""

    names: MemberNames = Field(
        MemberNames.GUESS,
        description="`tickers`: each file in the archive is named by its ticker, as `AAPL.csv`. `guess` takes what sites call their files.",
    )


class ImportFileBody(RawBody):
    """A ZIP archive of files, or a table with a column of tickers."""

    mimetypes: ClassVar[list[str]] = [ZIP, CSV]


class ImportPath(BaseModel):
    """The id of an import in a path."""

    import_id: str = Field(description="`params.import_id` of the job.")


class ImportPage(Page):
    """A page of the files of an import, by ticker."""

    items: list[ImportOutcome]
