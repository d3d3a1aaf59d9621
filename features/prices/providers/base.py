"""What every source of prices answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from models.price_series import Bar


@dataclass(frozen=True)
class ProvidedSeries:
    """A ticker's history as a source delivers it: bars ascending by day, each day once."""

    ticker: str
    name: str | None
    adjusted: bool
    bars: list[Bar]


class PriceProvider(Protocol):
    """A source of daily prices; `name` goes into the provenance of every result made from them."""

    name: str

    def series(self) -> Iterator[ProvidedSeries]:
        """Every series that the source has."""
        ...
