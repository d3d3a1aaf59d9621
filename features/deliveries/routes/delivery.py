"""Deliveries."""

from __future__ import annotations

from flask import Response
from sqlalchemy import Connection

from api.authentication import org_id
from api.blueprint import api_blueprint
from api.idempotency import Answer
from api.marks import needs
from api.paging import page, read_cursor
from api.repeatable import answer_once
from api.schemas import SubmitHeaders
from api.services import services
from features.deliveries import looking
from features.deliveries.looking import DeliveryFilter
from features.deliveries.routes.channel import ONCE_PROBLEMS, may_manage, wake
from features.deliveries.routes.tags import MESSAGES
from features.deliveries.schemas.delivery import (
    DeliveriesQuery,
    DeliveryPage,
    DeliveryPath,
    QueuedDeliveryAnswer,
    WholeDeliveryAnswer,
    delivery_answer,
    queued_answer,
    whole_answer,
)
from models.access import Scope
from utils.api_utils import json_response
from utils.json_text import dump

blueprint = api_blueprint("deliveries", MESSAGES)


@blueprint.get("/deliveries", responses={200: DeliveryPage})
def list_deliveries(query: DeliveriesQuery) -> Response:
    """Deliveries with every attempt, the newest first. They are kept for 30 days after their end."""
    status = None if query.status is None else query.status.value
    scope = ["deliveries", status, query.channel, query.event]
    before = read_cursor(query.cursor, scope)
    wanted = DeliveryFilter(status, query.channel, query.event)
    with services().database.read() as connection:
        rows = looking.list_deliveries(connection, org_id(), wanted, before[0] if before else None, query.limit + 1)
    items, next_cursor = page(rows, query.limit, scope, lambda last: [last[0].id])
    return json_response({"items": [delivery_answer(*each, whole=may_manage()) for each in items], "next_cursor": next_cursor})


@blueprint.get("/deliveries/<delivery_id>", responses={200: WholeDeliveryAnswer}, problems=("not_found",))
def get_delivery(path: DeliveryPath) -> Response:
    """One delivery, with its message and every attempt."""
    with services().database.read() as connection:
        delivery, attempts = looking.find(connection, org_id(), path.delivery_id)
        message = looking.message_of(connection, org_id(), path.delivery_id)
    return json_response(whole_answer(delivery, attempts, message, whole=may_manage()))


@blueprint.post(
    "/deliveries/<delivery_id>/retry",
    responses={202: QueuedDeliveryAnswer},
    problems=("not_found", *ONCE_PROBLEMS),
    sends=("Location", "Idempotent-Replayed"),
)
@needs(Scope.MANAGE)
def retry_delivery(path: DeliveryPath, header: SubmitHeaders) -> Response:
    """Send a message once more now, with the same `webhook-id`: one that waits, was given up, was not sent, or has arrived."""

    def send(connection: Connection) -> Answer:
        wake(connection, looking.send_again(connection, org_id(), path.delivery_id))
        delivery, _ = looking.find(connection, org_id(), path.delivery_id)
        return Answer(202, f"/api/v1/deliveries/{path.delivery_id}", dump(queued_answer(delivery)).decode())

    return answer_once(header.idempotency_key, send)
