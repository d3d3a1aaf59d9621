"""Settings for tests, and a client of an application in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from api.application import Application
from config import Settings
from database import Database
from kit.declared import require_declared

BY_ITSELF = "the caller of the client"
MASTER_KEY = "a-master-key-for-tests-0123456789abcdef"
SECRET_KEY = "a-signing-secret-for-tests-0123456789abc"


def settings_for(url: str, data_dir: Path, **more: Any) -> Settings:
    """Settings with defaults for tests."""
    values = {
        "environment_given": "test",
        "database_url": url,
        "data_dir": data_dir,
        "master_api_key": MASTER_KEY,
        "secret_key": SECRET_KEY,
        "load_sample": False,
        "db_connect_attempts": 1,
        "log_level": "error",
        "rate_limit_enabled": False,
        "compress_responses": False,
    }
    return Settings.load(**{**values, **more})


def suspend(database: Database) -> None:
    """Open the breaker of the database, as after several requests have failed. The database then refuses every use for a while."""
    for _ in range(database.options.breaker_failures):
        database.breaker.record_failure(OSError("the server is gone"))


class Client:
    """Calls an application in this process, by default with the master key, else with the headers of another caller."""

    def __init__(self, app: Application, caller: dict[str, str] | None = None) -> None:
        self.app, self._caller = app, {"X-API-Key": MASTER_KEY} if caller is None else caller
        self.http = app.test_client()

    def __call__(self, method: str, path: str, *, key: str | None = BY_ITSELF, headers: dict[str, str] | None = None, **more: Any) -> Any:
        shown = self._caller if key is BY_ITSELF else {} if key is None else {"X-API-Key": key}
        sent = {**shown, **(headers or {})}
        if not path.startswith(("/api/", "/health", "/docs", "/openapi")):
            path = f"/api/v1{path}"
        more.setdefault("buffered", True)  # the response is read to its end and closed, as by a server
        answer = self.http.open(path, method=method, headers=sent, **more)
        require_declared(self.app, method, path, answer)
        return answer

    def get(self, path: str, **more: Any) -> Any:
        return self("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self("POST", path, json=json, **more)

    def put(self, path: str, data: str | bytes, **more: Any) -> Any:
        return self("PUT", path, data=data, content_type=more.pop("content_type", "text/csv"), **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self("DELETE", path, **more)
