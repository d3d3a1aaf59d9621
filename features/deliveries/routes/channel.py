"""Channels."""

from __future__ import annotations

from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.authentication import actor_id, org_id, principal
from api.blueprint import api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.problem import BODY_PROBLEMS
from api.repeatable import Secret, answer_once
from api.schemas import LongPageQuery, SubmitHeaders
from api.services import services
from features.deliveries import channels, looking
from features.deliveries.channels import Caller, caller_of
from features.deliveries.names import key_of
from features.deliveries.routes.tags import MESSAGES
from features.deliveries.schemas.channel import (
    ChannelAnswer,
    ChannelChangeRequest,
    ChannelPage,
    ChannelPath,
    ChannelWithSecretAnswer,
    NewChannelRequest,
    channel_answer,
)
from features.deliveries.schemas.delivery import QueuedDeliveryAnswer, queued_answer
from infrastructure.audit import note
from infrastructure.sql.transaction import after_commit
from models.access import Scope
from models.job import Lane
from models.message import Channel
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("channels", MESSAGES)
SCOPE = ["channels"]
HIDDEN = "secret"  # the field of the first answer alone
ONCE_PROBLEMS = ("conflict", "idempotency_mismatch")


def caller() -> Caller:
    """Who asks, and which addresses may be given."""
    return caller_of(org_id(), actor_id(), services().settings)


@blueprint.get("/channels", responses={200: ChannelPage})
def list_channels(query: LongPageQuery) -> Response:
    """The channels by name. Their secrets are never listed."""
    after = read_cursor(query.cursor, SCOPE)
    with services().database.reader() as connection:
        rows = channels.list_channels(connection, org_id(), after[0] if after else "", query.limit + 1)
    items, next_cursor = page(rows, query.limit, SCOPE, lambda last: [key_of(last.name)])
    return json_response({"items": [_shown(each) for each in items], "next_cursor": next_cursor})


@blueprint.post(
    "/channels",
    responses={201: ChannelWithSecretAnswer},
    problems=(*BODY_PROBLEMS, *ONCE_PROBLEMS),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def create_channel(header: SubmitHeaders, body: NewChannelRequest) -> Response:
    """Make a channel. A webhook's secret is in this answer alone; POST /channels/{channel_id}/secret makes another one.

    Addresses of private networks are refused unless the operator allows them (`WEBHOOK_ALLOWED_NETWORKS`).
    """
    secret = None

    def create(connection: Connection) -> Answer:
        nonlocal secret
        made, secret = channels.create(connection, caller(), body.new_channel())
        return Answer(201, f"/api/v1/channels/{made.id}", _without_secret(made))

    return answer_once(header.idempotency_key, create, Secret(HIDDEN, lambda: secret))


@blueprint.get("/channels/<channel_id>", responses={200: ChannelAnswer}, problems=("not_found",))
def get_channel(path: ChannelPath) -> Response:
    """One channel, without its secrets."""
    with services().database.reader() as connection:
        found = channels.find(connection, org_id(), path.channel_id)
    return json_response(_shown(found))


@blueprint.patch("/channels/<channel_id>", responses={200: ChannelAnswer}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@needs(Scope.MANAGE)
def change_channel(path: ChannelPath, body: ChannelChangeRequest) -> Response:
    """Rename a channel, give it another address, or switch it off and on. Switched off, what waits for it is not sent."""
    with services().database.transaction() as connection:
        former = channels.find(connection, org_id(), path.channel_id)
        changed = channels.change(connection, caller(), path.channel_id, body.changes(former.type))
        note(connection, before=former, after=changed)
    return json_response(channel_answer(changed, whole=True))


@blueprint.delete("/channels/<channel_id>", responses={204: None}, problems=("not_found",))
@needs(Scope.MANAGE)
def delete_channel(path: ChannelPath) -> Response:
    """Delete a channel with its address and secrets. What was sent through it stays to be read for 30 days."""
    with services().database.transaction() as connection:
        note(connection, before=channels.find(connection, org_id(), path.channel_id))
        channels.delete(connection, caller(), path.channel_id)
    return Response(status=204)


@blueprint.post(
    "/channels/<channel_id>/secret",
    responses={200: ChannelWithSecretAnswer},
    problems=("not_found", *ONCE_PROBLEMS),
    sends=("Idempotent-Replayed",),
)
@needs(Scope.MANAGE)
def replace_secret(path: ChannelPath, header: SubmitHeaders) -> Response:
    """Give a webhook a new secret. For a day, messages are signed with both, so that the receiver can change over."""
    secret = None

    def replace(connection: Connection) -> Answer:
        nonlocal secret
        changed, secret = channels.rotate_secret(connection, caller(), path.channel_id)
        return Answer(200, None, _without_secret(changed))

    return answer_once(header.idempotency_key, replace, Secret(HIDDEN, lambda: secret))


@blueprint.post(
    "/channels/<channel_id>/test",
    responses={202: QueuedDeliveryAnswer},
    problems=("not_found", *ONCE_PROBLEMS),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def test_channel(path: ChannelPath, header: SubmitHeaders) -> Response:
    """Queue a test message. GET the delivery at `Location` to see what the receiver answered."""

    def send(connection: Connection) -> Answer:
        delivery_id = channels.send_test(connection, org_id(), path.channel_id)
        delivery, _ = looking.find(connection, org_id(), delivery_id)
        wake(connection, delivery.job_id)
        return Answer(202, f"/api/v1/deliveries/{delivery_id}", dump(queued_answer(delivery)).decode())

    return answer_once(header.idempotency_key, send)


def may_manage() -> bool:
    """Whether the caller may change channels, and so sees where exactly they lead."""
    return Scope.MANAGE in principal().scopes


def _shown(channel: Channel) -> dict[str, Any]:
    return channel_answer(channel, whole=may_manage())


def _without_secret(channel: Channel) -> str:
    return dump({**channel_answer(channel, whole=True), HIDDEN: None}).decode()


def wake(connection: Connection, job_id: str | None) -> None:
    """Wake the workers once the transaction has committed."""
    wakeup = services().wakeup
    if job_id is not None:
        after_commit(connection, lambda: wakeup.wake_workers(job_id, Lane.NETWORK))
