"""The providers that can be configured. A new one is added to this list and to the settings, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import SecretStr

from config import Settings
from database import Database
from features.prices.budgets import Budget
from features.prices.circuit import Circuit
from features.prices.providers import csv_url, tiingo, twelvedata
from features.prices.providers.base import Means, Provider
from models.provider import Allowance, calls_of_text


class _Entry(NamedTuple):
    provider: type[Provider]
    calls: Callable[[Settings], str | None]
    make: Callable[[Settings, Means], Provider]


def _key(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


_ENTRIES = {
    tiingo.NAME: _Entry(
        tiingo.Tiingo, lambda own: own.tiingo_calls, lambda own, means: tiingo.Tiingo(own.tiingo_url, _key(own.tiingo_api_key), means)
    ),
    twelvedata.NAME: _Entry(
        twelvedata.TwelveData,
        lambda own: own.twelvedata_calls,
        lambda own, means: twelvedata.TwelveData(own.twelvedata_url, _key(own.twelvedata_api_key), means),
    ),
    csv_url.NAME: _Entry(
        csv_url.CsvUrl, lambda own: own.csv_url_calls, lambda own, means: csv_url.CsvUrl(own.csv_url_template or "", means)
    ),
}


@dataclass(frozen=True)
class Configured:
    """A provider as the settings have it, the budget of its calls, and its breaker."""

    provider: Provider
    budget: Budget
    circuit: Circuit


def connect(settings: Settings, database: Database) -> list[Configured]:
    """The providers that are to be asked, in this order. Opens no connection before the first fetch; the caller closes the providers."""
    asked: list[Configured] = []
    for name in settings.price_providers:
        entry = _ENTRIES[name]
        calls = entry.calls(settings)
        budget = Budget(database, name, Allowance(calls_of_text(calls) if calls else {}, entry.provider.zone))
        asked.append(Configured(entry.make(settings, Means(budget)), budget, Circuit(database, name)))
    return asked


@contextmanager
def configured(settings: Settings, database: Database) -> Iterator[list[Configured]]:
    """As `connect`; the providers' connections are closed at the end."""
    asked = connect(settings, database)
    try:
        yield asked
    finally:
        for each in asked:
            each.provider.close()
