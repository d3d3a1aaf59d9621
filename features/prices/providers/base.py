"""The interfaces of sources of prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from models.footing import Bases
from models.price_series import Bar
from models.provider import Fetched, Listing
from utils.clock import now


@dataclass(frozen=True)
class BundledSeries:
    """A ticker's history that comes with the product: bars ascending by day, one per day."""

    ticker: str
    name: str | None
    currency: str | None
    adjusted: bool
    bases: Bases
    bars: list[Bar]


class Bundle(Protocol):
    """A source that is read whole; `name` is part of the provenance of every result from it."""

    name: str

    def series(self) -> Iterator[BundledSeries]:
        """Every series of the source."""
        ...


class Meter(Protocol):
    """Counts the calls to a provider, over all processes."""

    def reserve(self, calls: int) -> None:
        """Take these calls from what the provider allows, before they are made. Raises ProviderError (EXHAUSTED)."""
        ...


@dataclass(frozen=True)
class Patience:
    """How long a provider is waited for, in seconds, and how often it is tried."""

    connect: float = 5.0
    read: float = 10.0  # until the next piece of an answer
    answer: float = 30.0  # until it is whole: one that drips would keep `read` from ever passing
    attempts: int = 3
    first_pause: float = 0.3  # before another attempt; it doubles
    longest_pause: float = 5.0  # a provider that asks for a longer one is not tried again


USUAL_PATIENCE = Patience()


@dataclass(frozen=True)
class Means:
    """What every provider works with."""

    meter: Meter
    clock: Callable[[], datetime] = now
    patience: Patience = USUAL_PATIENCE


class Provider(Protocol):
    """A source that is asked for one ticker at a time, over a network. Its methods may be called by several threads at once.

    `name` is part of the provenance of every result from it; `terms` is a sentence on what its users have to know; `zone` is that at
    whose midnight it counts calls anew.
    """

    name: str
    terms: str
    zone: str

    def cost(self, since: date | None) -> int:
        """The number of calls that a fetch counts for."""
        ...

    def fetch(self, ticker: str, since: date | None) -> Fetched:
        """A ticker's bars from a day on; without a day, its whole history. Reserves its calls itself. Raises ProviderError."""
        ...

    def search(self, text: str) -> list[Listing]:
        """The tickers whose symbol or name resembles a text, the likeliest first. Counts for one call. Raises ProviderError."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
