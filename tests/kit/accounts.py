"""Helpers of the tests of accounts: people, their sign-ins, and programs that act for them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pyotp import TOTP

import database
from app import Application
from features.accounts.api_keys import digest_of, forget_callers
from features.accounts.service import Accounts
from features.accounts.store import organization as organization_store
from features.accounts.store.organization import Joining
from features.accounts.users import NewUser, add_user, hash_of
from kit.sessions import Browser
from kit.support import Client
from models.access import Role
from utils.clock import now

PASSWORD = "four plain words here"


def accounts(app: Application) -> Accounts:
    """The parts of accounts of an application."""
    found = app.services.authentication
    assert isinstance(found, Accounts)
    return found


@dataclass(frozen=True)
class Person:
    """Somebody with an account, and the application that knows them."""

    app: Application
    id: str
    email: str
    org_id: int
    password: str = PASSWORD

    def log_in(self, **more: str) -> Any:
        """The answer to a sign-in of a program."""
        return Client(self.app).post("/auth/login", {"email": self.email, "password": self.password, **more}, key=None)

    def program(self) -> Program:
        """A program that has signed in."""
        answer = self.log_in()
        assert answer.status_code == 200, answer.text
        return Program(self.app, answer.json)

    def browser(self) -> Browser:
        """A browser that has signed in."""
        browser = Browser(self.app)
        answer = browser("POST", "/login", data={"email": self.email, "password": self.password})
        assert answer.status_code == 303, answer.text
        return browser


class Program:
    """Calls the application with the tokens of a sign-in."""

    def __init__(self, app: Application, tokens: dict[str, Any]) -> None:
        self.client, self.tokens = Client(app), tokens

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        return self.client(method, path, key=None, headers={"Authorization": f"Bearer {self.tokens['access_token']}"}, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self("POST", path, json=json, **more)

    def refresh(self, token: str | None = None) -> Any:
        """The answer to a refresh, by its own token or another; the next tokens are used from now on."""
        answer = self.client.post("/auth/refresh", {"refresh_token": token or self.tokens["refresh_token"]}, key=None)
        if answer.status_code == 200:
            self.tokens = answer.json
        return answer

    def is_known(self) -> bool:
        status = self.get("/auth/me").status_code
        assert status in (200, 401)
        return bool(status == 200)


def person(app: Application, email: str, role: Role | None = None, *, org_id: int | None = None, is_operator: bool = False) -> Person:
    """Make an account: of its own organization, else a member of `org_id` in a role."""
    parts = accounts(app)
    new = NewUser(email, email.partition("@")[0].title(), PASSWORD, is_operator)
    password_hash = hash_of(parts.passwords, new)
    with database.transaction() as connection:
        user = add_user(connection, new, password_hash, org_id)
        if org_id is not None and role is not None:
            organization_store.put_member(connection, org_id, Joining(user.id, role, now()))
        org_id = organization_store.last_of_user(connection, user.id)
    forget_callers(parts.cache)
    return Person(app, user.id, email, org_id)


def set_up_totp(program: Program) -> tuple[str, list[str]]:
    """Turn a second factor on; its secret and the recovery codes."""
    begun = program.post("/auth/totp", {"password": PASSWORD})
    assert begun.status_code == 201, begun.text
    secret = begun.json["secret"]
    confirmed = program.post("/auth/totp/confirm", {"code": TOTP(secret).at(time.time() - 30)})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json["recovery_codes"]


def code_now(secret: str, steps: int = 0) -> str:
    """The code of an app, some steps from now."""
    return str(TOTP(secret).at(time.time() + 30 * steps))


def session_rows(person: Person) -> list[dict[str, Any]]:
    """The rows of somebody's sessions."""
    return list(database.query_db("SELECT * FROM sessions WHERE user_id = :id ORDER BY id", {"id": person.id}))


def refresh_row(token: str) -> dict[str, Any]:
    """The row of a refresh token."""
    found: dict[str, Any] = database.query_db("SELECT * FROM refresh_tokens WHERE token_sha256 = :it", {"it": digest_of(token)}, one=True)
    return found
