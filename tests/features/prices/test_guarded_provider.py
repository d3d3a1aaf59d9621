"""A provider behind a circuit breaker."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from features.prices.providers.base import ProvidedSeries
from features.prices.providers.guarded import GuardedProvider
from features.prices.providers.sample import SampleProvider
from infrastructure.breaker import Breaker, BreakerOpen

LONG = 300.0  # seconds that it is left alone


class Source:
    """A provider that breaks off after its first series while it is ill."""

    name = "source"

    def __init__(self) -> None:
        self.asked, self.is_ill = 0, True

    def series(self) -> Iterator[ProvidedSeries]:
        self.asked += 1
        series = SampleProvider().series()
        yield next(series)
        if self.is_ill:
            raise OSError("broken off")
        yield from series


def test_a_provider_that_fails_is_left_alone_and_tried_again() -> None:
    source = Source()
    guard = Breaker("provider:source", 2, LONG)
    guarded = GuardedProvider(source, guard)
    for _ in range(2):
        with pytest.raises(OSError, match="broken off"):
            list(guarded.series())
    with pytest.raises(BreakerOpen, match="provider:source"):
        list(guarded.series())
    assert source.asked == 2
    source.is_ill, guard._next_try = False, time.monotonic()
    assert [series.ticker for series in guarded.series()] == [series.ticker for series in SampleProvider().series()]
    assert guard.state == "closed"
