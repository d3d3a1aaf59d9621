"""The list of integrations: what operators and administrators see of it, and that no secret is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.accounts import accounts, person
from kit.channels import make_channel
from kit.databases import Backend
from kit.support import Client, settings_for

import database
from app import Application, create_app
from app import start as start_app
from app import stop as stop_app
from config import SettingFields, variable_names
from features.accounts.api_keys import Revocation, create_key, revoke_key
from models.access import Role
from models.api_key import KeyRights
from models.message import ChannelType
from utils.clock import now

SECRETS = {
    "smtp_password": "the-mail-password-1",
    "tiingo_api_key": "the-tiingo-key-22",
    "twelvedata_api_key": "the-twelve-data-key-33",
    "oidc_client_secret": "the-openid-secret-44",
    "google_client_secret": "the-google-secret-55",
}
IN_URLS = {"csv_url_template": "https://user:the-csv-password-66@files.example.com/{ticker}.csv?token=the-csv-token-77"}
REDIS = "redis://:the-redis-password-88@127.0.0.1:1/0"
EVERYTHING = {
    **SECRETS, **IN_URLS, "redis_url": REDIS, "sentry_dsn": "https://the-sentry-key-99@sentry.example.com/1",
    "smtp_host": "mail.example.com", "smtp_from": "bellwether@example.com", "smtp_user": "bellwether",
    "price_providers": "tiingo,csv_url", "public_url": "https://bellwether.example",
    "oidc_issuer": "https://id.example.com", "oidc_client_id": "bellwether-client", "google_client_id": "google-client",
    "fred_url": "https://fred.example.com/graph.csv", "fx_rates_url": "https://rates.example.com/hist.zip",
    "webhook_allowed_networks": "10.1.0.0/16",
}  # fmt: skip
ALL_SECRETS = [
    *SECRETS.values(), "the-csv-password-66", "the-csv-token-77", "the-redis-password-88", "the-sentry-key-99",
]  # fmt: skip
PLACES = (
    "mail.example.com",
    "id.example.com",
    "fred.example.com",
    "127.0.0.1",
    "10.1.0.0",
    "storage",
    "SMTP_",
    "OIDC_",
    "bellwether.example",
)


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Iterator[Callable[..., Application]]:
    """Makes the application with settings of its own."""
    made = []

    def build(**more: Any) -> Application:
        app = create_app(settings_for(backend.url, tmp_path, **more))
        start_app(app)
        made.append(app)
        return app

    yield build
    for app in made:
        stop_app(app)


def listed(answer: Any) -> dict[str, dict[str, Any]]:
    """The integrations by name."""
    assert answer.status_code == 200, answer.text
    return {item["name"]: item for item in answer.json["items"]}


def test_what_is_not_set_up_says_what_to_set(make: Callable[..., Application]) -> None:
    found = listed(Client(make()).get("/integrations"))
    off = {name: item for name, item in found.items() if not item["configured"]}
    assert set(off) == {
        *(
            "channels",
            "api-keys",
            "feeds",
            "smtp",
            "redis",
            "macro",
            "fx-rates",
            "error-reports",
            "sign-in-google",
            "sign-in-openid",
            "sign-in-passkeys",
        ),
        *("prices-tiingo", "prices-twelvedata", "prices-yahoo", "prices-csv-url"),
    }
    known = {name for field in SettingFields.model_fields for name in variable_names(field)}
    for name, item in found.items():
        assert set(item["settings"]) <= known, name
        if name in off:
            assert (item["state"], item["testable"]) == ("off", False), name
            assert not item["settings"] or item["settings"][0] in item["detail"] or item["settings"][1] in item["detail"], name
    assert (found["storage"]["testable"], found["storage"]["test"]) == (True, "/api/v1/integrations/storage/test")
    assert found["network"]["testable"] is False


def test_what_is_set_up_tells_where_and_no_secret(make: Callable[..., Application]) -> None:
    answer = Client(make(**EVERYTHING)).get("/integrations")
    found = listed(answer)
    assert {name for name, item in found.items() if item["scope"] == "installation" and not item["configured"]} == {
        "prices-twelvedata", "prices-yahoo",
    }  # fmt: skip
    assert "mail.example.com:587, encrypted by STARTTLS, signed in" in found["smtp"]["detail"]
    assert "127.0.0.1:1." in found["redis"]["detail"]
    assert "10.1.0.0/16" in found["network"]["detail"]
    assert "Asked as number 1" in found["prices-tiingo"]["detail"]
    assert "0 of 1,000 calls of this day" in found["prices-tiingo"]["detail"]
    assert "number 2" in found["prices-csv-url"]["detail"]
    assert "Not asked. Set PRICE_PROVIDERS" in found["prices-twelvedata"]["detail"]
    for secret in ALL_SECRETS:
        assert secret.encode() not in answer.data, secret


def test_an_administrator_sees_the_organization_and_of_the_installation_what_is_there(make: Callable[..., Application]) -> None:
    app = make(**EVERYTHING)
    ada, bob = person(app, "ada@example.com"), person(app, "bob@example.org")
    make_channel("Hook of Ada", "https://example.com/hook", org_id=ada.org_id)
    create_key(database.current(), ada.org_id, "Night run")
    answer = ada.program().get("/integrations")
    found = listed(answer)
    own = [item for item in found.values() if item["scope"] == "organization"]
    assert {item["title"] for item in own} == {"API keys", "Feeds of news", "Webhook: Hook of Ada"}
    for name, item in found.items():
        if item["scope"] == "installation":
            assert (item["detail"], item["settings"], item["page"], item["test"]) == (None, [], None, None), name
            assert item["state"] in ("off", "set_up")
    assert (found["smtp"]["configured"], found["prices-twelvedata"]["configured"]) == (True, False)
    for place in (*PLACES, *ALL_SECRETS):
        assert place.encode() not in answer.data.replace(b'"storage"', b""), place
    other = ada_sees_nothing_of(bob.program().get("/integrations"))
    assert {item["title"] for item in other} == {"API keys", "Feeds of news", "Channels"}
    assert ada.program().post("/integrations/storage/test").status_code == 403


def ada_sees_nothing_of(answer: Any) -> list[dict[str, Any]]:
    assert b"Hook of Ada" not in answer.data
    return [item for item in listed(answer).values() if item["scope"] == "organization"]


def test_an_operator_who_is_no_administrator_sees_the_installation_alone(make: Callable[..., Application]) -> None:
    app = make(**EVERYTHING)
    root = person(app, "root@example.com", Role.VIEWER, org_id=1, is_operator=True)
    found = listed(root.program().get("/integrations"))
    assert {item["scope"] for item in found.values()} == {"installation"}
    assert "mail.example.com" in found["smtp"]["detail"]
    assert person(app, "vera@example.com", Role.VIEWER, org_id=1).program().get("/integrations").status_code == 403


def test_keys_are_counted(make: Callable[..., Application]) -> None:
    app = make()
    client, moment = Client(app), now()
    create_key(database.current(), 1, "plain")
    create_key(database.current(), 1, "expires soon", KeyRights(expires_at=moment + timedelta(days=29)))
    create_key(database.current(), 1, "expires later", KeyRights(expires_at=moment + timedelta(days=31)))
    create_key(database.current(), 1, "has expired", KeyRights(expires_at=moment - timedelta(days=1)))
    revoked, _ = create_key(database.current(), 1, "revoked")
    revoke_key(database.current(), accounts(app).cache, Revocation(1, revoked.id, "tests"))
    old, _ = create_key(database.current(), 1, "old")
    used, _ = create_key(database.current(), 1, "old and used")
    long_ago = moment - timedelta(days=91)
    for key in (old, used):
        database.execute_db("UPDATE api_keys SET created_at = :at WHERE id = :id", {"at": long_ago, "id": key.id})
    database.execute_db("UPDATE api_keys SET last_used_at = :at WHERE id = :id", {"at": moment - timedelta(days=89), "id": used.id})
    found = listed(client.get("/integrations"))["api-keys"]
    assert found["state"] == "warning"
    assert found["detail"] == "5 keys are valid. 1 expires within 30 days. 1 was not used for 90 days: revoke what nobody needs."


def test_channels_tell_how_the_last_message_went(make: Callable[..., Application]) -> None:
    client = Client(make())
    channel = make_channel("My mail", "me@example.com", ChannelType.EMAIL)
    unused = make_channel("Hook", "https://example.com/hook")
    assert listed(client.get("/integrations"))[f"channel-{channel.id}"]["state"] == "set_up"
    first = client.post(f"/channels/{channel.id}/test").json["id"]
    second = client.post(f"/channels/{channel.id}/test").json["id"]
    end(first, "delivered", None)
    found = listed(client.get("/integrations"))
    assert (found[f"channel-{channel.id}"]["state"], found[f"channel-{channel.id}"]["last_at"]) == ("ok", "2026-11-20T21:00:00Z")
    assert found[f"channel-{channel.id}"]["test"] == f"/api/v1/channels/{channel.id}/test"
    assert found[f"channel-{unused.id}"]["state"] == "set_up"
    end(second, "failed", "The mail server refuses (550).")
    found = listed(client.get("/integrations"))
    assert found[f"channel-{channel.id}"]["state"] == "warning"
    assert "(550)" in found[f"channel-{channel.id}"]["detail"]
    client("PATCH", f"/channels/{channel.id}", json={"enabled": False})
    found = listed(client.get("/integrations"))[f"channel-{channel.id}"]
    assert (found["state"], found["detail"], found["testable"]) == ("set_up", "Switched off: switched off by hand.", False)


def end(delivery_id: str, status: str, reason: str | None) -> None:
    """End a delivery, as a worker does."""
    database.execute_db(
        "UPDATE deliveries SET status = :status, reason = :reason, finished_at = :at, job_id = NULL, queued_at = NULL, next_at = NULL "
        "WHERE id = :id",
        {"status": status, "reason": reason, "at": datetime(2026, 11, 20, 21, tzinfo=UTC), "id": delivery_id},
    )
