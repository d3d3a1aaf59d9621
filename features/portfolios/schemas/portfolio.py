"""Schemas of portfolios."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Body, Counted, Currency, Page, RootAnswer
from features.portfolios.service import Changes, Ledger, Terms
from models.currency import MINOR_UNITS
from models.portfolio import CostMethod, Portfolio
from models.portfolio_value import ValuedPortfolio
from models.ticker import TICKER_PATTERN, normalize_ticker
from utils.ids import is_id

PortfolioName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PLAIN_TEXT)]
CostMethodName = TypeAliasType("CostMethodName", Literal["fifo", "average"])


def _whole_currency(text: str) -> str:
    if text in MINOR_UNITS:
        raise ValueError(f"{text} is a part of {MINOR_UNITS[text][0]}, which is the currency.")
    return text


def _reference(text: str) -> str:
    return text if is_id(text) else normalize_ticker(text)


BaseCurrency = Annotated[Currency, AfterValidator(_whole_currency)]
_REFERENCE_PATTERN = rf"{TICKER_PATTERN}|^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"
Benchmark = Annotated[str, AfterValidator(_reference), Field(json_schema_extra={"pattern": _REFERENCE_PATTERN, "example": "MSFT"})]
_CURRENCY = "What everything is told in, three letters as in EUR. It stays once a transaction tells an `fx_rate` into it."
_BENCHMARK = "What the portfolio is measured by: a ticker, which needs no prices yet, or the id of an index or of another portfolio."
_METHOD = "Which shares a sale takes: `fifo` the oldest first, `average` the same part of each."
VERSION = "The version that the portfolio must be at; another one is refused with 409. Null for any."


class PortfolioPath(BaseModel):
    """The id of a portfolio in a path."""

    portfolio_id: str = Field(description="The `id` of a portfolio.")

    def ledger(self, org_id: int) -> Ledger:
        """The ledger of the portfolio."""
        return Ledger(org_id, self.portfolio_id)


class NewPortfolioRequest(Body):
    """A portfolio to make."""

    name: PortfolioName = Field(description="Unique within the organization, in capitals or not.")
    base_currency: BaseCurrency = Field(description=_CURRENCY)
    benchmark: Benchmark | None = Field(None, description=_BENCHMARK)
    cost_method: CostMethodName = Field("fifo", description=_METHOD)

    def terms(self) -> Terms:
        """The request as terms for the service."""
        return Terms(self.name, self.base_currency, self.benchmark, CostMethod(self.cost_method))


class PortfolioChangeRequest(Body):
    """Changes of a portfolio; what is left out stays. Null clears the benchmark, and leaves all else."""

    name: PortfolioName | None = Field(None, description="Unique within the organization, in capitals or not.")
    base_currency: BaseCurrency | None = Field(None, description=_CURRENCY)
    benchmark: Benchmark | None = Field(None, description=_BENCHMARK)
    cost_method: CostMethodName | None = Field(None, description=f"{_METHOD} Another method books the whole ledger anew.")
    version: Counted | None = Field(None, description=VERSION)

    def changes(self) -> Changes:
        """The request as changes for the service."""
        told: dict[str, Any] = {
            "name": self.name,
            "base_currency": self.base_currency,
            "cost_method": None if self.cost_method is None else CostMethod(self.cost_method),
        }
        told = {name: value for name, value in told.items() if value is not None}
        if "benchmark" in self.model_fields_set:
            told["benchmark"] = self.benchmark
        return Changes(frozenset(told), **told, version=self.version)


class PortfolioAnswer(RootAnswer[Portfolio]):
    """A portfolio."""


class PortfoliosPage(Page):
    """A page of portfolios, by name."""

    items: list[ValuedPortfolio]
