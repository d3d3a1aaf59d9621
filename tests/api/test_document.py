"""The OpenAPI document is built when it is first asked for, and once."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kit.support import settings_for

import api.openapi.document
from api.application import Application
from api.blueprint import ApiBlueprint
from app import create_app

SIMULTANEOUS = 4


@pytest.fixture
def app(tmp_path: Path) -> Application:
    return create_app(settings_for(f"sqlite:///{tmp_path}/bellwether.db", tmp_path))


def test_simultaneous_readers_share_one_document(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    build, all_ask = api.openapi.document.build_document, threading.Barrier(SIMULTANEOUS)

    def counted(blueprints: Iterable[ApiBlueprint]) -> dict[str, Any]:
        built.append(1)
        return build(blueprints)

    def ask(_: int) -> bytes:
        all_ask.wait()
        return app.openapi_document()

    monkeypatch.setattr(api.openapi.document, "build_document", counted)
    with ThreadPoolExecutor(SIMULTANEOUS) as readers:
        documents = list(readers.map(ask, range(SIMULTANEOUS)))
    assert len(built) == 1
    assert len(set(documents)) == 1


def test_the_command_prints_the_document_that_is_served(app: Application, tmp_path: Path) -> None:
    served = app.test_client().get("/openapi.json").data
    file = tmp_path / "openapi.json"
    printed = app.test_cli_runner().invoke(args=["openapi"])
    assert (printed.exit_code, printed.stdout_bytes) == (0, served + b"\n")
    assert app.test_cli_runner().invoke(args=["openapi", "--output", str(file)]).exit_code == 0
    assert file.read_bytes() == served
