"""What several tests of jobs need."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.isolation import Isolation, prepare_isolation
from kit.support import Backend


@pytest.fixture
def isolation(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Isolation:
    return prepare_isolation(backend, tmp_path, monkeypatch)
