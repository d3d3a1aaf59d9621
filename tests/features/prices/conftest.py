"""A provider beside a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from kit.price_server import Answering, Reply, price_server
from kit.providers import MOMENT, UNHURRIED, Ask, Asking, Counter, made

from features.prices.providers.base import Means, Patience


@pytest.fixture
def ask() -> Iterator[Ask]:
    """A function that makes a provider whose server answers as given."""
    servers, providers = [], []

    def make(kind: str, answer: Answering | Reply, patience: Patience = UNHURRIED, moment: datetime = MOMENT) -> Asking:
        answering = answer if callable(answer) else lambda asked: answer
        serving = price_server(answering)
        server = serving.__enter__()
        servers.append(serving)
        meter = Counter()
        means = Means(meter, lambda: moment, patience)
        provider = made(kind, server.address, means)
        providers.append(provider)
        return Asking(provider, server, meter)

    yield make
    for provider in providers:
        provider.close()
    for serving in servers:
        serving.__exit__(None, None, None)
