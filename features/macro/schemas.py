"""Schemas of macroeconomic series."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas import CSV, PLAIN_TEXT, Answer, IsoDate, Page, Query, RootAnswer, Ticker, not_below
from api.validation import RawBody
from models.macro import MacroFetch, MacroSeries, Regime

SERIES_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$"
_SERIES = re.compile(SERIES_PATTERN)
RESERVED = "REGIME"


def _series_name(text: str) -> str:
    name = text.strip().upper()
    if not _SERIES.fullmatch(name):
        raise ValueError("A series has 1 to 40 characters: letters, digits, _ . and -, the first a letter or a digit, as in UNRATE.")
    if name == RESERVED:
        raise ValueError("This name is that of the regime; choose another one.")
    return name


SeriesName = Annotated[str, AfterValidator(_series_name), Field(json_schema_extra={"pattern": SERIES_PATTERN, "example": "UNRATE"})]


class MacroPath(BaseModel):
    """The name of a series in a path."""

    series: SeriesName = Field(description="The name of a series, in capitals or not.")


class UploadQuery(Query):
    """What is said of an upload."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PLAIN_TEXT)] | None = Field(
        None, description="What the series is. Default: as before."
    )


class MacroFile(RawBody):
    """A series as FRED gives it: CSV with a column DATE and a column VALUE, `.` for none; or JSON with a list `observations`."""

    mimetypes: ClassVar[list[str]] = [CSV, "application/json"]


class ValuesQuery(Query):
    """The days of a series."""

    start: IsoDate | None = Field(None, description="The first day.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="The last day.")


class RegimeQuery(Query):
    """The index whose trend counts."""

    index: Ticker | None = Field(None, description="A ticker with prices, in place of the series SP500.")


class MacroAnswer(RootAnswer[MacroSeries]):
    """A series without its values."""


class MacroItem(Answer):
    """A series, and how fetching it stands."""

    series: MacroSeries | None = Field(description="The series; null for one that is to be fetched and was not yet.")
    fetch: MacroFetch | None = Field(description="The last attempts to fetch it; null for one that is not fetched.")


class MacroPage(Page):
    """All series; `next_cursor` is always null."""

    items: list[MacroItem]
    configured: bool = Field(description="Whether series are fetched from a provider.")


class ValuesAnswer(Answer):
    """A series with its values."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    series: str
    title: str | None
    source: str
    own: bool
    missing: int
    dates: list[date] = Field(description="The days with a value, oldest first.")
    values: list[float] = Field(description="The values of these days.")


class RegimeAnswer(RootAnswer[Regime]):
    """The regime, with its votes and what each was made of."""
