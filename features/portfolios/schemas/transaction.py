"""Schemas of transactions. Decimals are texts, in and out."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT_WITH_LINES, Answer, Body, Counted, Currency, IsoDate, Page, PageQuery, Query, Ticker, not_below, whole
from features.portfolios.schemas.portfolio import VERSION, PortfolioPath
from features.portfolios.service import TransactionFilter
from models.portfolio import DECIMAL_PATTERN, MOST_FOR_ONE, ZERO, Draft, Transaction, TransactionType, checked_decimal, decimal_text

MOST_AT_ONCE = 2_000  # transactions of one request
TransactionTypeName = TypeAliasType(
    "TransactionTypeName",
    Literal["buy", "sell", "dividend", "interest", "fee", "tax", "deposit", "withdrawal", "transfer_in", "transfer_out", "split"],
)


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal) or value is None:
        return value
    if not isinstance(value, str):
        raise ValueError('Write it as text, in quotes, so that no digit is lost: "12.50".')
    return checked_decimal(value)


_TEXT = Annotated[str, Field(pattern=DECIMAL_PATTERN, json_schema_extra={"example": "12.50"})]
DecimalText = Annotated[Decimal, BeforeValidator(_decimal, json_schema_input_type=_TEXT)]
Parts = Annotated[int, BeforeValidator(whole, json_schema_input_type=Annotated[int, Field(ge=1, le=MOST_FOR_ONE)])]
Note = Annotated[str, Field(max_length=500, pattern=PLAIN_TEXT_WITH_LINES)]


class TransactionFields(Body):
    """What a transaction says. Which fields it needs and may have depends on its type."""

    type: TransactionTypeName = Field(
        description="A `buy` or `sell` has ticker, quantity and price or amount; a `dividend` ticker and amount; `interest`, `fee`, `tax`, "
        "`deposit` and `withdrawal` an amount. A transfer has either ticker and quantity, and comes in with the price or amount that it "
        "had cost, or it has an amount of cash. A `split` has ticker, numerator and denominator, and replaces what is known of that day."
    )
    day: IsoDate = Field(description="When it was traded or booked; at the latest a day after today in UTC.")
    ticker: Ticker | None = Field(None, description="It need not have prices here.")
    quantity: DecimalText | None = Field(None, description="Above 0, in shares of that day.")
    price: DecimalText | None = Field(None, description="Per unit, in `currency`.")
    amount: DecimalText | None = Field(
        None, description="Before fee and tax. Of a trade it counts rather than quantity × price; of a `fee` or `tax` a refund is negative."
    )
    fee: DecimalText = Field(ZERO, description="On top of the amount: part of what a buy costs, off what a sale brings.")
    tax: DecimalText = Field(ZERO, description="Likewise.")
    currency: Currency | None = Field(None, description="Null for the base currency of the portfolio. Pence are GBp or GBX.")
    fx_rate: DecimalText | None = Field(
        None, description="Units of the base currency for one of `currency`, as the broker booked it; else that of the day is taken."
    )
    acquired: IsoDate | None = Field(None, description="Of shares that are transferred in: when they had been bought.")
    numerator: Parts | None = Field(None, description="Of a split: the new shares for `denominator` old ones.")
    denominator: Parts | None = Field(None, description="Of a split: the old shares.")
    note: Note | None = None

    def draft(self, base_currency: str) -> Draft:
        """The transaction to book."""
        told = {name: getattr(self, name) for name in TransactionFields.model_fields}
        return Draft(**{**told, "type": TransactionType(self.type), "currency": self.currency or base_currency})


class TransactionRequest(TransactionFields):
    """A transaction to book, or what one is to be."""

    version: Counted | None = Field(None, description=VERSION)


class TransactionsRequest(Body):
    """Transactions to book, all or none."""

    items: Annotated[list[TransactionFields], Field(min_length=1, max_length=MOST_AT_ONCE)] = Field(
        description="In any order: what happened on one day is booked in a fixed order."
    )
    version: Counted | None = Field(None, description=VERSION)


class TransactionPath(PortfolioPath):
    """A transaction of a portfolio in a path."""

    transaction_id: str = Field(description="The `id` of a transaction.")


class VersionQuery(Query):
    """The version that is changed."""

    version: Counted | None = Field(None, description=VERSION)


class TransactionsQuery(PageQuery):
    """Which transactions."""

    ticker: Ticker | None = Field(None, description="Only those of this ticker.")
    type: TransactionTypeName | None = Field(None, description="Only those of this type.")
    start: IsoDate | None = Field(None, description="Only those of this day or later.")
    end: Annotated[IsoDate | None, not_below("start")] = Field(None, description="Only those of this day or earlier.")

    def chosen(self) -> TransactionFilter:
        """The query without its page."""
        return TransactionFilter(self.ticker, None if self.type is None else TransactionType(self.type), self.start, self.end)


class BookedFields(Answer):
    """What a transaction says. Decimals are as they were given."""

    type: TransactionTypeName
    day: date
    ticker: str | None
    quantity: str | None
    price: str | None
    amount: str | None
    fee: str
    tax: str
    currency: str
    fx_rate: str | None
    acquired: date | None
    numerator: int | None
    denominator: int | None
    note: str | None


class TransactionAnswer(BookedFields):
    """A transaction as it stands. Decimals are as they were given."""

    id: str
    since_version: int = Field(description="The version of the portfolio since which it says this.")
    recorded_at: datetime = Field(description="When it was booked or last corrected.")


class TransactionsAnswer(Answer):
    """The booked transactions, in the order of the request, and the version of the portfolio then."""

    items: list[TransactionAnswer]
    version: int


class TransactionsPage(Page):
    """A page of transactions, newest first."""

    items: list[TransactionAnswer]


_DECIMALS = ("quantity", "price", "amount", "fee", "tax", "fx_rate")


def transaction_answer(transaction: Transaction) -> dict[str, Any]:
    """A transaction as it is sent."""
    decimals = ((name, getattr(transaction, name)) for name in _DECIMALS)
    return vars(transaction) | {name: None if value is None else decimal_text(value) for name, value in decimals}
