"""The interface of a source of prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from models.footing import Bases
from models.price_series import Bar


@dataclass(frozen=True)
class ProvidedSeries:
    """A ticker's history from a source: bars ascending by day, one per day."""

    ticker: str
    name: str | None
    adjusted: bool
    bases: Bases
    bars: list[Bar]


class PriceProvider(Protocol):
    """A source of daily prices; `name` is part of the provenance of every result from them."""

    name: str

    def series(self) -> Iterator[ProvidedSeries]:
        """Every series of the source."""
        ...
