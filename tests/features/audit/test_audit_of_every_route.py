"""The story of all operations is told, and the audit log is held against it: one entry for each change, and no secret."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import tools.api_examples
from tools.api_recorder import Exchange, Recorder
from tools.api_story import price_file
from tools.price_files import price_files

# They change nothing when they are asked to try only, and the rest never does.
TRIALS = {
    (name, "dry_run")
    for name in ("upload_prices", "upload_fx_rates", "import_transactions", "begin_run", "remove_own_organization", "remove_me")
}
NOTED = {"export_own_organization", "export_me"}  # they read, and are noted
CHANGE_NOTHING = {
    *("preview_alert_rule", "validate_pipeline", "look_at_invitation", "connect_identity"),
    *("begin_own_passkey", "begin_passkey_login", "test_integration"),
    *("preview_index", "simulate_index"),
}
# A sign-in goes on: only its end is in the log. A link is sent in the background, and here nobody has the address.
NO_CHANGES_OF_ITS_OWN = {"refresh_tokens", "forgot_password"}
ONLY_REFUSED = {"end_session", "disconnect_identity"}  # in the story: there is no other session, and no provider
# Of these there is no before: copies of what the database has are forgotten, and no password is told.
NO_BEFORE = {"clear_cache", "set_password"}
ONLY_NEW = {
    "upload_prices",
    "upload_macro",
}  # in the story; test_audit_before.py replaces some, and ends and disconnects what is only refused
REFUSALS = {"sign_in_refused", "password_refused", "refresh_token_reused"}
SECRETS = re.compile(r"\b(bwr?_[\w-]{43}|whsec_[\w+/]{43}=|eyJ[\w-]+\.[\w-]+|WyI[\w-]+\.[\w-]+|\$argon2|[A-Z2-7]{32})")


@dataclass
class Told:
    """The exchanges of the story by their request ids, and what was in the log at the end."""

    exchanges: dict[str, Exchange] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def rows_of(self, request_id: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["request_id"] == request_id]


class Watching(Recorder):
    """A recorder that gives each request an id."""

    told = Told()

    def __call__(
        self,
        operation: str,
        /,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        header: Mapping[str, str] | None = None,
        **path: Any,
    ) -> Any:
        request_id = f"story-{len(self.told.exchanges):04d}"
        answer = super().__call__(operation, body=body, query=query, header={**(header or {}), "X-Request-ID": request_id}, **path)
        self.told.exchanges[request_id] = self.exchanges[-1]
        self.told.methods[request_id] = self._routes[operation][0]
        self.told.secrets |= set(_secrets(self.exchanges[-1].request.get("body"))) | set(_secrets(answer))
        return answer


def _secrets(value: Any, name: str = "") -> list[str]:
    """What was sent or answered under a name of secrets."""
    if isinstance(value, dict):
        return [secret for key, part in value.items() for secret in _secrets(part, key)]
    if isinstance(value, list):
        return [secret for part in value for secret in _secrets(part, name)]
    names = ("password", "current", "new", "token", "access_token", "refresh_token", "secret", "challenge", "recovery_codes")
    return [value] if isinstance(value, str) and name in names else []


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder: Path = tmp_path_factory.mktemp("story")
    Watching.told = Told()
    with price_files(("GOOG", "INITECH"), price_file(60)) as address:
        settings = {"price_providers": "csv_url", "csv_url_template": address}
        with tools.api_examples.told(folder, make_recorder=Watching, **settings):
            pass
    with closing(sqlite3.connect(folder / "bellwether.db")) as connection:
        connection.row_factory = sqlite3.Row
        Watching.told.rows = [dict(row) for row in connection.execute("SELECT * FROM audit_log ORDER BY id")]
    return Watching.told


def is_change(told: Told, request_id: str) -> bool:
    exchange = told.exchanges[request_id]
    is_trial = any(exchange.operation == name and asked(exchange, option) for name, option in TRIALS)
    return (
        (told.methods[request_id] != "get" or exchange.operation in NOTED)
        and exchange.status.startswith("2")
        and "Idempotent-Replayed" not in exchange.headers
        and exchange.operation not in CHANGE_NOTHING | NO_CHANGES_OF_ITS_OWN
        and not is_trial
    )


def asked(exchange: Exchange, option: str) -> bool:
    sent = {**exchange.request.get("query", {})}
    if isinstance(exchange.request.get("body"), dict):
        sent |= exchange.request["body"]
    return str(sent.get(option, "")).lower() == "true"


def test_each_change_has_one_entry_and_nothing_else_has_one(told: Told) -> None:
    wrong = []
    for request_id, exchange in told.exchanges.items():
        rows = [row for row in told.rows_of(request_id) if row["action"] not in REFUSALS]
        if len(rows) != is_change(told, request_id):
            wrong.append(f"{exchange.operation} {exchange.status}: {len(rows)}")
    assert wrong == []


def test_each_changing_operation_of_the_api_is_told(told: Told) -> None:
    """So that the test above holds for a new route as well."""
    changing = {told.exchanges[request_id].operation for request_id, method in told.methods.items() if method != "get"}
    made = {told.exchanges[request_id].operation for request_id in told.exchanges if is_change(told, request_id)}
    assert changing - made == CHANGE_NOTHING | NO_CHANGES_OF_ITS_OWN | ONLY_REFUSED


def test_each_entry_says_who_what_and_to_what(told: Told) -> None:
    for row in told.rows:
        assert row["action"]
        assert row["ip"] == "127.0.0.1"
        assert row["actor_kind"] == "anybody" or row["actor"]
        assert row["target"] or row["action"] in {"sign_in_refused", "sign_in_delayed"}, row


def test_what_is_replaced_or_removed_is_told_as_it_was(told: Told) -> None:
    """Each change by PUT, PATCH or DELETE has a before, but for a PUT of something new."""
    known: set[str] = set()
    missing, made, replaced = [], set(), set()
    for row in told.rows:
        method = told.methods.get(row["request_id"])
        if method in ("put", "patch", "delete") and row["action"] not in NO_BEFORE | REFUSALS:
            is_new = method == "put" and row["target"] not in known
            (made if row["before"] is None else replaced).add(row["action"])
            if row["before"] is None and not is_new:
                missing.append(f"{row['action']} of {row['target']}")
        known.add(row["target"])
    assert missing == []
    assert made - replaced == ONLY_NEW


def test_no_secret_is_in_the_log(told: Told) -> None:
    text = "\n".join(str(value) for row in told.rows for value in row.values())
    assert SECRETS.search(text) is None
    known = {secret for secret in told.secrets if secret != "password"}  # a password that is refused is called so
    assert len(known) > 25
    assert [secret for secret in known if secret in text] == []
