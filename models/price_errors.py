"""Errors about prices, their files and their actions: each says what happened and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from models.corporate_action import ActionKind
from models.day_text import day_text
from models.errors import BellwetherError, Conflict, NotFound

if TYPE_CHECKING:
    from models.corporate_action import StoredAction
    from models.import_report import LostDays


class FormerPricesNotFound(NotFound):
    """There are no former prices to restore."""

    def __init__(self, ticker: str, kept_days: int) -> None:
        self.ticker = ticker
        super().__init__(
            f"There are no former prices of {ticker} to restore. They are kept for {kept_days} days after an upload replaced them or they "
            "were deleted; GET /api/v1/former-prices lists what can be restored."
        )


class ActionNotFound(NotFound):
    """There is no such corporate action."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"{ticker} has no corporate action with this id. See GET /api/v1/prices/{ticker}/actions.")


class ActionExists(Conflict):
    """The action is there already."""

    def __init__(self, ticker: str, existing: StoredAction) -> None:
        self.ticker, self.existing = ticker, existing
        action = existing.action
        together = "one whose ratio is the product of both" if action.kind is ActionKind.SPLIT else "one of their sum"
        super().__init__(
            f"{ticker} has {action.told} on {day_text(action.effective_day)} already. To change it, delete it first with "
            f"DELETE /api/v1/prices/{ticker}/actions/{existing.id}. Two on one day are recorded as {together}."
        )


class ImplausibleAction(BellwetherError):
    """A distribution is as large as a share, or next to nothing."""

    code = "validation_error"

    def __init__(self, amount: float, highest: float) -> None:
        self.amount, self.highest = amount, highest
        super().__init__(
            f"An amount of {amount:g} per share is not plausible: the highest stored price is {highest:g}. "
            "Give the amount that was paid for one share, in the currency of the prices."
        )


class TooManyActions(Conflict):
    """The ticker has as many actions as can be stored."""

    def __init__(self, ticker: str, most: int) -> None:
        self.ticker, self.most = ticker, most
        super().__init__(f"{ticker} has {most:,} corporate actions, which is the most that is stored. Delete some first.")


class SharedPrices(Conflict):
    """The prices belong to all organizations."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"The prices of {ticker} are shared by all organizations. Upload your own with PUT /api/v1/prices/{ticker} first.")


class SharedPricesKept(Conflict):
    """The prices belong to all organizations and cannot be deleted."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"The prices of {ticker} are shared by all organizations and cannot be deleted; you have none of your own.")


class StoredDaysLost(Conflict):
    """The file would replace stored days that it does not hold."""

    code = "stored_days_lost"

    def __init__(self, ticker: str, lost: LostDays) -> None:
        self.ticker, self.lost = ticker, lost
        days = "1 stored day" if lost.days == 1 else f"{lost.days:,} stored days"
        super().__init__(
            f"{days} of {ticker}, {day_text(lost.first)} to {day_text(lost.last)}, would be deleted: the file does not hold them. "
            "Send ?extend=true to add to what is stored, or leave out on_loss=refuse. Nothing was stored."
        )


class PricesDamaged(BellwetherError):
    """The stored prices cannot be read."""

    code = "price_quality"

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"The stored prices of {ticker} are damaged. Upload them again with PUT /api/v1/prices/{ticker}.")


@dataclass(frozen=True)
class PriceProblem:
    """One fault of a price file; the header is line 1, `column` is the header's text."""

    line: int
    column: str | None
    message: str

    @property
    def place(self) -> str:
        """Line and column as text."""
        return f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"


class PriceQuality(BellwetherError):
    """The price file is refused; nothing was stored. `total` also counts problems that are not listed."""

    code = "price_quality"

    def __init__(self, problems: list[PriceProblem], total: int | None = None) -> None:
        self.problems, self.total = problems, len(problems) if total is None else total
        first = problems[0]
        rest = f" {self.total - 1} more." if self.total > 1 else ""
        super().__init__(f"{first.place}: {first.message}{rest} Nothing was stored.")


class ImportRefused(BellwetherError):
    """An upload of many tickers cannot be split into files."""

    code = "price_quality"

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """`problems` are names of files, or "archive", and what is wrong with each."""
        self.problems = problems
        name, message = problems[0]
        rest = f" {len(problems) - 1} more." if len(problems) > 1 else ""
        super().__init__(f"{name}: {message}{rest} Nothing was stored.")


class ImportNotFound(NotFound):
    """There is no import with this id. What became of its files is kept for 7 days."""


class AmbiguousDates(BellwetherError):
    """The dates of a price file can be read in two ways, and both make sense."""

    code = "ambiguous_dates"

    def __init__(self, day_first: date, month_first: date) -> None:
        self.day_first, self.month_first = day_first, month_first
        super().__init__(
            f"The dates can be read in two ways: the first row is of {day_text(day_first)} or of {day_text(month_first)}. "
            "Send ?dates=dmy or ?dates=mdy. Nothing was stored."
        )


class BasesDiffer(BellwetherError):
    """Two histories of a ticker differ on common days in a way that no split or dividend explains."""

    code = "bases_differ"

    def __init__(self, column: str, days: list[tuple[date, float, float]]) -> None:
        """`days` have the stored and the new number."""
        self.column, self.days = column, days
        on = "1 common day" if len(days) == 1 else f"{len(days):,} common days"
        super().__init__(
            f"The file and the stored prices differ in the {column} of {on}, by no constant ratio as of a split or dividend. "
            "Send the whole history with ?extend=false to replace what is stored. Nothing was stored."
        )

    def sentence(self, stored: float, file: float) -> str:
        """What differs on a day."""
        return f"{self.column}: stored {stored:g}, file {file:g}."


class NoProvider(BellwetherError):
    """No provider of prices is configured: set PRICE_PROVIDERS and a key, as docs/usage.md shows, or upload prices."""

    code = "no_provider"


class PricesUnavailable(BellwetherError):
    """No provider has the prices of a ticker at the moment."""

    code = "prices_unavailable"

    def __init__(self, ticker: str, reason: str) -> None:
        super().__init__(f"The prices of {ticker} cannot be fetched at the moment. {reason}")


class PricesPending(BellwetherError):
    """The prices of a ticker are being fetched, and are not there yet."""

    code = "prices_pending"

    def __init__(self, ticker: str, job_id: str, why: str) -> None:
        super().__init__(f"The prices of {ticker} are not there yet. {why}. They are fetched by job {job_id}: ask again when it has ended.")
