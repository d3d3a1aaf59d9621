"""Schemas of proposed dividends."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, Counted, Currency, IsoDate, Page, PageQuery, Ticker
from features.portfolios.schemas.portfolio import VERSION
from features.portfolios.schemas.transaction import DecimalText, Note
from features.portfolios.service import Confirmation
from models.portfolio import ZERO

MOST_DIVIDENDS = 500  # of one request
DividendStateName = TypeAliasType("DividendStateName", Literal["proposed", "booked", "dismissed"])
Key = Annotated[str, Field(min_length=1, max_length=60, pattern=PLAIN_TEXT)]


class DividendsQuery(PageQuery):
    """Which dividends."""

    state: DividendStateName | None = Field(None, description="Only those of which this became.")
    ticker: Ticker | None = Field(None, description="Only those of this ticker.")


class ConfirmedDividend(Body):
    """A proposed dividend to book. What is left out is as it was proposed."""

    key: Key = Field(description="The `key` of the proposal.")
    day: IsoDate | None = Field(None, description="When it was paid; null for the day on which prices were without it.")
    amount: DecimalText | None = Field(None, description="Before fee and tax; null for quantity × amount per share.")
    fee: DecimalText = Field(ZERO, description="What was charged for it.")
    tax: DecimalText = Field(ZERO, description="What was withheld.")
    currency: Currency | None = Field(None, description="Null for that of the proposal.")
    fx_rate: DecimalText | None = Field(None, description="Units of the base currency for one of `currency`; null for the rate of the day.")
    note: Note | None = None

    def confirmation(self) -> Confirmation:
        """The dividend for the service."""
        return Confirmation(**{name: getattr(self, name) for name in type(self).model_fields})


class ConfirmDividendsRequest(Body):
    """Proposed dividends to book, all or none."""

    items: Annotated[list[ConfirmedDividend], Field(min_length=1, max_length=MOST_DIVIDENDS)]
    version: Counted | None = Field(None, description=VERSION)


class DismissDividendsRequest(Body):
    """Proposed dividends to leave out."""

    keys: Annotated[list[Key], Field(min_length=1, max_length=MOST_DIVIDENDS)] = Field(description="The `key` of each.")


class DividendAnswer(Answer):
    """What was paid on what was held before the day, by the corporate actions that are known."""

    key: str = Field(description="Names the payment: the same whoever reports it.")
    ticker: str
    kind: Literal["dividend", "capital_gain"]
    ex_day: date = Field(description="The day from which prices are without it.")
    quantity: str = Field(description="What was held before that day, in shares of that day.")
    per_share: str = Field(description="What was paid for one share.")
    amount: str = Field(description="Quantity × per share, before taxes.")
    currency: str | None = Field(description="Null where nobody tells.")
    state: DividendStateName = Field(description="`booked` also where somebody has booked it by hand: like amount, and within 60 days.")
    transaction_id: str | None = Field(description="Of a booked one: the transaction.")


class DividendsPage(Page):
    """A page of dividends, newest first."""

    items: list[DividendAnswer]
    version: int = Field(description="The version of the portfolio that they are of.")
