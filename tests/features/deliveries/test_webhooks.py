"""Webhooks: signed as receivers verify, tried again over three days, never redirected, and switched off when their receiver is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime

import pytest
from kit.channels import Post, caller, delivery, make_channel, message, rows
from kit.jobs import another_organization, item_rows
from kit.receivers import Receiver, Returned, receiving
from standardwebhooks import Webhook, WebhookVerificationError

import database
from features.deliveries import channels
from features.deliveries.channels import NewChannel
from features.deliveries.retries import PAUSES, pause_after
from features.deliveries.senders.webhook import signature
from features.deliveries.stored_message import MOST_BODY, webhook_body
from features.deliveries.upkeep import prune_deliveries, queue_due, recover_lost
from models.message import ChannelType
from utils.clock import now

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def post() -> Post:
    return Post()


def answering(receiver: Receiver, *answers: Returned) -> None:
    """Answer with these in turn; the last one for ever."""
    waiting = list(answers)
    receiver.answer = lambda received: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def seconds_to_next(post: Post, delivery_id: str) -> float:
    return float((delivery(delivery_id)["next_at"] - post.clock.moment).total_seconds())


# ---- what is sent -----------------------------------------------------------------------------------------------------------------


def test_a_message_arrives_signed(receiver: Receiver, post: Post) -> None:
    with database.transaction() as connection:
        channel, secret = channels.create(connection, caller(), NewChannel("Hook", ChannelType.WEBHOOK, receiver.url()))
    assert secret is not None
    told = message(data={"ticker": "AAPL", "to": "buy"}, subject="AAPL", link="/ticker/AAPL")
    (delivery_id,) = post.send([channel], told)
    assert post.work() == 1
    (sent,) = receiver.received
    payload = Webhook(secret).verify(sent.body, sent.headers)
    assert payload == json.loads(sent.body)
    assert payload["type"] == "alert.fired"
    assert payload["data"] == {
        "title": "AAPL is a buy", "subject": "AAPL", "link": "https://bellwether.example/ticker/AAPL", "ticker": "AAPL", "to": "buy",
    }  # fmt: skip
    assert sent.headers["webhook-id"] == delivery_id
    assert sent.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(sent.body + b" ", sent.headers)
    row = delivery(delivery_id)
    assert (row["status"], row["attempts"], row["next_at"], row["queued_at"]) == ("delivered", 1, None, None)
    (attempt,) = rows("delivery_attempts")
    assert (attempt["code"], attempt["outcome"], attempt["error"]) == (200, "delivered", None)


def test_the_vector_of_the_specification() -> None:
    from datetime import UTC, datetime

    moment = datetime.fromtimestamp(1614265330, UTC)
    signed = signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_both_secrets_sign_for_a_day(receiver: Receiver, post: Post) -> None:
    with database.transaction() as connection:
        channel, former = channels.create(connection, caller(), NewChannel("Hook", ChannelType.WEBHOOK, receiver.url()))
    with database.transaction() as connection:
        _, secret = channels.rotate_secret(connection, caller(), channel.id)
    post.send([channel], message("one"))
    post.work()
    post.clock.pass_by(86_460)
    post.send([channel], message("two"))
    post.work()
    during, after = receiver.received
    assert former is not None
    Webhook(secret).verify(during.body, during.headers)
    Webhook(former).verify(during.body, during.headers)
    assert len(during.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1


def test_a_body_is_short_however_much_there_is_to_tell() -> None:
    told = message(data={"changes": [{"ticker": f"T{number}", "note": "x" * 100} for number in range(5_000)], "count": 5_000})
    body = json.loads(webhook_body(told, now(), None))
    assert len(webhook_body(told, now(), None)) <= MOST_BODY
    assert body["data"]["count"] == 5_000
    assert body["data"]["truncated"] is True
    assert body["data"]["changes"][0]["ticker"] == "T0"
    assert len(webhook_body(message(data={"note": "ü" * 100_000}), now(), None)) <= MOST_BODY
    assert len(webhook_body(message(data={"deep": {"a": {"b": "x" * 100_000}}}), now(), None)) <= MOST_BODY


# ---- attempts ---------------------------------------------------------------------------------------------------------------------


def test_the_schedule_takes_three_days() -> None:
    assert [pause_after(attempts, spread=lambda low, high: 1.0) for attempts in range(11)] == [*PAUSES, None]
    assert timedelta(days=3) < timedelta(seconds=sum(PAUSES)) < timedelta(days=4)
    spread = {pause_after(2) for _ in range(50)}
    assert len(spread) > 1
    assert all(270 <= each <= 330 for each in spread if each is not None)


def test_what_is_refused_is_tried_again_with_the_same_id_until_it_is_given_up(receiver: Receiver, post: Post) -> None:
    answering(receiver, Returned(500, b"out of order"))
    (delivery_id,) = post.send([make_channel("Hook", receiver.url())], message())
    post.work()
    for pause in PAUSES[1:]:
        assert delivery(delivery_id)["status"] == "pending"
        assert seconds_to_next(post, delivery_id) == pause
        assert post.turn(pause - 1) == 0
        assert post.turn(1) == 1
    row = delivery(delivery_id)
    assert (row["status"], row["attempts"], len(receiver.received)) == ("failed", 10, 10)
    assert set(receiver.ids) == {delivery_id}
    assert len({each.body for each in receiver.received}) == 1
    attempts = rows("delivery_attempts")
    assert {(each["code"], each["answer"]) for each in attempts} == {(500, "out of order")}
    assert "500" in row["reason"]
    assert rows("channels")[0]["dead"] == 1
    assert post.turn(1_000_000) == 0


@pytest.mark.parametrize(
    ("returned", "code", "words"),
    [
        (Returned(301, headers={"Location": "http://10.0.0.1/"}), 301, "not followed"),
        (Returned(404, b"nothing here"), 404, "only 200 to 299"),
        (Returned(403), 403, "does not let us in"),
        (Returned(200, b"x" * 100, cut=True), None, "cut off"),
    ],
)
def test_other_answers_are_failures(receiver: Receiver, post: Post, returned: Returned, code: int | None, words: str) -> None:
    answering(receiver, returned)
    (delivery_id,) = post.send([make_channel("Hook", receiver.url())], message())
    post.work()
    assert delivery(delivery_id)["status"] == "pending"
    (attempt,) = rows("delivery_attempts")
    assert attempt["code"] == code
    assert words in attempt["error"]
    assert attempt["outcome"] == ("refused" if code else "unanswered")


def test_only_the_beginning_of_an_answer_is_kept(receiver: Receiver, post: Post) -> None:
    answering(receiver, Returned(200, b"\x00\xff" + b"x" * 10_000_000))
    (delivery_id,) = post.send([make_channel("Hook", receiver.url())], message())
    post.work()
    assert delivery(delivery_id)["status"] == "delivered"
    assert rows("delivery_attempts")[0]["answer"] == "\ufffd" + "x" * 1_022


def test_an_address_that_turns_private_is_not_asked(post: Post) -> None:
    channel = make_channel("Hook", "https://receiver.example/")
    database.execute_db("UPDATE channels SET address = 'http://10.0.0.1/hook'")
    (delivery_id,) = post.send([channel], message())
    post.work()
    assert "WEBHOOK_ALLOWED_NETWORKS" in delivery(delivery_id)["reason"]


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_a_receiver_may_ask_to_wait(receiver: Receiver, post: Post, code: int) -> None:
    answering(receiver, Returned(code, headers={"Retry-After": "3000"}), Returned())
    channel = make_channel("Hook", receiver.url())
    first, second = *post.send([channel], message("one")), *post.send([channel], message("two"))
    post.work()
    assert seconds_to_next(post, first) == seconds_to_next(post, second) == 3000
    assert [delivery(each)["attempts"] for each in (first, second)] == [1, 0]
    assert post.turn(2999) == 0
    assert post.turn(1) == 2
    assert {delivery(each)["status"] for each in (first, second)} == {"delivered"}
    assert rows("channels")[0]["hold_until"] is None


def test_a_receiver_may_ask_to_wait_until_a_time_but_not_for_ever(receiver: Receiver, post: Post) -> None:
    channel = make_channel("Hook", receiver.url())
    answering(receiver, Returned(503, headers={"Retry-After": format_datetime(post.clock.moment + timedelta(seconds=3600), usegmt=True)}))
    (delivery_id,) = post.send([channel], message("one"))
    post.work()
    assert 3598 < seconds_to_next(post, delivery_id) <= 3600
    for header in ("9" * 30, "Fri, 31 Dec 9999 23:59:59 GMT"):
        answering(receiver, Returned(503, headers={"Retry-After": header}))
        post.turn(86_400)
        assert seconds_to_next(post, delivery_id) == 86_400
    answering(receiver, Returned(500, headers={"Retry-After": "3000"}))
    post.turn(86_400)
    assert seconds_to_next(post, delivery_id) == PAUSES[4]
    answering(receiver, Returned(503, headers={"Retry-After": "soon"}))
    post.turn(PAUSES[4])
    assert seconds_to_next(post, delivery_id) == PAUSES[5]


def test_a_receiver_that_is_not_there_holds_the_others_for_a_moment(post: Post) -> None:
    with receiving() as gone:
        url = gone.url()
    channel = make_channel("Hook", url)
    for number in range(20):
        post.send([channel], message(f"key {number}"))
    assert post.work() == 20
    assert len(rows("delivery_attempts")) == 1
    assert {row["status"] for row in rows()} == {"pending"}


# ---- switched off -----------------------------------------------------------------------------------------------------------------


def test_a_receiver_that_is_gone_switches_its_channel_off(receiver: Receiver, post: Post) -> None:
    answering(receiver, Returned(410))
    with receiving() as other_receiver:
        channel, other = make_channel("Hook", receiver.url()), make_channel("Other", other_receiver.url())
        first, second = *post.send([channel], message("one")), *post.send([channel], message("two"))
        post.work()
        assert [delivery(each)["status"] for each in (first, second)] == ["disabled", "disabled"]
        assert len(receiver.received) == 1
        stored = {row["id"]: row for row in rows("channels")}
        assert stored[channel.id]["disabled_reason"] == "its receiver is gone (410)"
        assert not stored[channel.id]["enabled"]
        (event,) = database.query_db("SELECT * FROM events WHERE type = 'channel.disabled'")
        assert (event["type"], event["subject"], json.loads(event["data"])["name"]) == ("channel.disabled", channel.id, "Hook")
        post.work()
        (told,) = other_receiver.received
        assert json.loads(told.body)["type"] == "channel.disabled"
        assert json.loads(told.body)["data"]["channel_id"] == channel.id
        assert stored[other.id]["enabled"]


def test_three_dead_messages_in_a_row_switch_a_channel_off(receiver: Receiver, post: Post) -> None:
    channel = make_channel("Hook", receiver.url())

    def give_up(key: str) -> None:
        answering(receiver, Returned(500))
        (delivery_id,) = post.send([channel], message(key))
        post.work()
        database.execute_db("UPDATE deliveries SET attempts = 9 WHERE id = :id", {"id": delivery_id})
        database.execute_db("DELETE FROM delivery_attempts")
        post.turn(10)
        assert delivery(delivery_id)["status"] == "failed"

    give_up("one")
    give_up("two")
    answering(receiver, Returned())
    post.send([channel], message("three"))
    post.work()
    assert rows("channels")[0]["dead"] == 0
    for key in ("four", "five"):
        give_up(key)
        assert rows("channels")[0]["enabled"]
    give_up("six")
    assert rows("channels")[0]["disabled_reason"] == "3 messages in a row were given up"


def test_a_channel_that_is_switched_off_meanwhile_sends_nothing(receiver: Receiver, post: Post) -> None:
    channel = make_channel("Hook", receiver.url())
    gone = make_channel("Gone", receiver.url())
    first, second = post.send([channel, gone], message())
    with database.transaction() as connection:
        channels.change(connection, caller(), channel.id, channels.ChannelChanges(enabled=False))
        channels.delete(connection, caller(), gone.id)
    post.work()
    assert not receiver.received
    assert [delivery(each)["status"] for each in (first, second)] == ["disabled", "disabled"]
    assert delivery(second)["reason"] == "The channel is switched off: deleted."


def test_while_the_flag_is_off_everything_waits(receiver: Receiver, post: Post) -> None:
    post.may_send = False
    (delivery_id,) = post.send([make_channel("Hook", receiver.url())], message())
    assert post.work() == 1
    row = delivery(delivery_id)
    assert (row["status"], row["attempts"]) == ("pending", 0)
    assert not receiver.received
    post.may_send = True
    assert post.turn() == 1
    assert delivery(delivery_id)["status"] == "delivered"


def test_those_of_an_organization_for_which_the_flag_is_off_stand_before_nobody(receiver: Receiver, post: Post) -> None:
    another_organization(2)
    (held,) = post.send([make_channel("Hook", receiver.url(), org_id=2)], message())
    post.may_send = False
    post.work()
    due = delivery(held)["next_at"]
    (own,) = post.send([make_channel("Hook", receiver.url())], message("two"))
    assert queue_due(database.current(), lambda org_id: org_id == 1, post.clock) == 0
    assert delivery(held)["next_at"] > due  # looked at again later
    post.may_send = True
    post.work()
    assert (delivery(own)["status"], delivery(held)["status"]) == ("delivered", "pending")
    assert post.turn(60) == 1
    assert delivery(held)["status"] == "delivered"


# ---- workers ----------------------------------------------------------------------------------------------------------------------


def test_two_workers_send_each_message_once(receiver: Receiver, post: Post) -> None:
    channel = make_channel("Hook", receiver.url())
    for number in range(60):
        post.send([channel], message(f"key {number}"))
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(post.work, ("one", "two", "three"))) == 60
    assert sorted(receiver.ids) == sorted(row["id"] for row in rows())
    assert {row["status"] for row in rows()} == {"delivered"}


def test_two_processes_that_look_for_due_deliveries_queue_each_once(receiver: Receiver, post: Post) -> None:
    answering(receiver, *[Returned(500)] * 10, Returned())
    channel = make_channel("Hook", receiver.url())
    for number in range(10):
        post.send([channel], message(f"key {number}"))
    post.work()
    post.clock.pass_by(10)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: post.turn(), range(2)))
    post.work()
    assert len(receiver.received) == 20
    assert {row["status"] for row in rows()} == {"delivered"}


def test_the_items_of_the_job_say_what_became_of_them(receiver: Receiver, post: Post) -> None:
    answering(receiver, Returned(500))
    post.send([make_channel("Hook", receiver.url())], message())
    post.work()
    (job,) = rows("analysis_jobs")
    (item,) = item_rows(job["id"]).values()
    assert (item["status"], item["outcome"]) == ("succeeded", "pending")


def test_a_delivery_whose_job_ended_without_it_is_tried_again(receiver: Receiver, post: Post) -> None:
    (delivery_id,) = post.send([make_channel("Hook", receiver.url())], message())
    post.clock.pass_by(600)
    assert recover_lost(database.current(), post.ledger()) == 0
    database.execute_db("DELETE FROM analysis_job_items")
    database.execute_db("DELETE FROM analysis_jobs")
    assert recover_lost(database.current(), post.ledger()) == 0  # its job was alive just now
    post.clock.pass_by(600)
    assert recover_lost(database.current(), post.ledger()) == 1
    row = delivery(delivery_id)
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert rows("delivery_attempts")[0]["outcome"] == "lost"
    assert post.turn(5) == 1
    assert receiver.ids == [delivery_id]
    assert recover_lost(database.current(), post.ledger()) == 0


def test_old_deliveries_are_removed_and_their_deleted_channels(receiver: Receiver, post: Post) -> None:
    channel, gone = make_channel("Hook", receiver.url()), make_channel("Gone", receiver.url())
    post.send([channel, gone], message("old"))
    post.work()
    with database.transaction() as connection:
        channels.delete(connection, caller(), gone.id)
    post.clock.pass_by(29 * 86_400)
    post.send([channel], message("new"))
    post.work()
    assert prune_deliveries(database.current(), post.clock) == 0
    post.clock.pass_by(2 * 86_400)
    assert prune_deliveries(database.current(), post.clock, batch=1) == 3
    assert [row["key"] for row in rows()] == ["new"]
    assert [row["name"] for row in rows("channels")] == ["Hook"]
    assert len(rows("delivery_attempts")) == 1
