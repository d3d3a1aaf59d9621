"""Schemas of prices and uploads."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from api.schemas import CSV, Answer, IsoDate, Page, Query, RootAnswer, not_below
from api.validation import RawBody
from features.prices.actions import ListedAction
from features.prices.files.dates import DateOrder
from features.prices.files.workbook import MIMETYPE as WORKBOOK
from features.prices.uploads import UploadOptions
from models.footing import Basis
from models.import_report import ImportReport
from models.price_series import FormerPrices, QualityReport


class PricesQuery(Query):
    """The period."""

    start: IsoDate | None = Field(None, description="First day, included.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Last day, included.")


class BadRows(StrEnum):
    """What happens to a file with bad rows."""

    REFUSE = "refuse"
    DROP = "drop"


class OnLoss(StrEnum):
    """What happens to a file that would delete stored days."""

    ALLOW = "allow"
    REFUSE = "refuse"


class UploadQuery(Query):
    """Options of an upload."""

    extend: bool = Field(False, description="Merge by day instead of replacing the series.")
    dry_run: bool = Field(False, description="Store nothing, and answer what would be stored.")
    dates: Literal[DateOrder.DMY, DateOrder.MDY] | None = Field(
        None, description="Whether dates have the day or the month first, where a file does not tell."
    )
    price_basis: Basis | None = Field(
        None, description="Whether prices are as traded or restated for later splits. Default: as the file tells, else unknown."
    )
    volume_basis: Basis | None = Field(None, description="The same of volumes.")
    on_bad_rows: BadRows = Field(BadRows.REFUSE, description="`drop` leaves out bad rows, up to a tenth of all, and names them.")
    on_loss: OnLoss = Field(
        OnLoss.ALLOW, description="`refuse` answers 409 `stored_days_lost` instead of deleting stored days that the file does not hold."
    )

    def options(self) -> UploadOptions:
        """What the sender asks."""
        return UploadOptions(
            extend=self.extend,
            dry_run=self.dry_run,
            dates=self.dates,
            leave_out_bad_rows=self.on_bad_rows is BadRows.DROP,
            price_basis=self.price_basis,
            volume_basis=self.volume_basis,
            keep_days=self.on_loss is OnLoss.REFUSE,
        )


class PriceFile(RawBody):
    """A CSV file or a workbook of prices."""

    mimetypes: ClassVar[list[str]] = [CSV, WORKBOOK]


class PricesAnswer(Answer):
    """Daily prices as delivered, as columns of one length; on what bases they stand; and what is known of the company's actions."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    ticker: str
    price_basis: Basis
    volume_basis: Basis
    actions: list[ListedAction] = Field(description="Splits and distributions, oldest first.")
    dates: list[date]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    adj_close: list[float | None] = Field(description="null where the source delivers none.")
    volume: list[float]


class QualityAnswer(RootAnswer[QualityReport]):
    """A ticker's stored series: its extent, its gaps of more than 10 days, oldest first, and warnings as of today."""


class FormerPricesPage(Page):
    """A page of the series that can be restored, by ticker."""

    items: list[FormerPrices]


class UploadAnswer(RootAnswer[ImportReport]):
    """The result of an upload."""
