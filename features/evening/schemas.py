"""Schemas of the evening run."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from api.schemas import Answer, Body, UniverseName
from features.deliveries.schemas.channel import ChannelAnswer, ChannelKey, NewChannelRequest
from features.evening.service import EveningRun
from features.schedules.schemas import AfterClose, Calendar, Name, ScheduleAnswer
from features.strategies.schemas import StrategyId

MOST_CHANNELS = 10


class EveningRunRequest(Body):
    """An evening run to set up: what is followed, after whose close, and who is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"channel": {"type": "null"}}},
            "then": {"required": ["channels"], "properties": {"channels": {"minItems": 1}}},
        }
    )

    name: Name = Field("Evening run", description="The name of the schedule; a second run needs another.")
    universe: UniverseName = Field("watchlist", description="What to follow.")
    strategies: list[StrategyId] = Field(["balanced"], min_length=1, max_length=10, description="By which to analyse; see GET /strategies.")
    calendar: Calendar = Field("XNYS", description="The market identifier code of the exchange after whose close it runs.")
    after_close: AfterClose = Field("00:30", description="How long after the close, as `HH:MM` or in minutes; also after early closes.")
    refresh: bool | None = Field(
        None, description="Whether to ask the providers of prices first. Left out or null: where `PRICE_PROVIDERS` names one."
    )
    channels: list[ChannelKey] = Field([], max_length=MOST_CHANNELS, description="Channels that there are and are told, by name or id.")
    channel: NewChannelRequest | None = Field(None, description="A channel to make, which is told, too.")

    @model_validator(mode="after")
    def _told(self) -> Self:
        if not self.channels and self.channel is None:
            raise ValueError("Say who is told: `channels` that there are, or a new `channel`")
        return self

    def wanted(self, refresh: bool) -> EveningRun:
        """The request for the service."""
        return EveningRun(
            name=self.name,
            universe=self.universe,
            strategies=tuple(dict.fromkeys(self.strategies)),
            calendar=self.calendar,
            after_close=self.after_close,
            told=self.channels,
            channel=self.channel.new_channel() if self.channel else None,
            refresh=refresh,
        )


class EveningRunAnswer(Answer):
    """What was set up: each part can be looked at, changed, paused and deleted as any other."""

    schedule: ScheduleAnswer = Field(description="The schedule that was made.")
    channels: list[ChannelAnswer] = Field(description="The channels that are told.")
    refreshes: bool = Field(description="Whether it asks the providers of prices before it analyses.")
    secret: str | None = Field(
        description="Signs the messages of a new webhook. This answer alone has it; null without one, and in the answer to a repetition."
    )
