"""Fixtures of the chaos tests: a database with demo tickers for each test, and processes that use it and end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from kit.chaos import Site, load_demo
from kit.databases import Backend, own_database, template_maker
from kit.redis_server import RedisServer


@pytest.fixture(scope="session")
def demo_templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function that returns the template database of an engine, with the demo tickers. It is created once, and each test copies it."""
    return template_maker("demo", load_demo, request, tmp_path_factory)


@pytest.fixture
def demo_backend(engine: str, tmp_path: Path, demo_templates: Callable[[str], str], request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A migrated database with the demo tickers. This process is configured to use it."""
    yield from own_database(engine, tmp_path, request, demo_templates(engine))


@pytest.fixture
def site(demo_backend: Backend, tmp_path: Path) -> Iterator[Site]:
    site = Site(demo_backend, tmp_path)
    yield site
    site.end()


@pytest.fixture
def sender(redis_server: RedisServer) -> Iterator[Celery]:
    """A Celery application that sends messages as a web process does."""
    with Celery("sender", broker=redis_server.url, set_as_current=False) as app:
        yield app
