"""An application with trial capabilities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import steps
from kit.databases import Backend
from kit.pipelines import Runner
from kit.support import settings_for

import app as application
import database
from app import create_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of pipelines (PIPELINES_DIR)."""
    folder = tmp_path / "pipelines"
    folder.mkdir()
    return folder


@pytest.fixture
def runner(backend: Backend, tmp_path: Path, folder: Path) -> Iterator[Runner]:
    settings = settings_for(backend.url, tmp_path, extra_features=("kit.steps",), pipelines_dir=folder)
    app = create_app(settings)
    application.start(app)
    steps.create_tables(database.current())
    yield Runner(app)
    application.stop(app)
