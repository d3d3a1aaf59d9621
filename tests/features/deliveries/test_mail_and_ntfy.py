"""E-mail by a real mail server in this process, and ntfy: what arrives, what is refused, and that hostile texts stay texts."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from kit.channels import Post, caller, delivery, make_channel, message, rows
from kit.mail import Box, mail_server
from kit.price_server import certificate
from kit.receivers import Receiver, receiving

import database
from features.deliveries import channels
from features.deliveries.channels import NewChannel
from infrastructure.mail_server import MailServer
from models.message import Change, ChannelType, Layout, Message

pytestmark = pytest.mark.usefixtures("backend")
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }}\r\nBcc: everybody@example.com"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def post(box: Box) -> Iterator[Post]:
    with mail_server(box) as port:
        yield Post(server=MailServer("127.0.0.1", port, "bellwether@example.com", "none"))


def mail_channel(name: str = "My mail") -> Any:
    return make_channel(name, "me@example.com", ChannelType.EMAIL, time_zone="Asia/Kolkata")


def parts(mail: EmailMessage) -> tuple[str, str]:
    """The plain text, which comes first, and the HTML."""
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return plain.get_content(), html.get_content()


def test_a_digest_arrives_as_text_and_html(box: Box, post: Post) -> None:
    changes = [
        vars(Change("AAPL", "trend", "hold", "strong_buy", 0.61, 0.18, 188.5, record="Right 58 % of the time.", link="/tickers/AAPL"))
    ]
    told = message(title="1 verdict changed", layout=Layout.DIGEST, context={"changes": changes, "intro": "Since yesterday:"})
    (delivery_id,) = post.send([mail_channel()], told)
    post.work()
    assert delivery(delivery_id)["status"] == "delivered", delivery(delivery_id)
    (mail,) = box.mails
    plain, html = parts(mail)
    assert (mail["To"], mail["From"], mail["Subject"]) == ("me@example.com", "Bellwether <bellwether@example.com>", "1 verdict changed")
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (f"<{delivery_id}@example.com>", "auto-generated")
    assert mail["Date"] is not None
    for text in (plain, html):
        assert "Since yesterday:" in text
        assert "strong buy" in text
        assert "+0.61" in text
        assert "Right 58 % of the time." in text
        assert "https://bellwether.example/tickers/AAPL" in text
        assert "IST" in text
    link = mail["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://bellwether.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in plain
    assert link in html


@pytest.mark.parametrize("layout", list(Layout))
def test_hostile_names_and_texts_stay_texts(box: Box, post: Post, layout: Layout) -> None:
    change = vars(Change(HOSTILE, HOSTILE, HOSTILE, HOSTILE, record=HOSTILE, link="javascript:alert(1)", name=HOSTILE, reason=HOSTILE))
    context = {"changes": [change], "change": change, "intro": HOSTILE, "items": [HOSTILE], "facts": {HOSTILE: HOSTILE}}
    told = Message(HOSTILE[:80], "one", HOSTILE, HOSTILE, HOSTILE, {}, "javascript:alert(1)", layout, context)
    channel = mail_channel("<b>My\u2028mail</b>")
    post.send([channel], told)
    post.work()
    (mail,) = box.mails
    assert box.envelopes[0].rcpt_tos == ["me@example.com"]
    assert mail["Bcc"] is None
    assert mail["To"] == "me@example.com"
    plain, html = parts(mail)
    assert "<script" not in html
    assert "<b>My" not in html
    assert "javascript:" not in html
    assert "49" not in plain.replace(str(post.clock.moment.year), "")[:200]


def test_a_refusal_for_good_is_not_tried_again(box: Box, post: Post) -> None:
    box.refusal = "550 No such user"
    (final,) = post.send([mail_channel()], message("one"))
    post.work()
    row = delivery(final)
    assert (row["status"], "550" in row["reason"], "No such user" in row["reason"]) == ("failed", True, True)
    box.refusal = "450 Try later"
    (later,) = post.send([make_channel("Other", "you@example.com", ChannelType.EMAIL)], message("two"))
    post.work()
    assert (delivery(later)["status"], rows("delivery_attempts")[-1]["code"]) == ("pending", 450)


def test_without_encryption_nothing_is_sent_unless_it_is_set(box: Box, post: Post) -> None:
    assert post.server is not None
    post.server = MailServer(post.server.host, post.server.port, post.server.sender, "starttls")
    (delivery_id,) = post.send([mail_channel()], message())
    post.work()
    assert "offers no STARTTLS" in delivery(delivery_id)["reason"]
    assert not box.mails


@pytest.mark.parametrize(
    ("password", "is_trusted", "told"),
    [
        ("right", True, None),
        ("wrong", True, "refuses (535)"),
        ("right", False, "certificate of the mail server cannot be verified"),
    ],
)
def test_starttls_and_a_name_with_a_password(box: Box, tmp_path: Path, password: str, is_trusted: bool, told: str | None) -> None:
    file, context = certificate(tmp_path)
    with mail_server(box, tls_context=context, require_starttls=True, auth_required=True, authenticator=sign_in) as port:
        trusted = ssl.create_default_context(cafile=str(file)) if is_trusted else None
        server = MailServer("127.0.0.1", port, "bellwether@example.com", "starttls", "bellwether", password, trusted)
        post = Post(server=server)
        (delivery_id,) = post.send([mail_channel()], message())
        post.work()
    row = delivery(delivery_id)
    assert (row["status"], len(box.mails)) == (("delivered", 1) if told is None else ("pending", 0)), row
    assert told is None or told in row["reason"]


def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"bellwether", b"right"), handled=False)


def test_a_mail_server_that_is_not_there_or_not_set(box: Box, post: Post) -> None:
    post.server = None
    (delivery_id,) = post.send([mail_channel()], message())
    post.work()
    assert "SMTP_HOST is not set" in delivery(delivery_id)["reason"]
    with receiving() as gone:
        port = gone.port
    post.server = MailServer("127.0.0.1", port, "bellwether@example.com", "none")
    post.turn(60)
    assert "cannot be reached" in delivery(delivery_id)["reason"]


def test_without_a_public_address_there_are_no_links(box: Box, post: Post) -> None:
    post.public_url = None
    post.send([mail_channel()], message(link="/tickers/AAPL"))
    post.work()
    assert box.mails[0]["List-Unsubscribe"] is None
    assert "http" not in parts(box.mails[0])[0]


def test_ntfy_gets_json_with_any_characters(post: Post) -> None:
    with receiving() as receiver:
        sent = published(post, receiver, message(title="Käufe ✓", text="x" * 10_000, link="/tickers/AAPL"))
    values = json.loads(sent.body)
    assert (sent.path, sent.headers["authorization"]) == ("/", "Bearer tk_012345")
    assert (values["topic"], values["title"], values["click"]) == ("my-topic", "Käufe ✓", "https://bellwether.example/tickers/AAPL")
    assert len(values["message"].encode()) <= 3_800
    assert values["priority"] == 4


def published(post: Post, receiver: Receiver, told: Message) -> Any:
    with database.transaction() as connection:
        new = NewChannel("Phone", ChannelType.NTFY, receiver.url("/my-topic"), "tk_012345")
        channel, secret = channels.create(connection, caller(), new)
    assert secret is None
    post.send([channel], told)
    post.work()
    return receiver.received[0]
