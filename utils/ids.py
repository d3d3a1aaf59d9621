"""Identifiers: UUIDv7 as text, made by the application, so that they sort by creation and are the same in HTTP and in tables."""

import re

import uuid_utils

_SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A new UUIDv7 in its canonical lower-case form."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """Whether a text could be an id of ours at all."""
    return _SHAPE.fullmatch(text) is not None
