"""The providers of prices as integrations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from config import Settings
from database import Database
from features.prices.budgets import BudgetSpent
from features.prices.providers.base import Patience
from features.prices.registry import Known, known, only
from infrastructure.integration import Connector, IntegrationFailed, Step, Wish
from models.integration import Integration, IntegrationKind, IntegrationState
from models.provider import Fetched, ProviderError, ProviderFault
from utils.clock import now

PAGE = "/diagnostics#providers"
USUAL_TICKER = "AAPL"
DAYS_BACK = 7  # at least one of them had a session
PATIENCE = Patience(connect=3.0, read=8.0, answer=10.0, attempts=1)  # somebody is waiting
TITLES = {"tiingo": "Tiingo", "twelvedata": "Twelve Data", "yahoo": "Yahoo", "csv_url": "Files at an address"}
_SETTINGS = {
    "tiingo": ("TIINGO_API_KEY", "TIINGO_CALLS"),
    "twelvedata": ("TWELVEDATA_API_KEY", "TWELVEDATA_CALLS"),
    "yahoo": ("YAHOO_CALLS",),
    "csv_url": ("CSV_URL_TEMPLATE", "CSV_URL_CALLS"),
}
_ADVICE = {
    ProviderFault.UNKNOWN_TICKER: "The provider answers; name a ticker that it has.",
    ProviderFault.EXHAUSTED: "",
    ProviderFault.KEY_REFUSED: "Check its key.",
    ProviderFault.UNREACHABLE: "See that this machine reaches it, and that its address is right.",
    ProviderFault.BAD_ANSWER: "See that its address is right; if it is, the provider has changed or has a fault.",
}
Ask = Callable[[], Fetched]


def provider_connectors(settings: Settings, database: Database) -> tuple[Connector, ...]:
    """Those that are asked in their order, then the others by name."""
    return tuple(_connector(each, settings, database) for each in known(settings, database))


def _connector(each: Known, settings: Settings, database: Database) -> Connector:
    def try_it(step: Step, wish: Wish) -> str:
        ticker = wish.ticker or USUAL_TICKER
        since = (now() - timedelta(days=DAYS_BACK)).date()
        with only(settings, database, each.name, PATIENCE) as asked, step(f"ask for {ticker}"):
            try:
                fetched = asked.try_out(lambda: asked.provider.fetch(ticker, since))
            except BudgetSpent as error:
                raise IntegrationFailed(f"It was not asked: {error}") from error
            except ProviderError as error:
                raise IntegrationFailed(f"{error} {_ADVICE[error.fault]}".strip()) from error
        bars = len(fetched.packed)
        if not bars:
            return f"{TITLES[each.name]} answers, and has nothing newer of {ticker} than {since}. Nothing was stored."
        days = "1 day" if bars == 1 else f"{bars:,} days"
        return f"{TITLES[each.name]} answered with {days} of {ticker}, up to {fetched.packed.last_day()}. Nothing was stored."

    return Connector(f"prices-{each.name.replace('_', '-')}", lambda: _look(each), try_it)


def _look(each: Known) -> Integration:
    settings, title = ("PRICE_PROVIDERS", *_SETTINGS[each.name]), f"Prices: {TITLES[each.name]}"
    if each.order is None:
        what = f"Not asked. Set {' and '.join(each.needs)} to ask it. {each.terms}"
        return Integration(each.name, IntegrationKind.PRICES, title, IntegrationState.OFF, what, settings, PAGE)
    state, uses = each.circuit.state(), each.budget.uses()
    told, worked, failed = [f"Asked as number {each.order}."], state.last_success_at, state.last_error_at
    has_failed = failed is not None and (worked is None or worked < failed)
    standing = IntegrationState.OK if worked is not None else IntegrationState.SET_UP
    if has_failed and state.last_error:
        told.append(f"Its last answer was a failure: {state.last_error}")
        standing = IntegrationState.WARNING
    if state.closed_until is not None and state.closed_until > now():
        told.append("It is left alone for a minute after several failures in a row.")
    spent = next((use for use in uses if use.free_at is not None), None)
    if spent is not None:
        told.append(f"No calls are left in this {spent.window.value}.")
        standing = IntegrationState.WARNING
    elif uses and uses[-1].limit is not None:
        told.append(f"{uses[-1].calls:,} of {uses[-1].limit:,} calls of this {uses[-1].window.value} are used.")
    last_at = failed if has_failed else worked
    return Integration(each.name, IntegrationKind.PRICES, title, standing, " ".join(told), settings, PAGE, last_at=last_at)
