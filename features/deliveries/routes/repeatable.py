"""Requests that are safe to repeat with an Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy import Connection

from api.authentication import org_id
from api.idempotency import Answer, once
from api.services import services
from utils.api_utils import json_response
from utils.json_text import dump, parse_strict

HIDDEN = ("secret",)  # null in what is stored for repetitions


def answered_once(
    key: str | None, act: Callable[[Connection], tuple[int, str | None, dict[str, Any]]], secret: Callable[[], Any] | None
) -> Response:
    """Act in a transaction that also stores the status, the Location and the body for repetitions.

    `secret` is read after the act, and stands in the first answer alone.
    """

    def action(connection: Connection) -> Answer:
        status, location, body = act(connection)
        return Answer(status, location, dump({**body, **dict.fromkeys(HIDDEN)} if secret else body).decode())

    identity = b"\n".join((request.method.encode(), request.path.encode(), request.get_data()))
    answer = once(services().database, org_id(), key, identity, action)
    headers = {} if answer.location is None else {"Location": answer.location}
    if answer.is_replay:
        return json_response(answer.body, answer.status, {**headers, "Idempotent-Replayed": "true"})
    if secret is None:
        return json_response(answer.body, answer.status, headers)
    return json_response({**parse_strict(answer.body), "secret": secret()}, answer.status, headers)
