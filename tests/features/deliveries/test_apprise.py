"""Apprise by its library: each scheme that is offered is one of a service with a host of its own, and what it is asked to send."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import apprise
import pytest
import requests
from kit.channels import Post, delivery, make_channel, message

from features.deliveries.addresses import APPRISE_SCHEMES
from models.delivery_errors import ChannelAddressRefused
from models.message import Channel, ChannelType

pytestmark = [pytest.mark.usefixtures("backend"), pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]
# URLs as the library's documentation has them, and the hosts that they lead to.
KEY_20, KEY_30, KEY_32 = "k" * 20, "k" * 30, "a" * 32
SAMPLES = {
    "discord": (f"discord://{'1' * 18}/{'t' * 68}", "discord.com"),
    "gchat": ("gchat://workspace/key/token", "chat.googleapis.com"),
    "ifttt": ("ifttt://webhookid/event", "maker.ifttt.com"),
    "join": (f"join://{KEY_32}/group.all", "joinjoaomgcd.appspot.com"),
    "line": (f"line://{KEY_32}/target", "api.line.me"),
    "pagerduty": (f"pagerduty://{KEY_32}@{KEY_20}/source/component", "events.pagerduty.com"),
    "prowl": (f"prowl://{'b' * 40}", "api.prowlapp.com"),
    "pbul": (f"pbul://{KEY_32}", "api.pushbullet.com"),
    "pover": (f"pover://{KEY_30}@{KEY_30}", "api.pushover.net"),
    "pushy": (f"pushy://{KEY_32}/device", "api.pushy.me"),
    "sendgrid": (f"sendgrid://{KEY_32}:me@example.com/you@example.com", "api.sendgrid.com"),
    "signl4": (f"signl4://{KEY_20}", "connect.signl4.com"),
    "slack": (f"slack://T1JJ3T3L2/A1BRTD4JD/{'T' * 24}/#general", "hooks.slack.com"),
    "tgram": ("tgram://123456789:abcdefg_hijklmnop/42", "api.telegram.org"),
    "twilio": (f"twilio://AC{KEY_32}:{KEY_32}@15551234567/15559876543", "api.twilio.com"),
    "webex": (f"webex://{'w' * 80}", "api.ciscospark.com"),
}


@dataclass
class Services:
    """Stand in for every service: they answer with `status`, and no request leaves."""

    status: int = 200
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        self.asked.append((url, options.get("data") or options.get("json")))
        answer = requests.Response()
        answer.status_code = self.status
        answer.raw = io.BytesIO(b"{}")
        return answer


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    services = Services()

    def request(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        return services.request(method, url, **options)

    monkeypatch.setattr(requests.Session, "request", request)
    return services


def channel(scheme: str) -> Channel:
    return make_channel(scheme, SAMPLES[scheme][0], ChannelType.APPRISE)


def test_each_scheme_is_tried_here() -> None:
    assert set(SAMPLES) == set(APPRISE_SCHEMES)


@pytest.mark.parametrize("scheme", APPRISE_SCHEMES)
def test_each_leads_to_the_host_of_its_service(services: Services, scheme: str) -> None:
    post = Post()
    (delivery_id,) = post.send([channel(scheme)], message())
    post.work()
    assert {urlsplit(url).hostname for url, _ in services.asked} == {SAMPLES[scheme][1]}
    assert delivery(delivery_id)["status"] in ("delivered", "pending")  # some want more than {} for an answer


def test_what_is_sent_and_what_is_refused(services: Services) -> None:
    post = Post()
    (delivery_id,) = post.send([channel("discord")], message(title="AAPL is a buy", text="Since today."))
    post.work()
    assert delivery(delivery_id)["status"] == "delivered"
    assert "AAPL is a buy" in str(services.asked)
    services.status = 500
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    (refused,) = post.send([make_channel("other", SAMPLES["ifttt"][0], ChannelType.APPRISE)], message("two"))
    post.work()
    assert (delivery(refused)["status"], "Apprise could not send" in delivery(refused)["reason"]) == ("pending", True)


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1/x", "mailto://me:pw@localhost", "zulip://bot@private.example/token", "file:///etc/passwd"]
)
def test_schemes_whose_url_names_a_host_are_not_offered(url: str) -> None:
    with pytest.raises(ChannelAddressRefused, match="is not offered"):
        make_channel("open", url, ChannelType.APPRISE)


def test_the_version_is_the_pinned_one() -> None:
    assert apprise.__version__ == "2.3.0"
