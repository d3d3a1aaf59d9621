"""Channels and deliveries by HTTP: secrets are told once, bad input is told in words, and what is of others is not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accounts import person
from kit.channels import Post, rows
from kit.jobs import UNKNOWN_ID, another_organization
from kit.receivers import LOOPBACK, Receiver, Returned, receiving
from kit.support import MASTER_KEY, Client, settings_for
from standardwebhooks import Webhook

import database
from app import Application, create_app
from config import Settings
from features.deliveries import channels
from features.deliveries.unsubscribing import Unsubscribing
from features.deliveries.watch import deliveries_probe
from models.access import Role
from models.api_key import FIRST_ORG

TOKEN = {"token": "tk_0123456789"}
MAIL = {"name": "Mail", "type": "email", "address": "me@example.com"}
HOOK = {"name": "Hook", "type": "webhook", "url": "https://receiver.example/hook"}


@pytest.fixture
def settings(backend: Any, tmp_path: Any) -> Settings:
    return settings_for(backend.url, tmp_path, webhook_allowed_networks=LOOPBACK, public_url="https://bellwether.example")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def make(client: Client, **body: Any) -> Any:
    answer = client.post("/channels", body)
    assert answer.status_code == 201, answer.json
    assert answer.headers["Location"] == f"/api/v1/channels/{answer.json['id']}"
    return answer.json


def test_a_secret_is_told_once(client: Client) -> None:
    key = {"Idempotency-Key": "one"}
    first = client.post("/channels", HOOK, headers=key)
    again = client.post("/channels", HOOK, headers=key)
    assert first.json["secret"].startswith("whsec_")
    assert (again.status_code, again.json) == (201, {**first.json, "secret": None})
    assert again.headers["Idempotent-Replayed"] == "true"
    channel_id, secret = first.json["id"], first.json["secret"]
    replaced = client.post(f"/channels/{channel_id}/secret")
    assert replaced.json["secret"] not in (None, secret)
    everything = client.get("/channels").text + client.get(f"/channels/{channel_id}").text
    assert "whsec_" not in everything
    stored = database.query_db("SELECT body FROM idempotency_keys")
    assert all("whsec_" not in row["body"] for row in stored)


def test_tokens_and_urls_of_apprise_do_not_come_back(client: Client) -> None:
    made = make(client, name="Phone", type="ntfy", url="https://ntfy.sh/my-topic", **TOKEN)
    telegram = make(client, name="Chat", type="apprise", url="tgram://123456:secret/42")
    assert (made["secret"], telegram["url"], telegram["secret"]) == (None, "tgram://…", None)
    listed = client.get("/channels").text
    assert "tk_" not in listed
    assert "123456" not in listed


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        pytest.param(Role.VIEWER, {"Hook": "https://receiver.example/…", "Phone": "https://ntfy.sh/…", "Chat": "tgram://…"}, id="viewer"),
        pytest.param(Role.ANALYST, {"Hook": HOOK["url"], "Phone": "https://ntfy.sh/my-topic", "Chat": "tgram://…"}, id="analyst"),
    ],
)
def test_whoever_changes_no_channels_sees_only_their_hosts(app: Application, client: Client, role: Role, shown: dict[str, str]) -> None:
    """The path of an address may be all that protects it."""
    for body in (HOOK, {"name": "Phone", "type": "ntfy", "url": "https://ntfy.sh/my-topic"}, MAIL):
        make(client, **body)
    make(client, name="Chat", type="apprise", url="tgram://123456:secret/42")
    member = person(app, "member@example.com", role, org_id=FIRST_ORG).program()
    listed = member.get("/channels").json["items"]
    assert {each["name"]: each["url"] for each in listed} == {**shown, "Mail": None}
    assert [member.get(f"/channels/{each['id']}").json for each in listed] == listed
    assert {each["address"] for each in listed} == {None, MAIL["address"]}
    everything = "".join(member.get(path).text for path in ("/integrations", "/deliveries"))
    assert "my-topic" not in everything


@pytest.mark.parametrize(("scopes", "answer"), [(["read"], None), (["read", "manage"], '{"topic":"my-topic"}')])
def test_what_a_receiver_repeats_of_its_address_is_for_whoever_changes_channels(
    client: Client, receiver: Receiver, scopes: list[str], answer: str | None
) -> None:
    """As ntfy answers with the topic."""
    receiver.answer = lambda received: Returned(200, b'{"topic":"my-topic"}')
    made = make(client, name="Phone", type="ntfy", url=receiver.url("/my-topic"))
    delivery_id = client.post(f"/channels/{made['id']}/test").json["id"]
    Post().work()
    key = client.post("/admin/keys", {"name": "Reader", "scopes": scopes}).json["key"]
    one, (listed,) = client.get(f"/deliveries/{delivery_id}", key=key).json, client.get("/deliveries", key=key).json["items"]
    for attempts in (one["attempts"], listed["attempts"]):
        assert [(each["outcome"], each["code"], each["answer"]) for each in attempts] == [("delivered", 200, answer)]


def test_a_test_message_arrives_and_can_be_sent_again(client: Client, receiver: Receiver) -> None:
    receiver.answer = lambda received: Returned(500, b"no")
    made = make(client, **{**HOOK, "url": receiver.url()})
    answer = client.post(f"/channels/{made['id']}/test")
    assert answer.status_code == 202, answer.json
    path = answer.headers["Location"].removeprefix("/api/v1")
    assert client.get(path).json["status"] == "sending"
    assert client.post(f"{path}/retry").status_code == 409
    post = Post()
    post.work()
    pending = client.get(path).json
    assert (pending["status"], pending["attempts"][0]["code"], pending["attempts"][0]["answer"]) == ("pending", 500, "no")
    receiver.answer = lambda received: Returned(204)
    again = client.post(f"{path}/retry")
    assert (again.status_code, again.json["status"], again.json["next_at"]) == (202, "sending", None)
    post.work()
    delivered = client.get(path).json
    assert (delivered["status"], len(delivered["attempts"]), delivered["channel"]) == ("delivered", 2, "Hook")
    assert client.post(f"{path}/retry").status_code == 202  # also what has arrived
    post.work()
    assert receiver.ids == [delivered["id"]] * 3
    Webhook(made["secret"]).verify(receiver.received[-1].body, receiver.received[-1].headers)


def test_deliveries_are_listed_page_by_page_and_by_kind(client: Client, receiver: Receiver) -> None:
    one, two = make(client, **{**HOOK, "url": receiver.url()}), make(client, **MAIL)
    for made in (one, two, one, two, one):
        client.post(f"/channels/{made['id']}/test")
    Post().work()
    first = client.get("/deliveries?limit=3").json
    rest = client.get(f"/deliveries?limit=3&cursor={first['next_cursor']}").json
    ids = [each["id"] for each in (*first["items"], *rest["items"])]
    assert (ids, rest["next_cursor"]) == (sorted(ids, reverse=True), None)
    assert len(client.get(f"/deliveries?channel={one['id']}").json["items"]) == 3
    assert len(client.get("/deliveries?status=delivered").json["items"]) == 3
    assert len(client.get("/deliveries?status=pending&event=channel.test").json["items"]) == 2
    assert client.get("/deliveries?event=alert.fired").json["items"] == []
    assert client.get("/deliveries?status=sent").status_code == 422
    assert client.get(f"/deliveries?status=pending&cursor={first['next_cursor']}").status_code == 422


def test_channels_are_listed_by_name(client: Client) -> None:
    for name in ("beta", "Alpha", "gamma"):
        make(client, **{**HOOK, "name": name})
    first = client.get("/channels?limit=2").json
    rest = client.get(f"/channels?limit=2&cursor={first['next_cursor']}").json
    assert [each["name"] for each in (*first["items"], *rest["items"])] == ["Alpha", "beta", "gamma"]


def test_a_channel_is_changed_and_deleted(client: Client) -> None:
    made = make(client, **MAIL)
    path = f"/channels/{made['id']}"
    changed = client("PATCH", path, json={"address": "you@example.com", "enabled": False, "time_zone": "Asia/Kolkata"})
    assert (changed.json["address"], changed.json["enabled"], changed.json["time_zone"]) == ("you@example.com", False, "Asia/Kolkata")
    assert changed.json["disabled_reason"] == "switched off by hand"
    assert client.post(f"{path}/test").json["code"] == "conflict"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**HOOK, "url": "http://10.0.0.1/"}, "url"),
        ({**HOOK, "url": None}, ""),
        ({**HOOK, "address": "me@example.com"}, ""),
        ({**HOOK, "token": "x"}, ""),
        ({**HOOK, "type": "fax"}, "type"),
        ({**HOOK, "type": 1}, "type"),
        ({**HOOK, "name": ""}, "name"),
        ({**HOOK, "name": "a\nb"}, "name"),
        ({**HOOK, "name": "x" * 61}, "name"),
        ({**HOOK, "time_zone": "Mars/Olympus"}, "time_zone"),
        ({**HOOK, "time_zone": "../../etc/passwd"}, "time_zone"),
        ({**HOOK, "enabled": "yes"}, "enabled"),
        ({**HOOK, "more": 1}, "more"),
        ({**HOOK, "url": "https://receiver.example/" + "x" * 2_000}, "url"),
        ({**MAIL, "address": "me@example.com\r\nBcc: you@example.com"}, "address"),
        ({**MAIL, "address": "nobody"}, "address"),
        ({**HOOK, "type": "apprise", "url": "file:///etc/passwd"}, "url"),
    ],
)
def test_what_does_not_fit_is_told(client: Client, body: Any, field: str) -> None:
    answer = client.post("/channels", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), answer.json
    assert answer.json["errors"][0]["field"] == field
    assert client.get("/channels").json["items"] == []


def test_what_is_not_there(client: Client) -> None:
    for path in (f"/channels/{UNKNOWN_ID}", f"/deliveries/{UNKNOWN_ID}", "/channels/x", "/deliveries/x"):
        assert client.get(path).status_code == 404
    for path in (f"/channels/{UNKNOWN_ID}/test", f"/channels/{UNKNOWN_ID}/secret", f"/deliveries/{UNKNOWN_ID}/retry"):
        assert client.post(path).status_code == 404
    assert client.post(f"/channels/{make(client, **MAIL)['id']}/secret").status_code == 409
    assert client.post("/channels", MAIL).status_code == 409


def test_another_organization_sees_nothing(client: Client) -> None:
    made = make(client, **HOOK)
    delivery_id = client.post(f"/channels/{made['id']}/test").json["id"]
    key = another_organization()
    assert client.get("/channels", key=key).json["items"] == client.get("/deliveries", key=key).json["items"] == []
    for method, path in (("GET", f"/channels/{made['id']}"), ("DELETE", f"/channels/{made['id']}"), ("GET", f"/deliveries/{delivery_id}")):
        assert client(method, path, key=key).status_code == 404
    assert client("PATCH", f"/channels/{made['id']}", key=key, json={"enabled": False}).status_code == 404
    assert client.post(f"/deliveries/{delivery_id}/retry", key=key).status_code == 404
    assert client.post("/channels", HOOK, key=key).status_code == 201


def test_health_and_metrics_tell_of_messages(client: Client, receiver: Receiver) -> None:
    def state() -> str:
        return deliveries_probe(database.current()).look().state.value

    assert state() == "ok"
    receiver.answer = lambda received: Returned(410)
    gone, off = make(client, **{**HOOK, "url": receiver.url()}), make(client, **MAIL)
    client("PATCH", f"/channels/{off['id']}", json={"enabled": False})
    assert state() == "ok"
    client.post(f"/channels/{gone['id']}/test")
    Post().work()
    assert state() == "warning"
    text = client.http.get("/metrics", headers={"X-API-Key": MASTER_KEY}).text
    assert 'bellwether_delivery_attempts_last_hour{outcome="refused"} 1.0' in text
    assert 'bellwether_deliveries_waiting{status="pending"} 0.0' in text


# ---- the link of e-mails ----------------------------------------------------------------------------------------------------------


def test_the_link_of_an_e_mail_stops_its_channel(settings: Settings) -> None:
    app = create_app(settings)
    client = Client(app)
    made = make(client, **MAIL)
    links = Unsubscribing(settings.resolve_secret_key, settings.public_url)
    with database.read() as connection:
        link = links.link(channels.find(connection, 1, made["id"]))
    assert link is not None
    path = link.removeprefix("https://bellwether.example")
    http = app.test_client()
    page = http.get(path)
    assert (page.status_code, "Stop these e-mails" in page.text, "Mail" in page.text) == (200, True, True)
    assert client.get(f"/channels/{made['id']}").json["enabled"]
    wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
    for bad in (wrong, path + "x", path.rpartition("/")[0] + "/x", f"/unsubscribe/{UNKNOWN_ID}/{path.rpartition('/')[2]}"):
        assert http.get(bad).status_code == http.post(bad).status_code == 404, bad
    assert client.get(f"/channels/{made['id']}").json["enabled"]
    stopped = http.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (stopped.status_code, "No more e-mails" in stopped.text) == (200, True)
    channel = client.get(f"/channels/{made['id']}").json
    assert (channel["enabled"], channel["disabled_reason"]) == (False, "its reader wants no more messages")
    assert http.post(path).status_code == http.get(path).status_code == 200
    client("PATCH", f"/channels/{made['id']}", json={"address": "other@example.com", "enabled": True})
    assert http.post(path).status_code == 404  # the link was the former reader's
    assert rows("channels")[0]["enabled"]
    app.services.database.close()
