"""Requests that are safe to repeat with an Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from sqlalchemy import Connection

from api.authentication import org_id
from api.idempotency import Answer, once
from api.services import services
from utils.api_utils import json_response
from utils.json_text import parse_strict


@dataclass(frozen=True)
class Secret:
    """A field that only the first answer has: it is null in what is stored for repetitions. `read` is called after the act."""

    field: str
    read: Callable[[], Any]


def answer_once(idempotency_key: str | None, answer: Callable[[Connection], Answer], secret: Secret | None = None) -> Response:
    """Call `answer` in a transaction, once for each Idempotency-Key of the organization; a repetition gets the stored answer."""
    # The options of some routes are in the query.
    path = request.path.encode() + (b"?" + request.query_string if request.query_string else b"")
    identity = b"\n".join((request.method.encode(), path, request.get_data()))
    result = once(services().database, org_id(), idempotency_key, identity, answer)
    headers = {"Idempotent-Replayed": "true"} if result.is_replay else {}
    if result.location is not None:
        headers["Location"] = result.location
    if secret is None or result.is_replay:
        return json_response(result.body, result.status, headers)
    return json_response({**parse_strict(result.body.encode()), secret.field: secret.read()}, result.status, headers)
