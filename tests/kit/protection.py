"""Helpers of the tests of limits, flags, cache and metrics: an application with its own settings, and its metrics."""

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
    """Start an application with these settings, and return a client of it."""
    app = create_app(settings_for(backend.url, folder, **settings))
    start(app)
    return Client(app)


def scrape(client: Client, key: str | None = MASTER_KEY) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of /metrics, by name and labels."""
    answer = client.http.get("/metrics", headers={} if key is None else {"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.text
    all_samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    samples = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in all_samples}
    assert len(samples) == len(all_samples)  # each occurs once
    return samples


def sample(client: Client, name: str, /, **labels: str) -> float:
    """The value of the sample with these labels; 0 while it does not exist."""
    return scrape(client).get((name, frozenset(labels.items())), 0.0)
