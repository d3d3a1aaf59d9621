"""Schemas of imports."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, Field

from api.problem import FieldProblem
from api.schemas import CSV, Answer, Page
from api.validation import RawBody
from features.prices.schemas.price import UploadQuery
from models.import_report import ImportReport

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


class ImportProblem(Answer):
    """Why a file was refused, as an upload of it alone would be."""

    code: str
    message: str
    errors: list[FieldProblem]
    total: int = Field(description="How many faults there are, listed in `errors` or not.")


class ImportOutcome(Answer):
    """What became of a file of an import. `report` and `problem` are both null while it waits."""

    ticker: str
    name: str = Field(description="What the file is called in the archive, or `TICKER in the table`.")
    report: ImportReport | None = Field(description="What an upload of it alone answers.")
    problem: ImportProblem | None


class ImportPage(Page):
    """A page of the files of an import, by ticker."""

    items: list[ImportOutcome]
