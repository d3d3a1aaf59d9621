"""Schemas of prices and uploads."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from api.schemas import CSV, Answer, IsoDate, Query, RootAnswer
from api.validation import RawBody
from features.prices.files.dates import DateOrder
from features.prices.files.workbook import MIMETYPE as WORKBOOK
from models.price_series import ImportReport, QualityReport


class PricesQuery(Query):
    """The period."""

    start: IsoDate | None = Field(None, description="First day, included.")
    end: IsoDate | None = Field(None, description="Last day, included.")


class BadRows(StrEnum):
    """What happens to a file with bad rows."""

    REFUSE = "refuse"
    DROP = "drop"


class UploadQuery(Query):
    """Options of an upload."""

    extend: bool = Field(False, description="Merge by day instead of replacing the series.")
    dry_run: bool = Field(False, description="Store nothing, and answer what would be stored.")
    dates: Literal[DateOrder.DMY, DateOrder.MDY] | None = Field(
        None, description="Whether dates have the day or the month first, where a file does not tell."
    )
    on_bad_rows: BadRows = Field(BadRows.REFUSE, description="`drop` leaves out bad rows, up to a tenth of all, and names them.")


class PriceFile(RawBody):
    """A CSV file or a workbook of prices."""

    mimetypes: ClassVar[list[str]] = [CSV, WORKBOOK]


class PricesAnswer(Answer):
    """Daily prices as traded, as columns of one length."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    ticker: str
    dates: list[date]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    adj_close: list[float | None] = Field(description="null where the source delivers none.")
    volume: list[float]


class QualityAnswer(RootAnswer[QualityReport]):
    """A ticker's stored series: its extent, its gaps of more than 10 days, oldest first, and warnings as of today."""


class UploadAnswer(RootAnswer[ImportReport]):
    """The result of an upload."""
