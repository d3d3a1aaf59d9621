"""Helpers of the tests of sessions: a browser without an API key, and the rows of the table."""

from __future__ import annotations

from typing import Any

import database
from api.authentication import CSRF_HEADER
from api.authentication import SESSION_COOKIE as COOKIE
from app import Application
from features.accounts.store import api_key as api_key_store
from kit.support import MASTER_KEY
from utils.clock import now


class Browser:
    """Calls the application with the cookies that it has received, and without an API key."""

    def __init__(self, app: Application, **base: Any) -> None:
        self.http, self._base = app.test_client(), base

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        return self.http.open(path, method=method, **self._base, **more)

    def sign_in(self, key: str = MASTER_KEY) -> str:
        answer = self("POST", "/login", data={"key": key})
        assert answer.status_code == 303, answer.text
        return self.token

    def sign_out(self) -> None:
        assert self("POST", "/logout", headers={CSRF_HEADER: self.csrf}).status_code == 204

    @property
    def token(self) -> str:
        cookie = self.http.get_cookie(COOKIE)
        assert cookie is not None
        return str(cookie.value)

    @property
    def csrf(self) -> str:
        return str(self("GET", "/api/v1/session").json["csrf_token"])

    def bring(self, token: str) -> Browser:
        self.http.set_cookie(COOKIE, token)
        return self

    def is_known(self) -> bool:
        status = self("GET", "/api/v1/capabilities").status_code
        assert status in (200, 401)
        return bool(status == 200)


def with_token(app: Application, token: str) -> Browser:
    return Browser(app).bring(token)


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = database.query_db("SELECT * FROM sessions ORDER BY id")
    return found


def revoke(key_id: str) -> None:
    with database.transaction() as connection:
        assert api_key_store.revoke(connection, 1, key_id, now())
