"""Messages as JSON: as they are stored, and as the body of a webhook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from models.delivery_errors import MessageTooLarge
from models.message import Layout, Message
from utils.clock import iso
from utils.json_text import dump

MOST_STORED = 500_000  # bytes of a message with its context
MOST_BODY = 20_480  # bytes of a webhook's body
LONGEST_TITLE = 200


def write_message(message: Message) -> str:
    """A message as it is stored. Raises MessageTooLarge."""
    written = dump(vars(message))
    if len(written) > MOST_STORED:
        raise MessageTooLarge(len(written), MOST_STORED)
    return written.decode()


def read_message(text: str) -> Message:
    """The message of a stored text; unknown fields are those of a newer version."""
    values = orjson.loads(text)
    known = {name: values[name] for name in Message.__dataclass_fields__ if name in values}
    return Message(**{**known, "layout": Layout(known["layout"])})


def one_line(text: str, most: int = LONGEST_TITLE) -> str:
    """A text on one line without control characters, cut where it is too long."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def webhook_body(message: Message, created_at: datetime, link: str | None) -> bytes:
    """The body `{type, timestamp, data}`, the same at each attempt. Lists that make it too long are cut, and `data.truncated` says so."""
    head = {"title": message.title, "subject": message.subject, "link": link}
    data: dict[str, Any] = {**head, **message.data}
    body = _body(message, created_at, data)
    while len(body) > MOST_BODY:
        data = {**_shorter(data), "truncated": True}
        body = _body(message, created_at, data)
    return body


def _body(message: Message, created_at: datetime, data: Mapping[str, Any]) -> bytes:
    return dump({"type": message.event, "timestamp": iso(created_at), "data": data})


def _shorter(data: Mapping[str, Any]) -> dict[str, Any]:
    """Half of the largest list, or without the largest value where there is none."""
    largest = max(data, key=lambda name: len(dump(data[name])))
    value = data[largest]
    if isinstance(value, list | tuple) and len(value) > 1:
        return {**data, largest: value[: len(value) // 2]}
    if isinstance(value, str) and len(value) > LONGEST_TITLE:
        return {**data, largest: value[: len(value) // 2]}
    return {name: each for name, each in data.items() if name != largest}
