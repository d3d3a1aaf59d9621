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
from features.prices.circuit import Circuit, LeftAlone
from features.prices.providers import about
from features.prices.providers.about import About
from features.prices.providers.base import USUAL_PATIENCE, Means, Patience, Provider
from models.provider import Allowance, ProviderError, ProviderFault, calls_of_text

Answer = TypeVar("Answer")


class _Entry(NamedTuple):
    about: About
    calls: Callable[[Settings], str | None]
    make: Callable[[Settings, Means], Provider]
    needs: tuple[str, ...] = ()  # the settings that it cannot do without, besides its place in PRICE_PROVIDERS


def _key(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


def _tiingo(own: Settings, means: Means) -> Provider:
    from features.prices.providers.tiingo import Tiingo  # noqa: PLC0415 — only who asks a provider needs its client

    return Tiingo(own.tiingo_url, _key(own.tiingo_api_key), means)


def _twelvedata(own: Settings, means: Means) -> Provider:
    from features.prices.providers.twelvedata import TwelveData  # noqa: PLC0415 — as above

    return TwelveData(own.twelvedata_url, _key(own.twelvedata_api_key), means)


def _yahoo(own: Settings, means: Means) -> Provider:
    from features.prices.providers.yahoo import Yahoo  # noqa: PLC0415 — as above

    return Yahoo(own.yahoo_url, means)


def _csv_url(own: Settings, means: Means) -> Provider:
    from features.prices.providers.csv_url import CsvUrl  # noqa: PLC0415 — as above

    return CsvUrl(own.csv_url_template or "", means)


_ENTRIES = {
    entry.about.name: entry
    for entry in (
        _Entry(about.TIINGO, lambda own: own.tiingo_calls, _tiingo, ("tiingo_api_key",)),
        _Entry(about.TWELVEDATA, lambda own: own.twelvedata_calls, _twelvedata, ("twelvedata_api_key",)),
        _Entry(about.YAHOO, lambda own: own.yahoo_calls, _yahoo),
        _Entry(about.CSV_URL, lambda own: own.csv_url_calls, _csv_url, ("csv_url_template",)),
    )
}


@dataclass(frozen=True)
class Configured:
    """A provider as the settings have it, the budget of its calls, and its breaker."""

    provider: Provider
    budget: Budget
    circuit: Circuit

    def ask(self, call: Callable[[], Answer]) -> Answer:
        """What a call to the provider answers, through its breaker; how it answered is noted. Raises ProviderError."""
        passed = self.circuit.check()
        try:
            answer = call()
        except ProviderError as error:
            left_alone = self._note(error)
            if left_alone is not None:
                raise left_alone from error
            raise
        self.circuit.succeeded(passed)
        return answer

    def try_out(self, call: Callable[[], Answer]) -> Answer:
        """The same also while the provider is left alone: somebody wants to know whether it works again. Raises ProviderError."""
        passed = self.circuit.let_through()
        try:
            answer = call()
        except ProviderError as error:
            self._note(error)
            raise
        self.circuit.succeeded(passed)
        return answer

    def _note(self, error: ProviderError) -> LeftAlone | None:
        """Note an answer without prices; what to tell where it is worth to wait for the provider."""
        if isinstance(error, BudgetSpent):  # it was not asked
            return None
        if error.fault is ProviderFault.EXHAUSTED and error.window is not None:
            self.budget.close(error.window, error.retry_after)
        return self.circuit.failed(error)


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
        terms, budget = entry.about.terms, _budget(name, settings, database)
        listed.append(Known(name, terms, places.get(name), needs, budget, Circuit(database, name)))
    return listed


def connect(settings: Settings, database: Database, patience: Patience = USUAL_PATIENCE) -> list[Configured]:
    """The providers that are to be asked, in this order. Opens no connection before the first fetch; the caller closes the providers."""
    return [_connect_one(settings, database, name, patience) for name in settings.price_providers]


def _connect_one(settings: Settings, database: Database, name: str, patience: Patience) -> Configured:
    entry, budget = _ENTRIES[name], _budget(name, settings, database)
    return Configured(entry.make(settings, Means(budget, patience=patience)), budget, Circuit(database, name))


@contextmanager
def configured(settings: Settings, database: Database, patience: Patience = USUAL_PATIENCE) -> Iterator[list[Configured]]:
    """As `connect`; the providers' connections are closed at the end."""
    asked = connect(settings, database, patience)
    try:
        yield asked
    finally:
        for each in asked:
            each.provider.close()


@contextmanager
def only(settings: Settings, database: Database, name: str, patience: Patience) -> Iterator[Configured]:
    """One provider that is asked; its connections are closed at the end."""
    asked = _connect_one(settings, database, name, patience)
    try:
        yield asked
    finally:
        asked.provider.close()


def _budget(name: str, settings: Settings, database: Database) -> Budget:
    entry = _ENTRIES[name]
    calls = entry.calls(settings)
    return Budget(database, name, Allowance(calls_of_text(calls) if calls else {}, entry.about.zone))
