"""Base classes of schemas (strict bodies, queries without unknown fields) and fields that several features share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    model_validator,
)
from typing_extensions import TypeAliasType

from models.account_errors import OrganizationNotFound
from models.api_key import SHARED_ORG
from models.currency import CURRENCY_PATTERN, checked_currency
from models.ticker import TICKER_PATTERN, normalize_ticker
from models.universe import UNIVERSE_PATTERN, checked_universe
from utils.api_utils import LONGEST_ECHO
from utils.ids import is_id

Content = TypeVar("Content")

DEFAULT_LIMIT, LARGEST_LIMIT = 50, 500
MOST_TICKERS = 50_000  # of one request
LONGEST_NUMBER = 18  # digits of what fits into the databases' whole numbers
CSV = "text/csv"
PLAIN_TEXT = r"^[^\x00-\x1f\x7f]*$"
PLAIN_TEXT_WITH_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_ID_PATTERN = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
LINE_PATTERN = f"{TICKER_PATTERN}|^{_ID_PATTERN}$"  # of a ticker, or of the id of a portfolio or an index
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _parse_iso_date(value: Any) -> Any:
    # Pydantic alone would also accept a timestamp or a number of seconds.
    if isinstance(value, date) or value is None:
        return value
    if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
        raise ValueError("a date is written YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"there is no such day: {error}") from error


def each_of(known: Iterable[str], what: str) -> Callable[[str], str]:
    """A validator of words separated by commas, which may be none."""
    allowed = tuple(known)

    def check(text: str) -> str:
        for word in text.split(",") if text else ():
            if word not in allowed:
                raise ValueError(f"there is no {what} {word[:LONGEST_ECHO]!r}; there are {', '.join(allowed)}")
        return text

    return check


def not_below(lower: str) -> AfterValidator:
    """A validator of the upper end of a range whose lower end is the field `lower`, which stands before it."""

    def check(upper: Any, known: ValidationInfo) -> Any:
        low = known.data.get(lower)
        if upper is not None and low is not None and upper < low:
            raise ValueError(f"It lies below {lower}, {low}, so nothing can be between them. Swap the two, or leave one out.")
        return upper

    return AfterValidator(check)


# A validator, because the message of a refused pattern is hard to read; the OpenAPI document has the pattern.
Ticker = Annotated[str, AfterValidator(normalize_ticker), Field(json_schema_extra={"pattern": TICKER_PATTERN, "example": "AAPL"})]


def _line_reference(text: str) -> str:
    reference = text.strip().lower()
    return reference if is_id(reference) else normalize_ticker(text)


LineReference = Annotated[str, AfterValidator(_line_reference), Field(json_schema_extra={"pattern": LINE_PATTERN, "example": "AAPL"})]
_CURRENCY_SCHEMA = {"pattern": CURRENCY_PATTERN, "example": "USD"}
Currency = TypeAliasType("Currency", Annotated[str, AfterValidator(checked_currency), Field(json_schema_extra=_CURRENCY_SCHEMA)])
_UNIVERSE_SCHEMA = {"pattern": UNIVERSE_PATTERN, "example": "all"}
UniverseName = TypeAliasType("UniverseName", Annotated[str, AfterValidator(checked_universe), Field(json_schema_extra=_UNIVERSE_SCHEMA)])


def whole(value: Any) -> Any:
    """JSON knows one kind of number: 60.0 is the whole number 60."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Counted = Annotated[int, Field(ge=1, le=2**53)]
# A number of a version or of something else that is counted: exact in JSON for every client, and no wider than a column.
Counted = Annotated[_Counted, BeforeValidator(whole, json_schema_input_type=_Counted)]


def _written_moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("write the moment with its time zone: 2026-11-26T21:30:00Z")
    return value


UtcMoment = Annotated[
    AwareDatetime,
    Field(strict=False),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
    BeforeValidator(_written_moment, json_schema_input_type=datetime),
]
IsoDate = Annotated[date, BeforeValidator(_parse_iso_date, json_schema_input_type=date)]


class Body(BaseModel):
    """A request body: no unknown fields, no conversion between types, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, regex_engine="rust-regex")


class Selection(Body):
    """The tickers that a request is about: a list, a universe, or neither."""

    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "required": ["tickers", "universe"],
                "properties": {"tickers": {"type": "array"}, "universe": {"type": "string"}},
            }
        }
    )

    tickers: Annotated[list[Ticker], Field(min_length=1, max_length=MOST_TICKERS)] | None = Field(
        None, description="Each counts once, however often it is named."
    )
    universe: UniverseName | None = Field(
        None,
        description="In place of `tickers`: `all` with prices, the `watchlist`, another list (`watchlist:` and its id), what a portfolio "
        "holds (`portfolio:` and its id), or a stored one.",
    )

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        if self.tickers is not None and self.universe is not None:
            raise ValueError("give either tickers or a universe, not both")
        return self

    def named(self) -> tuple[str, ...]:
        """The tickers of the list; empty for a universe."""
        return tuple(dict.fromkeys(self.tickers or ()))


class SomeTickers(Selection):
    """The tickers that a request is about: a list or a universe."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["tickers"], "properties": {"tickers": {"type": "array"}}},
            "then": {"properties": {"universe": {"type": "null"}}},
            "else": {"required": ["universe"], "properties": {"universe": {"type": "string"}}},
        }
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.tickers is None and self.universe is None:
            raise ValueError("give either tickers or a universe")
        return self


class Query(BaseModel):
    """Query parameters; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Headers(BaseModel):
    """The headers that a route reads; other headers are allowed."""

    model_config = ConfigDict(frozen=True)


class SubmitHeaders(Headers):
    """The header that makes a request safe to repeat."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The first answer under a key is stored for a day and sent again for the same key, with `Idempotent-Replayed: true`.",
    )


class PageQuery(Query):
    """The page of a list."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before.")


class LongPageQuery(PageQuery):
    """The page of a list that most callers want whole."""

    limit: int = Field(LARGEST_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")


class Answer(BaseModel):
    """The body of an answer. Only the OpenAPI document reads it: answers are written as they are, so no validator is built at start."""

    model_config = ConfigDict(defer_build=True)


class RootAnswer(RootModel[Content], Generic[Content]):
    """An answer whose body is one object of another type."""

    model_config = ConfigDict(defer_build=True)


class TickerPath(BaseModel):
    """The ticker in a path."""

    ticker: Ticker = Field(description="The ticker, in capitals or not.")


class LinePath(BaseModel):
    """Something with a value each day in a path."""

    reference: LineReference = Field(description="A ticker, in capitals or not, or the id of a portfolio or an index.")


class ResultPath(BaseModel):
    """The id of a result in a path."""

    result_id: str = Field(description="The `id` of a result.")


class OrganizationPath(BaseModel):
    """An organization in a path."""

    organization_id: str = Field(description="The `id` of an organization.")

    @property
    def org_id(self) -> int:
        """Its number. Raises OrganizationNotFound for what is none."""
        text = self.organization_id
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else SHARED_ORG
        if number == SHARED_ORG or str(number) != text:
            raise OrganizationNotFound
        return number


class JobPath(BaseModel):
    """The id of a job in a path."""

    job_id: str = Field(description="The `id` of a job.")


class Page(Answer):
    """One page of a list; `next_cursor` is null on the last."""

    next_cursor: str | None
