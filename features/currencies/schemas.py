"""Schemas of exchange rates."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas import CSV, Answer, IsoDate, Page, Query, RootAnswer, not_below
from api.validation import RawBody
from features.currencies.rate_line import RateLine
from models.currency import EUR, checked_currency, major_of
from models.fx import MOST_CARRIED, FxFetch, FxGap, FxSeries, FxUpload
from utils.clock import today

ZIP = "application/zip"
PAIR_PATTERN = r"^[A-Za-z]{3}([A-Za-z]{3})?$"


def _pair(text: str) -> str:
    name = text.strip()
    if len(name) not in (3, 6):
        raise ValueError("A pair is two currencies, as in GBPUSD; one alone, as USD, is EURUSD.")
    return "".join(map(checked_currency, (name[:3], name[3:]) if name[3:] else (EUR, name)))


Pair = Annotated[str, AfterValidator(_pair), Field(json_schema_extra={"pattern": PAIR_PATTERN, "example": "EURUSD"})]


class PairPath(BaseModel):
    """Two currencies in a path."""

    pair: Pair = Field(
        description="Units of the second for one of the first, as GBPUSD; USD alone is EURUSD. Case matters for pence: GBpUSD, GBPUSD."
    )

    @property
    def base(self) -> str:
        """The first currency."""
        return self.pair[:3]

    @property
    def quote(self) -> str:
        """The second one."""
        return self.pair[3:]

    @property
    def currency(self) -> str:
        """The one that is not the euro; of two others the second."""
        return self.base if major_of(self.quote)[0] == EUR else self.quote


class RatesQuery(Query):
    """The days of a pair."""

    start: IsoDate | None = Field(None, description="The first day.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="The last day.")


class FxFile(RawBody):
    """Rates as the ECB has them, packed as ZIP or not: a column for each currency, or rows; or rows of DATE, BASE, QUOTE and RATE."""

    mimetypes: ClassVar[list[str]] = [CSV, ZIP]


class FxUploadQuery(Query):
    """How a file is taken."""

    dry_run: bool = Field(False, description="Store nothing, and answer what would come of it.")


class FxUploadAnswer(RootAnswer[FxUpload]):
    """What a file was read as, and what it has brought for each currency."""


class FxItem(Answer):
    """A currency, and how old its newest rate is."""

    series: FxSeries
    age_days: int = Field(description="How many days ago the newest rate was.")
    carried_until: date = Field(description="The last day on which the newest rate counts; afterwards there is none.")


class FxPage(Page):
    """All currencies with rates against the euro; `next_cursor` is always null."""

    items: list[FxItem]
    configured: bool = Field(description="Whether rates are fetched.")
    fetch: FxFetch | None = Field(description="The last attempts to fetch them; null before the first, and where none are fetched.")


class FxRatesAnswer(Answer):
    """The rates of a pair by day."""

    model_config = ConfigDict(openapi_extra={"content": {CSV: {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    base: str = Field(description="The currency of which one is converted.")
    quote: str = Field(description="The currency that the rates are units of.")
    definition: str = Field(description="What a rate is, and how it is made.")
    sources: list[str] = Field(description="Where its rates are from: `ecb` for fetched ones, `upload` for your own.")
    fixed: float | None = Field(description="The rate of all days, of units of one currency, as of GBp in GBP; null for two currencies.")
    dates: list[date] = Field(description="The days on which a rate of either currency is new, oldest first.")
    rates: list[float] = Field(description="The rates of these days.")
    quoted: list[date] = Field(
        description="The older one of the two days that each rate is made of. An older one than its day was carried."
    )
    gaps: list[FxGap] = Field(description="Days of the period, up to today, without a rate, as none is carried for more than a week.")


def rates_answer(line: RateLine, query: RatesQuery) -> dict[str, Any]:
    """The rates of a line in a period, by the fields of FxRatesAnswer."""
    rows = [
        row
        for row in zip(line.days.tolist(), line.values.tolist(), line.quoted.tolist(), strict=True)
        if (query.start is None or row[0] >= query.start) and (query.end is None or row[0] <= query.end)
    ]
    latest = today()
    first = query.start or (line.days[0].item() if len(line.days) else latest)
    return {
        "base": line.base,
        "quote": line.quote,
        "definition": _definition(line),
        "sources": line.sources,
        "fixed": line.fixed,
        "dates": [day for day, _, _ in rows],
        "rates": [rate for _, rate, _ in rows],
        "quoted": [quoted for _, _, quoted in rows],
        "gaps": list(line.gaps(first, min(query.end or latest, latest))),
    }


def _definition(line: RateLine) -> str:
    told = f"Units of {line.quote} for one of {line.base}"
    if line.fixed is not None:
        return f"{told}: both are units of one currency, so it is the same on all days."
    rule = f"the newest rate of {line.quote} against EUR over that of {line.base}"
    return f"{told}: {rule}, carried for {MOST_CARRIED} days at most."
