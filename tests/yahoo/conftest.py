"""The provider yahoo with the real yfinance, before a server on loopback.

These tests need what requirements-yahoo.txt has, and are collected nowhere else: `make .venv-yahoo/.installed`, then
`.venv-yahoo/bin/python -m pytest tests/yahoo`. tests/features/prices/test_yahoo_extra.py runs them so.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from datetime import datetime

import pytest
from kit.price_server import Answering, Reply, price_server
from kit.providers import MOMENT, UNHURRIED, Ask, Asking, Counter
from kit.yahoo import Charted, yahoo

from features.prices.providers.base import Means, Patience
from features.prices.providers.yahoo import Yahoo, is_installed

collect_ignore_glob = [] if is_installed() else ["test_*.py"]
PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy")


@pytest.fixture(scope="session", autouse=True)
def _no_request_leaves() -> Iterator[None]:
    """Each request to another host than this one would go to a proxy: a listener that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        os.environ.update(dict.fromkeys(PROXIES, address) | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})
        yield
        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


@pytest.fixture
def ask_yahoo() -> Iterator[Ask]:
    """A function that makes the provider, whose server answers as given."""
    from yfinance.data import YfData

    YfData.cache_get.cache_clear()  # time zones of other tests' tickers
    servers = []

    def make(answer: Answering | Charted | Reply, patience: Patience = UNHURRIED, moment: datetime = MOMENT) -> Asking:
        serving = price_server(yahoo(answer))
        server = serving.__enter__()
        servers.append(serving)
        meter = Counter()
        return Asking(Yahoo(server.address, Means(meter, lambda: moment, patience)), server, meter)

    yield make
    for serving in servers:
        serving.__exit__(None, None, None)
