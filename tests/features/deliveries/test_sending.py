"""Messages are queued in the transaction of what they tell, once for each channel; channels are made, changed and deleted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kit.channels import caller, make_channel, message, rows
from kit.databases import Backend
from kit.jobs import another_organization

import database
from features.deliveries import channels
from features.deliveries.channels import ChannelChanges, NewChannel
from features.deliveries.service import require_channels, resolve_channels, send, send_many
from infrastructure.address_guard import AddressGuard
from models.delivery_errors import (
    ChannelAddressRefused,
    ChannelDisabled,
    ChannelExists,
    ChannelNotFound,
    MessageTooLarge,
    NoSigningSecret,
    TooManyChannels,
)
from models.message import Channel, ChannelType, Message
from utils.ids import new_id

HOOK = "https://receiver.example/hook"


def queue(channel_ids: list[str], told: Message, org_id: int = 1) -> list[str]:
    with database.transaction() as connection:
        return send(connection, org_id, channel_ids, told)


def disable(channel: Channel) -> None:
    with database.transaction() as connection:
        channels.change(connection, caller(channel.org_id), channel.id, ChannelChanges(enabled=False))


@pytest.mark.usefixtures("backend")
class TestSending:
    def test_each_channel_gets_a_delivery_and_all_one_job(self) -> None:
        first, second = make_channel("One", HOOK), make_channel("Two", HOOK)
        ids = queue([second.id, first.id, second.id], message(subject="AAPL"))
        stored = {row["id"]: row for row in rows()}
        assert [stored[one]["channel_id"] for one in ids] == [second.id, first.id]
        assert {row["status"] for row in stored.values()} == {"sending"}
        (job,) = rows("analysis_jobs")
        assert {row["job_id"] for row in stored.values()} == {job["id"]}
        assert (job["kind"], job["total"], job["org_id"]) == ("delivery", 2, 1)

    def test_the_same_message_is_queued_once(self) -> None:
        channel, other = make_channel("One", HOOK), make_channel("Two", HOOK)
        first = queue([channel.id], message())
        again = queue([channel.id, other.id], message(title="Said otherwise"))
        assert again[0] == first[0]
        assert len(rows()) == 2
        assert [job["total"] for job in rows("analysis_jobs")] == [1, 1]

    def test_what_is_rolled_back_is_not_sent(self) -> None:
        channel = make_channel("One", HOOK)

        def roll_back() -> None:
            with database.transaction() as connection:
                send(connection, 1, [channel.id], message())
                raise RuntimeError

        with pytest.raises(RuntimeError):
            roll_back()
        assert rows() == []
        assert rows("analysis_jobs") == []

    def test_a_channel_that_is_off_says_so_and_a_deleted_one_is_left_out(self) -> None:
        off, gone = make_channel("Off", HOOK), make_channel("Gone", HOOK)
        disable(off)
        with database.transaction() as connection:
            channels.delete(connection, caller(), gone.id)
        ids = queue([gone.id, off.id, new_id()], message())
        (row,) = rows()
        assert (ids, row["status"], row["reason"]) == ([row["id"]], "disabled", "The channel is switched off: switched off by hand.")
        assert rows("analysis_jobs") == []

    def test_many_messages_are_one_job(self) -> None:
        channel, off = make_channel("One", HOOK), make_channel("Off", HOOK)
        disable(off)
        with database.transaction() as connection:
            ids = send_many(connection, 1, [([channel.id, off.id], message(f"key {number}")) for number in range(50)])
        assert len(set(ids)) == 100
        assert [job["total"] for job in rows("analysis_jobs")] == [50]

    def test_nothing_to_send_queues_nothing(self) -> None:
        assert queue([], message()) == []
        assert rows("analysis_jobs") == []

    def test_channels_of_another_organization_are_not_there(self) -> None:
        other = 2
        another_organization(other)
        channel = make_channel("One", HOOK, org_id=other)
        assert queue([channel.id], message()) == []
        with database.read() as connection, pytest.raises(ChannelNotFound):
            require_channels(connection, 1, [channel.id])
        assert len(queue([channel.id], message(), other)) == 1

    def test_a_message_that_is_too_large_is_refused(self) -> None:
        channel = make_channel("One", HOOK)
        with pytest.raises(MessageTooLarge, match="500,000"):
            queue([channel.id], message(text="x" * 600_000))
        assert rows() == []

    def test_titles_are_one_line(self) -> None:
        queue([make_channel("One", HOOK).id], message(title="One\r\nBcc: everybody@example.com\x00 " + "x" * 500))
        title = rows()[0]["title"]
        assert title.startswith("One Bcc: everybody@example.com x")
        assert (len(title), title[-1]) == (200, "…")


@pytest.mark.usefixtures("backend")
class TestNames:
    def test_channels_are_found_by_id_and_by_name(self) -> None:
        one, two = make_channel("Evening mail", HOOK), make_channel("Two", HOOK)
        with database.read() as connection:
            found = resolve_channels(connection, 1, ["evening  MAIL", two.id, one.id])
            assert [each.id for each in found] == [one.id, two.id]
            assert [each.id for each in require_channels(connection, 1, [two.id, one.id])] == [two.id, one.id]
            with pytest.raises(ChannelNotFound, match="'Nobody'"):
                resolve_channels(connection, 1, ["Two", "Nobody"])
            with pytest.raises(ChannelNotFound):
                require_channels(connection, 1, ["Two"])

    def test_a_name_is_free_again_after_its_channel_is_deleted(self) -> None:
        gone = make_channel("One", HOOK)
        with pytest.raises(ChannelExists, match="'ＯＮＥ'"):
            make_channel("ＯＮＥ", HOOK)
        with database.transaction() as connection:
            channels.delete(connection, caller(), gone.id)
        again = make_channel("one", HOOK)
        assert again.id != gone.id
        with database.transaction() as connection:
            with pytest.raises(ChannelNotFound):
                channels.delete(connection, caller(), gone.id)
            with pytest.raises(ChannelNotFound):
                channels.find(connection, 1, gone.id)

    def test_a_hundred_channels_are_enough(self) -> None:
        make_channel("One", HOOK)
        with database.transaction() as connection, pytest.raises(TooManyChannels, match="1 channels"):
            channels.create(connection, caller(), NewChannel("Two", ChannelType.WEBHOOK, HOOK), most=1)


@pytest.mark.usefixtures("backend")
class TestChannels:
    def test_switched_off_ends_what_waits_and_on_again_forgets_the_dead(self) -> None:
        channel = make_channel("One", HOOK)
        queue([channel.id], message())
        database.execute_db("UPDATE deliveries SET status = 'pending', queued_at = NULL, next_at = created_at")
        database.execute_db("UPDATE channels SET dead = 3")
        disable(channel)
        (row,) = rows()
        assert (row["status"], row["reason"]) == ("disabled", "The channel is switched off: switched off by hand.")
        assert row["finished_at"] is not None
        with database.transaction() as connection:
            with pytest.raises(ChannelDisabled, match="switched off by hand"):
                channels.send_test(connection, 1, channel.id)
            changed = channels.change(connection, caller(), channel.id, ChannelChanges(enabled=True))
            assert (changed.enabled, changed.disabled_reason, changed.dead) == (True, None, 0)
            assert channels.send_test(connection, 1, channel.id)

    def test_a_deleted_channel_leaves_neither_address_nor_secret(self) -> None:
        channel = make_channel("One", HOOK)
        with database.transaction() as connection:
            channels.rotate_secret(connection, caller(), channel.id)
            channels.delete(connection, caller(), channel.id)
        (row,) = rows("channels")
        assert (row["address"], row["secret"], row["former_secret"], bool(row["enabled"])) == ("", None, None, False)

    def test_only_webhooks_have_a_secret_of_ours(self) -> None:
        with database.transaction() as connection:
            mail, none = channels.create(connection, caller(), NewChannel("Mail", ChannelType.EMAIL, "me@example.com"))
            _, secret = channels.create(connection, caller(), NewChannel("Hook", ChannelType.WEBHOOK, HOOK))
            assert none is None
            assert secret is not None
            assert secret.startswith("whsec_")
            with pytest.raises(NoSigningSecret):
                channels.rotate_secret(connection, caller(), mail.id)

    def test_names_and_addresses_are_changed(self) -> None:
        channel, _ = make_channel("One", HOOK), make_channel("Two", HOOK)
        with database.transaction() as connection:
            changes = ChannelChanges(name="Three", address="https://other.example/", time_zone="Europe/Berlin")
            changed = channels.change(connection, caller(), channel.id, changes)
            assert (changed.name, changed.address, changed.time_zone) == ("Three", "https://other.example/", "Europe/Berlin")
            assert channels.find(connection, 1, channel.id) == changed
            with pytest.raises(ChannelExists):
                channels.change(connection, caller(), channel.id, ChannelChanges(name="TWO"))
            with pytest.raises(ChannelAddressRefused):
                channels.change(connection, caller(), channel.id, ChannelChanges(address="ftp://x.example/"))


@pytest.mark.parametrize(
    ("kind", "address", "words"),
    [
        (ChannelType.WEBHOOK, "http://192.168.1.1/hook", "WEBHOOK_ALLOWED_NETWORKS"),
        (ChannelType.WEBHOOK, "http://[::1]/hook", "WEBHOOK_ALLOWED_NETWORKS"),
        (ChannelType.WEBHOOK, "https://receiver.example:22/", "Port 22"),
        (ChannelType.EMAIL, "Me <me@example.com>", "without a name"),
        (ChannelType.EMAIL, "me@example.com\nBcc: you@example.com", "without a name"),
        (ChannelType.EMAIL, "me@example.com,you@example.com", "without a name"),
        (ChannelType.EMAIL, f"{'x' * 65}@example.com", "without a name"),
        (ChannelType.NTFY, "https://ntfy.sh/", "topic"),
        (ChannelType.NTFY, "https://ntfy.sh/a/b", "topic"),
        (ChannelType.NTFY, "https://ntfy.sh/topic?x=1", "neither"),
        (ChannelType.APPRISE, "json://127.0.0.1/", "not offered"),
        (ChannelType.APPRISE, "file:///etc/passwd", "not offered"),
        (ChannelType.APPRISE, "syslog://", "ASCII"),
        (ChannelType.APPRISE, "tgram://to ken/", "ASCII"),
    ],
)
def test_addresses_that_cannot_be_used(kind: ChannelType, address: str, words: str, backend: Backend) -> None:
    strict = replace(caller(), guard=AddressGuard())
    with database.transaction() as connection, pytest.raises(ChannelAddressRefused, match=words):
        channels.create(connection, strict, NewChannel("One", kind, address))
