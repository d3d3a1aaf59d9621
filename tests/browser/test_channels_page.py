"""Channels on the page: added, tested, changed, switched off and deleted; a secret that is shown once; deliveries with their attempts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kit.accessibility import serious
from kit.browser import Open, Site, StartSite, Watch, settled
from kit.people import create_member, sign_in_as
from kit.receivers import LOOPBACK, Received, Receiver, Returned, receiving
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
HOSTILE = '"><img src=x onerror="document.title=1">'


def _well(received: Received) -> Returned:
    return Returned(200, b"Thank you")


def _busy(received: Received) -> Returned:
    return Returned(503, HOSTILE.encode())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, start_on_sample: StartSite) -> Iterator[Site]:
    """A site that may send to receivers of this machine."""
    site = start_on_sample(tmp_path_factory.mktemp("channels"), LOCAL_WORKERS="1", WEBHOOK_ALLOWED_NETWORKS=",".join(LOOPBACK))
    yield site
    site.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(_well) as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def _none_is_left(site: Site) -> Iterator[None]:
    yield
    for channel in site.api("GET", "/channels").json()["items"]:
        site.api("DELETE", f"/channels/{channel['id']}")


def made(site: Site, receiver: Receiver, name: str = "Hook") -> Any:
    answer = site.api("POST", "/channels", json={"name": name, "type": "webhook", "url": receiver.url()})
    assert answer.status_code == 201, answer.text
    return answer.json()


def card(page: Page, name: str) -> Any:
    return page.get_by_role("list", name="Channels").get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def delivery(page: Page, channel: str) -> Any:
    return page.locator("[data-delivery]").filter(has_text=f"{channel} · ").first


def test_a_webhook_is_added_tested_changed_and_deleted(open_page: Open, site: Site, receiver: Receiver) -> None:
    page = open_page("/channels", at=site, timezone_id="Europe/Zurich")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    settled(page)
    expect(page.get_by_text("No channel yet.")).to_be_visible()
    expect(page.get_by_label("Time zone of the reader")).to_have_value("Europe/Zurich")
    page.get_by_label("Name", exact=True).fill(HOSTILE)
    page.get_by_label("Type", exact=True).select_option("webhook")
    page.get_by_label("URL", exact=True).fill(receiver.url())
    page.get_by_role("button", name="Add the channel").click()
    expect(page.get_by_role("heading", name=f"The secret of {HOSTILE}")).to_be_focused()
    secret = page.get_by_label("Secret", exact=True).input_value()
    assert secret.startswith("whsec_")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("The secret is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_label("Secret", exact=True)).to_have_count(0)
    expect(card(page, HOSTILE)).to_contain_text("Times in Europe/Zurich")
    assert page.locator("main img").count() == 0

    card(page, HOSTILE).get_by_role("button", name="Test").click()
    expect(card(page, HOSTILE).get_by_role("status")).to_contain_text("The test message arrived: the receiver answered 200 after")
    assert receiver.received
    expect(delivery(page, HOSTILE).locator(".badge").first).to_have_text("Delivered")

    card(page, HOSTILE).get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_label("Type", exact=True)).to_be_disabled()
    page.get_by_label("Name", exact=True).fill("On call")
    page.get_by_role("button", name="Store the changes").click()
    expect(card(page, "On call")).to_be_visible()
    card(page, "On call").get_by_role("button", name="New secret").click()
    page.get_by_role("dialog").get_by_role("button", name="Make it").click()
    another = page.get_by_label("Secret", exact=True).input_value()
    assert another.startswith("whsec_")
    assert another != secret

    card(page, "On call").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    expect(card(page, "On call")).to_have_count(1)
    card(page, "On call").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No channel yet.")).to_be_visible()
    expect(page.get_by_label("Secret", exact=True)).to_have_count(0)
    assert site.api("GET", "/channels").json()["items"] == []


def test_each_type_has_only_the_fields_that_it_needs(open_page: Open, site: Site, watch: Watch) -> None:
    watch.expected += ["422", "409"]
    page = open_page("/channels", at=site)
    settled(page)
    kind, address, token = page.get_by_label("Type", exact=True), page.get_by_label("E-mail address"), page.get_by_label("Access token")
    problem = page.locator("#channel-problem")
    expect(address).to_be_visible()
    expect(page.locator("#channel-url")).to_be_hidden()
    page.get_by_role("button", name="Add the channel").click()
    expect(problem).to_have_text("Give it a name.")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("Me")
    page.get_by_role("button", name="Add the channel").click()
    expect(problem).to_contain_text("Give the e-mail address")
    address.fill("me at home")
    page.get_by_role("button", name="Add the channel").click()
    expect(problem).to_contain_text("Give one e-mail address without a name")
    expect(address).to_be_focused()
    address.fill("me@example.com")
    page.get_by_role("button", name="Add the channel").click()
    expect(card(page, "Me")).to_contain_text("me@example.com")
    card(page, "Me").get_by_role("button", name="Test").click()
    expect(card(page, "Me").get_by_role("status")).to_contain_text("The test message did not arrive.")

    kind.select_option("ntfy")
    expect(address).to_be_hidden()
    expect(token).to_be_visible()
    page.get_by_label("Name", exact=True).fill("ME")
    page.get_by_label("URL of the topic").fill("https://ntfy.example/topic")
    token.fill("tk_one")
    page.get_by_role("button", name="Add the channel").click()
    expect(problem).to_contain_text("already")
    page.get_by_label("Name", exact=True).fill("Topic")
    page.get_by_role("button", name="Add the channel").click()
    expect(card(page, "Topic")).to_contain_text("https://ntfy.example/topic")
    expect(token).to_be_hidden()

    kind.select_option("apprise")
    page.get_by_label("Name", exact=True).fill("Chat")
    page.get_by_label("URL of Apprise").fill("tgram://sesame/chat")
    page.get_by_role("button", name="Add the channel").click()
    expect(card(page, "Chat")).to_contain_text("tgram://…")
    card(page, "Chat").get_by_role("button", name="Edit").click()
    expect(page.get_by_label("URL of Apprise")).to_have_value("")
    page.get_by_label("Time zone of the reader").fill("Europe/Atlantis")
    page.get_by_role("button", name="Store the changes").click()
    expect(problem).to_contain_text("there is no such time zone")
    page.get_by_label("Time zone of the reader").fill("Europe/Oslo")
    page.get_by_role("button", name="Store the changes").click()
    expect(card(page, "Chat")).to_contain_text("Times in Europe/Oslo")


def test_a_receiver_that_refuses_is_told_and_tried_again(open_page: Open, site: Site, receiver: Receiver) -> None:
    receiver.answer = _busy
    channel = made(site, receiver, "Refusing")
    page = open_page("/channels", at=site)
    settled(page)
    card(page, "Refusing").get_by_role("button", name="Test").click()
    expect(card(page, "Refusing").get_by_role("status")).to_contain_text("The test message did not arrive.")
    expect(card(page, "Refusing").get_by_role("status")).to_contain_text("503")
    expect(card(page, "Refusing").get_by_role("status")).to_contain_text("It is tried again")
    card(page, "Refusing").get_by_role("button", name="Deliveries").click()
    expect(page.get_by_role("heading", name="Deliveries")).to_be_focused()
    assert page.url == site.url(f"/channels?channel={channel['id']}")
    shown = delivery(page, "Refusing")
    shown.locator("summary").click()
    attempt = shown.get_by_role("list", name="Attempts").get_by_role("listitem").first
    expect(attempt).to_contain_text("Refused")
    expect(attempt).to_contain_text("Code 503")
    expect(attempt.get_by_role("group", name="What the receiver answered")).to_have_text(HOSTILE)
    assert page.locator("main img").count() == 0
    receiver.answer = _well
    shown.get_by_role("button", name="Send again").click()
    expect(shown.locator(".badge").first).to_have_text("Delivered")
    expect(shown.get_by_role("list", name="Attempts").get_by_role("listitem").last).to_contain_text("Thank you")
    expect(shown.get_by_role("button", name="Send again")).to_be_focused()
    assert len(set(receiver.ids)) == 1
    page.get_by_label("Status", exact=True).select_option(label="Given up")
    expect(page.get_by_text("No such delivery")).to_be_visible()
    page.get_by_label("Status", exact=True).select_option(label="Delivered")
    expect(page.locator("[data-delivery]")).to_have_count(1)
    page.reload()
    settled(page)
    expect(page.get_by_label("Status", exact=True)).to_have_value("delivered")
    expect(page.locator("#deliveries-channel")).to_have_value(channel["id"])
    expect(page.locator("[data-delivery]")).to_have_count(1)


def test_one_is_switched_off_and_on_by_keyboard(open_page: Open, site: Site, receiver: Receiver) -> None:
    made(site, receiver)
    page = open_page("/channels", at=site)
    settled(page)
    card(page, "Hook").get_by_role("button", name="Switch off").focus()
    page.keyboard.press("Enter")
    expect(card(page, "Hook")).to_contain_text("switched off by hand")
    expect(card(page, "Hook").get_by_role("button", name="Test")).to_have_count(0)
    expect(card(page, "Hook").get_by_role("button", name="Switch on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(card(page, "Hook").get_by_role("button", name="Switch off")).to_be_focused()
    expect(card(page, "Hook").get_by_text("Off", exact=True)).to_have_count(0)
    card(page, "Hook").get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(card(page, "Hook").get_by_role("button", name="Delete")).to_be_focused()


def test_other_pages_lead_to_it(open_page: Open, site: Site) -> None:
    page = open_page("/alerts", at=site)
    settled(page)
    page.locator("#main").get_by_role("link", name="Channels").click()
    expect(page.get_by_role("heading", name="Channels", level=1)).to_be_visible()
    page.goto(site.url("/schedules"))
    page.locator("#main").get_by_role("link", name="channels").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Channels")).to_have_attribute("aria-current", "page")


def test_the_header_has_one_line(open_page: Open, site: Site) -> None:
    page = open_page("/channels", at=site)
    page.evaluate("document.querySelector('.who span').textContent = 'Somebody with a rather long name'")
    heights = []
    for width in (
        2100,
        2020,
        2019,
        1920,
        1900,
        1899,
        1690,
        1620,
        1619,
        1500,
        1470,
        1440,
        1341,
        1340,
        1280,
        1279,
        1240,
        1140,
        1000,
        640,
        390,
    ):
        page.set_viewport_size({"width": width, "height": 900})
        heights.append(page.locator(".site-header").bounding_box()["height"])
    assert max(heights) < 70, heights


def test_it_is_accessible_on_a_phone_in_the_dark(open_page: Open, site: Site, receiver: Receiver) -> None:
    receiver.answer = _busy
    made(site, receiver, "w" * 60)
    page = open_page("/channels", at=site, color_scheme="dark")
    page.set_viewport_size(PHONE)
    settled(page)
    card(page, "w" * 60).get_by_role("button", name="Test").click()
    expect(card(page, "w" * 60).get_by_role("status")).to_contain_text("did not arrive")
    delivery(page, "w" * 60).locator("summary").click()
    expect(delivery(page, "w" * 60)).to_contain_text("Code 503")
    card(page, "w" * 60).get_by_role("button", name="New secret").click()
    assert serious(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Make it").click()
    expect(page.get_by_label("Secret", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert serious(page) == []


def test_a_viewer_sees_only_the_host_and_changes_nothing(open_page: Open, site: Site, receiver: Receiver, watch: Watch) -> None:
    watch.expected.append("403")
    made(site, receiver)
    page = open_page(None, at=site, signed_in=False)
    sign_in_as(page, site, create_member(site, "viewer@example.com", "viewer"), "/channels")
    host = receiver.url("/…")
    expect(card(page, "Hook").locator("p").first).to_have_text(host)
    card(page, "Hook").get_by_role("button", name="Edit").click()
    expect(page.get_by_label("URL", exact=True)).to_have_value(host)
    page.get_by_role("button", name="Store the changes").click()
    expect(page.locator("#channel-problem")).to_contain_text("the scope manage")
    assert site.api("GET", "/channels").json()["items"][0]["url"] == receiver.url()
