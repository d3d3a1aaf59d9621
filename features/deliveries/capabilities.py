"""What pipelines and schedules may do: tell somebody something."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Connection

from api.schemas import PLAIN_TEXT, PLAIN_TEXT_WITH_LINES, Body
from features.deliveries.schemas.channel import ChannelKeys
from features.deliveries.service import resolve_channels, send
from infrastructure.capability import Call, Capability, Writes
from models.message import Message

EVENT = "pipeline.notify"
MOST_ITEMS, LONGEST_ITEM = 500, 500


class NotifyInputs(Body):
    """A message to channels."""

    channels: ChannelKeys = Field(description="Ids or names of channels.")
    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=PLAIN_TEXT)] = Field(description="One line: the title.")
    text: Annotated[str, Field(max_length=20_000, pattern=PLAIN_TEXT_WITH_LINES)] = Field("", description="The text.")
    items: Annotated[list[Any], Field(max_length=MOST_ITEMS)] | None = Field(
        None, description="Listed under the text: texts, or objects, whose values are told one after the other."
    )
    data: dict[str, Any] | None = Field(None, description="What programs get; webhooks have it in `data`.")
    link: Annotated[str, Field(max_length=500, pattern=r"^(/|https?://)[!-~]*$")] | None = Field(
        None, description="A path of the service, or an address."
    )


def notify() -> Capability:
    """The capability `notify`."""
    return Capability("notify", "Sends a message through channels.", NotifyInputs, Writes(answer_notify))


def answer_notify(connection: Connection, call: Call, inputs: NotifyInputs) -> dict[str, Any]:
    """Queue the message; return the ids of its deliveries. Raises ChannelNotFound or MessageTooLarge."""
    channels = resolve_channels(connection, call.org_id, inputs.channels)
    context = {"items": [_line(item) for item in inputs.items]} if inputs.items else {}
    message = Message(
        EVENT, f"notify:{call.key}"[:300], inputs.subject, inputs.text, data=inputs.data or {}, link=inputs.link, context=context
    )
    return {"deliveries": send(connection, call.org_id, [each.id for each in channels], message)}


def _line(item: Any) -> str:
    """An item on one line."""
    if isinstance(item, dict):
        told = " · ".join(f"{name}: {_shown(value)}" for name, value in item.items() if value is not None)
    elif isinstance(item, list):
        told = ", ".join(map(_shown, item))
    else:
        told = _shown(item)
    return told[:LONGEST_ITEM]


def _shown(value: Any) -> str:
    """A value for a reader: a number with three decimals, or with three digits where it is below one."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"
