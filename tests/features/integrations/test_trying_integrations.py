"""Tests of integrations against real servers on loopback: what works, what is wrong and what to do, and no secret in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from kit.accounts import person
from kit.buckets import keys_in, new_bucket, s3_server
from kit.currencies import HISTORY
from kit.databases import Backend
from kit.mail import Box, mail_server
from kit.price_server import Asked, PriceServer, Reply, as_json, certificate, price_server
from kit.providers import BARS, tiingo_row
from kit.receivers import receiving
from kit.redis_server import RedisServer
from kit.support import Client, settings_for
from structlog.testing import capture_logs

import database
from app import Application, create_app
from app import start as start_app
from app import stop as stop_app
from features.deliveries.integrations import try_mail
from features.integrations.service import Trials
from infrastructure.integration import IntegrationFailed, Steps, Wish
from infrastructure.mail_server import MailServer
from models.integration import IntegrationBusy
from models.macro import FETCHED
from tools.openid_provider import CLIENT, WORDS, Provider, providing
from utils.clock import now

SENDER, PASSWORD, KEY = "bellwether@example.com", "the-mail-password-1", "the-tiingo-key-22"
MAIL = {"smtp_host": "127.0.0.1", "smtp_from": SENDER, "smtp_security": "none"}
Make = Callable[..., Client]


@pytest.fixture
def make(backend: Backend, tmp_path: Path) -> Iterator[Make]:
    """Makes the application, with settings of its own; a client of it with the master key."""
    made: list[Application] = []

    def build(**more: Any) -> Client:
        app = create_app(settings_for(backend.url, tmp_path, **more))
        start_app(app)
        made.append(app)
        return Client(app)

    yield build
    for app in made:
        stop_app(app)


def trial_of(client: Client, name: str, query: str = "") -> dict[str, Any]:
    """How a test of an integration went."""
    answer = client.post(f"/integrations/{name}/test{query}")
    assert answer.status_code == 200, answer.text
    assert 0 <= answer.json["seconds"] < 60
    found: dict[str, Any] = answer.json
    return found


def steps_of(found: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(step["name"], step["ok"]) for step in found["steps"]]


# ---- which can be tried, and by whom ----------------------------------------------------------------------------------------------


def test_what_is_not_there_or_not_set_up_is_not_tried(make: Make) -> None:
    client = make()
    unknown = client.post("/integrations/unknown/test")
    assert (unknown.status_code, "GET /api/v1/integrations" in unknown.json["detail"]) == (404, True)
    assert client.post("/integrations/network/test").status_code == 404  # there is nothing to try
    off = client.post("/integrations/smtp/test")
    assert (off.status_code, "SMTP_HOST" in off.json["detail"]) == (409, True)
    assert person(client.app, "ada@example.com").program().post("/integrations/storage/test").status_code == 403


# ---- the mail server --------------------------------------------------------------------------------------------------------------


def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=data.password == b"right", handled=False)


def test_a_mail_server_takes_the_sender_and_gets_no_message(make: Make) -> None:
    box = Box()
    with mail_server(box) as port:
        found = trial_of(make(**MAIL, smtp_port=port), "smtp")
    assert (found["ok"], steps_of(found)) == (True, [("connect", True), ("name the sender", True)])
    assert SENDER in found["detail"]
    assert box.mails == []


def tried(port: int, **more: Any) -> tuple[Steps, str]:
    """The steps of a sign-in that fails, and what is told of it."""
    steps = Steps()
    server = MailServer("127.0.0.1", port, SENDER, "none", user="bellwether", password=PASSWORD, **more)
    with pytest.raises(IntegrationFailed) as caught:
        try_mail(server, steps)
    return steps, str(caught.value)


def test_a_mail_server_that_refuses_the_sign_in_repeats_no_password() -> None:
    with mail_server(Box(), authenticator=sign_in, auth_require_tls=False) as port:
        steps, told = tried(port)
    assert told == "The mail server refuses the sign-in (535). Check SMTP_USER and SMTP_PASSWORD."
    assert [(step.name, step.ok) for step in steps.so_far()] == [("connect", True), ("sign in", False)]


def test_a_mail_server_without_a_sign_in() -> None:
    with mail_server(Box()) as port:
        _, told = tried(port)
    assert "offers no way to sign in" in told


def test_a_mail_server_that_refuses_the_sender(make: Make) -> None:
    class Choosy(Box):
        async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 — aiosmtpd's
            return "553 not yours"

    with mail_server(Choosy()) as port:
        found = trial_of(make(**MAIL, smtp_port=port), "smtp")
    assert (found["ok"], f"no e-mail from {SENDER} (553)" in found["detail"]) == (False, True)


def test_an_operator_gets_a_message_at_their_own_address(make: Make) -> None:
    box = Box()
    with mail_server(box) as port:
        client = make(**MAIL, smtp_port=port)
        root = person(client.app, "root@example.com", is_operator=True).program()
        answer = root.post("/integrations/smtp/test?message=true")
        assert (answer.json["ok"], "for root@example.com" in answer.json["detail"]) == (True, True)
        assert [(mail["To"], mail["From"]) for mail in box.mails] == [("root@example.com", f"Bellwether <{SENDER}>")]
        box.refusal = "550 unknown"
        refused = root.post("/integrations/smtp/test?message=true")
        assert "no e-mail for root@example.com (550)" in refused.json["detail"]
        assert client.post("/integrations/smtp/test?message=true").status_code == 409  # the master key has no address


def test_a_mail_server_whose_certificate_is_nobodys(make: Make, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    with mail_server(Box(), tls_context=context) as port:
        found = trial_of(make(**{**MAIL, "smtp_security": "starttls"}, smtp_port=port), "smtp")
    assert (found["ok"], steps_of(found)) == (False, [("connect", True), ("encrypt", False)])
    assert "cannot be verified" in found["detail"]


def test_a_mail_server_without_tls(make: Make) -> None:
    with mail_server(Box()) as port:
        started = trial_of(make(**{**MAIL, "smtp_security": "starttls"}, smtp_port=port), "smtp")
        at_once = trial_of(make(**{**MAIL, "smtp_security": "tls"}, smtp_port=port), "smtp")
    assert "offers no STARTTLS" in started["detail"]
    assert "does not speak TLS there" in at_once["detail"]


def test_a_mail_server_that_is_not_there(make: Make) -> None:
    with receiving() as gone:
        port = gone.port
    found = trial_of(make(**MAIL, smtp_port=port), "smtp")
    assert (found["ok"], "cannot be reached" in found["detail"], "SMTP_PORT" in found["detail"]) == (False, True, True)


def test_a_mail_server_that_never_answers_ends_in_time() -> None:
    steps = Steps()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = MailServer("127.0.0.1", silent.getsockname()[1], SENDER, "none")
        with pytest.raises(IntegrationFailed, match="did not answer in time"):
            try_mail(server, steps, seconds=0.3)
    assert [(step.name, step.ok) for step in steps.so_far()] == [("connect", False)]


def test_one_test_at_a_time_and_none_is_waited_for_longer_than_its_limit(make: Make) -> None:
    answering = threading.Event()

    def answer(_: Asked) -> Reply:
        answering.wait()
        return Reply(status=500)

    with price_server(answer) as server:
        client = make(price_providers="tiingo", tiingo_api_key=KEY, tiingo_url=server.address)
        trials = Trials(client.app.services.foundation, seconds=0.3)
        overdue = trials.run("prices-tiingo", Wish())
        assert (overdue.ok, "did not answer within" in overdue.detail) == (False, True)
        assert [(step.name, step.ok) for step in overdue.steps] == [("ask for AAPL", False)]
        with pytest.raises(IntegrationBusy):
            trials.run("prices-tiingo", Wish())
        assert trials.run("storage", Wish()).ok  # another one does not wait for it
        answering.set()


# ---- the storage ------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_written_read_and_left_as_it_was(make: Make, tmp_path: Path) -> None:
    found = trial_of(make(), "storage")
    assert (found["ok"], steps_of(found)) == (True, [("write", True), ("read back", True), ("delete", True)])
    assert [path for path in (tmp_path / "storage").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written_to(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    found = trial_of(make(storage_url=f"file://{tmp_path}/file/storage"), "storage")
    assert (found["ok"], steps_of(found)) == (False, [("write", False)])
    assert "Not a directory. See that the account of the service may write to the folder" in found["detail"]


def test_a_bucket(make: Make) -> None:
    with s3_server() as endpoint:
        url = new_bucket(endpoint)
        good = trial_of(make(storage_url=url), "storage")
        assert (good["ok"], keys_in(url)) == (True, set())
        other = url.replace("s3://bucket", "s3://nobodys")
        client = make(storage_url=other)
        bad = trial_of(client, "storage")
        assert "NoSuchBucket. There is no such bucket" in bad["detail"]
    gone = client.post("/integrations/storage/test")
    assert (gone.json["ok"], "EndpointConnectionError" in gone.json["detail"]) == (False, True)
    assert "a-secret-for-tests" not in gone.text


# ---- providers of prices ----------------------------------------------------------------------------------------------------------


def yesterdays(asked: Asked) -> Reply:
    """Tiingo with one bar of the day before."""
    return as_json([tiingo_row(replace(BARS[-1], day=(now() - timedelta(days=1)).date()))])


def of_tiingo(make: Make, server: PriceServer, **more: Any) -> Client:
    return make(price_providers="tiingo", tiingo_api_key=KEY, tiingo_url=server.address, **more)


def test_a_provider_is_asked_for_a_few_days_counted_and_nothing_is_stored(make: Make) -> None:
    before = series_rows()
    with price_server(yesterdays) as server:
        client = of_tiingo(make, server)
        found = trial_of(client, "prices-tiingo")
        again = trial_of(client, "prices-tiingo", "?ticker=msft")
    assert (found["ok"], "1 day of AAPL" in found["detail"], "Nothing was stored" in found["detail"]) == (True, True, True)
    assert (again["ok"], again["steps"][0]["name"]) == (True, "ask for MSFT")
    assert [asked.path for asked in server.asked] == ["/tiingo/daily/AAPL/prices", "/tiingo/daily/MSFT/prices"]
    assert series_rows() == before
    windows = {window["window"]: window["used"] for window in client.get("/providers").json["items"][0]["budget"]["windows"]}
    assert windows == {"hour": 2, "day": 2}


def series_rows() -> list[Any]:
    return [database.query_db(f"SELECT * FROM {table} ORDER BY 1") for table in ("price_series", "symbols", "corporate_actions")]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(status=500), "has a fault of its own (status 500)"),
        (Reply(b"You have run over your hourly request allocation.", 429), "no further calls in this hour"),
        (Reply(b"<html>It works</html>"), "what is no data (status 200)"),
        (as_json({"detail": "Invalid token."}, 401), "Check its key."),
        (Reply(cut=True, body=b"[]" * 100), "did not answer"),
        (as_json({"detail": f"no such key: {KEY}"}, 400), "no data"),
    ],
    ids=["fault", "spent", "garbage", "key", "cut off", "repeats the key"],
)
def test_a_provider_that_does_not_answer_with_prices(make: Make, reply: Reply, words: str) -> None:
    with price_server(lambda _: reply) as server, capture_logs() as lines:
        answer = of_tiingo(make, server).post("/integrations/prices-tiingo/test")
    assert answer.json["ok"] is False
    assert words in answer.json["detail"]
    assert KEY not in answer.text + repr(lines)


def test_calls_that_are_used_up_are_not_exceeded_by_a_test(make: Make) -> None:
    with price_server(yesterdays) as server:
        client = of_tiingo(make, server, tiingo_calls="1/day")
        assert trial_of(client, "prices-tiingo")["ok"]
        found = trial_of(client, "prices-tiingo")
    assert (found["ok"], "It was not asked: tiingo has used 1 of 1 calls of this day" in found["detail"]) == (False, True)
    assert len(server.asked) == 1


def test_a_provider_that_is_left_alone_is_tried_and_asked_again_once_it_works(make: Make) -> None:
    with price_server(lambda _: Reply(status=500)) as server:
        client = of_tiingo(make, server)
        for _ in range(5):
            assert not trial_of(client, "prices-tiingo")["ok"]
        breaker = client.get("/providers").json["items"][0]["breaker"]
        assert breaker["state"] == "open"
        listed = {item["name"]: item for item in client.get("/integrations").json["items"]}["prices-tiingo"]
        assert (listed["state"], "left alone" in listed["detail"]) == ("warning", True)
        server.answer = yesterdays
        assert trial_of(client, "prices-tiingo")["ok"]
    assert client.get("/providers").json["items"][0]["breaker"]["state"] == "closed"
    listed = {item["name"]: item for item in client.get("/integrations").json["items"]}["prices-tiingo"]
    assert listed["state"] == "ok"
    assert listed["last_at"] is not None


# ---- sign-in providers ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as found:
        yield found


def of_provider(make: Make, issuer: str) -> Client:
    return make(oidc_issuer=issuer, oidc_client_id=CLIENT, oidc_client_secret=WORDS, public_url="https://bellwether.example")


def test_an_openid_provider(make: Make, provider: Provider) -> None:
    found = trial_of(of_provider(make, provider.issuer), "sign-in-openid")
    assert (found["ok"], steps_of(found)) == (True, [("read its document", True), ("read its keys", True)])
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_an_openid_provider_that_calls_itself_otherwise(make: Make, provider: Provider) -> None:
    provider.spoil_metadata = lambda metadata: metadata.update(issuer="https://somebody-else.example")
    answer = of_provider(make, provider.issuer).post("/integrations/sign-in-openid/test")
    assert (answer.json["ok"], "another name" in answer.json["detail"], "OIDC_ISSUER" in answer.json["detail"]) == (False, True, True)
    assert WORDS not in answer.text


def test_an_openid_provider_without_keys_or_gone(make: Make, provider: Provider) -> None:
    provider.spoil_metadata = lambda metadata: metadata.update(jwks_uri=f"{provider.issuer}/nothing")
    found = trial_of(of_provider(make, provider.issuer), "sign-in-openid")
    assert (found["ok"], steps_of(found)) == (False, [("read its document", True), ("read its keys", False)])
    with receiving() as gone:
        address = gone.url("")
    assert "does not answer" in trial_of(of_provider(make, address), "sign-in-openid")["detail"]


# ---- Redis, macroeconomic series --------------------------------------------------------------------------------------------------


def test_redis(make: Make, redis_server: RedisServer) -> None:
    client = make(redis_url=redis_server.url)
    before = set(redis_server.client.keys())
    found = trial_of(client, "redis")
    assert (found["ok"], steps_of(found)) == (True, [("ping", True), ("write and read", True)])
    left = [key for key in set(redis_server.client.keys()) - before if b"trial" in key]
    assert [0 < redis_server.client.ttl(key) <= 10 for key in left] == [True]
    redis_server.stop()
    down = trial_of(client, "redis")
    assert (down["ok"], "does not answer" in down["detail"], "REDIS_URL" in down["detail"]) == (False, True, True)


def test_redis_that_refuses_the_password(make: Make, redis_server: RedisServer) -> None:
    redis_server.client.config_set("requirepass", "right")
    with capture_logs() as lines:
        client = make(redis_url=redis_server.url.replace("redis://", "redis://:the-wrong-password@"))
        answer = client.post("/integrations/redis/test")
    assert (answer.json["ok"], "refuses the sign-in" in answer.json["detail"]) == (False, True)
    assert "the-wrong-password" not in answer.text + repr(lines)


def test_the_address_of_macroeconomic_series(make: Make) -> None:
    days = "\n".join(f"2026-10-{day:02},{day / 10}" for day in range(1, 20))
    with price_server(lambda asked: Reply(f"observation_date,{asked.query['id']}\n{days}\n".encode())) as server:
        client = make(fred_url=f"{server.address}/graph.csv", webhook_allowed_networks="127.0.0.0/8")
        found = trial_of(client, "macro")
        assert (found["ok"], "19 observations of T10Y3M" in found["detail"]) == (True, True)
        refused = trial_of(make(fred_url=f"{server.address}/graph.csv"), "macro")
    assert (refused["ok"], "FRED_URL" in refused["detail"]) == (False, True)
    assert [item["series"] for item in client.get("/macro").json["items"]] == [None] * len(FETCHED)  # nothing is stored


def test_the_address_of_exchange_rates(make: Make) -> None:
    with price_server(lambda asked: Reply(HISTORY.encode())) as server:
        client = make(fx_rates_url=f"{server.address}/hist.csv", webhook_allowed_networks="127.0.0.0/8")
        found = trial_of(client, "fx-rates")
        assert (found["ok"], "rates of 5 currencies to 2024-03-19" in found["detail"]) == (True, True)
        refused = trial_of(make(fx_rates_url=f"{server.address}/hist.csv"), "fx-rates")
    assert (refused["ok"], "FX_RATES_URL" in refused["detail"]) == (False, True)
    assert client.get("/fx-rates").json["items"] == []  # nothing is stored


def test_tests_have_a_budget_of_their_own(make: Make) -> None:
    client = make(rate_limit_enabled=True, rate_limit_tests_per_minute=2)
    statuses = [client.post("/integrations/storage/test").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert client.get("/integrations").status_code == 200
