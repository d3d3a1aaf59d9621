"""The command that makes and ends API keys."""

from __future__ import annotations

import pytest
from kit.servers import wait_until
from kit.support import MASTER_KEY, Backend, Client

import database
from app import Application
from features.accounts import api_keys as api_key


def test_a_key_is_made_used_listed_and_ended(
    app: Application, backend: Backend, tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", backend.url)
    assert api_key.main(["create", "evening report"]) == 0
    key = capsys.readouterr().out.split()[0]
    client = Client(app)
    assert client.get("/watchlist", key=key).status_code == 200
    stored = database.query_db("SELECT id, key_sha256 FROM api_keys", one=True)
    assert key not in str(stored)
    assert api_key.main(["list"]) == 0
    listed = capsys.readouterr().out
    assert "evening report" in listed
    assert key not in listed
    assert api_key.main(["revoke", stored["id"]]) == 0
    wait_until(lambda: client.get("/watchlist", key=key).status_code == 401)
    assert client.get("/watchlist", key=MASTER_KEY).status_code == 200
    assert api_key.main(["revoke", stored["id"]]) == 1
