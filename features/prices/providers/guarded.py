"""A provider behind a circuit breaker: one that fails several times in a row is left alone for a while."""

from __future__ import annotations

from collections.abc import Iterator

from features.prices.providers.base import PriceProvider, ProvidedSeries
from infrastructure.breaker import Breaker


class GuardedProvider:
    """Another provider, asked through a breaker."""

    def __init__(self, provider: PriceProvider, breaker: Breaker) -> None:
        self.name = provider.name
        self._provider, self._breaker = provider, breaker

    def series(self) -> Iterator[ProvidedSeries]:
        """Every series of the provider. Raises BreakerOpen while it is left alone, and whatever the provider raises."""
        self._breaker.check()
        try:
            yield from self._provider.series()
        except Exception as error:
            self._breaker.failed(error)
            raise
        self._breaker.succeeded()
