"""Errors about portfolios: each says what happened and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from models.errors import BellwetherError, Conflict, NotFound


class PortfolioNotFound(NotFound):
    """There is no such portfolio."""

    def __init__(self, portfolio_id: str) -> None:
        self.portfolio_id = portfolio_id
        super().__init__("There is no portfolio with this id. It may have been deleted; see GET /api/v1/portfolios.")


class BenchmarkUnfit(BellwetherError):
    """What a portfolio is to be measured by is not there, or is the portfolio itself."""

    code = "validation_error"

    def __init__(self, reference: str, portfolio_id: str | None) -> None:
        super().__init__(
            "A portfolio is not measured by itself: name a ticker, an index or another portfolio."
            if reference == portfolio_id
            else f"There is no portfolio and no index with the id {reference}. See GET /api/v1/portfolios and GET /api/v1/indexes, or name "
            "a ticker."
        )


class TransactionNotFound(NotFound):
    """There is no such transaction in the portfolio. It may have been deleted; see GET /api/v1/portfolios/{id}/transactions."""


class LedgerVersionNotFound(NotFound):
    """The portfolio never was at that version."""

    def __init__(self, version: int, newest: int) -> None:
        self.version = version
        super().__init__(f"The portfolio never was at version {version}; it is at version {newest} now.")


class DividendNotFound(NotFound):
    """No dividend is proposed under this key. See GET /api/v1/portfolios/{id}/dividends."""


class PortfolioExists(Conflict):
    """There is a portfolio of this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a portfolio called {name!r} already, in capitals or not. Choose another name.")


class TooManyPortfolios(Conflict):
    """There are as many portfolios as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} portfolios, which is the most that is stored. Delete one first.")


class PortfolioChanged(Conflict):
    """The portfolio is no longer at the version that the request names."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"The portfolio has changed meanwhile: it is at version {version}. Read it again, and repeat the change if it still fits."
        )


class TooMuchInPortfolio(Conflict):
    """The portfolio has as much as can be stored in one."""

    def __init__(self, what: str, most: int) -> None:
        """`what` are the things that there would be too many of."""
        self.what, self.most = what, most
        super().__init__(f"A portfolio has up to {most:,} {what}. Book the rest in another portfolio.")


class RatesAreBooked(Conflict):
    """Transactions tell rates into the base currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__(
            f"Transactions of this portfolio tell an fx_rate into {currency}, so its base currency stays. Make another portfolio."
        )


class DividendDecided(Conflict):
    """The dividend was booked or dismissed already."""


@dataclass(frozen=True)
class Fault:
    """What does not fit in a field of one of several transactions, which is named by its index; None for one that is stored."""

    index: int | None
    field: str
    message: str

    @property
    def place(self) -> str:
        """The field as it is named in a request with `items`."""
        return self.field if self.index is None else f"items.{self.index}.{self.field}"


class TransactionsRefused(BellwetherError):
    """Some transactions do not fit."""

    code = "validation_error"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        place, message = self.problems[0]
        more = f" There are {len(self.faults):,} faults in all." if len(self.faults) > 1 else ""
        super().__init__(f"{place}: {message}{more}" if place else f"{message}{more}")

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The places that do not fit, each with what is wrong."""
        return [(fault.place, fault.message) for fault in self.faults]

    def of_one(self) -> Self:
        """The same where the request has one transaction and no `items`."""
        return type(self)([replace(fault, index=None) for fault in self.faults])


class LedgerOversold(TransactionsRefused):
    """More would leave the portfolio than is held."""

    code = "oversold"
