"""What the tests of limits, flags, cache and metrics share: an application of one's own, its metrics, and a Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import create_app, start
from infrastructure import redis_link
from kit.chaos import RedisServer
from kit.support import MASTER_KEY, Backend, Client, settings_for

Make = Callable[..., Client]


def client_of(backend: Backend, folder: Path, **settings: Any) -> Client:
    """A client of an application that is started, with settings of its own."""
    app = create_app(settings_for(backend.url, folder, **settings))
    start(app)
    return Client(app)


def scrape(client: Client, key: str | None = MASTER_KEY) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of /metrics, by name and labels."""
    answer = client.http.get("/metrics", headers={} if key is None else {"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    found = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    samples = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}
    assert len(samples) == len(found)  # each once
    return samples


def sample(client: Client, name: str, /, **labels: str) -> float:
    """A sample's value, by its labels; 0 for one that is not there yet."""
    return scrape(client).get((name, frozenset(labels.items())), 0.0)


@contextmanager
def patient_redis(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A Redis of one's own. A busy machine is not taken for its absence, and its return is noticed soon."""
    monkeypatch.setattr(redis_link, "TIMEOUT", 5.0)
    monkeypatch.setattr(redis_link, "SUSPENDED_SECONDS", 0.05)
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
