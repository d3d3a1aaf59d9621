"""What several tests of jobs need."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.databases import Backend
from kit.isolation import Isolation, prepare_isolation


@pytest.fixture
def isolation(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Isolation:
    return prepare_isolation(backend, tmp_path, monkeypatch)
