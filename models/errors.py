"""Errors of well-formed requests; the docstring is the default message. api/errors.py turns them into HTTP responses."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from models.day_text import day_text


class BellwetherError(Exception):
    """Something is wrong with the request."""

    code = "conflict"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").split("\n")[0])


class NotFound(BellwetherError):
    """There is no such thing."""

    code = "not_found"


class TickerNotFound(NotFound):
    """There are no prices for the ticker."""

    code = "ticker_not_found"

    def __init__(self, ticker: str, reason: str | None = None) -> None:
        """`reason` is what the providers of prices say."""
        self.ticker, self.reason = ticker, reason
        remedy = reason or (
            f"See GET /api/v1/tickers. Upload them with PUT /api/v1/prices/{ticker}, or have them fetched: set PRICE_PROVIDERS and "
            "POST /api/v1/refresh."
        )
        super().__init__(f"There are no prices for {ticker}. {remedy}")


class ResultNotFound(NotFound):
    """There is no such result."""

    def __init__(self, result_id: str) -> None:
        self.result_id = result_id
        super().__init__("There is no result with this id. See GET /api/v1/history/{ticker}.")


class WatchlistNotFound(NotFound):
    """There is no such watch list."""

    def __init__(self, list_id: str) -> None:
        self.list_id = list_id
        super().__init__("There is no watch list with this id. It may have been deleted; see GET /api/v1/watchlists.")


class WatchlistItemNotFound(NotFound):
    """The ticker is not on the watch list."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"{ticker} is not on the watchlist.")


class ApiKeyNotFound(NotFound):
    """There is no API key with this id. See GET /api/v1/admin/keys; the master key is not among them, it is the setting MASTER_API_KEY."""


class ScreenNotFound(NotFound):
    """There is no such screen."""

    def __init__(self, screen_id: str) -> None:
        self.screen_id = screen_id
        super().__init__("There is no saved screen with this id. It may have been deleted; see GET /api/v1/screens.")


class FlagNotFound(NotFound):
    """There is no such feature flag."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        super().__init__(f"There is no such feature flag. There are {', '.join(known)}.")


class FeatureDisabled(BellwetherError):
    """The feature is switched off."""

    code = "feature_disabled"

    def __init__(self, feature: str, reason: str | None) -> None:
        self.feature = feature
        super().__init__(f"{feature} is switched off{': ' + reason.rstrip('.') if reason else ''}. Try again later.")


class FeatureDisabledHere(FeatureDisabled):
    """The feature is switched off for the organization."""

    def __init__(self, feature: str, reason: str | None, *, by_operator: bool) -> None:
        self.feature = feature
        who = "an operator of the installation" if by_operator else "an administrator, on the page Organization"
        because = f": {reason.rstrip('.')}" if reason else ""
        BellwetherError.__init__(self, f"{feature} is switched off for this organization{because}. It is switched on again by {who}.")


class Forbidden(BellwetherError):
    """This needs the master key."""

    code = "forbidden"


class FlagHeldByOperator(Forbidden):
    """An operator of the installation has switched this off for the organization, so only an operator can change it. Ask them to."""


class Conflict(BellwetherError):
    """The request does not fit the present state."""

    code = "conflict"


class FlagOfInstallation(Conflict):
    """The feature is shared by all organizations."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name} is shared by all organizations, so it is switched for the whole installation: PUT /api/v1/admin/flags/{name}."
        )


class WatchlistItemExists(Conflict):
    """The ticker is on the watch list already."""

    def __init__(self, ticker: str, path: str) -> None:
        """`path` is the item's, from which it can be changed."""
        self.ticker = ticker
        super().__init__(f"{ticker} is on the watchlist already. Change its name or notes with PATCH {path}.")


class WatchlistAnchorNotFound(Conflict):
    """The ticker to stand behind is not on the watch list."""

    def __init__(self, ticker: str) -> None:
        self.ticker = ticker
        super().__init__(f"{ticker} is not on the watchlist, so nothing can stand behind it. Read the list again.")


class WatchlistExists(Conflict):
    """There is a watch list of this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a watch list called {name!r} already, in capitals or not. Choose another name.")


class TooManyWatchlists(Conflict):
    """There are as many watch lists as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} watch lists beside the default one, which is the most that is stored. Delete one first.")


class DefaultWatchlistStays(Conflict):
    """The default watch list cannot be deleted, renamed or moved. Delete its items one by one, or make another list."""


class WatchlistPlaceNotFound(Conflict):
    """There is no watch list to stand behind with this id. Read the lists again."""


class ScreenExists(Conflict):
    """There is a screen of this name already."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is a screen called {name!r} already. Choose another name, or change that screen.")


class TooManyScreens(Conflict):
    """There are as many screens as can be stored."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(f"You have {most} saved screens, which is the most that is stored. Delete one first.")


class PricesReplaced(Conflict):
    """The prices behind the result are no longer stored."""

    def __init__(self, ticker: str, as_of: date) -> None:
        self.ticker, self.as_of = ticker, as_of
        super().__init__(f"The prices of {ticker} up to {day_text(as_of)} were replaced since this result was made. Analyse it again.")


class AnalysedPeriod(NamedTuple):
    """The day up to which prices are used, and the first day by which there are enough; None where there never are."""

    as_of: date
    enough_from: date | None


class InsufficientHistory(BellwetherError):
    """There are too few bars to analyse."""

    code = "insufficient_history"

    def __init__(self, ticker: str, bars: int, needed: int, period: AnalysedPeriod | None = None) -> None:
        """`bars` are those of the `period`, or all."""
        self.ticker, self.bars, self.needed = ticker, bars, needed
        until = f" up to {day_text(period.as_of)}" if period else ""
        enough = f". There are enough from {day_text(period.enough_from)} on" if period and period.enough_from else ""
        super().__init__(f"{ticker} has {bars} {'bar' if bars == 1 else 'bars'}{until}; an analysis needs at least {needed}{enough}.")


class JobNotFound(NotFound):
    """There is no such job."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("There is no job with this id. See GET /api/v1/jobs.")


class JobFinished(Conflict):
    """The job has ended."""

    code = "job_finished"

    def __init__(self, job_id: str, status: str) -> None:
        self.job_id, self.status = job_id, status
        super().__init__(f"The job is {status} already; nothing of it can be cancelled.")


class JobNotFinished(Conflict):
    """The job is still running."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("The job is still running. Wait until it ends, or cancel it, before you run failed items again.")


class NothingFailed(Conflict):
    """No item of the job failed."""

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__("No item of this job failed, so there is nothing to run again.")


class JobChanged(BellwetherError):
    """The job is no longer at the version that the command names."""

    code = "precondition_failed"

    def __init__(self, job_id: str, version: int) -> None:
        self.job_id, self.version = job_id, version
        super().__init__(f"The job has changed: it is now at version {version}. Read it again before you send the command.")


class NothingToAnalyse(BellwetherError):
    """The universe has no tickers."""

    code = "validation_error"

    def __init__(self, universe: str) -> None:
        self.universe = universe
        family, _, list_id = universe.partition(":")
        path = f"watchlists/{list_id}/items" if list_id else "watchlist"
        remedy = f"POST /api/v1/{path} adds some." if family == "watchlist" else "PUT /api/v1/prices/{ticker} uploads some."
        if family == "portfolio":
            remedy = f"POST /api/v1/portfolios/{list_id}/transactions books some."
        super().__init__(f"There are no tickers in the universe '{universe}'. {remedy}")


class IdempotencyMismatch(BellwetherError):
    """The Idempotency-Key was used for another request. Use a new key for a new request."""

    code = "idempotency_mismatch"


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key is still running. Try again in a moment."""


class ClientGone(Exception):
    """The client has closed its connection; the rest of the work is not needed."""


class JobUnreadable(Exception):
    """The parameters of a stored job cannot be read by this version."""
