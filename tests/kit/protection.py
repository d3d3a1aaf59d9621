"""What the tests of limits, flags, cache and metrics share: an application of one's own, and its metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from app import create_app, start
from kit.databases import Backend
from kit.support import MASTER_KEY, Client, settings_for

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
    all_samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    samples = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in all_samples}
    assert len(samples) == len(all_samples)  # each once
    return samples


def sample(client: Client, name: str, /, **labels: str) -> float:
    """A sample's value, by its labels; 0 for one that is not there yet."""
    return scrape(client).get((name, frozenset(labels.items())), 0.0)
