"""Schemas of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas import Answer, Page, PageQuery
from models.message import Attempt, AttemptOutcome, Delivery, DeliveryStatus, Message


class DeliveryPath(BaseModel):
    """The id of a delivery in a path."""

    delivery_id: str = Field(description="The `id` of a delivery.")


class DeliveriesQuery(PageQuery):
    """Which deliveries to list."""

    status: DeliveryStatus | None = Field(None, description="Only those that stand so.")
    channel: str | None = Field(None, max_length=60, description="Only those of the channel with this `id`.")
    event: str | None = Field(None, max_length=80, description="Only those of this event.")


class AttemptAnswer(Answer):
    """One attempt to deliver."""

    at: datetime = Field(description="When it was made.")
    outcome: AttemptOutcome = Field(
        description="`refused`: the receiver answered, and not with success. `unanswered`: no answer came. `lost`: the worker died."
    )
    code: int | None = Field(description="The status of the receiver's answer, or the code of the mail server; null where none came.")
    ms: int = Field(description="Milliseconds that it took.")
    error: str | None = Field(description="Why it failed, in a sentence.")
    answer: str | None = Field(
        description="The beginning of the receiver's answer, up to 1 KB. Null without the scope `manage`: it may repeat the address."
    )


class QueuedDeliveryAnswer(Answer):
    """A message for one channel, without its attempts."""

    id: str = Field(description="The `webhook-id` of every attempt, so that receivers recognise repetitions.")
    channel_id: str = Field(description="The channel; a deleted one is kept in the records of its deliveries.")
    channel: str = Field(description="The channel's name.")
    event: str = Field(description="What is told: the type of an event, `pipeline.notify` or `channel.test`.")
    subject: str | None = Field(description="What it is about: a ticker, the id of a job.")
    title: str = Field(description="The message on one line.")
    status: DeliveryStatus = Field(
        description="`pending` waits until `next_at`, `sending` is in work, `failed` was given up, `disabled` was not sent because the "
        "channel is switched off."
    )
    reason: str | None = Field(description="Why it was not delivered, or not yet.")
    next_at: datetime | None = Field(description="When it is tried again.")
    job_id: str | None = Field(description="The job that sends it; null while none does.")
    created_at: datetime
    finished_at: datetime | None


class DeliveryAnswer(QueuedDeliveryAnswer):
    """A message for one channel."""

    attempts: list[AttemptAnswer] = Field(description="Every attempt, the first one first.")


class MessageAnswer(Answer):
    """What is told."""

    text: str = Field(description="The text that came with it, where its template does not say all.")
    link: str | None = Field(description="The path or address that it leads to.")
    data: dict[str, Any] = Field(description="What programs get: `data` in the body of a webhook.")


class WholeDeliveryAnswer(DeliveryAnswer):
    """A delivery with its message."""

    message: MessageAnswer = Field(description="What is told.")


class DeliveryPage(Page):
    """Deliveries, the newest first."""

    items: list[DeliveryAnswer]


def queued_answer(delivery: Delivery) -> dict[str, Any]:
    """A delivery that was queued, as it is answered."""
    own = {name: value for name, value in vars(delivery).items() if name not in ("org_id", "channel_name", "attempts")}
    return {**own, "channel": delivery.channel_name}


def delivery_answer(delivery: Delivery, attempts: Sequence[Attempt], *, whole: bool) -> dict[str, Any]:
    """A delivery as it is answered. What receivers answered is in the `whole` alone: some repeat the address, as ntfy its topic."""
    shown = list(attempts) if whole else [replace(each, answer=None) for each in attempts]
    return {**queued_answer(delivery), "attempts": shown}


def whole_answer(delivery: Delivery, attempts: Sequence[Attempt], message: Message, *, whole: bool) -> dict[str, Any]:
    """The same with its message."""
    told = {"text": message.text, "link": message.link, "data": message.data}
    return {**delivery_answer(delivery, attempts, whole=whole), "message": told}
