"""The providers that can be configured. A new one is added to this list and to the settings, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from pydantic import SecretStr

from config import Settings
from database import Database
from features.prices.budgets import Budget, BudgetSpent
from features.prices.circuit import Circuit
from features.prices.providers import csv_url, tiingo, twelvedata, yahoo
from features.prices.providers.base import USUAL_PATIENCE, Means, Patience, Provider
from models.provider import Allowance, ProviderError, ProviderFault, calls_of_text

Answer = TypeVar("Answer")


class _Entry(NamedTuple):
    provider: type[Provider]
    calls: Callable[[Settings], str | None]
    make: Callable[[Settings, Means], Provider]
    needs: tuple[str, ...] = ()  # the settings that it cannot do without, besides its place in PRICE_PROVIDERS


def _key(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


_ENTRIES = {
    tiingo.NAME: _Entry(
        tiingo.Tiingo,
        lambda own: own.tiingo_calls,
        lambda own, means: tiingo.Tiingo(own.tiingo_url, _key(own.tiingo_api_key), means),
        ("tiingo_api_key",),
    ),
    twelvedata.NAME: _Entry(
        twelvedata.TwelveData,
        lambda own: own.twelvedata_calls,
        lambda own, means: twelvedata.TwelveData(own.twelvedata_url, _key(own.twelvedata_api_key), means),
        ("twelvedata_api_key",),
    ),
    yahoo.NAME: _Entry(yahoo.Yahoo, lambda own: own.yahoo_calls, lambda own, means: yahoo.Yahoo(own.yahoo_url, means)),
    csv_url.NAME: _Entry(
        csv_url.CsvUrl,
        lambda own: own.csv_url_calls,
        lambda own, means: csv_url.CsvUrl(own.csv_url_template or "", means),
        ("csv_url_template",),
    ),
}


@dataclass(frozen=True)
class Configured:
    """A provider as the settings have it, the budget of its calls, and its breaker."""

    provider: Provider
    budget: Budget
    circuit: Circuit

    def ask(self, call: Callable[[], Answer]) -> Answer:
        """What a call to the provider answers, through its breaker; how it answered is noted. Raises ProviderError."""
        state = self.circuit.check()
        try:
            answer = call()
        except ProviderError as error:
            if not isinstance(error, BudgetSpent):  # otherwise it was not asked
                if error.fault is ProviderFault.EXHAUSTED and error.window is not None:
                    self.budget.close(error.window, error.retry_after)
                self.circuit.failed(error)
            raise
        self.circuit.succeeded(state)
        return answer


@dataclass(frozen=True)
class Known:
    """A provider that can be configured. `order` is its place in PRICE_PROVIDERS, from 1; None where it is not asked.

    `needs` are the settings that are to be set before it is.
    """

    name: str
    terms: str
    order: int | None
    needs: tuple[str, ...]
    budget: Budget
    circuit: Circuit


def known(settings: Settings, database: Database) -> list[Known]:
    """Every provider: those that are asked in their order, then the others by name. Makes no call and opens no connection."""
    places = {name: place for place, name in enumerate(settings.price_providers, 1)}
    listed = []
    for name in [*places, *sorted(_ENTRIES.keys() - places.keys())]:
        entry = _ENTRIES[name]
        missing = [setting.upper() for setting in entry.needs if getattr(settings, setting) is None]
        needs = (*(("PRICE_PROVIDERS",) if name not in places else ()), *missing)
        terms, budget = entry.provider.terms, _budget(name, settings, database)
        listed.append(Known(name, terms, places.get(name), needs, budget, Circuit(database, name)))
    return listed


def connect(settings: Settings, database: Database, patience: Patience = USUAL_PATIENCE) -> list[Configured]:
    """The providers that are to be asked, in this order. Opens no connection before the first fetch; the caller closes the providers."""
    asked: list[Configured] = []
    for name in settings.price_providers:
        entry, budget = _ENTRIES[name], _budget(name, settings, database)
        asked.append(Configured(entry.make(settings, Means(budget, patience=patience)), budget, Circuit(database, name)))
    return asked


@contextmanager
def configured(settings: Settings, database: Database, patience: Patience = USUAL_PATIENCE) -> Iterator[list[Configured]]:
    """As `connect`; the providers' connections are closed at the end."""
    asked = connect(settings, database, patience)
    try:
        yield asked
    finally:
        for each in asked:
            each.provider.close()


def _budget(name: str, settings: Settings, database: Database) -> Budget:
    entry = _ENTRIES[name]
    calls = entry.calls(settings)
    return Budget(database, name, Allowance(calls_of_text(calls) if calls else {}, entry.provider.zone))
