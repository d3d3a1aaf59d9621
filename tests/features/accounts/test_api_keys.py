"""The command that creates and revokes API keys."""

from __future__ import annotations

from typing import Any

from kit.servers import wait_until
from kit.support import MASTER_KEY, Client

import database
from app import Application


def flask(app: Application, *arguments: str) -> Any:
    """Run a command of the application, as `flask` does."""
    return app.test_cli_runner().invoke(args=["api-key", *arguments])


def test_a_key_is_made_used_listed_and_ended(app: Application) -> None:
    created = flask(app, "create", "evening report")
    assert created.exit_code == 0
    key = created.output.split()[0]
    client = Client(app)
    assert client.get("/watchlist", key=key).status_code == 200
    stored = database.query_db("SELECT id, key_sha256 FROM api_keys", one=True)
    assert key not in str(stored)
    listed = flask(app, "list")
    assert (listed.exit_code, "evening report" in listed.output, key in listed.output) == (0, True, False)
    assert flask(app, "revoke", stored["id"]).exit_code == 0
    wait_until(lambda: client.get("/watchlist", key=key).status_code == 401)
    assert client.get("/watchlist", key=MASTER_KEY).status_code == 200
    again = flask(app, "revoke", stored["id"])
    assert (again.exit_code, "There is no active key with this id." in again.output) == (1, True)
