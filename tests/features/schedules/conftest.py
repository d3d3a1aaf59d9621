"""A site with schedules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.schedules import Site

from features.schedules.dispatcher import Limits


@pytest.fixture
def site(backend: Backend, tmp_path: Path) -> Site:
    return Site(backend.url, tmp_path)


@pytest.fixture
def site_with(backend: Backend, tmp_path: Path) -> Callable[[Limits], Site]:
    """Makes sites that do less in one look."""
    return lambda limits: Site(backend.url, tmp_path, limits)
